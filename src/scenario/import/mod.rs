//! Reads other people's files: Kubernetes manifests, Docker Compose.

mod preview;

pub use preview::{FoundEdge, FoundService, Gravity, Ignored, Preview, Problem};
