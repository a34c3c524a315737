//! Upgrades and downgrades by one release: what the other release wrote is read with the same numbers, or it is said why not.

use std::sync::Arc;

use salespulse::engine::directory::Directory;
use salespulse::model::rules::Rules;
use salespulse::snapshot::{Decoder, FORMAT, SKIPPABLE};

use crate::recovery::blocks::{self, BEGIN, Block, END, HEADER, JOURNEYS, LISTING, json};
use crate::recovery::golden::{other_rates, replayed, restored, rules, second, written};

/// Objects with the rules under which they were written, and what a replay of their events gives under these.
struct Kept {
    objects: Vec<Vec<u8>>,
    rules: Arc<Rules>,
    replayed: String,
}

/// Those that this release writes of events of version 1 of the contract, and those that are pinned of version 2.
fn kept() -> [Kept; 2] {
    let [first, second] = [rules(), second::rules()];
    [
        Kept { objects: written(), replayed: replayed(&first), rules: first },
        Kept { objects: second::objects(), replayed: second::replayed(&second), rules: second },
    ]
}

/// All objects of the present format, each changed.
fn changed(change: impl Fn(&mut Vec<Block>)) -> Vec<Vec<u8>> {
    blocks::changed(written(), change)
}

/// Calls a currency of the directory something else.
fn renamed(blocks: &mut [Block], code: &str, other: &str) {
    json(blocks, LISTING, |listing| {
        let currencies = listing["currencies"].as_array_mut().expect("a list");
        let currency = currencies.iter_mut().find(|currency| currency[0] == code).expect("it is listed");
        currency[0] = other.into();
    });
}

/// What the format says of an object; `None`: it is whole.
fn refused(object: &[u8]) -> Option<String> {
    let mut decoder = Decoder::new().expect("memory");
    decoder.push(object);
    loop {
        match decoder.item() {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => return Some(error.to_string()),
        }
    }
}

/// What a later release does to the blocks of an object.
type Change = dyn Fn(&mut Vec<Block>);

fn extra(kind: u8, flags: u8) -> impl Fn(&mut Vec<Block>) {
    move |blocks| {
        let end = blocks.iter().position(|block| block.kind == END).expect("an end");
        blocks.insert(end, Block { kind, version: 1, flags, raw: b"what is not known yet".to_vec() });
    }
}

#[test]
fn what_a_later_release_adds_without_changing_the_rest_is_passed_by() {
    let field = |blocks: &mut Vec<Block>| {
        for kind in [HEADER, LISTING, END] {
            json(blocks, kind, |value| value["invented_later"] = serde_json::json!({ "a": [1, 2] }));
        }
    };
    // No amount is in it, so that it does not matter whether anybody knows it.
    let currency = |blocks: &mut Vec<Block>| renamed(blocks, "XAD", "QQQ");
    let changes: [&Change; 4] = [&field, &extra(0x13, SKIPPABLE), &extra(9, SKIPPABLE), &currency];
    for Kept { objects, rules, replayed } in kept() {
        for change in changes {
            let objects = blocks::changed(objects.clone(), change);
            assert_eq!(objects.iter().find_map(|object| refused(object)), None);
            let restored = restored(&objects, &rules, Directory::default());
            assert!(restored == Ok((replayed.clone(), 1)), "other numbers than a replay");
        }
    }
}

#[test]
fn what_a_later_release_changes_is_named_and_not_used() {
    let advice = "; use the version that wrote it, or let salespulse read the topics from their beginning";
    let journeys = |blocks: &mut Vec<Block>| {
        blocks.iter_mut().filter(|block| block.kind == JOURNEYS).for_each(|block| block.version = 4);
    };
    let header = |blocks: &mut Vec<Block>| blocks[0].version = 2;
    let mut format = written();
    format.iter_mut().for_each(|object| object[16..BEGIN].copy_from_slice(&(FORMAT + 1).to_le_bytes()));
    for (objects, what) in [
        (
            changed(journeys),
            "it has journeys of version 4, and this version of salespulse reads versions 1 to 3 of them",
        ),
        (
            changed(extra(9, 0)),
            "it has blocks of the kind 9, version 1, and this version of salespulse reads no such kind",
        ),
        (
            changed(header),
            "it has a header, a directory or an end of version 2, and this version of salespulse reads versions 1 to 1 of them",
        ),
        (format, "it has format 3, and this version of salespulse reads formats 1 to 2"),
    ] {
        assert_eq!(refused(&objects[0]), Some(format!("{what}{advice}")));
        let (_, restored) = restored(&objects, &rules(), Directory::default()).expect("the topics have everything");
        assert_eq!(restored, 0, "{what}");
    }
    // Going back by one release, from what version 2 of the contract has read.
    let objects = blocks::changed(second::objects(), journeys);
    let (_, restored) = restored(&objects, &second::rules(), Directory::default()).expect("the topics have everything");
    assert_eq!(restored, 0, "journeys of a later version were used");
}

#[test]
fn money_is_never_relabelled() {
    // An amount is in this one, and nobody knows it any more.
    let objects = changed(|blocks| renamed(blocks, "KWD", "KWX"));
    let (_, count) = restored(&objects, &rules(), Directory::default()).expect("the topics have everything");
    assert_eq!(count, 0, "an amount in a currency that nobody knows was counted");

    // Under other rates amounts are converted anew, each by the code that the list gives it.
    let rules = other_rates();
    let expected = replayed(&rules);
    let listed = changed(|_| {});
    assert!(
        restored(&listed, &rules, Directory::default()) == Ok((expected.clone(), 1)),
        "other numbers than a replay"
    );
    let swapped = changed(|blocks| {
        json(blocks, LISTING, |listing| {
            let currencies = listing["currencies"].as_array_mut().expect("a list");
            let place = |code| currencies.iter().position(|currency| currency[0] == code).expect("it is listed");
            let (euro, dollar) = (place("EUR"), place("USD"));
            currencies.swap(euro, dollar);
        });
    });
    let (text, count) = restored(&swapped, &rules, Directory::default()).expect("the topics have everything");
    assert!(count == 1 && text != expected, "the list does not decide which currency an amount has");
}

/// The first release knew one format, and read of every object its first twenty bytes before all else.
#[test]
fn the_first_release_says_that_it_does_not_know_this_format() {
    for object in kept().into_iter().flat_map(|kept| kept.objects) {
        assert_eq!(&object[..16], b"salespulse state");
        assert_ne!(object[16..BEGIN], 1_u32.to_le_bytes(), "it would take other bytes for its own");
    }
}
