//! What is wrong is told: all of it, with a code, a place and help.

use sickbay::scenario::file::{self, read};
use sickbay::scenario::import::Problem;

const HEAD: &str = "sickbay: 1\nservices:\n  web: {calls: [cart]}\n  cart: {}\n";

/// The problems of a file that must not be right.
fn wrong(text: &str) -> Vec<Problem> {
    read(text).expect_err(text)
}

/// The only problem's code and place.
fn only(text: &str) -> (String, String) {
    let problems = wrong(text);
    assert_eq!(problems.len(), 1, "{problems:#?}\n{text}");
    assert!(!problems[0].help.is_empty() && !problems[0].message.is_empty());
    (problems[0].code.clone(), problems[0].place.clone())
}

#[test]
fn each_mistake_has_its_code_and_its_place() {
    let service = |fields: &str| format!("{HEAD}  x: {{{fields}}}\n");
    let cases = [
        (service("colour: red"), "E0304", "5:7"),
        (service("cpu: [1]"), "E0305", "5:12"),
        (service("cpu: lots"), "E0305", "5:12"),
        (service("startup: 5"), "E0306", "5:16"),
        (service("memory: 5m"), "E0306", "5:15"),
        (service("cpu: -1"), "E0307", "5:12"),
        (service("replicas: 10001"), "E0307", "5:17"),
        (service("kind: toaster"), "E0308", "5:13"),
        (service("calls: [cort]"), "E0309", "5:15"),
        (service("calls: [{timeout: 1s}]"), "E0314", "5:15"),
        (service("server: {codel: {target: 0}}"), "E0307", "5:32"),
        (service("demand: {shape: {lognormal: 4}}"), "E0307", "5:35"),
        (service("replicas: 3, replicas_max: 2"), "E0316", "5:6"),
        (service("autoscaler: {min: 3, max: 2}"), "E0316", "5:19"),
        (format!("{HEAD}  web: {{}}\n"), "E0310", "5:3"),
        (format!("{HEAD}  x: {{calls: [y]}}\n  y: {{calls: [x]}}\n"), "E0311", "5:3"),
        (format!("{HEAD}faults: [{{at: 1s, kind: partition, target: cart -> web}}]\n"), "E0312", "5:10"),
        (format!("{HEAD}faults: [{{at: 1s, kind: outage, target: node 99}}]\n"), "E0312", "5:10"),
        (format!("{HEAD}faults: [{{at: 1s, kind: outage, target: cart}}]\n"), "E0313", "5:10"),
        (format!("{HEAD}faults: [{{at: 1s, kind: cpu_hog, target: cort}}]\n"), "E0309", "5:42"),
        (format!("{HEAD}faults: [{{at: 8d, kind: cpu_hog, target: cart}}]\n"), "E0307", "5:15"),
        (format!("{HEAD}faults: [{{at: 1s, kind: cpu_hog, target: cart, magnitude: 2}}]\n"), "E0307", "5:59"),
        (format!("{HEAD}faults: [{{at: 1s, target: cart}}]\n"), "E0314", "5:10"),
        (format!("{HEAD}edits: [{{at: 1s, service: cart, set: {{cpus: 2}}}}]\n"), "E0304", "5:39"),
        (format!("{HEAD}edits: [{{at: 1s, edge: cart -> web, set: {{attempts: 2}}}}]\n"), "E0312", "5:9"),
        (format!("{HEAD}edits: [{{at: 1s, service: cart, rename: web}}]\n"), "E0317", "5:9"),
        (format!("{HEAD}edits: [{{at: 1s, service: cart, call: web}}]\n"), "E0317", "5:9"),
        (format!("{HEAD}edits: [{{at: 1s, service: cart}}]\n"), "E0314", "5:9"),
        (format!("{HEAD}actions: [{{at: 1s, do: dance, service: cart}}]\n"), "E0308", "5:24"),
        (format!("{HEAD}actions: [{{at: 1s, do: restart}}]\n"), "E0314", "5:11"),
        (format!("{HEAD}heal: loud\n"), "E0308", "5:7"),
        (format!("{HEAD}scale: 0\n"), "E0307", "5:8"),
        (format!("{HEAD}  x: {{replicas: 4}}\nfaults: [{{at: 1s, kind: hang, target: x}}]\nscale: 2\n"), "E0318", "6:10"),
        (format!("{HEAD}  x: {{replicas: 4}}\nactions: [{{at: 1s, do: scale, service: x}}]\nscale: 2\n"), "E0318", "6:11"),
        ("services: {a: {}}".to_owned(), "E0303", "1:1"),
        ("sickbay: 2\nservices: {a: {}}".to_owned(), "E0303", "1:10"),
        ("sickbay: 1".to_owned(), "E0314", "1:1"),
        ("sickbay: [1".to_owned(), "E0301", "1:10"),
        (String::new(), "E0301", "1:1"),
        ("sickbay: 1\n---\nsickbay: 1\n".to_owned(), "E0301", "1:1"),
    ];
    for (text, code, place) in cases {
        assert_eq!(only(&text), (code.to_owned(), format!("scenario.yaml:{place}")), "{text}");
    }
}

