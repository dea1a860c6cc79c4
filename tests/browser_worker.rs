//! The worker's side in a real worker, where there is no window and no document.
#![cfg(target_arch = "wasm32")]

use sickbay::host::Host;
use sickbay::protocol::{FromWorker, ToWorker};
use sickbay::units::SimTime;
use sickbay::web::message::{pack, unpack};
use sickbay::web::panic;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::DedicatedWorkerGlobalScope;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn wall_ms() -> f64 {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into().expect("tests run in a worker");
    scope.performance().expect("a worker has a clock").now()
}

#[wasm_bindgen_test]
fn a_preset_runs_to_a_moment_and_its_frame_can_travel() {
    let mut host = Host::default();
    let mut answers = Vec::new();
    host.handle(ToWorker::OpenPreset { name: "boutique".into(), seed: 42 }, &mut |answer, _| answers.push(answer));
    host.handle(ToWorker::PlayUntil(SimTime::from_secs(20)), &mut |answer, _| answers.push(answer));
    assert!(answers.is_empty(), "{answers:?}");
    let mut last = None;
    while host.turn(&wall_ms, &mut |answer, numbers| last = Some((answer, numbers))).is_some() {
        host.handle(ToWorker::FrameDrawn, &mut |answer, _| answers.push(answer));
    }
    let (answer, numbers) = last.expect("a frame was sent");
    let FromWorker::Frame(frame) = &answer else { panic!("a frame was expected") };
    assert_eq!((frame.now, frame.playing), (SimTime::from_secs(20), false));
    assert!(frame.services.len() > 4 && frame.kpis.rate > 0.0 && !numbers.is_empty());
    let parcel = pack(&answer, &numbers).expect("it can be packed");
    let back: (FromWorker, Vec<f64>) = unpack(&parcel.message).expect("it can be unpacked");
    assert_eq!(back, (answer, numbers));
}

#[wasm_bindgen_test]
fn the_error_card_needs_a_page_and_does_nothing_without_one() {
    panic::show_error("nobody sees this");
}
