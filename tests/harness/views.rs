//! Everything the API shows of a project, as plain maps; and the same as the oracle says it must be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use gosight_oracle::{
    Insight, OracleEvent, Session, SessionKey, Thresholds, click_cells, dead_clicks, elements, error_clicks,
    rage_clicks, rollups, scroll_depth, sessions, sessions_of,
};
use serde_json::Value;

use super::totals::HORIZON_MS;
use super::{Door, PROJECT, now_ms, parse_ms};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Differences shown of one view.
const SHOWN_MAX: usize = 5;

/// The views, without what only the product decides (ids of derived sessions and insights, order of equals).
#[derive(Default)]
pub(crate) struct Views {
    sessions: BTreeMap<SessionKey, Session>,
    /// A session's event ids, in time order.
    events: BTreeMap<SessionKey, Vec<String>>,
    /// By type and first event id.
    insights: BTreeMap<(String, String), InsightFacts>,
    /// Path, left, top: clicks, rage, dead.
    cells: BTreeMap<(String, i64, i64), [i64; 3]>,
    /// Path, selector: name and text; clicks, rage, dead, error.
    elements: BTreeMap<(String, String), (String, String, [i64; 4])>,
    /// Path, selector, left and top in the element: clicks, rage, dead, error.
    spots: BTreeMap<(String, String, i64, i64), [i64; 4]>,
    /// Path, percent: page views.
    reached: BTreeMap<(String, i64), i64>,
    /// Path, selector: rage, dead, error clicks.
    hotspots: BTreeMap<(String, String), [i64; 3]>,
    /// A figure's name, as the answer has it.
    overview: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct InsightFacts {
    session: SessionKey,
    timestamp_ms: i64,
    /// Of a rage click.
    ended_at_ms: Option<i64>,
    path: String,
    url: String,
    selector: String,
    tag: String,
    event_ids: Vec<String>,
    thrown: Vec<String>,
}

/// What is the same on every surface: from here to there, in time.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
}

impl Range {
    /// Holds all of the traffic.
    pub(crate) fn around_now() -> Self {
        Self {
            start_ms: now_ms() - 2 * DAY_MS,
            end_ms: now_ms() + DAY_MS,
        }
    }

    pub(crate) fn query(self) -> String {
        format!("start={}&end={}", self.start_ms, self.end_ms)
    }
}

/// Reads the views and compares them with the oracle's over these events, duplicates and all, as of now. Waits for completeness first: what was
/// acknowledged before now is in every view, and every dead click has had its time.
pub(crate) async fn assert_views_equal_the_oracle(door: &Door, token: &str, acknowledged: &[OracleEvent]) {
    let known = known(acknowledged);
    let newest_ms = known.iter().map(|event| event.time_ms).max().unwrap_or(0);
    let complete_ms = now_ms().max(newest_ms + 2000);
    door.complete_to(token, complete_ms).await;
    let range = Range::around_now();
    let (read, points) = read(door, token, range).await;
    let (expected, insights) = expected(&known, complete_ms);
    read.assert_same_as(&expected);
    assert_centroids(&points, &insights);
    println!(
        "views equal the oracle's over {} events: {} sessions, {} insights, {} cells",
        known.len(),
        expected.sessions.len(),
        expected.insights.len(),
        expected.cells.len()
    );
}

/// Of each event once, without the late ones.
fn known(acknowledged: &[OracleEvent]) -> Vec<OracleEvent> {
    let (in_time, _) = gosight_oracle::intake::split_late(acknowledged.to_vec(), HORIZON_MS);
    gosight_oracle::intake::first_seen(in_time).0
}

impl Views {
    fn assert_same_as(&self, expected: &Self) {
        let differences = [
            differences("sessions", &self.sessions, &expected.sessions),
            differences("a session's events", &self.events, &expected.events),
            differences("insights", &self.insights, &expected.insights),
            differences("click cells", &self.cells, &expected.cells),
            differences("elements", &self.elements, &expected.elements),
            differences("spots", &self.spots, &expected.spots),
            differences("scroll depth", &self.reached, &expected.reached),
            differences("hotspots", &self.hotspots, &expected.hotspots),
            differences("overview", &self.overview, &expected.overview),
        ];
        let differences: String = differences.concat();
        assert!(
            differences.is_empty(),
            "the views differ from the oracle's:\n{differences}"
        );
    }
}

