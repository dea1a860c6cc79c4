//! The laws on random systems.

use super::Section;
use super::evidence::{Evidence, LawEvidence};
use super::html::{State, escape, open, paragraph, table, verdict};
use super::scenario::address;
use crate::math;
use crate::scenario::Scenario;
use crate::validation::reference::short;
use crate::validation::swarm::{System, replay};

const INTRO: &str = "Laws that need no expected value, because they hold for any system. Each is tried on random systems with \
                     a random \
                     choice of mechanisms (swarm testing), and most with random faults, actions and edits. The interval is \
                     the share \
                     of all such systems that could break a law and still show this result once in twenty.";

pub(super) fn section(evidence: &Evidence) -> Section {
    let systems = evidence.laws.first().map_or(0, |law| law.systems);
    let kept = evidence.laws.iter().filter(|law| law.broken.is_empty()).count();
    let caption = format!("{kept} of {} laws are kept by all of {systems} random systems", evidence.laws.len());
    let columns = [
        ("Law", "wide"),
        ("Kept by", "number narrow"),
        ("Broken by at most", "number narrow"),
        ("Verdict", "judged"),
        ("Try it", "wide"),
        ("Scenario", "link"),
    ];
    let rows: String = evidence.laws.iter().map(row).collect();
    let note = "The link opens the system of seed 0, without what is done to it.";
    let body = paragraph(INTRO) + &table("laws", &caption, &columns, &rows) + &paragraph(note);
    Section { id: "laws", title: "Laws on random systems".to_owned(), parts: Vec::new(), body }
}

fn row(found: &LawEvidence) -> String {
    let LawEvidence { law, systems, broken } = found;
    let good = broken.is_empty();
    let seed = broken.first().map_or(0, |(seed, _)| *seed);
    let system = System::any(seed);
    let mut scenario = Scenario::of(format!("Random system {seed}"), system.topology);
    (scenario.cluster, scenario.about) = (system.cluster, law.says.to_owned());
    let link = address(&scenario, seed)
        .map_or_else(|_| "–".to_owned(), |address| open(&address, &format!("a system of the law {}", law.name)));
    format!(
        "<tr data-law=\"{name}\"><th scope=\"row\"><span class=\"id\">{name}</span><small>{}</small></th>\
         <td class=\"number\">{} of {systems}</td><td class=\"number\">{} %</td><td>{}</td><td \
         class=\"source\"><code>{}</code></td>\
         <td>{link}</td></tr>\n",
        escape(law.says),
        systems - broken.len() as u64,
        short(100.0 * at_most(*systems, broken.len() as u64)),
        verdict(State::of(good), if good { "kept" } else { "broken" }),
        escape(&replay(law.name, seed)),
        name = law.name,
    )
}

/// The upper end of the 95 % interval of a share of which `broken` of `tried` were seen (one-sided; exact for none, the
/// normal approximation of the score else).
fn at_most(tried: u64, broken: u64) -> f64 {
    let n = tried.max(1) as f64;
    if broken == 0 {
        return 1.0 - math::pow(0.05, 1.0 / n);
    }
    /// The normal distribution's quantile at 95 %.
    const Z: f64 = 1.645;
    let (p, z2) = (broken as f64 / n, Z * Z);
    (p + z2 / (2.0 * n) + Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt()) / (1.0 + z2 / n)
}

#[cfg(test)]
mod tests {
    use super::at_most;

    #[test]
    fn a_law_that_nothing_broke_may_still_be_broken_by_three_in_as_many() {
        assert!((at_most(1_000, 0) - 0.003).abs() < 1e-4);
        assert!(at_most(1_000, 1) > at_most(1_000, 0) && at_most(10, 10) <= 1.0);
    }
}
