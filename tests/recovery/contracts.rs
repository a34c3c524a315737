//! Snapshots that an earlier version of the event contract read: they lack what only the present one reads, so they are used
//! only where the topics no longer hold what they have read.

use salespulse::config::OnGap;
use salespulse::engine::directory::Directory;
use salespulse::model::CONTRACT;
use salespulse::snapshot::{Ends, Offsets};

use crate::recovery::blocks::{HEADER, changed, json};
use crate::recovery::golden::{Begun, begun, of_the_first_contract, replayed, rules, written};

/// The first offset of the leads that the snapshots have read.
const BEGAN: i64 = 3;

/// What a start makes of rounds, where the topic of the leads begins at an offset.
fn start(rounds: &[Vec<Vec<u8>>], low: i64) -> Begun {
    let offsets = |offset| Offsets::from([("sales.leads".to_owned(), vec![offset])]);
    let ends = Ends { lows: offsets(low), highs: offsets(100) };
    begun(rounds, &rules(), Directory::default(), &ends, OnGap::Refuse).expect("nothing is missing")
}

/// The objects of a round that reaches to an offset of the leads.
fn reaching(objects: Vec<Vec<u8>>, offset: i64) -> Vec<Vec<u8>> {
    let reach = serde_json::json!({ "sales.leads": [offset] });
    changed(objects, |blocks| json(blocks, HEADER, |header| header["offsets"] = reach.clone()))
}

#[test]
fn what_the_topics_still_hold_is_read_again() {
    for objects in of_the_first_contract(BEGAN) {
        let objects = reaching(objects, 50);
        for low in [0, BEGAN] {
            let again = start(std::slice::from_ref(&objects), low);
            assert_eq!((again.restored, again.contract, again.degraded), (0, CONTRACT, false), "{low}");
            assert!(!again.text.contains("sales_rep_revenue{"), "something was restored: {}", again.text);
        }
    }
}

#[test]
fn what_they_hold_no_more_is_restored_and_it_is_known_which_contract_read_it() {
    for objects in of_the_first_contract(BEGAN) {
        let restored = start(&[reaching(objects, 50)], BEGAN + 1);
        assert_eq!((restored.restored, restored.contract, restored.degraded), (1, 1, false));
        assert!(restored.text == replayed(&rules()), "other numbers than the ones that the snapshot has");
    }
}

/// Somebody went back to the release before for a while: what that wrote is later, and knows less.
#[test]
fn a_round_of_the_present_contract_comes_first() {
    let present = reaching(written(), 40);
    for objects in of_the_first_contract(BEGAN) {
        for low in [0, BEGAN + 1] {
            let restored = start(&[present.clone(), reaching(objects.clone(), 50)], low);
            assert_eq!((restored.restored, restored.contract), (1, CONTRACT), "{low}");
        }
    }
}

#[test]
fn of_several_the_newest_that_is_whole_is_used() {
    for objects in of_the_first_contract(BEGAN) {
        let mut torn = reaching(objects.clone(), 60);
        for object in &mut torn {
            object.truncate(object.len() - 30);
        }
        let restored = start(&[reaching(objects, 50), torn], BEGAN + 1);
        assert_eq!((restored.restored, restored.contract), (1, 1));
    }
}