fn differences<K: Ord + Debug, V: PartialEq + Debug>(
    view: &str,
    read: &BTreeMap<K, V>,
    expected: &BTreeMap<K, V>,
) -> String {
    let keys: BTreeSet<&K> = read.keys().chain(expected.keys()).collect();
    let differing: Vec<&K> = keys
        .into_iter()
        .filter(|key| read.get(key) != expected.get(key))
        .collect();
    if differing.is_empty() {
        return String::new();
    }
    let shown = differing.iter().take(SHOWN_MAX).map(|key| {
        format!(
            "  {key:?}\n    read     {:?}\n    expected {:?}\n",
            read.get(key),
            expected.get(key)
        )
    });
    format!(
        "{view}: {} of {} differ\n{}",
        differing.len(),
        expected.len(),
        shown.collect::<String>()
    )
}

fn expected(events: &[OracleEvent], tick: i64) -> (Views, Vec<(&'static str, Insight)>) {
    let thresholds = Thresholds::default();
    let mut views = Views::default();
    for session in sessions(events, &thresholds, tick) {
        views.sessions.insert(
            session.key.clone(),
            Session {
                day: gosight_oracle::Day::default(),
                ..session
            },
        );
    }
    for ((_, key), events) in sessions_of(events) {
        // Recorded chunks alone are no session, so nobody can ask for their events.
        if views.sessions.contains_key(&key) {
            views
                .events
                .insert(key, events.into_iter().map(|event| event.id).collect());
        }
    }
    let named = |name, insights: Vec<Insight>| insights.into_iter().map(move |insight| (name, insight));
    let insights: Vec<_> = named("rage_click", rage_clicks(events, &thresholds))
        .chain(named("dead_click", dead_clicks(events, &thresholds, tick)))
        .chain(named("error_click", error_clicks(events, &thresholds)))
        .collect();
    for (name, insight) in &insights {
        views.insights.insert(
            (String::from(*name), insight.first().id.clone()),
            InsightFacts::of(name, insight),
        );
        let selector = insight.first().click().unwrap().selector.clone();
        let hotspot = views
            .hotspots
            .entry((insight.first().path.clone(), selector))
            .or_default();
        hotspot[["rage_click", "dead_click", "error_click"]
            .iter()
            .position(|it| it == name)
            .unwrap()] += 1;
    }
    for (cell, counts) in click_cells(events, &thresholds, tick) {
        add(
            views.cells.entry((cell.path, cell.x, cell.y)).or_default(),
            [counts.clicks, counts.rage, counts.dead],
        );
    }
    for (element, counts) in elements(events, &thresholds, tick) {
        let sums = [counts.clicks, counts.rage, counts.dead, counts.error];
        let (x, y) = element.spot;
        let spot = (element.path.clone(), element.selector.clone(), x, y);
        add(views.spots.entry(spot).or_default(), sums);
        let (name, text) = (element.name, element.text);
        let entry = views
            .elements
            .entry((element.path, element.selector))
            .or_insert((name, text, [0; 4]));
        add(&mut entry.2, sums);
    }
    for (depth, count) in scroll_depth(events) {
        *views.reached.entry((depth.path, depth.percent.into())).or_default() += i64::try_from(count).unwrap();
    }
    views.overview = overview_expected(events, &thresholds, tick, &views, &insights);
    (views, insights)
}

fn add<const N: usize>(sums: &mut [i64; N], counts: [usize; N]) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += i64::try_from(count).unwrap();
    }
}

