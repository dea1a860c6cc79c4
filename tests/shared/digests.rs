//! The constants of `tests/digests.txt`, and the checks that every build must pass. Compiled natively and as wasm.

use sickbay::pipeline::Autonomy;
use sickbay::scenario::presets;
use sickbay::session::{Command, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::topology::{Pool, ServiceKind, TopologyEdit};
use sickbay::units::{SimDuration, SimTime};
use sickbay::{math, rng};
use std::sync::Mutex;

const FILE: &str = include_str!("../digests.txt");

/// A constant by its name: lines are `name 0123456789abcdef`, `#` begins a comment.
fn expected(name: &str) -> u64 {
    let value = FILE.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let digits = value.unwrap_or_else(|| panic!("tests/digests.txt has no line for `{name}`"));
    u64::from_str_radix(digits.trim(), 16).expect("a digest is 16 hexadecimal digits")
}

fn agree(name: &str, digest: u64) {
    if std::env::var_os("SICKBAY_BLESS").is_some() {
        return bless(name, digest);
    }
    let expected = expected(name);
    assert_eq!(
        digest, expected,
        "`{name}`: this build gives {digest:016x}, tests/digests.txt says {expected:016x}. If all builds agree on the new value \
         and the change was meant: SICKBAY_BLESS=1 cargo test --test determinism; if only some builds differ, something in the \
         core is not deterministic."
    );
}

/// Writes the value into the file; tests run side by side, so one after the other.
fn bless(name: &str, digest: u64) {
    static WRITING: Mutex<()> = Mutex::new(());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/digests.txt");
    let _one_at_a_time = WRITING.lock();
    let text = std::fs::read_to_string(path).expect("tests/digests.txt can be read");
    let is_it = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
    let mut lines: Vec<&str> = text.lines().collect();
    let fresh = format!("{name} {digest:016x}");
    match lines.iter().position(is_it) {
        Some(at) => lines[at] = &fresh,
        None => lines.push(&fresh),
    }
    std::fs::write(path, lines.join("\n") + "\n").expect("tests/digests.txt can be written");
}

/// Every sampler and every function of `math` over many inputs, folded bit by bit.
pub fn check_maths() {
    let mut digest = 0_u64;
    for key in 0..20_000_u64 {
        let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let p = rng::uniform(key);
        let values = [
            rng::exponential(key),
            rng::lognormal(key, 0.5),
            math::ln(p + 0.001),
            math::exp(p * 20.0 - 10.0),
            math::pow(p, 2.5),
            math::normal_quantile(p.clamp(0.001, 0.999)),
        ];
        for value in values {
            digest = digest.rotate_left(5) ^ value.to_bits().wrapping_mul(0x0100_0000_01b3);
        }
    }
    agree("maths", digest);
}

/// The seed of all runs here, and of the page's own test.
const SEED: u64 = 42;

/// A preset, opened as the page opens it.
fn open(preset: &str) -> Session {
    let loaded = presets::load(preset).unwrap_or_else(|| panic!("there is no preset `{preset}`"));
    Session::open(&loaded, SEED).expect("presets ask for healing that there is")
}

/// `seconds` of a preset with nothing done to it: `digests.txt` has a line `preset-60s`, which the built page must show, too.
pub fn check_preset(preset: &str, seconds: u64) {
    let mut session = open(preset);
    session.advance(SimTime::from_secs(seconds), u64::MAX);
    agree(&format!("{preset}-{seconds}s"), session.digest());
}

/// 120 s of Online Boutique with a fault of each kind in a row and the healer on Auto: every mechanism takes part.
pub fn check_broken_boutique() {
    let mut session = open("boutique");
    session.execute(Command::SetAutonomy(Autonomy::Auto)).expect("the dial turns");
    for (index, kind) in FaultKind::ALL.into_iter().enumerate() {
        session.advance(SimTime::from_secs(10 + 5 * index as u64), u64::MAX);
        if kind == FaultKind::PoolLeak {
            give_pools(&mut session);
        }
        let target = target_of(&session, kind);
        let spec = FaultSpec { target, kind, magnitude: kind.scale().usual, duration: None };
        session.execute(Command::Inject(spec)).expect("the fault fits its target");
    }
    session.advance(SimTime::from_secs(120), u64::MAX);
    agree("boutique-broken-120s", session.digest());
}

/// A pool for each call of the service in the middle.
fn give_pools(session: &mut Session) {
    let topology = session.world().topology();
    let id = topology.by_name("checkoutservice").expect("Online Boutique has it");
    let mut service = topology.get(id).expect("by its name").clone();
    for call in service.calls_mut() {
        call.policy.pool = Some(Pool { size: 10, wait_max: SimDuration::from_secs(1) });
    }
    session.execute(Command::Edit(TopologyEdit::Configure(id, Box::new(service)))).expect("it is there");
}

/// A service in the middle of the system, or the first cache, call or node for faults that only those can have.
fn target_of(session: &Session, kind: FaultKind) -> FaultTarget {
    let topology = session.world().topology();
    if kind == FaultKind::CacheFlush {
        let cache = topology.services().find(|(_, s)| s.kind == ServiceKind::Cache);
        return FaultTarget::Service(cache.expect("Online Boutique has one").0);
    }
    if kind.fits_node() {
        return FaultTarget::Node(0);
    }
    if kind.fits_service() {
        return FaultTarget::Service(topology.by_name("checkoutservice").expect("Online Boutique has it"));
    }
    let edge = topology.edges().next().expect("it has calls");
    FaultTarget::Edge { from: edge.from, to: edge.to }
}
