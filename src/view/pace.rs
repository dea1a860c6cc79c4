//! How fast a run really goes, in words: simulated seconds a real second, and how much traffic that is.
//!
//! Nothing is left out of a run to make it faster. Where a machine cannot keep up, the run takes longer, and this says so.

use super::format::number;
use super::frame::Frame;

/// Below this share of the speed asked for, a run is said to fall short of it.
const SHORT_BELOW: f64 = 0.9;

/// The numbers beside the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Simulated seconds per real second: `9.8×`, or `6.1× of 10×` where it falls short; empty while it stands still.
    pub speed: String,
    /// RPCs per simulated second.
    pub rpc: String,
    /// RPCs simulated per real second.
    pub wall: String,
    /// All of it in sentences.
    pub explained: String,
    /// The speed asked for is not reached.
    pub is_short: bool,
}

/// The pace of a frame.
pub fn of(frame: &Frame) -> Pace {
    let (reached, asked) = (frame.speed_reached, frame.speed);
    // A frame or two after a start nothing has been measured yet.
    let is_short = frame.playing && asked > 0.0 && reached > 0.0 && reached < SHORT_BELOW * asked;
    let speed = match (frame.playing, is_short) {
        (false, _) => String::new(),
        (true, false) => format!("{}×", number(reached)),
        (true, true) => format!("{}× of {}×", number(reached), number(asked)),
    };
    let wall = if frame.playing { frame.rpc_rate_wall } else { 0.0 };
    Pace { speed, rpc: number(frame.rpc_rate), wall: number(wall), explained: explained(frame, is_short), is_short }
}

/// The speed after (`by` > 0) or before `speed` among `offered`, which rise; 0 is as fast as possible. At either end it stays.
pub fn neighbour(offered: &[f64], speed: f64, by: isize) -> f64 {
    let rank = |speed: f64| if speed == 0.0 { f64::INFINITY } else { speed };
    let found = match by > 0 {
        true => offered.iter().find(|other| rank(**other) > rank(speed)),
        false => offered.iter().rfind(|other| rank(**other) < rank(speed)),
    };
    found.copied().unwrap_or(speed)
}

fn explained(frame: &Frame, is_short: bool) -> String {
    let asked = if frame.speed > 0.0 { format!("{}×", number(frame.speed)) } else { "as fast as possible".to_owned() };
    let speed = if frame.playing {
        format!("This tab simulates {} s of the system in a real second (asked for: {asked}).", number(frame.speed_reached))
    } else {
        format!("Time stands still (speed when it runs: {asked}).")
    };
    let short =
        if is_short { " That is less than asked for: this machine cannot go faster, and nothing is left out." } else { "" };
    let calls = number(frame.rpc_rate);
    let real = if frame.playing {
        format!(", each of them on its own: {} in a real second", number(frame.rpc_rate_wall))
    } else {
        String::new()
    };
    format!("{speed}{short} Its services are sent {calls} requests (RPCs) in a simulated second{real}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_speed_is_found_from_any_speed() {
        let offered = [0.5, 1.0, 2.0, 5.0, 0.0];
        assert_eq!((neighbour(&offered, 1.0, 1), neighbour(&offered, 1.0, -1)), (2.0, 0.5));
        assert_eq!((neighbour(&offered, 3.0, 1), neighbour(&offered, 3.0, -1)), (5.0, 2.0), "a link asked for it");
        assert_eq!((neighbour(&offered, 5.0, 1), neighbour(&offered, 0.0, 1)), (0.0, 0.0), "0 is the fastest");
        assert_eq!((neighbour(&offered, 0.0, -1), neighbour(&offered, 0.5, -1)), (5.0, 0.5));
    }
    use crate::scenario::Scenario;
    use crate::session::Session;
    use crate::topology::{Call, Service, Topology};
    use crate::units::{PerSecond, SimTime};
    use crate::view::{Playback, Viewport, capture};

    fn frame(speed: f64, speed_reached: f64, playing: bool) -> Frame {
        let mut topology = Topology::default();
        let back = topology.push(Service::named("back"));
        topology.push(Service { entry_rate: PerSecond(20.0), stages: vec![vec![Call::to(back)]], ..Service::named("front") });
        let mut session = Session::new(Scenario::of("two", topology), 1);
        session.advance(SimTime::from_secs(20), u64::MAX);
        capture(&session, &Viewport::default(), &Playback { number: 1, playing, speed, speed_reached, ..Playback::default() }).0
    }

    #[test]
    fn traffic_is_told_in_simulated_and_in_real_seconds() {
        let frame = frame(2.0, 2.0, true);
        assert!((20.0..60.0).contains(&frame.rpc_rate), "20 to the front and 20 to the back: {}", frame.rpc_rate);
        assert_eq!(frame.rpc_rate_wall, frame.rpc_rate * 2.0);
        let pace = of(&frame);
        assert_eq!((pace.speed.as_str(), pace.is_short), ("2×", false));
        assert!(pace.explained.contains(&format!("{} in a real second", number(frame.rpc_rate_wall))), "{}", pace.explained);
    }

    #[test]
    fn a_run_that_falls_short_says_so_and_a_paused_one_does_not() {
        let pace = of(&frame(10.0, 6.13, true));
        assert_eq!((pace.speed.as_str(), pace.is_short), ("6.13× of 10×", true));
        assert!(pace.explained.contains("nothing is left out"));
        let pace = of(&frame(10.0, 0.0, false));
        assert_eq!((pace.speed.as_str(), pace.wall.as_str(), pace.is_short), ("", "0", false));
        assert!(!of(&frame(0.0, 180.0, true)).is_short, "as fast as possible cannot fall short");
    }
}
