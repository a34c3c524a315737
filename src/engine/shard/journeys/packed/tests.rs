//! Whatever a journey has comes back from its bytes, and damaged bytes are refused.

use super::*;
use crate::engine::entry::Rare;
use crate::model::money::Currency;
use proptest::prelude::*;

fn id() -> impl Strategy<Value = Id> {
    prop_oneof![
        any::<u128>().prop_map(|bits| Id::from_uuid(bits.to_le_bytes())),
        "[a-z王:]{1,40}".prop_map(|text| Id::new(&text)),
        Just(Id::new(&"x".repeat(128))),
    ]
}

fn money(place: u8) -> impl Strategy<Value = Option<Money>> {
    let currency = Currency::from_place(place).unwrap();
    proptest::option::of((any::<i64>(), any::<i64>(), any::<bool>())).prop_map(move |money| {
        let (minor, other, same) = money?;
        Some(Money { minor, currency, reporting_minor: if same { minor } else { other } })
    })
}

fn kind() -> impl Strategy<Value = StepKind> {
    let money = (0_u8..165).prop_flat_map(|place| (money(place), money(place)));
    prop_oneof![
        (any::<u32>(), proptest::option::of(any::<u32>())).prop_map(|(channel, pipeline)| StepKind::Lead {
            channel: ChannelId::from_number(channel),
            pipeline: pipeline.map(SpokenId::from_number),
        }),
        (any::<u32>(), money, rare()).prop_map(|(number, (amount, margin), rare)| {
            let rare = (rare != Rare::default()).then(|| Box::new(rare));
            StepKind::Move(Move { spoken: SpokenId::from_number(number), amount, margin, rare })
        }),
    ]
}

fn rare() -> impl Strategy<Value = Rare> {
    let time = || proptest::option::of((-60_000_000_000_000_i64..260_000_000_000_000).prop_map(Time::from_millis));
    let number = || proptest::option::of(any::<u32>());
    let share = (any::<u32>(), any::<u32>()).prop_map(|(row, parts)| Share { row: RowId::from_number(row), parts });
    let splits = proptest::collection::vec(share, 0..3);
    (time(), number(), number(), time(), splits).prop_map(|(close, reason, channel, started, splits)| Rare {
        expected_close_at: close,
        lost_reason: reason.map(NameId::from_number),
        channel: channel.map(ChannelId::from_number),
        started_at: started,
        splits: splits.into(),
    })
}

fn step() -> impl Strategy<Value = KnownStep> {
    let sequence = prop_oneof![Just(0), any::<u32>()];
    let content = (any::<u32>(), proptest::option::of(id()), kind(), sequence);
    let stamp = (prop_oneof![Just(0), any::<u64>()], any::<u64>(), -70_000_000_000_000_i64..260_000_000_000_000);
    (id(), any::<bool>(), stamp, 0_i64..40, content).prop_map(|(event_id, retracted, stamp, longer, content)| {
        let (version, hash, at) = stamp;
        let occurred_at = Time::from_millis(at);
        let (row, customer, kind, sequence) = content;
        let is_move = matches!(kind, StepKind::Move(_));
        let remembered = if longer == 0 { occurred_at } else { occurred_at.floor(DAY).plus(longer * DAY) };
        let content = (!retracted).then_some(Step { row: RowId::from_number(row), sequence, customer, kind });
        let stamp = Stamp { version, hash, occurred_at };
        KnownStep { event_id, is_move, version: Version { stamp, dated: occurred_at, remembered, content } }
    })
}

