//! P18: a certificate expires.

use super::super::lab::Lab;
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Status};

const EPIC: &str = "Epic Games, 6 April 2021";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 18,
    source: EPIC,
    status: Status::Partly(
        "a certificate that several services share is one fault on each of them at the same instant; connecting anew costs \
         nothing, so there is no surge of connections after the renewal",
    ),
    chosen: &[
        Chosen {
            what: "connections to login and catalog last 1 s, those to the ledger an hour",
            why: "one kind that connects for each call, and one that lives longer than the incident",
            scale: None,
        },
        Chosen { what: "2 min instead of 12 to the renewal", why: "nothing changes in them", scale: None },
    ],
    more: &[],
    step_s: 10,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(EPIC);
    let run = lab.preset();
    let (before, during) = (run.window(10, 60), run.window(62, 180));
    for callee in ["login", "catalog"] {
        rows.at_least(format!("success of calls to {callee} before"), 0.999, before.edge_success("front", callee));
        rows.at_most(
            format!("success of calls to {callee} from 2 s after the expiry"),
            0.0,
            during.edge_success("front", callee),
        );
    }
    rows.at_least("success of calls to the ledger, over connections that live", 0.9, during.edge_success("market", "ledger"));
    let busy = ["front", "login", "catalog"].map(|name| during.cpu(name) / before.cpu(name));
    rows.at_most(
        "CPU of the services concerned over that before, the highest: nothing is busy",
        1.1,
        busy.into_iter().fold(0.0, f64::max),
    );
    rows.at_least("success of all from 2 s after the renewal", 0.99, run.window(182, 240).success());
    let surge = run.window(181, 185).attempts("front", "login") / before.attempts("front", "login");
    rows.at_least("connections after the renewal over those before: a surge", 1.5, surge);
    rows.list
}
