//! What the benchmarks of the core have in common: an organisation's rules and journeys, and clocks.

use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::model::calendar::{PeriodKind, Zone};
use salespulse::model::money::{Currency, Rates};
use salespulse::model::rules::{PerScope, Pipeline, Rules};
use salespulse::model::time::{DAY, HOUR, MINUTE, Time};
use salespulse::model::window::Window;

/// The program's, so that memory is what the program would hold.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long this thread has had a processor, in nanoseconds.
pub(crate) fn cpu_nanos() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

/// Runs something and answers how long it had a processor.
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let start = cpu_nanos();
    let answer = run();
    (answer, cpu_nanos() - start)
}

pub(crate) const NOW: Time = Time::from_millis(1_790_000_000_000);
pub(crate) const STAGES: [&str; 6] = ["lead", "contacted", "qualified", "proposal", "negotiation", "won"];

pub(crate) fn decode<'a>(decoder: &Decoder, line: &'a str) -> salespulse::model::event::Event<'a> {
    // A CRM tells of what happens on the same day.
    let digits = line.split_once("\"occurred_at\":").and_then(|(_, rest)| rest.split_once(','));
    let timestamp = digits.and_then(|(digits, _)| digits.parse().ok()).map(Time::from_millis);
    let record = Record { value: Some(line.as_bytes()), timestamp, ..Record::default() };
    match decoder.decode(&record, NOW) {
        Ok(Decoded::Event(event)) => event,
        other => panic!("{line}: {other:?}"),
    }
}

fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// One of the UUIDs of something.
fn uuid(number: u64, salt: u64) -> String {
    let mixed = mixed(number);
    let high = mixed ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high & 0xffff,
        salt & 0xfff,
        number & 0xfff,
        mixed & 0xffff_ffff_ffff
    )
}

/// A payment of some customer.
pub(crate) fn payment_line(number: u64) -> String {
    let at = NOW.millis() - i64::try_from(mixed(number) % 200).unwrap_or(0) * DAY;
    let (event, customer) = (uuid(number, 1), uuid(number % 100_000, 2));
    format!(
        r#"{{"type":"payment","event_id":"{event}","occurred_at":{at},"customer_id":"{customer}","kind":"payment","rep_id":"rep-{}","team_id":"team-1","amount":"12.50","currency":"CNY"}}"#,
        number % 1_000
    )
}

/// A new lead of a rep.
pub(crate) fn lead_line(number: u64, rep: u64) -> String {
    let (event, lead, at) = (uuid(number, 200), uuid(number, 201), NOW.millis() - HOUR);
    format!(
        r#"{{"type":"lead","event_id":"{event}","occurred_at":{at},"lead_id":"{lead}","rep_id":"rep-{rep}","team_id":"team-{}","channel":"channel-1"}}"#,
        rep % 100
    )
}

/// A lead and four stage changes, every third journey won, with UUIDs for ids.
pub(crate) fn journey_lines(journey: u64, reps: u64, lines: &mut Vec<String>) {
    let mixed = mixed(journey);
    let uuid = |salt: u64| uuid(journey, salt);
    let (rep, channel) = (mixed % reps, mixed % 20);
    let team = rep % 100;
    let began = NOW.millis()
        - i64::try_from(mixed % 200).unwrap_or(0) * DAY
        - i64::try_from(mixed % 86_400).unwrap_or(0) * 1_000;
    let lead = uuid(0);
    lines.push(format!(
        r#"{{"type":"lead","event_id":"{}","occurred_at":{began},"lead_id":"{lead}","rep_id":"rep-{rep}","team_id":"team-{team}","channel":"channel-{channel}","customer_id":"{}"}}"#,
        uuid(1),
        uuid(mixed % 3 + 100)
    ));
    let last = if journey.is_multiple_of(3) { 5 } else { 4 };
    for step in 0..4 {
        let stage = STAGES[step + 1 + usize::from(step == 3 && last == 5)];
        let at = (began + i64::try_from(step + 1).unwrap_or(0) * 26 * HOUR + 7 * MINUTE).min(NOW.millis());
        lines.push(format!(
            r#"{{"type":"stage_change","event_id":"{}","occurred_at":{at},"lead_id":"{lead}","stage":"{stage}","rep_id":"rep-{rep}","team_id":"team-{team}","amount":"{}.50","currency":"CNY"}}"#,
            uuid(step as u64 + 2),
            1_000 + mixed % 90_000
        ));
    }
}

pub(crate) fn rules() -> Rules {
    let mut pipeline = Pipeline::new(STAGES.map(str::to_owned).to_vec()).expect("a pipeline");
    pipeline.set_stalled_after("proposal", 14 * DAY);
    let all = Window::USUAL.to_vec();
    let rep = [Window::Day, Window::Week, Window::Month, Window::MonthToDate, Window::QuarterToDate].to_vec();
    Rules {
        max_series: u64::MAX,
        retention: 800 * DAY,
        allowed_skew: DAY,
        zone: Zone::new("Asia/Shanghai").expect("a zone"),
        rates: Rates::new(Currency::from_code("CNY").expect("a currency")),
        customer_period: PeriodKind::Quarter,
        market_size: None,
        team_market_size: std::collections::BTreeMap::new(),
        pipeline,
        windows: PerScope { rep, team: all.clone(), region: Vec::new(), org: all.clone(), channel: all },
        expose: PerScope::default(),
        ..Rules::new(Rates::new(Currency::from_code("CNY").expect("a currency")))
    }
}

pub(crate) fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4_096
}
