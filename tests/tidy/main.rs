//! Style as a test: the walls of ARCHITECTURE.md hold because plain `cargo test` reads the source.
//!
//! Each check is a function from (path, text) to problems, so that its own test can feed it a bad snippet and see it
//! fail. Messages say what to do instead.
#![cfg(not(target_arch = "wasm32"))]

mod imports;
mod source;
mod text;
mod words;

use source::{Problem, files};

/// Runs a check over all files of the repository and fails with all that it found.
fn hold(check: impl Fn(&str, &str) -> Vec<Problem>) {
    let problems: Vec<String> = files()
        .iter()
        .flat_map(|file| check(&file.path, &file.text).into_iter().map(|problem| format!("{}:{problem}", file.path)))
        .collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn areas_import_only_what_the_table_allows() {
    hold(imports::check_areas);
}

#[test]
fn only_the_page_names_the_browser() {
    hold(imports::check_browser);
}

#[test]
fn banned_words_do_not_occur() {
    hold(words::check);
}

#[test]
fn files_functions_and_lines_stay_short() {
    hold(text::check_sizes);
}

#[test]
fn every_module_says_what_it_is() {
    hold(text::check_module_doc);
}

#[test]
fn nothing_names_the_machine_it_was_made_on() {
    hold(text::check_places);
}

#[test]
fn there_is_no_hand_written_javascript() {
    hold(|path, _| text::check_name(path));
}

#[test]
fn links_between_documents_lead_somewhere() {
    let paths: Vec<String> = files().into_iter().map(|file| file.path).collect();
    hold(|path, text| text::check_links(path, text, |target| paths.iter().any(|known| known == target)));
}

#[test]
fn every_exception_for_a_long_file_is_still_needed() {
    let files = files();
    for (path, lines) in text::LONG_FILES {
        let now = files.iter().find(|file| file.path == *path).map(|file| file.text.lines().count());
        assert_eq!(now, Some(*lines), "{path}: write its present length into LONG_FILES, or take it out if short or gone");
    }
}
