//! The oracle itself keeps the rule it is there to check: corrected event time decides; the order of arrival never does.

use gosight_oracle::{
    Click, OracleEvent, Payload, Thresholds, click_cells, dead_clicks, elements, error_clicks, live_now, rage_clicks,
    rollups, scroll_depth, sessions,
};

/// A small generator, so that a failure can be repeated from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index as u64 + 1) as usize);
        }
    }
}

/// Clicks in bursts and what may answer them, of few sessions, on few pages, with many ties in time.
fn events(random: &mut Random) -> Vec<OracleEvent> {
    let types = [
        "click",
        "click",
        "click",
        "page_view",
        "dom_mutation",
        "js_error",
        "scroll",
        "page_exit",
        "custom_event",
    ];
    let event = |random: &mut Random, index: u64| {
        let event_type = types[random.below(types.len() as u64) as usize];
        let click = Click {
            x: random.below(120) as i64,
            tag: "button".to_owned(),
            looks_interactive: true,
            ..Click::default()
        };
        OracleEvent {
            project: "p".to_owned(),
            session: (random.below(3) > 0).then(|| format!("s{}", random.below(2))),
            visitor: format!("v{}", random.below(2)),
            id: format!("{index:04}"),
            time_ms: (random.below(80) * 100 + random.below(3) * 1_900_000) as i64,
            event_type: event_type.to_owned(),
            payload: match event_type {
                "click" => Payload::Click(click),
                "scroll" => Payload::Scrolled {
                    percent: random.below(101) as i32,
                },
                _ => Payload::None,
            },
            path: format!("/{}", random.below(2)),
            view_id: format!("{}", random.below(4)),
            browser: ["", "Firefox", "Chrome"][random.below(3) as usize].to_owned(),
            ..OracleEvent::default()
        }
    };
    (0..250).map(|index| event(random, index)).collect()
}

#[test]
fn it_gives_the_same_views_whatever_the_order() {
    let thresholds = Thresholds::default();
    let mut found = 0;
    for seed in 0..20 {
        let mut random = Random(seed);
        let in_order = events(&mut random);
        let mut shuffled = in_order.clone();
        random.shuffle(&mut shuffled);
        let tick = 4_000_000;
        let views = |events: &[OracleEvent]| {
            let insights = [
                rage_clicks(events, &thresholds),
                dead_clicks(events, &thresholds, tick),
                error_clicks(events, &thresholds),
            ];
            let heatmaps = (
                click_cells(events, &thresholds, tick),
                elements(events, &thresholds, tick),
                scroll_depth(events),
            );
            (
                insights,
                heatmaps,
                sessions(events, &thresholds, tick),
                rollups(events, &thresholds, tick),
                live_now(events, "p", tick),
            )
        };
        let expected = views(&in_order);
        found += expected.0.iter().filter(|insights| !insights.is_empty()).count();
        assert_eq!(views(&shuffled), expected, "seed {seed}");
    }
    assert!(found > 20, "the events are to hold insights of every kind: {found}");
}
