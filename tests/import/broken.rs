//! Files that are broken, wrong, too large or hostile.

use super::{many, names, one, problem};
use proptest::prelude::*;
use sickbay::scenario::import::read;

const COMPOSE: &str = "services:\n  web:\n    image: w\n    depends_on: [db]\n    environment:\n      - \
    DB_ADDR=db:5432\n  db:\n    image: postgres\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n    - name: m\n      \
    env:\n        - {name: B_URL, value: 'http://b'}\n";

/// Text that is likely to break YAML.
const SIGNS: &str = "[-:{}\\[\\]&*!|>'\"%@`$ \\n\\ta-z0-9<.=,?]{0,12}";

#[test]
fn broken_yaml_gives_line_and_column_of_the_file() {
    let read = one(&format!("---\n{POD}---\nkind: Pod\n  metadata: x\n---\n{}", POD.replace("name: a", "name: b")));
    let syntax = problem(&read, "E0005");
    assert_eq!((syntax.place.as_str(), syntax.snippet.as_deref()), ("f.yaml:13:11", Some("  metadata: x")));
    assert!(!syntax.help.is_empty() && read.scenario.is_none());
    assert_eq!(names(&read), ["a", "b"], "the other documents are shown");
}

#[test]
fn a_service_defined_twice_in_one_file_is_an_error() {
    let read = one("services:\n  a: {image: x}\n  b: {image: y}\n  a: {image: z}\n");
    let twice = problem(&read, "E0005");
    assert_eq!((twice.place.as_str(), twice.message.as_str()), ("f.yaml:4:3", "not valid YAML: duplicate mapping key: a"));
}

#[test]
fn templates_are_recognised() {
    let read = one("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}-x\n");
    assert!(problem(&read, "E0005").help.contains("helm template"));
}

#[test]
fn a_wrong_kind_is_an_error_that_names_it() {
    let read = one("\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n");
    let wrong = problem(&read, "E0006");
    assert_eq!(wrong.place, "f.yaml:2:1");
    assert!(wrong.message.contains("Secret") && wrong.help.contains("Deployment"));
    assert_eq!((read.preview.ignored[0].what.as_str(), read.preview.runnable), ("Secret s", false));
    for text in ["", "# nothing\n", "hello", "[1, 2]", "a: 1", "{\"data\": []}", "services: []", "services: {}"] {
        assert_eq!(one(text).preview.problems[0].code, "E0006", "{text}");
    }
}

#[test]
fn kubernetes_and_compose_together_are_refused() {
    let read = many(&[("a.yaml", COMPOSE), ("b.yaml", POD)]);
    assert_eq!(problem(&read, "E0007").place, "a.yaml:1:1");
}

#[test]
fn ten_megabytes_of_garbage_are_refused_unread() {
    let read = one(&"x: [}\u{1}garbage ".repeat(700_000));
    assert_eq!((read.preview.problems[0].code.as_str(), read.preview.problems.len()), ("E0001", 1));
    assert!(!read.preview.problems[0].help.is_empty() && read.scenario.is_none());
}

#[test]
fn binary_files_are_named_as_such() {
    assert_eq!(one("PK\u{3}\u{4}\0\0\0").preview.problems[0].code, "E0002");
}

#[test]
fn hostile_files_end_at_a_bound() {
    let bomb = (0..12).fold("a0: &a0 x\n".to_owned(), |text, i| {
        let list = vec![format!("*a{i}"); 12].join(",");
        text + &format!("a{}: &a{} [{list}]\n", i + 1, i + 1)
    });
    let long = format!("a: &a \"{}\\n\"\nb: [{}]\n", "x".repeat(500_000), vec!["*a"; 4_000].join(","));
    let texts = [
        bomb,
        long,
        "[".repeat(200_000),
        "- ".repeat(200_000),
        "---\n".repeat(200_000),
        "---\na: 1\n".repeat(50_000),
        "---\na: [\n".repeat(50_000),
        "a".repeat(1_000_000),
        format!("services:\n{}", (0..5_000).map(|i| format!("  s{i}: {{image: x}}\n")).collect::<String>()),
    ];
    for text in texts {
        assert!(one(&text).scenario.is_none(), "{}", text.chars().take(40).collect::<String>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}", name in "[.a-z]{0,6}") {
        let _ = read(&[(name, text)]);
    }

    #[test]
    fn changed_files_never_panic(at in 0_usize..200, len in 0_usize..30, put in SIGNS, kind in any::<bool>()) {
        let mut text = if kind { COMPOSE.to_owned() } else { POD.to_owned() };
        let (start, end) = (at.min(text.len()), (at + len).min(text.len()));
        text.replace_range(start..end, &put);
        let read = one(&text);
        prop_assert_eq!(read.preview.runnable, read.scenario.is_some());
        if let Some(scenario) = read.scenario {
            prop_assert_eq!(scenario.topology.cycle(), None);
            prop_assert_eq!(scenario.topology.len(), read.preview.services.len());
        }
    }
}
