//! The browser's side of the page: charts really put ink on a canvas, messages survive the trip to JavaScript and back.
#![cfg(target_arch = "wasm32")]

use sickbay::ids::{DecisionId, FaultId, ServiceId};
use sickbay::pipeline::Autonomy;
use sickbay::protocol::{FromWorker, SourceFile, ToWorker};
use sickbay::scenario::import::{FoundEdge, Gravity, Preview, Problem};
use sickbay::session::Command;
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::topology::TopologyEdit;
use sickbay::units::{SimDuration, SimTime};
use sickbay::view::chart::ChartStyle;
use sickbay::view::{ChartFrame, LineFrame, LogKind, Marker};
use sickbay::web::canvas::{draw_chart, fit};
use sickbay::web::message::{pack, unpack};
use sickbay::web::{panic, storage};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{CanvasRenderingContext2d, Document, Element, HtmlCanvasElement};

wasm_bindgen_test_configure!(run_in_browser);

fn document() -> Document {
    web_sys::window().and_then(|window| window.document()).expect("tests run in a page")
}

fn appended(tag: &str) -> Element {
    let element = document().create_element(tag).expect("the browser makes elements");
    document().body().expect("the page has a body").append_child(&element).expect("it can be appended");
    element
}

fn canvas(css_width: u32, css_height: u32) -> HtmlCanvasElement {
    let canvas: HtmlCanvasElement = appended("canvas").dyn_into().expect("it is a canvas");
    let style = format!("display: block; width: {css_width}px; height: {css_height}px");
    canvas.set_attribute("style", &style).expect("it can be styled");
    canvas
}

/// Red, green, blue and opacity of each pixel.
fn pixels(canvas: &HtmlCanvasElement) -> Vec<[u8; 4]> {
    let context = canvas.get_context("2d").expect("a canvas has a context").expect("of two dimensions");
    let context: CanvasRenderingContext2d = context.dyn_into().expect("a 2d context");
    let image = context.get_image_data(0.0, 0.0, canvas.width().into(), canvas.height().into()).expect("readable");
    image.data().0.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]]).collect()
}

fn chart() -> (ChartFrame, Vec<f64>) {
    let columns: Vec<f64> = (0..100).flat_map(|i| [f64::from(i), 20.0, 20.0 + f64::from(i * 37 % 60)]).collect();
    let line = LineFrame {
        label: "checkout".into(),
        slot: 0,
        offset: 0,
        columns: 100,
        last: Some(20.0),
        min: Some(20.0),
        max: Some(79.0),
    };
    let chart = ChartFrame {
        title: "p95 latency".into(),
        unit: "ms".into(),
        lines: vec![line],
        thresholds: Some((60.0, 90.0)),
        forecast: vec![(99.0, 20.0, 20.0, 20.0), (120.0, 10.0, 30.0, 50.0)],
        lanes: Vec::new(),
        truth: Vec::new(),
    };
    (chart, columns)
}

#[wasm_bindgen_test]
fn a_chart_puts_its_lines_ink_on_the_canvas() {
    let canvas = canvas(600, 200);
    let columns_max = fit(&canvas);
    assert!(columns_max > 400, "{columns_max} device pixels");
    let (chart, columns) = chart();
    let style = ChartStyle::light();
    let marks = [Marker { at_s: 30.0, kind: LogKind::Fault, text: "CPU hog".into() }];
    let area = draw_chart(&canvas, &chart, &columns, (0.0, 120.0), &marks, &style).expect("it draws");
    let (red, green, blue) = style.slots[0].rgb;
    let ink = pixels(&canvas).iter().filter(|pixel| pixel[3] > 200 && pixel[..3] == [red, green, blue]).count();
    assert!(ink > 500, "{ink} pixels in the line's own colour");
    assert!(area.left > 0.0 && area.left + area.width <= 600.0 && area.top + area.height <= 200.0);
}

#[wasm_bindgen_test]
fn mesh_lines_are_crisp() {
    let canvas = canvas(600, 200);
    fit(&canvas);
    let (mut chart, _) = chart();
    (chart.lines, chart.thresholds, chart.forecast) = (Vec::new(), None, Vec::new());
    let style = ChartStyle::light();
    draw_chart(&canvas, &chart, &[], (0.0, 120.0), &[], &style).expect("it draws");
    let (red, green, blue) = style.grid.rgb;
    let pixels = pixels(&canvas);
    let width = canvas.width() as usize;
    let column: Vec<_> = (0..canvas.height() as usize).map(|y| pixels[y * width + width * 2 / 3]).collect();
    let full = column.iter().filter(|pixel| **pixel == [red, green, blue, 255]).count();
    let smeared = column.iter().filter(|pixel| (1..255).contains(&pixel[3])).count();
    assert!(full >= 3 && smeared <= full, "{full} full pixels, {smeared} smeared ones");
}

#[wasm_bindgen_test]
fn the_value_axis_is_sticky_per_chart_and_canvas() {
    let canvas = canvas(400, 150);
    fit(&canvas);
    let style = ChartStyle::dark();
    let (mut chart, columns) = chart();
    (chart.thresholds, chart.forecast) = (None, Vec::new());
    let mut upper = |max: f64, title: &str| {
        (chart.lines[0].max, chart.title) = (Some(max), title.into());
        draw_chart(&canvas, &chart, &columns, (0.0, 120.0), &[], &style).expect("it draws").range.1
    };
    let first = upper(95.0, "p95 latency");
    assert_eq!(upper(60.0, "p95 latency"), first, "it stays");
    assert!(upper(60.0, "Requests") < first, "another chart starts anew");
}

