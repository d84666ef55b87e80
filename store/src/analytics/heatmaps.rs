//! Heatmaps: clicks per cell and per element, how far people scrolled, and which pages have any of it.

use super::{AnalyticsError, DayRange, Scope};
use clickhouse::Row;
use clickhouse::query::Query;
use serde::{Deserialize, Serialize};

/// Cells of one answer at most: a page of 1000 × 10 000 px clicked everywhere.
const CELLS_MAX: usize = 100_000;
const ELEMENTS_MAX: usize = 1000;
/// Of all elements together: as many as cells.
const SPOTS_MAX: usize = CELLS_MAX;
const PAGES_MAX: usize = 1000;

/// Which page, whole days, and optionally a device type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatmapFilter {
    pub path: String,
    pub device: Option<String>,
    pub days: DayRange,
}

/// A cell of page coordinates: its left and top in px, and what happened in it.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct Cell {
    pub x: i32,
    pub y: i32,
    pub count: i64,
    pub rage: i64,
    pub dead: i64,
}

/// An element and the clicks on it.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct Element {
    pub selector: String,
    pub name: String,
    pub text: String,
    pub clicks: i64,
    pub rage: i64,
    pub dead: i64,
    pub error: i64,
}

/// A cell of an element: its left and top in percent of the element from its middle, and what happened in it.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct Spot {
    pub selector: String,
    pub x: i8,
    pub y: i8,
    pub clicks: i64,
    pub rage: i64,
    pub dead: i64,
    pub error: i64,
}

/// All cells and elements of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickHeatmap {
    pub cells: Bounded<Cell>,
    /// Page views in the same days.
    pub views: i64,
    pub elements: Bounded<Element>,
    pub spots: Bounded<Spot>,
}

/// The first rows of a list, and whether there are more than an answer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded<T> {
    pub rows: Vec<T>,
    pub is_truncated: bool,
}

impl<T> Bounded<T> {
    /// Of one row more than `max`, if there is one.
    pub(super) fn new(mut rows: Vec<T>, max: usize) -> Self {
        let is_truncated = rows.len() > max;
        rows.truncate(max);
        Self { rows, is_truncated }
    }
}

/// How many page views reached a percent of the page.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct ScrollReach {
    pub percent: u8,
    pub views: i64,
}

/// A page that has heatmaps.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct HeatmapPage {
    pub path: String,
    pub views: i64,
    pub clicks: i64,
}

const ON_DAYS: &str =
    "project_id = {project:UUID} AND day BETWEEN toDate({first_day:UInt16}) AND toDate({last_day:UInt16})";

impl HeatmapFilter {
    fn sql(&self) -> String {
        let device = if self.device.is_some() {
            " AND device_type = {device:String}"
        } else {
            ""
        };
        format!("{ON_DAYS} AND path = {{path:String}}{device}")
    }

    fn bind(&self, query: Query) -> Query {
        let query = bind_days(query, self.days).param("path", &self.path);
        match &self.device {
            Some(device) => query.param("device", device),
            None => query,
        }
    }
}

fn bind_days(query: Query, days: DayRange) -> Query {
    let (first, last) = days.numbers();
    query.param("first_day", first).param("last_day", last)
}

impl Scope {
    /// Where a page was clicked.
    pub async fn click_heatmap(&self, filter: &HeatmapFilter) -> Result<ClickHeatmap, AnalyticsError> {
        let (cells, elements, spots, views) = futures::try_join!(
            self.cells(filter),
            self.elements(filter),
            self.spots(filter),
            self.page_views(filter)
        )?;
        Ok(ClickHeatmap {
            cells,
            views,
            elements,
            spots,
        })
    }

