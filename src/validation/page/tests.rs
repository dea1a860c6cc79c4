use super::*;
use crate::validation::incidents::PATTERNS;
use crate::validation::reference::{Effort, read};
use crate::validation::scale::{Agreement, Quantity, SYSTEMS, ScaleRow};
use crate::validation::swarm::LAWS;
use crate::view::address::Address;
use std::sync::OnceLock;

const TABLE: &str = "id,group,params,metric,value,tol,how,source\n\
    A1,\"retry, independent failures\",p=0.5;attempts=2,load factor,1.5,3%,closed,1+p\n\
    A2,\"retry, independent failures\",p=0.5;attempts=2,load factor,9,3%,des,<b>wrong</b>\n\
    A3,weather,p=1,rain,1,1%,closed,x\n";

/// Gathered once: it plays all incidents.
fn evidence(scale: Vec<ScaleRow>) -> Evidence {
    static GATHERED: OnceLock<Evidence> = OnceLock::new();
    let gathered = GATHERED.get_or_init(|| {
        let rows = read(TABLE).expect("a table");
        let plan = Plan { rows, effort: Effort::Quick, replications: 1, systems: 1, scale: false, threads: 2 };
        gather(plan, &mut |_| ())
    });
    Evidence { scale, ..gathered.clone() }
}

fn comparison() -> ScaleRow {
    ScaleRow {
        system: SYSTEMS[0].name,
        scale: 8,
        quantity: Quantity::P99,
        full: 20.0,
        full_half_width: Some(0.5),
        model: 26.0,
        model_half_width: None,
        allowed: None,
        agreement: Agreement::NotKept,
        note: "a & b",
    }
}

#[test]
fn the_page_tells_all_there_is_and_its_counts_are_counted() {
    let evidence = evidence(vec![comparison()]);
    let page = render(&evidence);
    assert_eq!(page, render(&evidence), "the same results give the same bytes");
    for pattern in PATTERNS {
        assert!(page.contains(&format!("data-incident=\"{}\"", pattern.id())), "{}", pattern.id());
    }
    for law in LAWS {
        assert!(page.contains(&format!("data-law=\"{}\"", law.name)), "{}", law.name);
    }
    assert!(page.contains("<b>1</b> of 3<small>of 2 laws and platform rules"), "one of three rows passes");
    assert!(
        page.contains("a &amp; b") && page.contains("+30.0 %") && page.contains("&lt;b&gt;wrong") && !page.contains("<b>wrong")
    );
    assert!(page.contains("not as expected or not measured:</b> <a href=\"#row-a2\">A2</a>, <a href=\"#row-a3\">A3</a>"));
    assert!(page.contains("1 of 3 expected values come from another simulation"));
    assert!(!evidence.is_good() && !page.contains("<script") && !page.contains("NaN"));
    assert!(page.contains("--brand") && page.contains("prefers-color-scheme: dark"));
}

#[test]
fn without_comparisons_the_page_says_that_there_are_none() {
    let mut evidence = evidence(Vec::new());
    let page = render(&evidence);
    assert!(page.contains("Not the scale model") && page.contains("take its numbers for a sketch"));
    let before = evidence.digest();
    evidence.incidents[0].rows[0].values[0] += 1e-9;
    assert_ne!(evidence.digest(), before, "the digest sees the last bit");
}

#[test]
fn every_row_with_a_system_has_a_link_that_opens_it() {
    let rows = read(include_str!("../../../tests/reference/quick.csv")).expect("a table");
    let report = crate::validation::reference::Suite::plan(rows, Effort::Quick);
    let (mut without, mut problems) = (Vec::new(), Vec::new());
    for (id, group, setup) in report.setups() {
        let Some(setup) = setup else {
            without.push(id);
            continue;
        };
        let scenario = of_setup(setup, group, "about");
        match scenario::address(&scenario, 1) {
            Ok(address) => assert_eq!(Address::parse(&address.to_string()), address, "{id}"),
            Err(why) => problems.push(format!("{id} ({group}): {why}")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(without.is_empty(), "rows without a system to open: {without:?}");
}
