//! Dead click: a click on something that looks alive, and nothing happens.
//!
//! A click whose target looks interactive, with no response in the same session from 0 to `window_ms` after it, both ends included.
//! A link, and anything that is no control, answers with a page view, a page exit or a DOM mutation. A control (button, input, select, textarea,
//! label, summary) answers with these or with input, form, request, scroll, custom event or a thrown error. No response is due when the SDK says
//! so (text selections, downloads, new tabs, text fields, ignored elements), nor ever from a textarea or a select: a click there focuses it or stays.
//!
//! ```text
//!   click            ●
//!   no response      ╞════ window, 1000 ms ════╡
//!   decided                                    ╞══ grace, 500 ms ══╡▲ the first tick from here on
//!   ─────────────────┴─────────────────────────┴───────────────────┴────────────▶
//!   a late response           r                                            gone again
//! ```
//!
//! The grace is for responses still on their way: the SDK sends them within 200 ms. One that comes even later takes the insight away.
//!
//! State: none of its own; the clicks and responses of the [episode](crate::episode), and a deadline per undecided click.
//!
//! What it will not notice: a click that *something else* answered within the second (an advertisement that changed, say); a response that
//! changes no DOM and sends nothing, such as a sound; clicks on things that do not look interactive.

use crate::episode::{Clicked, Episode};
use crate::rules::ClickWindow;
use crate::views::{Details, Expected};

/// How long after its window a click is decided, ms.
pub const GRACE_MS: i64 = 500;

/// The clicks of an episode that nothing answered, decided or not: each is dead at the first tick that has reached [`decided_at_ms`].
pub fn dead_clicks<'a>(
    episode: &Episode<'a>,
    thresholds: &ClickWindow,
) -> impl Iterator<Item = (&'a Clicked, Details)> {
    let window_ms = thresholds.window_ms;
    let of_page = episode.responses.iter().filter(|it| it.is_page).copied().collect();
    let (of_page, of_anything): (Vec<_>, _) = (of_page, episode.responses);
    let ends_at_ms = episode.evidence_ends_at_ms.unwrap_or(i64::MAX);
    episode.clicks.iter().filter_map(move |clicked| {
        let expected = expected(clicked)?;
        let responses = match expected {
            Expected::Page => &of_page,
            Expected::Anything => of_anything,
        };
        let (from_ms, to_ms) = (clicked.moment.0, clicked.moment.0.saturating_add(window_ms));
        let next = responses.get(responses.partition_point(|it| it.time_ms < from_ms));
        let is_answered = next.is_some_and(|it| it.time_ms <= to_ms);
        (!is_answered && to_ms < ends_at_ms).then_some((clicked, Details::DeadClick { expected }))
    })
}

pub fn decided_at_ms(clicked: &Clicked, thresholds: &ClickWindow) -> i64 {
    clicked
        .moment
        .0
        .saturating_add(thresholds.window_ms)
        .saturating_add(GRACE_MS)
}

/// What would answer this click; none when no response is due.
fn expected(clicked: &Clicked) -> Option<Expected> {
    let element = &clicked.click.element;
    if !element.looks_interactive || element.never_dead {
        return None;
    }
    match &*element.tag {
        "select" | "textarea" => None,
        "button" | "input" | "label" | "summary" => Some(Expected::Anything),
        _ => Some(Expected::Page),
    }
}

#[cfg(test)]
mod tests {
    use crate::event::EventType;
    use crate::fixture::{Fixture, session};
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(fixture: &Fixture, expect: Expect) {
        expect.assert_eq(&fixture.insights("dead_click"));
    }

    fn click_on(tag: &'static str) -> Fixture {
        session()
            .element(|it| (it.tag, it.looks_interactive) = (tag.into(), true))
            .clicks(&[0])
    }

    const DEAD: Expect = expect!["dead_click /shop 0..0 at 100,100: 1"];

    #[test]
    fn a_button_that_does_nothing_is_a_dead_click() {
        check(&click_on("button"), DEAD);
    }

    #[test]
    fn something_that_does_not_look_interactive_owes_nothing() {
        check(&session().clicks(&[0]), expect![""]);
    }

    #[test]
    fn the_window_includes_both_ends() {
        for (time_ms, expect) in [(-1, DEAD), (0, expect![""]), (1000, expect![""]), (1001, DEAD)] {
            check(&click_on("button").event(time_ms, EventType::DomMutation), expect);
        }
    }

    #[test]
    fn what_answers_depends_on_the_target() {
        use EventType::*;
        let of_the_page = [PageView, PageExit, DomMutation];
        let of_a_handler = [
            InputFocus,
            InputBlur,
            InputChange,
            FormStart,
            FormSubmit,
            FormAbandon,
            FormError,
        ];
        let of_a_handler = of_a_handler
            .into_iter()
            .chain([XhrRequest, FetchRequest, NetworkActivity, Scroll]);
        let of_a_handler: Vec<_> = of_a_handler.chain([CustomEvent, JsError, UnhandledRejection]).collect();
        for event_type in EventType::ALL {
            let of_the_page = of_the_page.contains(event_type);
            for tag in ["button", "input", "label", "summary"] {
                let answered = of_the_page || of_a_handler.contains(event_type);
                let fixture = click_on(tag).event(10, *event_type);
                assert_eq!(
                    fixture.insights("dead_click").is_empty(),
                    answered,
                    "{tag} {event_type:?}"
                );
            }
            for tag in ["a", "div", "span"] {
                let fixture = click_on(tag).event(10, *event_type);
                assert_eq!(
                    fixture.insights("dead_click").is_empty(),
                    of_the_page,
                    "{tag} {event_type:?}"
                );
            }
        }
    }

    #[test]
    fn a_click_that_owes_nothing_is_never_dead() {
        let owes_nothing = |it: &mut crate::event::Element| (it.looks_interactive, it.never_dead) = (true, true);
        check(&session().element(owes_nothing).clicks(&[0]), expect![""]);
        check(&click_on("textarea"), expect![""]);
        check(&click_on("select"), expect![""]);
    }

    #[test]
    fn it_appears_at_the_first_tick_that_has_reached_window_and_grace() {
        let fixture = click_on("button");
        expect![""].assert_eq(&fixture.insights_at(1499, "dead_click"));
        DEAD.assert_eq(&fixture.insights_at(1500, "dead_click"));
    }

    #[test]
    fn the_window_is_the_projects_own() {
        let impatient = click_on("button")
            .event(600, EventType::DomMutation)
            .thresholds(|it| it.dead_click.window_ms = 500);
        check(&impatient, DEAD);
    }
}
