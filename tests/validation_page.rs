//! The committed validation page was made by this engine and tells all that the code knows. It is not made anew here, which
//! takes minutes: `cargo xtask validate` does.
#![cfg(not(target_arch = "wasm32"))]

use sickbay::scenario::file;
use sickbay::scenario::presets::load;
use sickbay::validation::incidents::PATTERNS;
use sickbay::validation::page::{COMMAND, about, engine};
use sickbay::validation::reference::{groups, read};
use sickbay::validation::swarm::LAWS;
use sickbay::view::address::Address;

const PAGE: &str = include_str!("../www/validation.html");
const TABLE: &str = include_str!("../docs/validation/reference.csv");

fn attribute(name: &str) -> Vec<String> {
    let start = format!("{name}=\"");
    PAGE.split(&start).skip(1).filter_map(|rest| Some(plain(rest.split('"').next()?))).collect()
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[test]
fn the_page_was_made_by_this_engine() {
    let now = format!("{:016x}", engine());
    assert_eq!(attribute("data-engine"), [now], "the engine behaves differently since: `{COMMAND}` makes the page anew");
    let version = format!("sickbay {}", env!("CARGO_PKG_VERSION"));
    assert!(PAGE.contains(&version), "{version}: `{COMMAND}` makes the page anew");
    assert!(PAGE.contains("full: each mean"), "the page is one for publication, not a quick one");
}

#[test]
fn the_page_tells_every_group_row_incident_and_law() {
    let rows = read(TABLE).expect("a table");
    let told = attribute("data-group");
    for group in groups() {
        assert!(told.iter().any(|told| told.starts_with(group)), "{group} is not on the page: `{COMMAND}`");
        assert!(about(group).is_some() && rows.iter().any(|row| row.group.starts_with(group)), "{group} has no row");
    }
    for row in &rows {
        assert!(PAGE.contains(&format!("<span class=\"id\">{}</span>", row.id)), "{}: `{COMMAND}`", row.id);
    }
    let incidents: Vec<String> = PATTERNS.iter().map(sickbay::validation::incidents::Pattern::id).collect();
    assert_eq!(attribute("data-incident"), incidents, "`{COMMAND}`");
    assert_eq!(attribute("data-law"), LAWS.iter().map(|law| law.name).collect::<Vec<_>>(), "`{COMMAND}`");
}

#[test]
fn every_link_into_the_simulator_opens_something() {
    let links: Vec<String> = attribute("href").into_iter().filter(|link| link.starts_with("./#")).collect();
    assert!(links.len() >= read(TABLE).expect("a table").len() + PATTERNS.len() + LAWS.len(), "{} links", links.len());
    for link in links {
        let address = Address::parse(link.trim_start_matches("./"));
        match &address.file {
            Some(text) => drop(file::read(text).unwrap_or_else(|problems| panic!("{link}: {problems:#?}"))),
            None => assert!(load(&address.preset).is_some(), "{link}"),
        }
    }
}

#[test]
fn every_anchor_is_there_and_there_only_once() {
    let mut anchors = attribute(" id");
    let links: Vec<String> = attribute("href").into_iter().filter_map(|link| Some(link.strip_prefix('#')?.to_owned())).collect();
    for link in &links {
        assert!(anchors.contains(link), "#{link}");
    }
    let all = anchors.len();
    anchors.sort();
    anchors.dedup();
    assert_eq!(anchors.len(), all, "an anchor stands twice");
}

#[test]
fn the_page_has_no_script_loads_nothing_and_its_tables_have_captions() {
    for word in ["<script", "onclick", "onload", "src=", "http://", "https://", "@import", "url("] {
        assert!(!PAGE.contains(word), "{word}");
    }
    let count = |word: &str| PAGE.matches(word).count();
    assert_eq!(count("<table>"), count("<caption "));
    assert_eq!(count("<table>"), count("role=\"region\""));
    assert_eq!(count("<th"), count("<th scope=") + count("<thead"));
    assert!(PAGE.len() < 2_000_000, "{} bytes", PAGE.len());
}
