use gosight_dataflow::{Commit, Rows, SinkError, ViewSink};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

/// Views in memory. Like the engine, it knows a commit it has written and drops it when it comes again. Clones share the views.
#[derive(Clone, Default)]
pub(crate) struct MemorySink {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    written: HashSet<(u64, u64, u32)>,
    commits: Vec<(Commit, Rows)>,
    repeated: Vec<(Commit, Rows)>,
    faults: Vec<Fault>,
}

/// What goes wrong at the next write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process dies before the rows are in.
    DiesBefore,
    /// The process dies when the rows are in and nobody was told.
    DiesAfter,
    /// The views are away for a moment.
    Away,
}

impl MemorySink {
    /// The next writes meet with these, one each.
    pub(crate) fn fail_next(&self, faults: &[Fault]) {
        self.state.lock().unwrap().faults.extend(faults.iter().rev());
    }

    pub(crate) fn commits(&self) -> Vec<(Commit, Rows)> {
        self.state.lock().unwrap().commits.clone()
    }

    /// Writes of commits that were in already.
    pub(crate) fn repeated(&self) -> Vec<(Commit, Rows)> {
        self.state.lock().unwrap().repeated.clone()
    }

    pub(crate) fn views(&self) -> Views {
        let mut views = Views::default();
        self.commits().iter().for_each(|(_, rows)| views.apply(rows));
        views
    }
}

impl ViewSink for MemorySink {
    fn write(&mut self, commit: &Commit, rows: &Rows) -> Result<(), SinkError> {
        let mut state = self.state.lock().unwrap();
        let fault = state.faults.pop();
        match fault {
            Some(Fault::DiesBefore) => return Err(SinkError::Poison("dies before".into())),
            Some(Fault::Away) => return Err(SinkError::Retry("away".into())),
            Some(Fault::DiesAfter) | None => {}
        }
        if state
            .written
            .insert((commit.first_tick, commit.last_tick, commit.schema))
        {
            state.commits.push((*commit, rows.clone()));
        } else {
            state.repeated.push((*commit, rows.clone()));
        }
        match fault {
            Some(Fault::DiesAfter) => Err(SinkError::Poison("dies after".into())),
            _ => Ok(()),
        }
    }
}

/// What a reader of the views sees: keyed rows by key, sums of additive rows, without the ticks they were decided at.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Views {
    /// How often an event is there, by its id and whether it was late.
    pub(crate) events: BTreeMap<(u128, u8), usize>,
    pub(crate) sessions: BTreeMap<String, String>,
    pub(crate) insights: BTreeMap<String, String>,
    pub(crate) sums: BTreeMap<String, Vec<i64>>,
    pub(crate) transitions: Vec<String>,
}

impl Views {
    fn apply(&mut self, rows: &Rows) {
        for row in &rows.events {
            *self.events.entry((row.id.as_u128(), row.late)).or_default() += 1;
        }
        for row in &rows.sessions {
            let shown = gosight_store::rows::SessionRow {
                version: 0,
                ..row.clone()
            };
            put(
                &mut self.sessions,
                format!("{:?}", row.key()),
                row.is_deleted,
                format!("{shown:?}"),
            );
        }
        for row in &rows.insights {
            let shown = gosight_store::rows::InsightRow {
                version: 0,
                ..row.clone()
            };
            put(
                &mut self.insights,
                format!("{:?}", row.key()),
                row.is_deleted,
                format!("{shown:?}"),
            );
        }
        for r in &rows.click_cells {
            let key = (
                r.project_id,
                &r.path,
                &r.device_type,
                r.viewport_bucket,
                r.day,
                r.cell_x,
                r.cell_y,
            );
            self.add(format!("cell {key:?}"), &[r.clicks, r.rage, r.dead]);
        }
        for r in &rows.elements {
            let key = (
                r.project_id,
                &r.path,
                &r.selector,
                &r.device_type,
                r.day,
                &r.name,
                &r.text,
            );
            self.add(format!("element {key:?}"), &[r.clicks, r.rage, r.dead, r.error]);
        }
        for r in &rows.scroll_depth {
            let key = (r.project_id, &r.path, &r.device_type, r.day, r.percent);
            self.add(format!("scroll {key:?}"), &[r.views]);
        }
        for r in &rows.rollups {
            let key = (r.project_id, r.resolution, r.dimension, r.bucket, &r.value);
            let pages = [r.events, r.page_views, r.time_on_page_ms, r.page_exits];
            let sessions = [r.sessions, r.bounces, r.duration_ms];
            let pains = [r.errors, r.clicks, r.rage_clicks, r.dead_clicks, r.error_clicks];
            self.add(format!("rollup {key:?}"), &[&pages[..], &sessions, &pains].concat());
        }
        for r in &rows.page_events {
            let key = (r.project_id, r.time, r.session_id, &r.visitor_id, &r.path);
            let numbers = [r.page_views.into(), r.page_exits.into(), r.time_on_page_ms];
            self.add(format!("page event {key:?}"), &numbers);
        }
        for r in &rows.outcomes {
            self.add(format!("outcome {:?}", (r.project_id, r.hour, &r.outcome)), &[r.events]);
        }
        self.transitions.extend(
            rows.transitions
                .iter()
                .map(|r| format!("{:?}", (r.rule_id, &r.group, r.state, r.value))),
        );
    }

    fn add(&mut self, key: String, numbers: &[i64]) {
        let sums = self.sums.entry(key.clone()).or_insert_with(|| vec![0; numbers.len()]);
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        if sums.iter().all(|sum| *sum == 0) {
            self.sums.remove(&key);
        }
    }

    /// How many events met with an outcome.
    pub(crate) fn outcome(&self, name: &str) -> i64 {
        let is_it = |key: &&String| key.starts_with("outcome") && key.contains(&format!("\"{name}\""));
        self.sums.keys().filter(is_it).map(|key| self.sums[key][0]).sum()
    }
}

fn put(view: &mut BTreeMap<String, String>, key: String, is_deleted: u8, row: String) {
    if is_deleted == 1 {
        view.remove(&key);
    } else {
        view.insert(key, row);
    }
}
