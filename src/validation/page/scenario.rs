//! A measured system as a scenario file, so that a link can open it in the simulator.

use super::html::open;
use super::prose::about;
use crate::scenario::file::{HealDial, PolicyChoice, RunDefaults, read, write};
use crate::scenario::{PlannedFault, Scenario};
use crate::topology::{Cluster, Node, Service};
use crate::validation::reference::{ReportRow, Setup};
use crate::view::address::{Address, SEED};

/// Longest `about` of a scenario, in characters: the file takes 1,000.
const ABOUT_CHARS_MAX: usize = 400;
/// Longest name.
const NAME_CHARS_MAX: usize = 80;
/// Longest link, in bytes: browsers take two megabytes, people's chats less.
const LINK_BYTES_MAX: usize = 16_000;

/// The largest that a scenario file takes of what a setup has without limit; nothing in a measured system comes near them.
mod most {
    use crate::units::{Mebibytes, Millicores, SimDuration};

    pub const REPLICAS: u32 = 10_000;
    pub const PODS_OF_NODE: u32 = 1_000;
    pub const CPU_OF_NODE: Millicores = Millicores(1_024_000);
    pub const MEMORY: Mebibytes = Mebibytes(1e9);
    pub const TIME: SimDuration = SimDuration::from_secs(7 * 24 * 3_600);
}

/// A setup as a scenario. Its faults come by themselves; limits that it does not have are written as the largest there are.
pub fn of_setup(setup: &Setup, name: &str, about: &str) -> Scenario {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    let mut topology = setup.topology.clone();
    let ids: Vec<_> = topology.services().map(|(id, _)| id).collect();
    for id in ids {
        topology.get_mut(id).into_iter().for_each(limit);
    }
    let mut scenario = Scenario::of(cut(name, NAME_CHARS_MAX), topology);
    scenario.about = cut(about, ABOUT_CHARS_MAX);
    scenario.cluster = machines(setup);
    scenario.faults = setup.faults.iter().map(|(at, spec)| PlannedFault { at: *at, spec: *spec }).collect();
    scenario
}

fn limit(service: &mut Service) {
    service.replicas_max = service.replicas_max.min(most::REPLICAS);
    service.memory_limit.0 = service.memory_limit.0.min(most::MEMORY.0);
    for call in service.calls_mut() {
        call.policy.timeout = call.policy.timeout.min(most::TIME);
    }
}

/// The setup's machines; a machine without limits becomes as many large ones as its pods need.
fn machines(setup: &Setup) -> Cluster {
    let mut cluster = setup.cluster.clone();
    for node in &mut cluster.nodes {
        node.cpu = node.cpu.min(most::CPU_OF_NODE);
        node.memory.0 = node.memory.0.min(most::MEMORY.0);
        node.pods_max = node.pods_max.min(most::PODS_OF_NODE);
    }
    if let [node] = cluster.nodes.as_slice() {
        let pods: u32 = setup.topology.services().map(|(_, service)| service.replicas).sum();
        let node = node.clone();
        let more = |number| Node { name: format!("{}-{number}", node.name), ..node.clone() };
        cluster.nodes.extend((1..pods.div_ceil(most::PODS_OF_NODE)).map(more));
    }
    cluster
}

/// The address of a scenario that nobody heals.
///
/// # Errors
/// Why it has none: it cannot be written as a file that is read as the same, or it is too long for a link.
pub(super) fn address(scenario: &Scenario, seed: u64) -> Result<Address, String> {
    let run = RunDefaults { policy: Some(PolicyChoice::None), heal: Some(HealDial::Off), ..RunDefaults::default() };
    let text = write(scenario, &run);
    let loaded = read(&text).map_err(|problems| format!("{problems:?}"))?;
    if loaded.scenario != *scenario {
        return Err(format!("it is read as something else: {:?} instead of {scenario:?}", loaded.scenario));
    }
    let address = Address { seed: Some(seed), ..Address::of_file(text) };
    let length = address.to_string().len();
    if length > LINK_BYTES_MAX { Err(format!("{length} bytes")) } else { Ok(address) }
}

/// The link of a row; a dash where there is no system in particular.
pub(super) fn link(row: &ReportRow) -> String {
    let what = format!("{}: {}", row.id, row.metric);
    let title = about(&row.group).map_or(row.group.as_str(), |about| about.title);
    let expected = format!("{}: {} expected, tolerance {}. {}", row.metric, row.expected, row.tolerance, row.params);
    let scenario = row.setup.as_ref().map(|setup| of_setup(setup, title, &expected));
    let address = scenario.and_then(|scenario| address(&scenario, SEED).ok());
    address.map_or_else(|| "<span class=\"muted\">–</span>".to_owned(), |address| open(&address, &what))
}
