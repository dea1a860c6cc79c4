//! What page and worker say to each other. The page sends commands and gets frames; it holds no truth of its own.
//!
//! A frame travels in two parts: the [`FromWorker`] value, and a companion array of `f64` with the charts' columns,
//! which is transferred, not copied.

use crate::ids::ServiceId;
use crate::scenario::import::Preview;
use crate::session::Command;
use crate::units::SimTime;
use crate::view::{Frame, Overview};
use serde::{Deserialize, Serialize};

/// One file to import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its name, for messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// From the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "rare and short-lived: an edit holds a whole call")]
pub enum ToWorker {
    /// Starts a preset with a seed; replaces the running system.
    OpenPreset {
        /// `boutique` or `seed`.
        name: String,
        /// The run's seed.
        seed: u64,
    },
    /// Runs a scenario file at once; replaces the running system. One that cannot be run is answered with
    /// [`FromWorker::Broken`], and the running system goes on.
    OpenFile {
        /// The file.
        file: SourceFile,
        /// The run's seed; the file's own, or the usual one, if `None`.
        seed: Option<u64>,
    },
    /// Plays a run again from a link ([`Experiment::packed`](crate::session::Experiment::packed)) and stops at its end;
    /// replaces the running system.
    OpenRun {
        /// The link's part.
        packed: String,
    },
    /// Reads files and answers with [`FromWorker::Preview`]; the running system goes on. A single file that is a saved run is
    /// played again, which is answered with [`FromWorker::RunOpened`].
    PreviewImport(Vec<SourceFile>),
    /// Runs what was last previewed; replaces the running system.
    AcceptImport {
        /// The run's seed.
        seed: u64,
    },
    /// Forgets what was last previewed.
    CancelImport,
    /// Does something to the run, now.
    Do(Command),
    /// Lets time run.
    Play,
    /// Lets time run as fast as possible until this moment, then stops it: the state at a given time, for links and tests.
    PlayUntil(SimTime),
    /// Stops time.
    Pause,
    /// Advances a paused run by one scrape (1 s).
    Step,
    /// Looks at this moment, or at the present if it is later, and stops time there.
    Seek(SimTime),
    /// Looks at the present again and lets time run.
    Live,
    /// Makes the moment looked at the present; the run as it was is left, and kept.
    GoOnFromHere,
    /// Goes back to the run that was left; this one is left instead.
    ReturnToOther,
    /// Simulated seconds per wall second; 0 is as fast as possible.
    SetSpeed(f64),
    /// What the charts show: a service, or the whole system; and how many pixel columns they have.
    View {
        /// The selected service.
        selection: Option<ServiceId>,
        /// Width of a chart's plot in device pixels.
        columns: usize,
        /// Seconds of history in view.
        window_s: f64,
    },
    /// Asks for the draft of a post-mortem of the run so far; answered with [`FromWorker::PostMortem`].
    PostMortem,
    /// Plays a run again that the browser kept, up to a moment that may be later than the text says.
    OpenKept {
        /// The run as a file.
        text: String,
        /// The present.
        end: SimTime,
        /// Whether time goes on from there.
        is_playing: bool,
    },
    /// Asks for what the browser should keep; answered with [`FromWorker::Kept`].
    Keep,
    /// Asks for the whole run as a link and as a file; answered with [`FromWorker::Shared`].
    Share,
    /// The page has drawn the last frame and can take another.
    FrameDrawn,
}

/// From the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// The worker's wasm is up: messages before this are lost.
    Ready,
    /// A snapshot; its chart columns are in the companion array.
    Frame(Box<Frame>),
    /// The whole run at a glance, whenever it has changed; the frames' `end` says how far it goes.
    Overview(Box<Overview>),
    /// What an import would bring.
    Preview(Box<Preview>),
    /// What is wrong with a file that was to be run at once; the run is as it was.
    Broken(Box<Preview>),
    /// The draft of a post-mortem, Markdown.
    PostMortem(String),
    /// The whole run.
    Shared {
        /// For a link: [`Address::run`](crate::view::address::Address::run).
        packed: String,
        /// As a file.
        text: String,
    },
    /// What the browser should keep.
    Kept {
        /// The run as a file; `None` if nothing was done since it was told last.
        text: Option<String>,
        /// The present.
        end: SimTime,
    },
    /// A saved run was opened.
    RunOpened,
    /// A command was refused; the run is as it was.
    Refused(String),
}
