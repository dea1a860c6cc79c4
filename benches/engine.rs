//! All cases natively, with criterion: `cargo bench --package benches --features criterion`, or `cargo xtask bench` for
//! the table. Time is CPU time of the thread, so that a busy machine does not spoil the numbers.
//!
//! What each case does in one repetition is printed as lines `measured CASE QUANTITY VALUE`; the times are criterion's.

use benches::Case;
use cpu_time::ThreadTime;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, Criterion, SamplingMode};
use std::time::Duration;

/// Repetitions of each case: the least that criterion takes.
const SAMPLES: usize = 10;

/// CPU time of the measuring thread.
struct CpuTime;

impl Measurement for CpuTime {
    type Intermediate = ThreadTime;
    type Value = Duration;
    fn start(&self) -> ThreadTime {
        ThreadTime::now()
    }
    fn end(&self, start: ThreadTime) -> Duration {
        start.elapsed()
    }
    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }
    fn zero(&self) -> Duration {
        Duration::ZERO
    }
    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }
    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn main() {
    let mut criterion = Criterion::default().with_measurement(CpuTime).configure_from_args();
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(SAMPLES).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_millis(1_500));
    for case in Case::all() {
        let ready = case.ready();
        let (work, _) = ready.run(ready.input());
        benches::report(&case.name(), &work).iter().for_each(|line| println!("{line}"));
        group.bench_function(case.name(), |bencher| {
            bencher.iter_batched(|| ready.input(), |input| ready.run(input), BatchSize::PerIteration);
        });
    }
    group.finish();
    criterion.final_summary();
}