fn overview_expected(
    events: &[OracleEvent],
    thresholds: &Thresholds,
    tick: i64,
    views: &Views,
    insights: &[(&'static str, Insight)],
) -> BTreeMap<String, String> {
    let sessions: Vec<&Session> = views.sessions.values().collect();
    let visitors = sessions.iter().map(|session| session.visitor.as_str());
    let visitors: BTreeSet<&str> = visitors.filter(|visitor| !visitor.is_empty()).collect();
    let page_views = events.iter().filter(|event| event.event_type == "page_view").count();
    let bounces = sessions.iter().filter(|session| session.is_bounce).count();
    let duration_ms: i64 = sessions.iter().map(|session| session.duration_ms()).sum();
    let hurts =
        |session: &&&Session| session.rage_click_count + session.dead_click_count + session.error_click_count > 0;
    let mean = |sum: f64| sum / sessions.len() as f64;
    let mut figures = BTreeMap::from([
        ("summary.sessions".to_owned(), sessions.len().to_string()),
        ("summary.visitors".to_owned(), visitors.len().to_string()),
        ("summary.pageviews".to_owned(), page_views.to_string()),
        (
            "summary.bounce_rate".to_owned(),
            format!("{:.6}", mean(bounces as f64 * 100.0)),
        ),
        (
            "summary.avg_duration_ms".to_owned(),
            format!("{:.0}", mean(duration_ms as f64).round()),
        ),
        (
            "summary.struggling_sessions".to_owned(),
            sessions.iter().filter(hurts).count().to_string(),
        ),
        ("series.sessions".to_owned(), sessions.len().to_string()),
        ("series.pageviews".to_owned(), page_views.to_string()),
    ]);
    for name in ["rage_click", "dead_click", "error_click"] {
        let count = insights.iter().filter(|(it, _)| *it == name).count();
        figures.insert(format!("insights.{name}"), count.to_string());
    }
    let mut pages = BTreeMap::<_, [i64; 3]>::new();
    for (bucket, counts) in rollups(events, thresholds, tick)
        .into_iter()
        .filter(|(bucket, _)| bucket.dimension == "path")
    {
        let sums = pages.entry(bucket.value).or_default();
        for (sum, count) in sums
            .iter_mut()
            .zip([counts.page_views, counts.time_on_page_ms, counts.page_exits])
        {
            *sum += count;
        }
    }
    for (path, [page_views, time_ms, exits]) in pages.into_iter().filter(|(_, [page_views, ..])| *page_views > 0) {
        let mean_ms = match exits {
            0 => 0.0,
            exits => (time_ms as f64 / exits as f64).round(),
        };
        figures.insert(
            format!("top_pages.{path}"),
            format!("{page_views} views of {mean_ms} ms"),
        );
    }
    for (list, value_of) in LISTS {
        let values: Vec<&str> = sessions.iter().map(|session| value_of(session)).collect();
        for value in values.iter().filter(|value| !value.is_empty()) {
            let count = values.iter().filter(|other| *other == value).count();
            figures.insert(format!("{list}.{value}"), count.to_string());
        }
    }
    figures
}

/// A list of the overview, and what it lists of a session.
type List = (&'static str, fn(&Session) -> &str);

const LISTS: [List; 6] = [
    ("top_referrers", |session| &session.referrer_domain),
    ("countries", |session| &session.country),
    ("devices", |session| &session.device_type),
    ("browsers", |session| &session.browser),
    ("entry_pages", |session| &session.entry_path),
    ("exit_pages", |session| &session.exit_path),
];

impl InsightFacts {
    fn of(name: &str, insight: &Insight) -> Self {
        let (first, click) = (insight.first(), insight.first().click().unwrap());
        let thrown = insight.errors.iter().map(|error| match &error.payload {
            gosight_oracle::Payload::Thrown { message } => message.clone(),
            other => panic!("no error: {other:?}"),
        });
        Self {
            session: insight.session.clone(),
            timestamp_ms: insight.timestamp_ms(),
            ended_at_ms: (name == "rage_click").then(|| insight.ended_at_ms()),
            path: first.path.clone(),
            url: first.url.clone(),
            selector: click.selector.clone(),
            tag: click.tag.clone(),
            event_ids: insight.event_ids().into_iter().map(str::to_owned).collect(),
            thrown: thrown.collect(),
        }
    }

    fn read(row: &Value, keys: &BTreeMap<String, SessionKey>) -> Self {
        let details = &row["details"];
        Self {
            session: keys[&text(&row["session_id"])].clone(),
            timestamp_ms: ms(&row["timestamp"]),
            ended_at_ms: details.get("ended_at").map(ms),
            path: text(&row["path"]),
            url: text(&row["url"]),
            selector: text(&row["selector"]),
            tag: text(&details["tag"]),
            event_ids: list(&details["event_ids"]).iter().map(text).collect(),
            thrown: details
                .get("thrown")
                .map(|thrown| list(thrown).iter().map(text).collect())
                .unwrap_or_default(),
        }
    }
}

/// Where an insight's clicks were: type, first event id, x, y.
type Point = (String, String, i64, i64);

/// The point of a rage click is its clicks' centroid; of one click, where it was.
fn assert_centroids(points: &[Point], insights: &[(&'static str, Insight)]) {
    for (name, id, x, y) in points {
        let (_, insight) = insights
            .iter()
            .find(|(it, insight)| it == name && insight.first().id == *id)
            .unwrap();
        assert!(
            insight.is_centroid(*x, *y),
            "({x}, {y}) is not the centroid of {insight:?}"
        );
    }
}

async fn read(door: &Door, token: &str, range: Range) -> (Views, Vec<Point>) {
    let reader = Reader { door, token, range };
    let mut views = Views::default();
    let keys = reader.sessions(&mut views).await;
    let points = reader.insights(&mut views, &keys).await;
    let pages = reader.get("/heatmaps/pages?").await;
    for page in list(&pages["data"]) {
        reader.heatmaps(&mut views, &text(&page["path"])).await;
    }
    reader.overview(&mut views).await;
    (views, points)
}

struct Reader<'a> {
    door: &'a Door,
    token: &'a str,
    range: Range,
}

impl Reader<'_> {
    async fn get(&self, path: &str) -> Value {
        self.door
            .get(self.token, &format!("{path}&{}", self.range.query()))
            .await
    }

    /// Every row of a list, page by page.
    async fn pages(&self, path: &str) -> Vec<Value> {
        let mut pages = vec![self.get(path).await];
        while let Some(cursor) = pages.last().and_then(|page| page["meta"]["next_cursor"].as_str()) {
            let cursor = cursor.to_owned();
            pages.push(self.get(&format!("{path}&cursor={cursor}")).await);
        }
        pages
    }

    /// Every session with its events; which key an id stands for.
    async fn sessions(&self, views: &mut Views) -> BTreeMap<String, SessionKey> {
        let mut keys = BTreeMap::new();
        let pages = self.pages("/sessions?per_page=37").await;
        for (index, row) in pages.iter().flat_map(|page| list(&page["data"])).enumerate() {
            let id = text(&row["id"]);
            // The detail is the list's row; asking for some is enough.
            if index % 10 == 0 {
                assert_eq!(&self.get(&format!("/sessions/{id}?")).await["data"], row);
            }
            let pages = self.pages(&format!("/sessions/{id}/events?per_page=100")).await;
            let ids: Vec<String> = pages
                .iter()
                .flat_map(|page| list(&page["data"]))
                .map(|event| text(&event["id"]))
                .collect();
            let visitor = text(&row["visitor_id"]);
            let is_derived = visitor.starts_with("server-");
            let first_event = ids.first().cloned().unwrap_or_default();
            let key = if is_derived {
                SessionKey::Derived { visitor, first_event }
            } else {
                SessionKey::Given(id.clone())
            };
            assert!(
                views.sessions.insert(key.clone(), session(row, key.clone())).is_none(),
                "{key:?} is there twice"
            );
            views.events.insert(key.clone(), ids);
            keys.insert(id, key);
        }
        keys
    }

    async fn insights(&self, views: &mut Views, keys: &BTreeMap<String, SessionKey>) -> Vec<Point> {
        let pages = self.pages("/insights?per_page=100").await;
        let mut points = Vec::new();
        for row in pages.iter().flat_map(|page| list(&page["data"]["insights"])) {
            let facts = InsightFacts::read(row, keys);
            let name = (text(&row["type"]), facts.event_ids[0].clone());
            points.push((
                name.0.clone(),
                name.1.clone(),
                number(&row["details"]["x"]),
                number(&row["details"]["y"]),
            ));
            assert!(
                views.insights.insert(name.clone(), facts).is_none(),
                "{name:?} is there twice"
            );
        }
        for hotspot in list(&pages[0]["data"]["hotspots"]) {
            let counts = ["rage_click", "dead_click", "error_click"].map(|name| number(&hotspot[name]));
            views
                .hotspots
                .insert((text(&hotspot["path"]), text(&hotspot["selector"])), counts);
        }
        points
    }

    async fn heatmaps(&self, views: &mut Views, path: &str) {
        let clicks = self.get(&format!("/heatmaps?type=click&path={path}")).await;
        for cell in list(&clicks["data"]["cells"]) {
            let counts = ["count", "rage", "dead"].map(|name| number(&cell[name]));
            views
                .cells
                .insert((path.to_owned(), number(&cell["x"]), number(&cell["y"])), counts);
        }
        for element in list(&clicks["data"]["elements"]) {
            let counts = ["clicks", "rage", "dead", "error"].map(|name| number(&element[name]));
            for spot in list(&element["spots"]) {
                let place = (
                    path.to_owned(),
                    text(&element["selector"]),
                    number(&spot["x"]),
                    number(&spot["y"]),
                );
                views.spots.insert(
                    place,
                    ["clicks", "rage", "dead", "error"].map(|name| number(&spot[name])),
                );
            }
            let labelled = (text(&element["name"]), text(&element["text"]), counts);
            views
                .elements
                .insert((path.to_owned(), text(&element["selector"])), labelled);
        }
        let scroll = self.get(&format!("/heatmaps?type=scroll&path={path}")).await;
        for step in list(&scroll["data"]["reached"])
            .iter()
            .filter(|step| number(&step["views"]) != 0)
        {
            views
                .reached
                .insert((path.to_owned(), number(&step["percent"])), number(&step["views"]));
        }
    }

    async fn overview(&self, views: &mut Views) {
        let answer = self.get("/overview?").await;
        let data = &answer["data"];
        // What rollups tell and what the rows of each session tell is the same.
        assert_eq!(
            &self.get("/overview?duration_min_ms=0").await["data"],
            data,
            "with a filter that every session passes"
        );
        let figures = &mut views.overview;
        for name in [
            "sessions",
            "visitors",
            "pageviews",
            "avg_duration_ms",
            "struggling_sessions",
        ] {
            figures.insert(format!("summary.{name}"), data["summary"][name].to_string());
        }
        let bounce_rate = data["summary"]["bounce_rate"].as_f64().unwrap_or_default();
        figures.insert("summary.bounce_rate".to_owned(), format!("{bounce_rate:.6}"));
        for name in ["sessions", "pageviews"] {
            let sum: i64 = list(&data["series"]).iter().map(|point| number(&point[name])).sum();
            figures.insert(format!("series.{name}"), sum.to_string());
        }
        for name in ["rage_click", "dead_click", "error_click"] {
            figures.insert(format!("insights.{name}"), data["insights"][name].to_string());
        }
        for page in list(&data["top_pages"]) {
            let figure = format!("{} views of {} ms", page["views"], page["avg_time_ms"]);
            figures.insert(format!("top_pages.{}", text(&page["path"])), figure);
        }
        for (name, _) in LISTS {
            for share in list(&data[name]) {
                figures.insert(
                    format!("{name}.{}", text(&share["value"])),
                    share["sessions"].to_string(),
                );
            }
        }
    }
}

fn session(row: &Value, key: SessionKey) -> Session {
    let count = |name: &str| usize::try_from(number(&row[name])).unwrap();
    let session = Session {
        project: PROJECT.to_owned(),
        key,
        visitor: text(&row["visitor_id"]),
        user: row["user_id"].as_str().unwrap_or_default().to_owned(),
        started_at_ms: ms(&row["started_at"]),
        ended_at_ms: ms(&row["ended_at"]),
        day: gosight_oracle::Day::default(),
        entry_path: text(&row["entry_path"]),
        entry_url: text(&row["entry_url"]),
        exit_path: text(&row["exit_path"]),
        exit_url: text(&row["exit_url"]),
        page_count: count("page_count"),
        event_count: count("event_count"),
        click_count: count("click_count"),
        error_count: count("error_count"),
        rage_click_count: count("rage_click_count"),
        dead_click_count: count("dead_click_count"),
        error_click_count: count("error_click_count"),
        max_scroll_percent: i32::try_from(number(&row["max_scroll_percent"])).unwrap(),
        is_bounce: row["is_bounce"].as_bool().unwrap(),
        has_replay: row["has_replay"].as_bool().unwrap(),
        device_type: text(&row["device_type"]),
        browser: text(&row["browser"]),
        os: text(&row["os"]),
        country: text(&row["country"]),
        region: text(&row["region"]),
        city: text(&row["city"]),
        utm_source: text(&row["utm_source"]),
        utm_medium: text(&row["utm_medium"]),
        utm_campaign: text(&row["utm_campaign"]),
        referrer_domain: text(&row["referrer_domain"]),
    };
    assert_eq!(number(&row["duration_ms"]), session.duration_ms(), "{row}");
    session
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no whole number: {value}"))
}

fn ms(value: &Value) -> i64 {
    parse_ms(&text(value))
}
