//! Rage click: five clicks in two seconds on one spot.
//!
//! Take a session's clicks on one page in time order. A *rage window* is `min_clicks` consecutive clicks of which the last is at most
//! `window_ms` after the first, each at most `radius_px` from the centroid of them all. Rage windows that share a click are one insight:
//! its clicks are their union. Left out before windows are formed: clicks on or inside `data-gosight-ignore-rage`, and the second tap of a
//! double-tap zoom.
//!
//! ```text
//!   clicks on one spot     1  2  3  4  5  6  7               8
//!                          └──── ≤ 2 s ──┘                             window 1–5
//!                             └──── ≤ 2 s ──┘                          window 2–6
//!                                └──── ≤ 2 s ──┘                       window 3–7
//!   ───────────────────────╞═══════════════════╡─────────────────▶     one insight: 1–7
//! ```
//!
//! State: none of its own; the clicks of the [episode](crate::episode).
//!
//! What it will not notice: four furious clicks; clicks that wander, each near the one before, further than the radius from their centroid;
//! anger at the keyboard.

use crate::episode::{Clicked, Episode};
use crate::rules::RageClickThresholds;
use crate::views::Details;
use std::collections::BTreeMap;

/// The rage clicks of an episode: of each, its clicks in time order, and its centroid.
pub fn rage_clicks<'a>(
    episode: &Episode<'a>,
    thresholds: &RageClickThresholds,
) -> impl Iterator<Item = (Vec<&'a Clicked>, Details)> {
    let thresholds = *thresholds;
    by_page(episode).into_values().flat_map(move |clicks| {
        let bursts = bursts(&clicks, &thresholds);
        bursts.into_iter().map(move |(start, end)| {
            let burst = clicks[start..end].to_vec();
            let (x, y) = centroid(&burst);
            (burst, Details::RageClick { x, y })
        })
    })
}

fn by_page<'a>(episode: &Episode<'a>) -> BTreeMap<&'a str, Vec<&'a Clicked>> {
    let mut pages = BTreeMap::<_, Vec<_>>::new();
    for clicked in episode.clicks {
        if !clicked.click.double_tap && !clicked.click.element.ignore_rage {
            pages.entry(&*clicked.page.path).or_default().push(clicked);
        }
    }
    pages
}

/// The unions of rage windows that share a click, as `start..end` of `clicks`.
fn bursts(clicks: &[&Clicked], thresholds: &RageClickThresholds) -> Vec<(usize, usize)> {
    let size = thresholds.min_clicks.max(1) as usize;
    let mut bursts = Vec::<(usize, usize)>::new();
    for (start, window) in clicks.windows(size).enumerate() {
        if !is_rage_window(window, thresholds) {
            continue;
        }
        match bursts.last_mut() {
            Some((_, end)) if start < *end => *end = start + size,
            _ => bursts.push((start, start + size)),
        }
    }
    bursts
}

fn is_rage_window(window: &[&Clicked], thresholds: &RageClickThresholds) -> bool {
    let duration_ms = window[window.len() - 1].moment.0 - window[0].moment.0;
    duration_ms <= thresholds.window_ms && is_on_one_spot(window, thresholds.radius_px)
}

/// Each at most `radius_px` from the centroid (Σx/n, Σy/n): multiplied by n, so that it is exact.
fn is_on_one_spot(window: &[&Clicked], radius_px: i64) -> bool {
    let n = window.len() as i128;
    let (sum_x, sum_y) = sums(window);
    let reach = n * i128::from(radius_px);
    window.iter().all(|clicked| {
        let dx = n * i128::from(clicked.click.x) - sum_x;
        let dy = n * i128::from(clicked.click.y) - sum_y;
        dx * dx + dy * dy <= reach * reach
    })
}

