use super::TableRow;
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Table `click_cells`: differences of the clicks in a cell of page coordinates.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct ClickCellRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    pub path: String,
    pub device_type: String,
    /// Left edge of the viewport-width bucket, in px.
    pub viewport_bucket: u32,
    pub day: u16,
    /// Left and top of the cell, in page px.
    pub cell_x: i32,
    pub cell_y: i32,
    pub clicks: i64,
    pub rage: i64,
    pub dead: i64,
}

impl TableRow for ClickCellRow {
    const TABLE: &'static str = "click_cells";
}

/// Table `elements`: differences of the clicks in a cell of an element.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct ElementRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    pub path: String,
    pub selector: String,
    pub device_type: String,
    pub day: u16,
    pub name: String,
    pub text: String,
    /// Left and top of the cell, percent of the element from its middle: -50, -48, … 48.
    pub spot_x: i8,
    pub spot_y: i8,
    pub clicks: i64,
    pub rage: i64,
    pub dead: i64,
    pub error: i64,
}

impl TableRow for ElementRow {
    const TABLE: &'static str = "elements";
}

/// Table `scroll_depth`: differences of the page views that reached `percent` of the page. Every page view has reached 0 %.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct ScrollDepthRow {
    #[serde(with = "clickhouse::serde::uuid")]
    pub project_id: Uuid,
    pub path: String,
    pub device_type: String,
    pub day: u16,
    /// 0, 5, … 100.
    pub percent: u8,
    pub views: i64,
}

impl TableRow for ScrollDepthRow {
    const TABLE: &'static str = "scroll_depth";
}