#[wasm_bindgen_test]
fn a_canvas_that_is_not_laid_out_is_an_error_not_a_panic() {
    let canvas = canvas(600, 200);
    canvas.set_attribute("style", "display: none").expect("it can be styled");
    assert_eq!(fit(&canvas), 0);
    let (chart, columns) = chart();
    assert!(draw_chart(&canvas, &chart, &columns, (0.0, 1.0), &[], &ChartStyle::light()).is_err());
}

fn to_worker() -> Vec<ToWorker> {
    let target = FaultTarget::Edge { from: ServiceId(1), to: ServiceId(2) };
    let duration = Some(SimDuration::from_millis(1_500));
    let fault = FaultSpec { target, kind: FaultKind::Partition, magnitude: 0.5, duration };
    let commands = [
        Command::Inject(fault),
        Command::Inject(FaultSpec { target: FaultTarget::Service(ServiceId(3)), duration: None, ..fault }),
        Command::RemoveFault(FaultId(4)),
        Command::StopAllFaults,
        Command::Edit(TopologyEdit::RemoveService(ServiceId(1))),
        Command::Undo,
        Command::Redo,
        Command::SetAutonomy(Autonomy::Advise),
        Command::SetPolicy("seed".into()),
        Command::Approve(DecisionId(7)),
        Command::Reject(DecisionId(8)),
    ];
    let mut messages = vec![
        ToWorker::OpenPreset { name: "boutique".into(), seed: u64::MAX },
        ToWorker::PreviewImport(vec![SourceFile { name: "compose.yaml".into(), text: "services: {}\n# \u{1f980}".into() }]),
        ToWorker::AcceptImport { seed: (1 << 53) + 1 },
        ToWorker::CancelImport,
        ToWorker::Play,
        ToWorker::PlayUntil(SimTime::FAR_FUTURE),
        ToWorker::PlayUntil(SimTime::from_nanos((1 << 60) + 1)),
        ToWorker::Pause,
        ToWorker::Step,
        ToWorker::SetSpeed(0.25),
        ToWorker::SetSpeed(2.0),
        ToWorker::View { selection: Some(ServiceId(2)), columns: 1_200, window_s: 120.0 },
        ToWorker::View { selection: None, columns: 0, window_s: 0.5 },
        ToWorker::FrameDrawn,
    ];
    messages.extend(commands.map(ToWorker::Do));
    messages
}

#[wasm_bindgen_test]
fn every_message_to_the_worker_survives_the_trip() {
    for message in to_worker() {
        let parcel = pack(&message, &[]).expect("it can be packed");
        let (back, numbers): (ToWorker, _) = unpack(&parcel.message).expect("it can be unpacked");
        assert_eq!((back, numbers), (message, vec![]));
    }
}

#[wasm_bindgen_test]
fn answers_of_the_worker_survive_the_trip_with_their_numbers() {
    let problem = Problem {
        code: "E0003".into(),
        gravity: Gravity::Error,
        place: "a.yaml:1:2".into(),
        snippet: None,
        message: "unknown dependency".into(),
        help: "add it".into(),
    };
    let edge = FoundEdge { from: "a".into(), to: "b".into(), evidence: "env B=b:80".into(), inferred: true };
    let preview = Preview { edges: vec![edge], problems: vec![problem], runnable: true, ..Preview::default() };
    for message in [FromWorker::Ready, FromWorker::Preview(Box::new(preview)), FromWorker::Refused("no".into())] {
        let parcel = pack(&message, &[1.5, f64::INFINITY, -0.0]).expect("it can be packed");
        assert_eq!(parcel.transfer.length(), 1, "the numbers are transferred");
        let (back, numbers): (FromWorker, _) = unpack(&parcel.message).expect("it can be unpacked");
        assert_eq!((back, numbers), (message, vec![1.5, f64::INFINITY, -0.0]));
    }
}

#[wasm_bindgen_test]
fn what_is_no_message_is_an_error_not_a_panic() {
    for nonsense in [wasm_bindgen::JsValue::NULL, "words".into(), 7.into(), js_sys::Array::new().into()] {
        assert!(unpack::<ToWorker>(&nonsense).is_err());
    }
}

#[wasm_bindgen_test]
fn storage_keeps_what_it_was_given() {
    assert!(storage::set("test", "dark"));
    assert_eq!(storage::get("test").as_deref(), Some("dark"));
    assert_eq!(storage::get("never stored"), None);
}

#[wasm_bindgen_test]
fn the_first_error_is_shown_in_a_card_and_stays() {
    panic::show_error("first");
    panic::show_error("second");
    let card = document().get_element_by_id("panic-card").expect("there is a card");
    let text = card.text_content().unwrap_or_default();
    assert!(text.contains("first") && !text.contains("second"), "{text}");
    assert!(card.query_selector("button").is_ok_and(|button| button.is_some()));
    card.remove();
}
