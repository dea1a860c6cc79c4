//! Legends and takeaways in HTML: plotters' own would cost more than the rest of the chart and nobody could read them
//! out.

use crate::app::model::{CrosshairMode, Model};
use crate::view::{ChartFrame, LineFrame, format, words};
use leptos::prelude::*;

/// Farther than this from the nearest column there is no value, in s.
const GAP_S: f64 = 3.0;

/// The value of a line at a time: the upper end of the nearest column.
pub fn value_at(line: &LineFrame, columns: &[f64], time_s: f64) -> Option<f64> {
    let column = |number: usize| columns.get(line.offset + 3 * number..line.offset + 3 * number + 3);
    let (mut low, mut high) = (0, line.columns);
    while low < high {
        let middle = usize::midpoint(low, high);
        if column(middle)?[0] < time_s { low = middle + 1 } else { high = middle }
    }
    let near = |number: usize| column(number).filter(|_| number < line.columns);
    let before = low.checked_sub(1).and_then(near);
    let nearest =
        [before, near(low)].into_iter().flatten().min_by(|a, b| (a[0] - time_s).abs().total_cmp(&(b[0] - time_s).abs()))?;
    ((nearest[0] - time_s).abs() <= GAP_S && nearest[2].is_finite()).then_some(nearest[2])
}

/// The legend: a row per line with its newest value (or that under the crosshair), smallest and largest.
pub fn legend(model: Model, slot: usize) -> impl IntoView {
    let labels = model.memo(move |f| {
        f.charts.get(slot).map(|c| c.lines.iter().map(|l| (l.label.clone(), l.slot)).collect::<Vec<_>>()).unwrap_or_default()
    });
    let rows = move || {
        labels
            .get()
            .into_iter()
            .enumerate()
            .map(|(number, (label, colour))| {
                let line = model.memo(move |f| f.charts.get(slot).and_then(|c| c.lines.get(number).cloned()));
                view! {
                    <li>
                        <i class=format!("swatch slot-{colour}")></i>
                        <span class="legend-label" title=label.clone()>{label.clone()}</span>
                        <b>{move || now_or_under_crosshair(model, line)}</b>
                        <small>{move || line.with(|l| l.as_ref().map(extent))}</small>
                    </li>
                }
            })
            .collect_view()
    };
    let lanes = model.memo(move |f| f.charts.get(slot).map(|c| words::lanes(&c.lanes)).unwrap_or_default());
    let detectors = move || {
        (!lanes.with(String::is_empty)).then(|| {
            view! {
                <li
                    class="lanes"
                    title="Alarms in view by detector, from the plot's foot up; the bar below them is when something was broken"
                >
                    <span>{lanes}</span>
                </li>
            }
        })
    };
    view! { <ul class="legend">{rows}{detectors}</ul> }
}

fn now_or_under_crosshair(model: Model, line: Memo<Option<LineFrame>>) -> String {
    let time = model.crosshair.get().filter(|_| model.crosshair_mode.get() == CrosshairMode::Values);
    let value = line.with(|line| {
        let line = line.as_ref()?;
        match time {
            Some(time) => model.columns.with(|columns| value_at(line, columns, time)),
            None => line.last,
        }
    });
    format::or_dash(value, format::number)
}

fn extent(line: &LineFrame) -> String {
    match (line.min, line.max) {
        (Some(min), Some(max)) => format!("{} – {}", format::number(min), format::number(max)),
        _ => String::new(),
    }
}

/// One sentence for those who cannot see the chart.
pub fn takeaway(model: Model, slot: usize) -> String {
    let at = model.crosshair.get().map(|t| format!(" At {}:", format::clock_s(t)));
    model.read(|frame| {
        let Some(chart) = frame.charts.get(slot) else { return String::new() };
        let parts: Vec<String> = chart.lines.iter().map(|line| in_words(chart, line)).collect();
        let under = at.map(|at| {
            let values =
                chart.lines.iter().filter_map(|l| Some((l, model.columns.with(|c| value_at(l, c, model.crosshair.get()?))?)));
            at + &values.map(|(l, v)| format!(" {} {}", l.label, format::with_unit(v, &chart.unit))).collect::<Vec<_>>().join(",")
        });
        format!("{}: {}.{}", chart.title, parts.join("; "), under.unwrap_or_default())
    })
}

fn in_words(chart: &ChartFrame, line: &LineFrame) -> String {
    let Some((last, min, max)) = line.last.zip(line.min).zip(line.max).map(|((l, a), b)| (l, a, b)) else {
        return format!("{} has no samples", line.label);
    };
    let value = |v| format::with_unit(v, &chart.unit);
    format!("{} now {}, between {} and {}", line.label, value(last), format::number(min), value(max))
}
