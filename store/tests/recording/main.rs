//! Hostile recordings: none may come out of the cleaner as it went in. Browser tests play the same file.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod checker;
mod random;

use std::collections::BTreeSet;

use gosight_store::recording::{clean, mask, snapshots};
use serde_json::Value;

const HOSTILE: &str = include_str!("../../../tests/fixtures/hostile-recordings.json");

fn hostile() -> Vec<(String, Value)> {
    let recordings: Vec<Value> = serde_json::from_str(HOSTILE).unwrap();
    recordings
        .into_iter()
        .map(|mut it| (it["name"].as_str().unwrap().to_owned(), it["events"].take()))
        .collect()
}

fn cleaned(events: &Value) -> Vec<u8> {
    clean(&serde_json::to_vec(events).unwrap()).unwrap().json
}

#[test]
fn there_are_many_and_the_checker_objects_to_every_one() {
    let hostile = hostile();
    assert!(hostile.len() >= 200);
    let names: BTreeSet<_> = hostile.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), hostile.len());
    let overlooked: Vec<_> = hostile
        .iter()
        .filter(|(_, events)| checker::problem(events).is_none())
        .map(|(name, _)| name)
        .collect();
    assert!(overlooked.is_empty(), "{overlooked:#?}");
}

#[test]
fn none_is_hostile_once_cleaned() {
    let left: Vec<_> = hostile()
        .iter()
        .filter_map(|(name, events)| {
            let cleaned = serde_json::from_slice(&cleaned(events)).unwrap();
            checker::problem(&cleaned).map(|it| format!("{name}: {it}"))
        })
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn cleaning_what_is_clean_changes_nothing() {
    for (name, events) in hostile() {
        let once = cleaned(&events);
        assert!(clean(&once).unwrap().json == once, "{name}");
    }
}

#[test]
fn no_node_is_lost() {
    for (name, events) in hostile() {
        let before = node_ids(&events);
        let after = node_ids(&serde_json::from_slice(&cleaned(&events)).unwrap());
        assert!(before.is_subset(&after), "{name}: {:?}", before.difference(&after));
    }
}

/// The ids of all nodes of snapshots and mutations.
fn node_ids(events: &Value) -> BTreeSet<i64> {
    fn of(node: &Value, ids: &mut BTreeSet<i64>) {
        ids.extend(node["id"].as_i64());
        for child in node["childNodes"].as_array().into_iter().flatten() {
            of(child, ids);
        }
    }
    let mut ids = BTreeSet::new();
    for event in events.as_array().unwrap() {
        let data = &event["data"];
        if event["type"] == 2 {
            of(&data["node"], &mut ids);
        } else if event["type"] == 3 && data["source"] == 0 {
            for add in data["adds"].as_array().into_iter().flatten() {
                of(&add["node"], &mut ids);
            }
        }
    }
    ids
}

#[test]
fn what_a_member_sees_and_what_a_heatmap_shows_is_as_safe() {
    for (name, events) in hostile() {
        let cleaned = cleaned(&events);
        let masked = serde_json::from_slice(&mask(&cleaned).unwrap()).unwrap();
        assert_eq!(checker::problem(&masked), None, "{name}");
        for page in snapshots(&cleaned).unwrap() {
            let page: Value = serde_json::from_slice(&page.json).unwrap();
            let events = serde_json::json!([{"type": 2, "data": {"node": page["node"]}, "timestamp": 1}]);
            assert_eq!(checker::problem(&events), None, "{name}");
        }
    }
}
