//! How rows look to clients: one shape per noun, the same in answers and on the live socket.

mod event;
mod insight;
mod insight_counts;
mod session;

pub(crate) use event::EventView;
pub(crate) use insight::InsightView;
pub(crate) use insight_counts::InsightCounts;
pub(crate) use session::SessionView;

/// A text that is there.
fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