#[test]
fn all_problems_are_told_at_once_and_near_words_suggested() {
    let text =
        "sickbay: 1\nservices:\n  web: {calls: [{to: cort, tiemout: 1s}], replicas: many}\n  cart: {memory: 5}\nfautls: []\n";
    let problems = wrong(text);
    let codes: Vec<&str> = problems.iter().map(|p| p.code.as_str()).collect();
    assert_eq!(codes, ["E0305", "E0309", "E0304", "E0306", "E0304"], "{problems:#?}");
    for (index, nearest) in [(1, "'cart'"), (2, "'timeout'"), (4, "'faults'")] {
        assert_eq!(problems[index].help, format!("did you mean {nearest}?"));
    }
}

#[test]
fn a_name_that_is_gone_at_its_time_is_unknown() {
    let text = format!("{HEAD}edits: [{{at: 5s, remove: cart}}]\nactions: [{{at: 6s, do: restart, service: cart}}]\n");
    assert_eq!(only(&text).0, "E0309");
    let text = format!("{HEAD}edits: [{{at: 5s, remove: cart}}]\nactions: [{{at: 4s, do: restart, service: cart}}]\n");
    assert!(read(&text).is_ok());
}

#[test]
fn limits_are_stated_and_enforced() {
    let many = |n: usize, line: &str| (0..n).map(|i| line.replace('#', &i.to_string())).collect::<String>();
    let cases = [
        (format!("sickbay: 1\nservices:\n{}", many(4_097, "  s#: {}\n")), "E0315", "4096"),
        (format!("sickbay: 1\nservices:\n{}", many(6, "  s#: {replicas: 10000}\n")), "E0315", "50000"),
        (format!("sickbay: 1\nservices:\n{}", many(3, "  s#: {rate: 400000/s}\n")), "E0315", "1000000"),
        (format!("{HEAD}actions:\n{}", many(10_001, "- {at: 1s, do: restart, service: cart}\n")), "E0315", "10000"),
        (format!("sickbay: 1\n#{}", "x".repeat(file::TEXT_BYTES_MAX)), "E0302", "4 MB"),
        (format!("sickbay: 1\nservices: {{a: {{calls: {}}}}}", "[".repeat(5_000)), "E0302", ""),
        (
            format!("{HEAD}faults: [{{at: 1s, kind: traffic_spike, target: web, magnitude: 100}}]\n")
                .replace("{calls", "{rate: 90000, calls"),
            "E0315",
            "1000000",
        ),
    ];
    for (text, code, limit) in cases {
        let problems = wrong(&text);
        let start: String = text.chars().take(60).collect();
        assert_eq!(problems[0].code, code, "{problems:#?} {start}");
        assert!(problems[0].message.contains(limit), "{problems:#?} {start}");
    }
}

#[test]
fn edits_that_would_copy_gigabytes_are_refused() {
    let calls = "b,".repeat(250);
    let edits: String = (0..9_000).map(|i| format!("- {{at: {i}s, service: a, set: {{workers: {}}}}}\n", i + 1)).collect();
    let problems = wrong(&format!("sickbay: 1\nservices: {{a: {{calls: [{calls}]}}, b: {{}}}}\nedits:\n{edits}"));
    assert_eq!((problems[0].code.as_str(), problems[0].message.contains("too many")), ("E0315", true));
}

#[test]
fn hostile_aliases_end_at_the_budget() {
    let mut bomb = String::from("sickbay: 1\na: &a [x,x,x,x,x,x,x,x,x]\n");
    for (name, inner) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f")] {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{inner}"); 9].join(",")));
    }
    assert_eq!(wrong(&bomb)[0].code, "E0302");
}
