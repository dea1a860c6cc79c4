//! `headless import`: what the importer finds in files.

use crate::arguments::Arguments;
use crate::{Failure, print, read_files};
use sickbay::scenario::import;
use sickbay::scenario::opening::open;

pub fn import(words: &[String]) -> Result<(), Failure> {
    let arguments = Arguments::parse(words, &[], &["--json"]).map_err(Failure::Usage)?;
    if arguments.words.is_empty() {
        return Err(Failure::Usage(crate::Usage("import needs at least one file".into())));
    }
    let imported = open(&read_files(&arguments.words)?);
    if arguments.has("--json") {
        print(&import::report::to_json(&imported.preview).to_string());
    } else {
        print(&import::report::to_text(&imported.preview));
    }
    if imported.scenario.is_none() {
        return Err(Failure::Input("nothing in these files can be run; see the problems above".into()));
    }
    Ok(())
}
