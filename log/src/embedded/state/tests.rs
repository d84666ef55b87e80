use proptest::prelude::*;

use super::*;

const SEGMENT_BYTES: u64 = 4096;

fn state() -> State {
    let header = Header::new(0, 0, SEGMENT_BYTES);
    let segment = Segment::new(&header, Path::new("0.seg").into(), HEADER_BYTES);
    let mut room = Room::new(SEGMENT_BYTES);
    room.spare_allocated();
    State::new("events/0".into(), u64::MAX, vec![segment], 0, 0, room)
}

#[derive(Clone, Debug)]
enum Step {
    Append,
    TakeGroup,
    GroupDurable,
    AskDurable,
    /// Backwards too: clocks are set.
    MoveClock(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Append),
        1 => Just(Step::TakeGroup),
        1 => Just(Step::GroupDurable),
        2 => Just(Step::AskDurable),
        2 => (-5..10i64).prop_map(Step::MoveClock),
    ];
    prop::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn it_never_promises_completeness_that_a_later_record_breaks(steps in steps()) {
        let mut state = state();
        let (mut now_ms, mut promises, mut in_flight, mut appended) = (1000, Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Append => {
                    drop(state.append(Bytes::new(), now_ms));
                    state.room.spare_allocated();
                    appended.extend(state.queue.back().map(|pending| (pending.offset, pending.appended_at_ms)));
                }
                Step::TakeGroup if in_flight.is_empty() => in_flight = state.take_group(),
                Step::GroupDurable => {
                    if let Some(last) = in_flight.last() {
                        state.group_durable(last.offset + 1, HEADER_BYTES);
                        in_flight.clear();
                    }
                }
                Step::AskDurable => promises.push(state.durable(now_ms)),
                Step::MoveClock(by_ms) => now_ms += by_ms,
                Step::TakeGroup => {}
            }
        }
        prop_assert!(promises.is_sorted_by_key(|durable| (durable.complete_to_ms, durable.end)));
        prop_assert!(appended.is_sorted_by_key(|&(offset, at_ms)| (offset, at_ms)));
        for Durable { end, complete_to_ms } in promises {
            for &(offset, at_ms) in &appended {
                prop_assert!(at_ms > complete_to_ms || offset < end, "record {offset} of {at_ms} broke {complete_to_ms}");
            }
        }
    }
}

#[test]
fn it_is_complete_up_to_just_now_when_idle() {
    let mut state = state();
    assert_eq!(
        state.durable(5000),
        Durable {
            end: 0,
            complete_to_ms: 4999
        }
    );
    drop(state.append(Bytes::new(), 4000).unwrap());
    assert_eq!(
        state.queue[0].appended_at_ms, 5000,
        "what was promised complete stays complete"
    );
    assert_eq!(
        state.durable(9000),
        Durable {
            end: 0,
            complete_to_ms: 4999
        }
    );
}

#[test]
fn it_refuses_before_the_append_what_the_disk_has_no_room_for() {
    let mut state = state();
    let record = Bytes::from(vec![0; 1000]);
    let accepted = std::iter::from_fn(|| state.append(record.clone(), 0).ok()).count();
    assert_eq!(accepted, 6, "three in this segment, three in the spare");
    assert!(
        matches!(state.append(record.clone(), 0), Err(LogError::Full { .. })),
        "a spare may be on its way"
    );
    state.room.disk_full();
    assert!(matches!(
        state.append(record.clone(), 0),
        Err(LogError::DiskFull { .. })
    ));
    assert!(state.append(Bytes::new(), 0).is_ok(), "small ones still fit");
    state.room.spare_allocated();
    assert!(state.append(record, 0).is_ok());
}

#[test]
fn it_bounds_its_queue_by_bytes_but_always_takes_one() {
    let mut state = state();
    state.queue_bytes_max = 100;
    drop(state.append(Bytes::from(vec![0; 500]), 0).unwrap());
    assert!(matches!(state.append(Bytes::new(), 0), Err(LogError::Full { .. })));
    state.take_group();
    for _ in 0..4 {
        drop(state.append(Bytes::new(), 0).unwrap());
    }
    assert!(
        matches!(state.append(Bytes::new(), 0), Err(LogError::Full { .. })),
        "four frames of 24 bytes fit into 100"
    );
}

#[test]
fn it_groups_records_of_one_segment_only() {
    let mut state = state();
    for _ in 0..6 {
        drop(state.append(Bytes::from(vec![0; 1000]), 0).unwrap());
    }
    let offsets = |group: Vec<Pending>| group.iter().map(|pending| pending.offset).collect::<Vec<_>>();
    assert_eq!(offsets(state.take_group()), [0, 1, 2]);
    assert_eq!(offsets(state.take_group()), [3, 4, 5]);
    assert_eq!(offsets(state.take_group()), [0; 0]);
    assert_eq!(state.queue_bytes(), 0);
}

#[test]
fn it_promises_nothing_more_after_a_failure() {
    let mut state = state();
    drop(state.append(Bytes::new(), 1000).unwrap());
    let group = state.take_group();
    drop(state.append(Bytes::new(), 2000).unwrap());
    let (_, queued) = state.fail("no disk".to_owned());
    assert_eq!((group.len(), queued.len()), (1, 1));
    assert_eq!(
        state.durable(9000),
        Durable {
            end: 0,
            complete_to_ms: 999
        }
    );
    assert!(matches!(state.append(Bytes::new(), 0), Err(LogError::Failed { .. })));
}

#[test]
fn it_shows_readers_only_what_is_durable() {
    let mut state = state();
    drop(state.append(Bytes::new(), 0).unwrap());
    assert!(state.segment_of(0).unwrap().is_none(), "queued");
    state.take_group();
    drop(state.append(Bytes::new(), 0).unwrap());
    assert!(state.segment_of(0).unwrap().is_none(), "in flight");
    state.group_durable(1, HEADER_BYTES + frame_bytes(0));
    let (segment, end) = state.segment_of(0).unwrap().unwrap();
    assert_eq!((segment.bytes, end), (HEADER_BYTES + frame_bytes(0), 1));
    assert!(state.segment_of(1).unwrap().is_none());
}
