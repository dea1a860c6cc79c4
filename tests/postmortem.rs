//! The draft of a post-mortem with its charts: every picture is there, shows what happened, and is the same each time.

use sickbay::pipeline::Autonomy;
use sickbay::scenario::presets::load;
use sickbay::session::{Command, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::units::{SimDuration, SimTime};
use sickbay::view::chart::ChartStyle;
use sickbay::view::postmortem::draft;

const FAULT_AT_S: u64 = 60;

/// Online Boutique with a service that fails for a while.
fn broken() -> Session {
    let mut session = Session::open(&load("boutique").expect("a preset"), 5).expect("it opens");
    session.execute(Command::SetAutonomy(Autonomy::Auto)).expect("the dial turns");
    session.advance(SimTime::from_secs(FAULT_AT_S), u64::MAX);
    let id = session.world().topology().by_name("paymentservice").expect("Online Boutique has it");
    let (target, duration) = (FaultTarget::Service(id), Some(SimDuration::from_secs(40)));
    let spec = FaultSpec { target, kind: FaultKind::ErrorBurst, magnitude: 0.7, duration };
    session.execute(Command::Inject(spec)).expect("it fits");
    session.advance(SimTime::from_secs(180), u64::MAX);
    session
}

fn colour(rgb: (u8, u8, u8)) -> String {
    format!("#{:02X}{:02X}{:02X}", rgb.0, rgb.1, rgb.2)
}

/// Where in the picture a vertical line of this colour stands, in the picture's own units.
fn uprights(svg: &str, rgb: (u8, u8, u8)) -> Vec<i32> {
    let colour = colour(rgb);
    let of_colour = svg.split('<').filter(|tag| tag.starts_with("polyline") && tag.contains(&colour));
    let points = of_colour.filter_map(|tag| tag.split("points=\"").nth(1)?.split('"').next());
    let ends = points.map(|list| list.split_whitespace().filter_map(|p| p.split(',').next()?.parse().ok()).collect::<Vec<i32>>());
    ends.filter(|x| x.len() == 2 && x[0] == x[1]).map(|x| x[0]).collect()
}

#[test]
fn every_picture_that_the_text_names_is_a_file_beside_it_and_the_other_way_round() {
    let (text, files) = draft(&broken()).into_files();
    assert!(files.len() >= 6, "users' latency and errors, and four of the cause: {}", files.len());
    for (path, svg) in &files {
        let name = path.trim_start_matches("charts/").trim_end_matches(".svg");
        assert!(text.contains(&format!("][{name}]\n")) && text.contains(&format!("\n[{name}]: {path}\n")), "{path}");
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg:.80}");
        assert!(svg.contains("width=\"760\" height=\"210\""), "{svg:.120}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{path}");
    }
    assert_eq!(text.matches("![").count(), files.len());
    assert!(text.contains("users: share that fails"), "the lines of characters stay");
}

#[test]
fn charts_of_the_cause_have_thresholds_and_marks_where_the_fault_and_the_decision_were() {
    let drafted = draft(&broken());
    let style = ChartStyle::light();
    let errors = drafted.charts().iter().find(|c| c.name == "incident-n1-errors").expect("the cause has errors");
    assert!(errors.svg.contains("paymentservice: errors, %"));
    for band in style.bands {
        let filled = errors.svg.split('<').any(|tag| tag.starts_with("rect") && tag.contains(&colour(band.rgb)));
        assert!(filled, "a band of {band:?}");
    }
    // The plot begins 30 s before the first symptom, and its left edge is 44 px, 88 units, from the picture's.
    let session = broken();
    let incident = session.pipeline().incidents().next().expect("noticed").clone();
    let (from, to) = (incident.detected_at.as_secs_f64() - 30.0, incident.resolved_at.expect("over").as_secs_f64() + 15.0);
    let plot = (1_520 - 2 * (44 + 12)) as f64;
    let expected = 88.0 + plot * (FAULT_AT_S as f64 - from) / (to - from);
    let marks = uprights(&errors.svg, style.bands[1].rgb);
    assert!(marks.iter().any(|x| (f64::from(*x) - expected).abs() <= 3.0), "{expected} in {marks:?}");
    assert!(!uprights(&errors.svg, style.slots[0].rgb).is_empty(), "decisions");
    assert!(!uprights(&errors.svg, style.bands[0].rgb).is_empty(), "alerts");
}

