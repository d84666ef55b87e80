//! Since when something has been open: how many keys began in each minute, so that the oldest is known without looking at all of them.
//!
//! State: a number per minute in which a key began that is still open; some 1500 while nothing is open for longer than a day.

use crate::ids::Tick;
use crate::meter::Meter;
use std::collections::BTreeMap;

/// How exactly beginnings are told, ms.
const MINUTE: Tick = 60 * 1000;

/// The beginnings of a worker's keys.
#[derive(Default)]
pub(crate) struct OpenSince {
    /// How many keys began in a minute, by its first tick.
    minutes: BTreeMap<Tick, usize>,
    meter: Meter,
}

impl OpenSince {
    pub(crate) fn new(meter: Meter) -> Self {
        let minutes = BTreeMap::new();
        Self { minutes, meter }
    }

    /// A key that was open since `before` is now open since `now`.
    pub(crate) fn moved(&mut self, before: &mut Option<Tick>, now: Option<Tick>) {
        let now = now.map(|tick| tick / MINUTE * MINUTE);
        let before = std::mem::replace(before, now);
        if before == now {
            return;
        }
        if let Some(minute) = now {
            *self.minutes.entry(minute).or_default() += 1;
        }
        if let Some(minute) = before
            && let Some(count) = self.minutes.get_mut(&minute)
        {
            *count -= 1;
            if *count == 0 {
                self.minutes.remove(&minute);
            }
        }
        self.meter
            .set_open_since(self.minutes.first_key_value().map(|(minute, _)| *minute));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_the_minute_of_the_oldest_that_is_open() {
        let meter = Meter::default();
        let mut open = OpenSince::new(meter.clone());
        let (mut one, mut other, mut third) = (None, None, None);
        open.moved(&mut one, Some(3 * MINUTE + 17));
        open.moved(&mut other, Some(5 * MINUTE));
        open.moved(&mut third, Some(3 * MINUTE));
        assert_eq!(meter.open_since(), Some(3 * MINUTE));
        open.moved(&mut one, None);
        assert_eq!(
            meter.open_since(),
            Some(3 * MINUTE),
            "the third began in the same minute"
        );
        open.moved(&mut third, Some(9 * MINUTE));
        assert_eq!(meter.open_since(), Some(5 * MINUTE));
        open.moved(&mut other, None);
        open.moved(&mut third, None);
        assert_eq!(meter.open_since(), None);
    }
}