proptest! {
    #[test]
    fn a_journey_comes_back_from_its_bytes(lead_id in id(), steps in proptest::collection::vec(step(), 0..6), is_known in any::<bool>()) {
        let mut steps = steps;
        if let ([first, .., last], true) = (&mut *steps, is_known) {
            last.event_id = first.event_id.clone();
        }
        let journey = Journey { lead_id, steps, packed: 0 };
        let mut writer = Writer::default();
        pack(&journey, &mut writer);
        let mut back = Journey::default();
        prop_assert_eq!(unpack(&writer.0, VERSION, &Currencies::OWN, &mut back), Ok(()));
        prop_assert_eq!(back.packed, writer.0.len());
        let journey = Journey { packed: back.packed, ..journey };
        prop_assert_eq!(format!("{journey:?}"), format!("{back:?}"));
        let plain = |step: &&KnownStep| {
            let Version { stamp, remembered, content, .. } = &step.version;
            let content = content.as_ref().filter(|content| fields(content, stamp.occurred_at).0.is_empty());
            content.is_some() && stamp.version == 0 && *remembered == stamp.occurred_at
        };
        let began = |step: &KnownStep| Some((step.version.dated, step.version.content.as_ref()?.row));
        let first = journey.steps.first().filter(plain);
        prop_assert_eq!(beginning(&writer.0), first.and_then(began));
        // One step more is the same, appended or packed anew, whatever follows the bytes.
        if let Some((last, before)) = journey.steps.split_last().filter(|(_, before)| !before.is_empty()) {
            let (mut short, mut longer) = (Writer::default(), Writer::default());
            pack(&Journey { lead_id: journey.lead_id.clone(), steps: before.to_vec(), packed: 0 }, &mut short);
            let packed = short.0.len();
            short.0.extend([7; 3]);
            let opened = Journey { lead_id: journey.lead_id.clone(), steps: journey.steps.clone(), packed };
            prop_assert!(append(&short.0, &opened, &mut longer).is_some());
            prop_assert_eq!(&longer.0, &writer.0);
            // So it is where the ids of those before it were passed by.
            let mut without = Journey::default();
            let mut ids = Finding::of(last, true);
            prop_assert_eq!(unpack_finding(&short.0, &mut ids, &mut without), Ok(()));
            let is_last = |step: &KnownStep| step.event_id == last.event_id && step.is_move == last.is_move;
            prop_assert_eq!(ids.is_found(), before.iter().any(is_last));
            let nameless = |step: &KnownStep| KnownStep { event_id: Id::default(), ..step.clone() };
            let expected: Vec<KnownStep> = before.iter().map(nameless).collect();
            prop_assert_eq!(format!("{:?}", without.steps), format!("{expected:?}"));
            without.steps.push(last.clone());
            longer.0.clear();
            prop_assert!(append(&short.0, &without, &mut longer).is_some());
            prop_assert_eq!(&longer.0, &writer.0);
        }
        // Cut anywhere, it is refused and nothing panics.
        for length in 0..writer.0.len() {
            let cut = unpack(&writer.0[..length], VERSION, &Currencies::OWN, &mut back);
            prop_assert_eq!(cut, Err(Broken::Damaged));
        }
    }
}

#[test]
fn an_additional_field_that_is_not_known_is_named() {
    let (time, content) = (Time::from_millis(7), None);
    let stamp = Stamp { version: 0, hash: 1, occurred_at: time };
    let version = Version { stamp, dated: time, remembered: time, content };
    let step = KnownStep { event_id: Id::new("e"), is_move: true, version };
    let mut writer = Writer::default();
    pack(&Journey { lead_id: Id::new("j"), steps: vec![step], packed: 0 }, &mut writer);
    // The identity of the journey and the number of its steps precede the flags; the time is the step's last byte.
    let flags = 3;
    writer.0[flags] |= HAS_FURTHER;
    let fields = |fields: &[u8]| {
        let mut writer = Writer(writer.0.clone());
        writer.number(HAS_FIELDS);
        writer.bytes(fields);
        unpack(&writer.0, VERSION, &Currencies::OWN, &mut Journey::default())
    };
    assert_eq!(fields(&[]), Ok(()));
    assert_eq!(fields(&[99, 2, 0, 0]), Err(Broken::Field(99)));
    assert_eq!(fields(&[9, 3, 0, 0]), Err(Broken::Damaged), "the field is longer than what there is");
}
