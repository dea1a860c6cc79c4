use super::*;
use crate::view::{ChartFrame, LineFrame, LogKind, Marker};
use plotters::drawing::DrawingArea;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use std::cell::RefCell;
use std::rc::Rc;

/// Records what it is asked to draw.
#[derive(Default)]
struct Recorder {
    size: (u32, u32),
    paths: Vec<Vec<BackendCoord>>,
    areas: usize,
    texts: Vec<String>,
    points: Vec<BackendCoord>,
}

#[derive(Debug, thiserror::Error)]
#[error("the recorder cannot do this")]
struct Unexpected;
type Outcome = Result<(), DrawingErrorKind<Unexpected>>;

impl DrawingBackend for Recorder {
    type ErrorType = Unexpected;
    fn get_size(&self) -> (u32, u32) {
        self.size
    }
    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }
    fn present(&mut self) -> Outcome {
        Ok(())
    }
    fn draw_pixel(&mut self, point: BackendCoord, _: BackendColor) -> Outcome {
        self.points.push(point);
        Ok(())
    }
    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        self.draw_path([from, to], style)
    }
    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, _: &S, _: bool) -> Outcome {
        self.areas += 1;
        self.points.extend([from, to]);
        Ok(())
    }
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, _: &S) -> Outcome {
        let path: Vec<_> = path.into_iter().collect();
        self.points.extend(&path);
        self.paths.push(path);
        Ok(())
    }
    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, _: u32, _: &S, _: bool) -> Outcome {
        self.points.push(centre);
        Ok(())
    }
    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, _: &S) -> Outcome {
        self.areas += 1;
        self.points.extend(corners);
        Ok(())
    }
    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, _: &T, at: BackendCoord) -> Outcome {
        self.texts.push(text.into());
        self.points.push(at);
        Ok(())
    }
    fn estimate_text_size<T: BackendTextStyle>(&self, _: &str, _: &T) -> Result<(u32, u32), DrawingErrorKind<Unexpected>> {
        Err(DrawingErrorKind::DrawingError(Unexpected))
    }
}

const SCALE: f64 = 4.0;

fn recorded(chart: &ChartFrame, columns: &[f64], markers: &[Marker]) -> (Recorder, PlotArea) {
    let recorder = Rc::new(RefCell::new(Recorder { size: (600 * 4, 200 * 4), ..Recorder::default() }));
    let style = ChartStyle { scale: SCALE, ..ChartStyle::light() };
    let scene = Scene { chart, columns, window_s: (0.0, 120.0), markers, style: &style, previous_upper: None };
    let area = draw(&DrawingArea::from(&recorder), &scene).expect("a chart of 600 x 200 px has room");
    (recorder.take(), area)
}

fn busy_chart() -> (ChartFrame, Vec<f64>) {
    let columns: Vec<f64> =
        (0..100).flat_map(|i| [f64::from(i), 20.0 + f64::from(i % 7), 30.0 + f64::from(i * 13 % 90)]).collect();
    let line = LineFrame { label: "p95".into(), slot: 1, offset: 0, columns: 100, last: None, min: Some(20.0), max: Some(119.0) };
    let forecast = vec![(100.0, 60.0, 60.0, 60.0), (110.0, 50.0, 70.0, 90.0), (130.0, 40.0, 90.0, 150.0)];
    let chart = ChartFrame {
        title: "p95".into(),
        unit: "ms".into(),
        lines: vec![line],
        thresholds: Some((100.0, 150.0)),
        forecast,
        lanes: Vec::new(),
        truth: Vec::new(),
    };
    (chart, columns)
}

#[test]
fn a_busy_chart_has_bands_fan_line_marks_and_labels() {
    let (chart, columns) = busy_chart();
    let marker = |at_s, kind| Marker { at_s, kind, text: String::new() };
    let markers = [marker(40.0, LogKind::Fault), marker(45.0, LogKind::Decision), marker(500.0, LogKind::Alert)];
    let (bare, _) = recorded(&chart, &columns, &[]);
    let (recorder, area) = recorded(&chart, &columns, &markers);
    assert_eq!(recorder.areas, 3, "two bands and a fan");
    assert_eq!(recorder.paths.len(), bare.paths.len() + 4, "two marks of two strokes");
    assert!(recorder.paths.iter().any(|path| path.len() > 100), "the line is one path");
    assert!(recorder.texts.contains(&"1:00".to_string()) && recorder.texts.contains(&"100".to_string()), "{:?}", recorder.texts);
    assert!(area.range.1 >= 150.0);
}

#[test]
fn nothing_is_drawn_outside_of_the_canvas() {
    let (chart, mut columns) = busy_chart();
    columns[4] = 1e300;
    columns[7] = f64::NAN;
    let (recorder, _) = recorded(&chart, &columns, &[]);
    let inside = |&(x, y): &BackendCoord| (0..=2_400).contains(&x) && (0..=800).contains(&y);
    assert!(recorder.points.iter().all(inside), "{:?}", recorder.points.iter().find(|point| !inside(point)));
}

#[test]
fn the_plot_area_says_where_values_were_drawn() {
    let (chart, columns) = busy_chart();
    let (recorder, area) = recorded(&chart, &columns, &[]);
    let line = recorder.paths.iter().max_by_key(|path| path.len()).expect("there are paths");
    let (x, y) = (area.x_of(columns[0]) * SCALE, area.y_of(columns[1]) * SCALE);
    assert!(
        (f64::from(line[0].0) - x).abs() <= SCALE && (f64::from(line[0].1) - y).abs() <= SCALE,
        "{:?} is not {x} {y}",
        line[0]
    );
}

#[test]
fn an_empty_chart_has_axes_and_says_so() {
    let (recorder, area) =
        recorded(&ChartFrame { thresholds: None, forecast: Vec::new(), lines: Vec::new(), ..busy_chart().0 }, &[], &[]);
    assert!(recorder.texts.contains(&"No data yet".to_string()) && recorder.texts.contains(&"0:00".to_string()));
    assert_eq!(area.range, (0.0, 1.0));
}

#[test]
fn a_canvas_without_room_is_an_error_not_a_panic() {
    let style = ChartStyle::light();
    for size in [(0, 0), (50, 30), (2_000, 20)] {
        let recorder = Rc::new(RefCell::new(Recorder { size, ..Recorder::default() }));
        let (chart, columns) = busy_chart();
        let scene =
            Scene { chart: &chart, columns: &columns, window_s: (0.0, 1.0), markers: &[], style: &style, previous_upper: None };
        assert!(draw(&DrawingArea::from(&recorder), &scene).is_err());
    }
}
