use crate::Rows;
use crate::source::Change;
use gosight_operators::event::{Event, Position};
use gosight_operators::ids::Tick;
use gosight_operators::meter::Meters;
use timely::dataflow::operators::{Input, Probe};
use timely::dataflow::{InputHandleVec as InputHandle, ProbeHandle};
use timely::worker::Worker;

pub(crate) struct Graph {
    events: InputHandle<Tick, (Position, Event)>,
    probe: ProbeHandle<Tick>,
    meters: Meters,
}

pub(crate) fn build(timely: &mut Worker, _resume_tick: Tick) -> Graph {
    timely.dataflow(|scope| {
        let (events, stream) = scope.new_input::<Vec<_>>();
        let (probe, _) = stream.probe();
        Graph {
            events,
            probe,
            meters: Meters::default(),
        }
    })
}

impl Graph {
    pub(crate) fn event(&mut self, position: Position, event: Event) {
        self.events.send((position, event));
    }
    pub(crate) fn change(&mut self, _: Change) {}
    pub(crate) fn close(&mut self, tick: Tick) {
        self.events.advance_to(tick + 1);
    }
    pub(crate) fn has_passed(&self, tick: Tick) -> bool {
        !self.probe.less_equal(&tick)
    }
    pub(crate) fn take(&mut self, _tick: Tick) -> (Rows, std::collections::HashSet<Position>) {
        (Rows::default(), Default::default())
    }
    pub(crate) fn next_deadline(&self) -> Option<Tick> {
        self.meters
            .each()
            .iter()
            .filter_map(|(_, meter)| meter.next_deadline())
            .min()
    }
    pub(crate) fn state_entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.meters
            .each()
            .map(|(name, meter)| (name, meter.entries()))
            .into_iter()
    }
}