#[test]
fn one_file_carries_its_pictures_and_the_same_run_gives_the_same_bytes() {
    let (one, again) = (draft(&broken()).into_one_file(), draft(&broken()).into_one_file());
    assert_eq!(one, again);
    let addresses: Vec<&str> = one.lines().filter_map(|line| line.split_once("]: ")).map(|(_, address)| address).collect();
    let carried = addresses.iter().filter(|a| a.starts_with("data:image/svg+xml,%3Csvg")).count();
    assert_eq!(carried, one.matches("![").count());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~/:=;,%+".contains(c);
    assert!(
        addresses.iter().filter(|a| a.starts_with("data:")).all(|a| a.chars().all(is_plain)),
        "nothing ends an address early"
    );
}

#[test]
fn a_calm_run_has_a_draft_without_pictures() {
    let mut session = Session::open(&load("boutique").expect("a preset"), 5).expect("it opens");
    session.advance(SimTime::from_secs(60), u64::MAX);
    let (text, files) = draft(&session).into_files();
    assert!(files.is_empty() && text == session.post_mortem());
}

/// Online Boutique whose payment service's telemetry stands still from 60 s on, for 40 s.
fn frozen() -> Session {
    let mut session = Session::open(&load("boutique").expect("a preset"), 5).expect("it opens");
    session.advance(SimTime::from_secs(FAULT_AT_S), u64::MAX);
    let id = session.world().topology().by_name("paymentservice").expect("Online Boutique has it");
    let (target, duration) = (FaultTarget::Service(id), Some(SimDuration::from_secs(40)));
    session.execute(Command::SetKillSwitch(true)).expect("it turns");
    let spec = FaultSpec { target, kind: FaultKind::TelemetryFrozen, magnitude: 1.0, duration };
    session.execute(Command::Inject(spec)).expect("it fits");
    session.advance(SimTime::from_secs(150), u64::MAX);
    session
}

#[test]
fn telemetry_that_was_not_believed_has_its_cause_and_its_lines_in_the_draft() {
    let session = frozen();
    let draft = session.post_mortem();
    assert!(!draft.contains("Nothing happened that was noticed."), "{draft}");
    let section =
        draft.split("\n## Telemetry that was not believed\n").nth(1).unwrap_or_else(|| panic!("no section in\n{draft}"));
    let alert = session.pipeline().alerts().find(|a| a.is_about_telemetry()).expect("it is noticed");
    let (from, to) = (alert.at, alert.resolved_at.expect("and over"));
    let why = alert.text.split_once(": ").expect("it says why").1;
    for part in [
        "Faults of telemetry: Frozen telemetry on paymentservice from 01:00.0.".to_owned(),
        format!("| paymentservice | {from} to {to} | {why} |"),
        "| 01:00.0 | paymentservice | fault began: Frozen telemetry on paymentservice".to_owned(),
        format!("| {from} | paymentservice | Healthy -> Unknown"),
        format!("| {from} | paymentservice | Warning alert: TELEMETRY"),
    ] {
        assert!(section.contains(&part), "'{part}' is missing in\n{section}");
    }
}

#[test]
fn a_draft_says_how_healing_was_set_and_what_was_set_on_the_way() {
    let draft = frozen().post_mortem();
    let said = "Healing: policy rules, heal dial Ask, dry run off, kill switch on; set on the way: kill switch on at 60 s.";
    assert!(draft.contains(said), "{draft}");
}

#[test]
fn the_time_to_mitigate_is_one_number_and_the_timeline_bears_it_out() {
    let session = broken();
    let incident = session.pipeline().incidents().next().expect("noticed");
    let took = session.time_to_mitigate(incident).expect("over").as_secs_f64();
    let over = incident.resolved_at.expect("over");
    assert_eq!(took, over.as_secs_f64() - FAULT_AT_S as f64);
    assert_eq!(session.report().faults[0].mitigate_s, Some(took));
    let draft = session.post_mortem();
    assert!(draft.contains(&format!("| time to mitigate (until it was over, no service in trouble) | {took:.0} s |")), "{draft}");
    let line = draft.lines().find(|line| line.contains("Incident n1 over")).expect("in the timeline");
    assert!(line.starts_with(&format!("| {over} |")), "{line}");
    let last = draft.lines().rfind(|line| line.contains("-> Healthy")).expect("they get well");
    assert!(last.starts_with(&format!("| {over} |")), "the services are well when the incident is over: {last}");
}
