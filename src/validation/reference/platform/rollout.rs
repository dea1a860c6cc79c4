//! A rolling update: how many pods there are at most, and how many are ready at least.

use super::unknown;
use crate::ids::ServiceId;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::{RollOut, Service};
use crate::units::{Ratio, SimDuration};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, bare, whole};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::row::Row;

/// When the new version comes.
const BEGIN_S: f64 = 10.0;
/// How long its pods take to start.
const STARTUP_S: u64 = 5;
/// How often the pods are counted: every change but those within this is seen.
const LOOK_S: f64 = 0.01;
/// Long enough for all to be replaced.
const UNTIL_S: f64 = 200.0;

/// `replicas=10;25%/25%`: surge and unavailable.
pub(in crate::validation::reference) fn rolling_update(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let replicas = whole("replicas", params.need("replicas={n}")?, 1, 1_000)?;
    let shares = params.take("{p}/{p}").unwrap_or_else(|| vec![0.25, 0.25]);
    params.finish()?;
    if row.metric != "max pods / min ready" {
        return Err(unknown(&row.metric, "a rolling update"));
    }
    let share = |share: f64| Ratio::new(share).map_err(|error| error.to_string());
    let roll_out = RollOut { surge: share(shares[0])?, unavailable: share(shares[1])?, ..RollOut::default() };
    let service = Service { replicas, roll_out, startup: SimDuration::from_secs(STARTUP_S), ..bare("service") };
    let setup = Setup::single(service);
    let (metric, system) = (row.metric.clone(), setup.clone());
    let run = move |wants: &Wants| {
        let (mut world, service) = (setup.world(wants.seed(1)), ServiceId(0));
        world.run(at(BEGIN_S), u64::MAX, &mut ());
        // The mildest bad version there is: what it does is of no matter here.
        let magnitude = FaultKind::BadDeploy.scale().min;
        let spec = FaultSpec { target: FaultTarget::Service(service), kind: FaultKind::BadDeploy, magnitude, duration: None };
        world.inject(spec).map_err(|error| error.to_string())?;
        let (mut pods, mut ready, mut now_s) = (0, u32::MAX, BEGIN_S);
        while now_s < UNTIL_S {
            now_s += LOOK_S;
            world.run(at(now_s), u64::MAX, &mut ());
            let gauges = world.gauges(service).unwrap_or_default();
            // Terminating pods are no longer the deployment's: neither the surge nor those ready count them.
            (pods, ready) = (pods.max(gauges.pods - gauges.draining), ready.min(gauges.ready));
        }
        Ok(only(&metric, Measured::List(vec![f64::from(pods), f64::from(ready)])))
    };
    Ok(Experiment::new(("roll-out", &system), &row.metric, 1e4, run).with_setup(system))
}
