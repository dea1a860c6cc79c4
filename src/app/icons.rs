//! Icons: strokes on a 16 by 16 grid, drawn in the text's colour. Never the only carrier of a meaning.

use crate::pipeline::Health;
use crate::topology::ServiceKind;
use crate::view::LogKind;
use leptos::prelude::*;

/// A picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Icon {
    Bolt,
    Stop,
    Power,
    Import,
    Undo,
    Redo,
    Plus,
    Minus,
    Fit,
    Help,
    Moon,
    Sun,
    Play,
    Pause,
    Step,
    StepBack,
    Fork,
    Share,
    Check,
    Cross,
    Bang,
    Question,
    Heal,
    Caret,
    Trash,
    Diamond,
    Bell,
    Pencil,
    Box,
    Database,
    Cache,
    Queue,
    User,
    File,
    Trend,
    Line,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Bolt => "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z",
            Self::Stop => "M4 4h8v8H4z",
            Self::Power => "M8 2v6M4.700 4.300a5 5 0 1 0 6.600 0",
            Self::Import => "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
            Self::Undo => "M5.5 3 2.5 6l3 3M2.5 6H10a3.5 3.5 0 0 1 0 7H6",
            Self::Redo => "m10.5 3 3 3-3 3M13.5 6H6a3.5 3.5 0 0 0 0 7h4",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Minus => "M3 8h10",
            Self::Fit => "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
            Self::Help | Self::Question => "M5.8 6.2a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.7M8 12v.1",
            Self::Moon => "M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z",
            Self::Sun => {
                "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1\
                 M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7"
            }
            Self::Play => "M5 3v10l8-5z",
            Self::Pause => "M5.5 3.5v9M10.5 3.5v9",
            Self::Step => "M4 3.5v9L10 8zM12 3.5v9",
            Self::StepBack => "M12.5 3v10L6 8zM3.500 3v10",
            Self::Share => "M8 10V2M5 4.800 8 1.800l3 3M3.500 8.500v5h9v-5",
            Self::Fork => "M4.500 2.500v11M4.500 9.500c0-3 7-2 7-5.500M9 5.500 11.500 3 14 5.500",
            Self::Check => "m3.5 8.5 3 3 6-7",
            Self::Cross => "m4.5 4.5 7 7M11.5 4.5l-7 7",
            Self::Bang => "M8 3.5v5.5M8 12v.1",
            Self::Heal => "M8 3v10M3 8h10",
            Self::Caret => "m4.5 6.5 3.5 3.5 3.5-3.5",
            Self::Trash => "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9",
            Self::Diamond => "m8 2 6 6-6 6-6-6z",
            Self::Bell => "M4 11V7a4 4 0 0 1 8 0v4l1 1H3zM7 14h2",
            Self::Pencil => "M3 13l.6-2.8L10.8 3l2.2 2.2-7.2 7.2z",
            Self::Box => "M2.5 5 8 2.2 13.5 5v6L8 13.8 2.5 11zM2.5 5 8 7.8 13.5 5M8 7.8v6",
            Self::Database => {
                "M3 4.2C3 3 5.2 2.2 8 2.2s5 .8 5 2-2.2 2-5 2-5-.8-5-2z\
                 M3 4.2v7.6c0 1.2 2.2 2 5 2s5-.8 5-2V4.2M3 8c0 1.2 2.2 2 5 2s5-.8 5-2"
            }
            Self::Cache => "M8 2.5 14 5.5 8 8.5 2 5.5zM2 8.2l6 3 6-3M2 10.8l6 3 6-3",
            Self::Queue => "M2.5 4.5h11M2.5 8h11M2.5 11.5h6.5M11 10l2.5 1.5L11 13z",
            Self::User => "M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zM2.8 13.8c.5-2.5 2.5-4 5.2-4s4.700 1.500 5.200 4",
            Self::File => "M4 1.8h5.200L12.500 5v9.200h-8.500zM9 1.800V5.200h3.500",
            Self::Trend => "M2.500 11.500 6 8l2.500 2.500 5-5.500M10 5h3.500v3.500",
            Self::Line => "M2 8h12",
        }
    }
    const fn is_solid(self) -> bool {
        matches!(self, Self::Bolt | Self::Stop | Self::Play | Self::Step | Self::Diamond)
    }
}

/// The icon as an SVG element of the text's size.
pub fn icon(which: Icon) -> impl IntoView {
    let class = if which.is_solid() { "icon solid" } else { "icon" };
    view! {
        <svg class=class viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=which.path() />
        </svg>
    }
}

/// Only its shape, for use inside an SVG.
pub const fn shape(which: Icon) -> &'static str {
    which.path()
}

/// The icon of a state of health.
pub const fn of_health(health: Health) -> Icon {
    match health {
        Health::Healthy => Icon::Check,
        Health::Degraded => Icon::Bang,
        Health::Critical => Icon::Cross,
        Health::Unknown => Icon::Question,
    }
}

/// The icon of a kind of service.
pub const fn of_kind(kind: ServiceKind) -> Icon {
    match kind {
        ServiceKind::Stateless => Icon::Box,
        ServiceKind::Database => Icon::Database,
        ServiceKind::Cache => Icon::Cache,
        ServiceKind::Queue => Icon::Queue,
        ServiceKind::Client => Icon::User,
    }
}

/// The icon of a kind of event.
pub const fn of_event(kind: LogKind) -> Icon {
    match kind {
        LogKind::Fault => Icon::Bolt,
        LogKind::Alert => Icon::Bell,
        LogKind::Decision => Icon::Diamond,
        LogKind::Platform => Icon::Box,
        LogKind::Edit => Icon::Pencil,
        LogKind::Service => Icon::File,
    }
}
