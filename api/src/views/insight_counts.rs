use gosight_store::analytics::TypeCount;
use serde::Serialize;
use utoipa::ToSchema;

/// How many insights there are of each type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct InsightCounts {
    rage_click: u64,
    dead_click: u64,
    error_click: u64,
    thrashed_cursor: u64,
    u_turn: u64,
    slow_page: u64,
}

impl From<Vec<TypeCount>> for InsightCounts {
    fn from(counts: Vec<TypeCount>) -> Self {
        let of = |r#type: &str| {
            counts
                .iter()
                .find(|count| count.r#type == r#type)
                .map_or(0, |count| count.count)
        };
        Self {
            rage_click: of("rage_click"),
            dead_click: of("dead_click"),
            error_click: of("error_click"),
            thrashed_cursor: of("thrashed_cursor"),
            u_turn: of("u_turn"),
            slow_page: of("slow_page"),
        }
    }
}
