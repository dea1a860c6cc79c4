//! Faults of telemetry: they change nothing in the world, the pipeline notices them, and nobody is healed of them.

use sickbay::ids::ServiceId;
use sickbay::pipeline::{Alert, Autonomy, Health};
use sickbay::scenario::presets::{PRESETS, load};
use sickbay::session::{Command, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::topology::{Pool, TopologyEdit};
use sickbay::units::{SimDuration, SimTime};

/// Seconds of calm before: enough to learn what is usual.
const FAULT_AT_S: u64 = 60;
const KINDS: [FaultKind; 4] =
    [FaultKind::TelemetryLate, FaultKind::TelemetryMissing, FaultKind::TelemetryFrozen, FaultKind::TelemetryWrong];

fn boutique(seed: u64, autonomy: Autonomy) -> Session {
    let loaded = load("boutique").expect("there is such a preset");
    let mut session = Session::open(&loaded, seed).expect("it opens");
    session.execute(Command::SetAutonomy(autonomy)).expect("the dial turns");
    session.advance(SimTime::from_secs(FAULT_AT_S), u64::MAX);
    session
}

fn service(session: &Session, name: &str) -> ServiceId {
    session.world().topology().by_name(name).expect("Online Boutique has it")
}

/// Lets a service make its calls through pools.
fn give_pools(session: &mut Session, name: &str) {
    let id = service(session, name);
    let mut own = session.world().topology().get(id).expect("by its name").clone();
    for call in own.calls_mut() {
        call.policy.pool = Some(Pool { size: 10, wait_max: SimDuration::from_secs(1) });
    }
    session.execute(Command::Edit(TopologyEdit::Configure(id, Box::new(own)))).expect("it is there");
}

fn inject(session: &mut Session, target: FaultTarget, kind: FaultKind, magnitude: f64, seconds: u64) {
    let duration = Some(SimDuration::from_secs(seconds));
    session.execute(Command::Inject(FaultSpec { target, kind, magnitude, duration })).expect("it fits");
}

/// Runs `seconds` more, a scrape at a time.
fn watch(session: &mut Session, seconds: u64, mut look: impl FnMut(&Session)) {
    for _ in 0..seconds {
        let next = session.now() + SimDuration::from_secs(1);
        session.advance(next, u64::MAX);
        look(session);
    }
}

/// All that is said of a service's telemetry within `seconds`, and by when it is first said.
fn said(session: &mut Session, id: ServiceId, seconds: u64) -> Vec<(u64, Health, String)> {
    let (mut all, mut second) = (Vec::new(), 0);
    watch(session, seconds, |session| {
        second += 1;
        let signal = session.pipeline().signal(id).expect("declared");
        for reason in signal.reasons.iter().chain(&signal.notes) {
            all.push((second, signal.health, reason.text.clone()));
        }
    });
    all
}

fn telemetry_alerts(session: &Session) -> Vec<&Alert> {
    session.pipeline().alerts().filter(|a| a.is_about_telemetry()).collect()
}

#[test]
fn the_world_runs_on_as_if_telemetry_were_right() {
    let world = |fault: Option<(FaultKind, FaultTarget)>| {
        let mut session = boutique(3, Autonomy::Off);
        if let Some((kind, target)) = fault {
            inject(&mut session, target, kind, kind.scale().usual, 20);
        }
        session.advance(SimTime::from_secs(100), u64::MAX);
        (session.world().digest(), session.users())
    };
    let (untouched, id) = (world(None), service(&boutique(3, Autonomy::Off), "cartservice"));
    for kind in KINDS {
        for target in [FaultTarget::Service(id), FaultTarget::Monitoring] {
            assert_eq!(world(Some((kind, target))), untouched, "{kind:?} on {target:?}");
        }
    }
}

#[test]
fn late_and_missing_telemetry_makes_a_service_unknown_and_says_since_when() {
    for (kind, words) in
        [(FaultKind::TelemetryMissing, "no sample for 6 s"), (FaultKind::TelemetryLate, "samples come 10 s late")]
    {
        let mut session = boutique(1, Autonomy::Auto);
        let id = service(&session, "cartservice");
        let magnitude = if kind == FaultKind::TelemetryLate { 10.0 } else { 1.0 };
        inject(&mut session, FaultTarget::Service(id), kind, magnitude, 30);
        let said = said(&mut session, id, 30);
        let found = said.iter().any(|(_, health, text)| *health == Health::Unknown && text == words);
        assert!(found, "{kind:?}: {said:?}");
        session.advance(session.now() + SimDuration::from_secs(40), u64::MAX);
        assert_eq!(session.pipeline().signal(id).expect("declared").health, Health::Healthy, "{kind:?}");
        assert!(telemetry_alerts(&session).iter().all(|a| a.resolved_at.is_some()));
    }
}

#[test]
fn gaps_are_told_and_the_service_is_still_judged() {
    let mut session = boutique(1, Autonomy::Auto);
    let id = service(&session, "cartservice");
    inject(&mut session, FaultTarget::Service(id), FaultKind::TelemetryMissing, 0.3, 40);
    let said = said(&mut session, id, 40);
    let told = said.iter().filter(|(_, health, text)| *health == Health::Healthy && text.ends_with("% of samples missing"));
    assert!(told.count() >= 30, "{said:?}");
}

#[test]
fn a_frozen_exporter_is_noticed_within_ten_seconds() {
    for name in ["cartservice", "frontend", "currencyservice"] {
        let mut session = boutique(2, Autonomy::Auto);
        let id = service(&session, name);
        inject(&mut session, FaultTarget::Service(id), FaultKind::TelemetryFrozen, 1.0, 40);
        let said = said(&mut session, id, 40);
        let first = said.iter().find(|(_, health, text)| *health == Health::Unknown && text.contains("stands still"));
        assert!(first.is_some_and(|(second, ..)| *second <= 10), "{name}: {said:?}");
    }
}

#[test]
fn wrong_values_are_noticed_and_held_against_the_right_service() {
    for (name, factor) in
        [("cartservice", 4.0), ("frontend", 4.0), ("frontend", 0.25), ("productcatalogservice", 0.25), ("redis-cart", 3.0)]
    {
        let mut session = boutique(2, Autonomy::Auto);
        let id = service(&session, name);
        inject(&mut session, FaultTarget::Service(id), FaultKind::TelemetryWrong, factor, 40);
        let said = said(&mut session, id, 40);
        let first = said.iter().find(|(_, health, text)| *health == Health::Unknown && text.starts_with("telemetry "));
        assert!(first.is_some_and(|(second, ..)| *second <= 4), "{name} x {factor}: {said:?}");
        let accused: Vec<ServiceId> = telemetry_alerts(&session).iter().map(|a| a.service).collect();
        assert_eq!(accused, [id], "{name} x {factor}");
    }
}

#[test]
fn nobody_is_healed_of_telemetry_that_lies() {
    for seed in 1..=5 {
        for kind in KINDS {
            let id = service(&boutique(seed, Autonomy::Auto), "checkoutservice");
            for target in [FaultTarget::Service(id), FaultTarget::Monitoring] {
                for magnitude in [kind.scale().usual, kind.scale().usual / 2.0] {
                    let mut session = boutique(seed, Autonomy::Auto);
                    inject(&mut session, target, kind, magnitude, 30);
                    session.advance(SimTime::from_secs(FAULT_AT_S + 60), u64::MAX);
                    let report = session.pipeline().report();
                    assert!(report.actions.is_empty(), "seed {seed}, {kind:?} {magnitude} on {target:?}: {:?}", report.actions);
                    let is_noticed = !telemetry_alerts(&session).is_empty();
                    // Of half a service's series only those that never repeat show that they stand still.
                    let can_hide = kind == FaultKind::TelemetryFrozen && magnitude < 1.0;
                    assert!(is_noticed || can_hide, "seed {seed}, {kind:?} {magnitude} on {target:?}");
                }
            }
        }
    }
}

#[test]
fn a_service_that_is_broken_and_not_seen_is_left_alone_and_that_is_said() {
    let mut session = boutique(4, Autonomy::Auto);
    let id = service(&session, "paymentservice");
    inject(&mut session, FaultTarget::Service(id), FaultKind::TelemetryMissing, 1.0, 60);
    session.advance(SimTime::from_secs(FAULT_AT_S + 10), u64::MAX);
    inject(&mut session, FaultTarget::Service(id), FaultKind::ErrorBurst, 0.8, 40);
    session.advance(SimTime::from_secs(FAULT_AT_S + 50), u64::MAX);
    let decisions: Vec<_> = session.pipeline().decisions().collect();
    assert!(decisions.iter().all(|d| d.service != id || d.action.is_none()), "{decisions:#?}");
    let is_said = |d: &&&sickbay::pipeline::Decision| d.diagnosis.evidence.iter().any(|e| e.text.contains("itself is not seen"));
    assert!(decisions.iter().any(|d| is_said(&d)), "{decisions:#?}");
}

#[test]
fn true_telemetry_is_believed_whatever_happens_to_the_system() {
    for preset in PRESETS {
        let loaded = load(preset.name).expect("presets load");
        for (autonomy, seed) in [(Autonomy::Off, 2), (Autonomy::Off, 42), (Autonomy::Auto, 2), (Autonomy::Auto, 11)] {
            let mut session = Session::open(&loaded, seed).expect("it opens");
            session.execute(Command::SetAutonomy(autonomy)).expect("the dial turns");
            session.advance(SimTime::from_secs(150), u64::MAX);
            let alerts = telemetry_alerts(&session);
            assert!(alerts.is_empty(), "{}, {autonomy:?}, seed {seed}: {alerts:#?}", preset.name);
        }
    }
}

#[test]
fn true_telemetry_of_a_broken_boutique_is_believed() {
    for (number, kind) in FaultKind::OF_SYSTEM.into_iter().enumerate() {
        let mut session = boutique(20 + number as u64, Autonomy::Auto);
        let topology = session.world().topology();
        let edge = topology.edges().nth(3).expect("it has calls");
        let target = match () {
            () if kind == FaultKind::CacheFlush => FaultTarget::Service(service(&session, "redis-cart")),
            () if kind.fits_node() => FaultTarget::Node(0),
            () if kind.fits_service() => FaultTarget::Service(service(&session, "checkoutservice")),
            () => FaultTarget::Edge { from: edge.from, to: edge.to },
        };
        if kind == FaultKind::PoolLeak {
            give_pools(&mut session, "checkoutservice");
        }
        inject(&mut session, target, kind, kind.scale().usual, 60);
        session.advance(SimTime::from_secs(FAULT_AT_S + 90), u64::MAX);
        let alerts = telemetry_alerts(&session);
        assert!(alerts.is_empty(), "{kind:?}: {alerts:#?}");
    }
}