    async fn cells(&self, filter: &HeatmapFilter) -> Result<Bounded<Cell>, AnalyticsError> {
        let sql = format!(
            "SELECT cell_x AS x, cell_y AS y, sum(clicks) AS count, sum(rage) AS rage, sum(dead) AS dead FROM click_cells WHERE {}
            GROUP BY cell_x, cell_y HAVING count != 0 ORDER BY count DESC, y, x LIMIT {CELLS_MAX} + 1",
            filter.sql()
        );
        let cells = filter.bind(self.query("heatmap_cells", &sql)).fetch_all().await?;
        Ok(Bounded::new(cells, CELLS_MAX))
    }

    /// An element's name and text are those most of its clicks had.
    async fn elements(&self, filter: &HeatmapFilter) -> Result<Bounded<Element>, AnalyticsError> {
        let sql = format!(
            "SELECT selector, tupleElement(label, 1) AS name, tupleElement(label, 2) AS text, clicks, rage, dead, error FROM (
                SELECT selector, argMax(tuple(n, t), tuple(c, n, t)) AS label, sum(c) AS clicks, sum(r) AS rage, sum(d) AS dead, sum(e) AS error
                FROM (
                    SELECT selector, toString(name) AS n, toString(text) AS t, sum(clicks) AS c, sum(rage) AS r, sum(dead) AS d, sum(error) AS e
                    FROM elements WHERE {} GROUP BY selector, n, t
                ) GROUP BY selector
            ) WHERE clicks != 0 ORDER BY clicks DESC, selector LIMIT {ELEMENTS_MAX} + 1",
            filter.sql()
        );
        let elements = filter.bind(self.query("heatmap_elements", &sql)).fetch_all().await?;
        Ok(Bounded::new(elements, ELEMENTS_MAX))
    }

    async fn spots(&self, filter: &HeatmapFilter) -> Result<Bounded<Spot>, AnalyticsError> {
        let sql = format!(
            "SELECT toString(selector) AS selector, spot_x AS x, spot_y AS y, sum(clicks) AS clicks, sum(rage) AS rage, sum(dead) AS dead, sum(error) AS error
            FROM elements WHERE {} GROUP BY selector, x, y HAVING clicks != 0 ORDER BY clicks DESC, selector, y, x LIMIT {SPOTS_MAX} + 1",
            filter.sql()
        );
        let spots = filter.bind(self.query("heatmap_spots", &sql)).fetch_all().await?;
        Ok(Bounded::new(spots, SPOTS_MAX))
    }

    /// Every page view has reached the top of its page.
    async fn page_views(&self, filter: &HeatmapFilter) -> Result<i64, AnalyticsError> {
        let sql = format!(
            "SELECT sum(views) AS views FROM scroll_depth WHERE {} AND percent = 0",
            filter.sql()
        );
        Ok(filter.bind(self.query("heatmap_views", &sql)).fetch_one().await?)
    }

    /// How far down a page was seen.
    pub async fn scroll_heatmap(&self, filter: &HeatmapFilter) -> Result<Vec<ScrollReach>, AnalyticsError> {
        let sql = format!(
            "SELECT percent, sum(views) AS views FROM scroll_depth WHERE {} GROUP BY percent ORDER BY percent",
            filter.sql()
        );
        Ok(filter.bind(self.query("heatmap_scroll", &sql)).fetch_all().await?)
    }

    /// The pages that have heatmaps on these days, the most viewed first.
    pub async fn heatmap_pages(&self, days: DayRange) -> Result<Bounded<HeatmapPage>, AnalyticsError> {
        let sql = format!(
            "SELECT path, sum(v) AS views, sum(c) AS clicks FROM (
                SELECT toString(path) AS path, views AS v, toInt64(0) AS c FROM scroll_depth WHERE {ON_DAYS} AND percent = 0
                UNION ALL
                SELECT toString(path) AS path, toInt64(0) AS v, clicks AS c FROM click_cells WHERE {ON_DAYS}
            ) GROUP BY path HAVING views != 0 OR clicks != 0 ORDER BY views DESC, clicks DESC, path LIMIT {PAGES_MAX} + 1"
        );
        let pages = bind_days(self.query("heatmap_pages", &sql), days).fetch_all().await?;
        Ok(Bounded::new(pages, PAGES_MAX))
    }
}
