//! Calls named by their ends: `a -> b`, or `{ from: a, to: b }` for names that would be misread.

use super::faults::{edge, require};
use super::form::{Fields, Side, Slot};
use super::names::Names;
use super::out::Out;
use super::problems::{Code, Wrong, quoted};
use crate::ids::ServiceId;

/// Stands for a service until it is read.
const NOBODY: ServiceId = ServiceId(u32::MAX);

/// A call in its place.
pub(super) fn ends(slot: Slot<'_, '_>, from: &mut ServiceId, to: &mut ServiceId) {
    let (what, context) = (slot.what, slot.context);
    match slot.side {
        Side::Write(out) => *out = write_edge(*from, *to, &context.names),
        Side::Read(None) => {}
        Side::Read(Some(node)) => match read_edge(Slot { what, side: Side::Read(Some(node)), context }) {
            Ok(Some(ends)) => (*from, *to) = ends,
            Ok(None) => {}
            Err(wrong) => context.problems.add_wrong(node.spot, what, wrong),
        },
    }
}

/// Reads a call; `None` if what is wrong has been said.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn read_edge(slot: Slot<'_, '_>) -> Result<Option<(ServiceId, ServiceId)>, Wrong> {
    let Some(node) = slot.node() else { return Ok(None) };
    if let Some(text) = node.text() {
        let wrong = || Wrong::new(Code::WrongType, format!("{} is not a call", quoted(text)), "write caller and callee: a -> b");
        return edge(text, &slot.context.names).unwrap_or_else(|| Err(wrong())).map(Some);
    }
    let mut ends = (NOBODY, NOBODY);
    slot.group(&mut ends, ends_fields);
    Ok((ends.0 != NOBODY && ends.1 != NOBODY).then_some(ends))
}

fn ends_fields(f: &mut Fields<'_, '_>, ends: &mut (ServiceId, ServiceId)) {
    require(f, &["from", "to"]);
    f.at("from").service(&mut ends.0);
    f.at("to").service(&mut ends.1);
}

/// A call in words, if they are read as just that.
pub(super) fn write_edge(from: ServiceId, to: ServiceId, names: &Names) -> Out {
    let text = format!("{} -> {}", names.name(from), names.name(to));
    if names.id(&text).is_none() && edge(&text, names) == Some(Ok((from, to))) {
        return Out::Text(text);
    }
    let end = |key: &str, id| (key.to_owned(), Out::Text(names.name(id).to_owned()));
    Out::Map(vec![end("from", from), end("to", to)])
}
