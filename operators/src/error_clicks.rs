//! Error click: a click that made something throw.
//!
//! For each js_error or unhandled_rejection: the latest click of the same session and page from 0 to `window_ms` before it, both ends included,
//! ties by event id. One insight per such click, with its errors.
//!
//! ```text
//!   clicks     ●1          ●2
//!   errors        ✗a           ✗b   ✗c                    ✗d
//!              ╞═ 1000 ms ═════╪═══╡                                 1: a
//!                          ╞═ 1000 ms ══════╡                        2: b, c      d is nobody's
//!   ───────────┴───────────┴────────────────┴─────────────┴────▶
//! ```
//!
//! State: none of its own; the clicks and errors of the [episode](crate::episode).
//!
//! What it will not notice: an error that the page caught; one that came of a click but a second later; that an error after a click may have
//! come of a timer.

use crate::episode::{Clicked, Episode};
use crate::event::Moment;
use crate::rules::ClickWindow;
use crate::views::{Details, Thrown};
use std::collections::BTreeMap;

/// The clicks of an episode that errors followed, in time order, each with its errors.
pub fn error_clicks<'a>(
    episode: &Episode<'a>,
    thresholds: &ClickWindow,
) -> impl Iterator<Item = (&'a Clicked, Details)> {
    let mut blamed = BTreeMap::<Moment, (&Clicked, Vec<Thrown>)>::new();
    let mut clicks = episode.clicks.iter().peekable();
    let mut latest = BTreeMap::<&str, &Clicked>::new();
    for failed in episode.errors {
        while let Some(clicked) = clicks.next_if(|clicked| clicked.moment.0 <= failed.thrown.time_ms) {
            latest.insert(&clicked.page.path, clicked);
        }
        let cause = latest.get(&*failed.page.path);
        if let Some(clicked) = cause.filter(|clicked| failed.thrown.time_ms - clicked.moment.0 <= thresholds.window_ms)
        {
            let (_, errors) = blamed.entry(clicked.moment).or_insert((clicked, Vec::new()));
            errors.push(failed.thrown.clone());
        }
    }
    blamed
        .into_values()
        .map(|(clicked, errors)| (clicked, Details::ErrorClick { errors }))
}

#[cfg(test)]
mod tests {
    use crate::fixture::{Fixture, session};
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(fixture: &Fixture, expect: Expect) {
        expect.assert_eq(&fixture.insights("error_click"));
    }

    #[test]
    fn an_error_blames_the_latest_click_before_it() {
        let fixture = session()
            .clicks(&[0, 500])
            .error(700, "b")
            .error(900, "c")
            .error(1600, "d");
        check(&fixture, expect!["error_click /shop 500..500 at 100,100: 2 3 4 (b, c)"]);
    }

    #[test]
    fn each_click_answers_for_its_own_errors() {
        let fixture = session().clicks(&[0]).error(100, "a").clicks(&[500]).error(700, "b");
        check(
            &fixture,
            expect![[r#"
            error_click /shop 0..0 at 100,100: 1 2 (a)
            error_click /shop 500..500 at 100,100: 3 4 (b)"#]],
        );
    }

    #[test]
    fn the_window_includes_both_ends() {
        check(
            &session().clicks(&[0]).error(0, "now"),
            expect!["error_click /shop 0..0 at 100,100: 1 2 (now)"],
        );
        check(
            &session().clicks(&[0]).error(1000, "last"),
            expect!["error_click /shop 0..0 at 100,100: 1 2 (last)"],
        );
        check(&session().clicks(&[0]).error(1001, "late"), expect![""]);
        check(&session().clicks(&[0]).error(-1, "before"), expect![""]);
    }

    #[test]
    fn of_clicks_at_one_time_the_greater_id_is_later() {
        check(
            &session().clicks(&[0, 0]).error(5, "e"),
            expect!["error_click /shop 0..0 at 100,100: 2 3 (e)"],
        );
    }

    #[test]
    fn a_click_on_another_page_is_not_to_blame() {
        let elsewhere = session()
            .clicks(&[0])
            .on("/cart")
            .clicks(&[10])
            .on("/shop")
            .error(20, "e");
        check(&elsewhere, expect!["error_click /shop 0..0 at 100,100: 1 3 (e)"]);
    }

    #[test]
    fn the_window_is_the_projects_own() {
        let patient = session()
            .clicks(&[0])
            .error(3000, "e")
            .thresholds(|it| it.error_click.window_ms = 3000);
        check(&patient, expect!["error_click /shop 0..0 at 100,100: 1 2 (e)"]);
    }
}
