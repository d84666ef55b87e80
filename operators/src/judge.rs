//! The judge of an episode: asks every insight, and turns what they found into rows.
//!
//! A new insight about clicks is a file of its own and a loop in [`Judge::judge`].

use crate::dead_clicks::{dead_clicks, decided_at_ms};
use crate::episode::{Clicked, Episode, as_ms, as_tick};
use crate::error_clicks::error_clicks;
use crate::ids::{InsightId, ProjectId, SessionId, Tick, stable_hash};
use crate::rage_clicks::rage_clicks;
use crate::rules::Thresholds;
use crate::views::{Details, Insight, InsightClick, InsightType};
use std::sync::Arc;

/// Whom an episode is of, and by what it is judged.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) project: ProjectId,
    pub(crate) session: SessionId,
    pub(crate) thresholds: &'a Thresholds,
    pub(crate) tick: Tick,
}

#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) insights: Vec<Arc<Insight>>,
    /// When to judge again, and the time of the click that asks for it.
    pub(crate) undecided: Vec<(Tick, i64)>,
}

impl Judge<'_> {
    pub(crate) fn judge(&self, episode: &Episode<'_>) -> Verdict {
        let mut verdict = Verdict::default();
        for (clicks, details) in rage_clicks(episode, &self.thresholds.rage_click) {
            verdict
                .insights
                .push(self.insight(InsightType::RageClick, &clicks, details));
        }
        for (clicked, details) in dead_clicks(episode, &self.thresholds.dead_click) {
            let decided_at_ms = decided_at_ms(clicked, &self.thresholds.dead_click);
            if decided_at_ms <= as_ms(self.tick) {
                verdict
                    .insights
                    .push(self.insight(InsightType::DeadClick, &[clicked], details));
            } else {
                verdict.undecided.push((as_tick(decided_at_ms), clicked.moment.0));
            }
        }
        for (clicked, details) in error_clicks(episode, &self.thresholds.error_click) {
            verdict
                .insights
                .push(self.insight(InsightType::ErrorClick, &[clicked], details));
        }
        verdict
    }

    fn insight(&self, insight_type: InsightType, clicks: &[&Clicked], details: Details) -> Arc<Insight> {
        let first = clicks[0];
        let name = (self.project, self.session, insight_type.name(), first.moment.1);
        Arc::new(Insight {
            id: InsightId(stable_hash(name)),
            project: self.project,
            session: self.session,
            page: Arc::clone(&first.page),
            clicks: clicks.iter().map(|clicked| insight_click(clicked)).collect(),
            details,
        })
    }
}

fn insight_click(clicked: &Clicked) -> InsightClick {
    InsightClick {
        time_ms: clicked.moment.0,
        event: clicked.moment.1,
        day: clicked.day,
        x: clicked.click.x,
        y: clicked.click.y,
        element: Arc::clone(&clicked.click.element),
        spot: clicked.click.spot,
        context: Arc::clone(&clicked.context),
    }
}