/// In whole pixels, the nearest ones.
fn centroid(clicks: &[&Clicked]) -> (i32, i32) {
    let n = clicks.len() as i128;
    let (sum_x, sum_y) = sums(clicks);
    let nearest = |sum: i128| (2 * sum + n).div_euclid(2 * n) as i32;
    (nearest(sum_x), nearest(sum_y))
}

fn sums(clicks: &[&Clicked]) -> (i128, i128) {
    clicks.iter().fold((0, 0), |(x, y), it| {
        (x + i128::from(it.click.x), y + i128::from(it.click.y))
    })
}

#[cfg(test)]
mod tests {
    use crate::fixture::{Fixture, session};
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(fixture: &Fixture, expect: Expect) {
        expect.assert_eq(&fixture.insights("rage_click"));
    }

    #[test]
    fn five_clicks_on_one_spot_in_two_seconds_are_a_rage_click() {
        let smashed = session().clicks(&[0, 500, 1000, 1500, 2000]);
        check(&smashed, expect!["rage_click /shop 0..2000 at 100,100: 1 2 3 4 5"]);
    }

    #[test]
    fn a_millisecond_more_or_a_click_less_is_none() {
        check(&session().clicks(&[0, 500, 1000, 1500, 2001]), expect![""]);
        check(&session().clicks(&[0, 500, 1000, 1500]), expect![""]);
    }

    #[test]
    fn windows_that_share_a_click_are_one_insight() {
        let smashed = session().clicks(&[0, 400, 800, 1200, 1600, 2000, 2400, 2800]);
        check(
            &smashed,
            expect!["rage_click /shop 0..2800 at 100,100: 1 2 3 4 5 6 7 8"],
        );
    }

    #[test]
    fn windows_that_share_none_are_two() {
        let twice = session()
            .clicks(&[0, 100, 200, 300, 400])
            .clicks(&[2300, 2400, 2500, 2600, 2700]);
        check(
            &twice,
            expect![[r#"
            rage_click /shop 0..400 at 100,100: 1 2 3 4 5
            rage_click /shop 2300..2700 at 100,100: 6 7 8 9 a"#]],
        );
    }

    #[test]
    fn the_radius_is_exact_and_from_the_centroid() {
        // Four clicks at x = 0 and one at x: the centroid is x/5, and the one is 4x/5 away from it.
        let at = |x| {
            [0, 0, 0, 0, x]
                .into_iter()
                .enumerate()
                .fold(session(), |it, (i, x)| it.click_at(i as i64, x, 0))
        };
        check(&at(62), expect!["rage_click /shop 0..4 at 12,0: 1 2 3 4 5"]);
        check(&at(63), expect![""]);
    }

    #[test]
    fn clicks_on_another_page_neither_count_nor_interrupt() {
        let interrupted = session()
            .clicks(&[0, 100, 200, 300])
            .on("/cart")
            .clicks(&[350])
            .on("/shop")
            .clicks(&[400]);
        check(&interrupted, expect!["rage_click /shop 0..400 at 100,100: 1 2 3 4 6"]);
        check(
            &session().clicks(&[0, 100, 200, 300]).on("/cart").clicks(&[350]),
            expect![""],
        );
    }

    #[test]
    fn ignored_elements_and_second_taps_are_left_out_before_windows_are_formed() {
        let ignored = session()
            .clicks(&[0, 100, 200, 300])
            .element(|it| it.ignore_rage = true)
            .clicks(&[400]);
        check(&ignored, expect![""]);
        let zoomed = session().clicks(&[0, 100, 200, 300]).double_tap(350).clicks(&[400]);
        check(&zoomed, expect!["rage_click /shop 0..400 at 100,100: 1 2 3 4 6"]);
    }

    #[test]
    fn thresholds_are_the_projects_own() {
        let twice = session()
            .clicks(&[0, 300])
            .thresholds(|it| it.rage_click.min_clicks = 2);
        check(&twice, expect!["rage_click /shop 0..300 at 100,100: 1 2"]);
    }
}
