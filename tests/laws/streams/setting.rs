//! Configurations under which streams run.

use std::fmt::Write;

use proptest::prelude::*;
use salespulse::model::time::Time;

/// Time zones with an instant where something turns there.
const STARTS: [(&str, &str); 24] = [
    ("UTC", "2024-02-29T23:59:59.999Z"),
    ("UTC", "2024-12-31T23:59:00Z"),
    ("UTC", "2025-05-14T11:07:31.123Z"),
    ("Asia/Shanghai", "2026-03-31T15:59:59.999Z"),
    ("Asia/Shanghai", "2026-01-31T16:00:00Z"),
    ("Asia/Kathmandu", "2025-12-31T18:15:00Z"),
    ("Asia/Kathmandu", "2026-03-30T18:14:59.999Z"),
    // Midnight does not exist on 2018-11-04; 2018-02-17 has 25 hours.
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("America/Sao_Paulo", "2018-02-18T01:30:00Z"),
    ("America/Sao_Paulo", "2018-10-31T23:00:00Z"),
    ("America/New_York", "2026-03-08T06:59:59.999Z"),
    ("America/New_York", "2025-11-02T05:30:00Z"),
    ("America/New_York", "2024-03-01T04:59:59.999Z"),
    // Midnight comes twice on 2025-11-02 and does not exist on 2026-03-08.
    ("America/Havana", "2025-11-02T04:30:00Z"),
    ("America/Havana", "2025-11-01T03:59:59.999Z"),
    ("America/Havana", "2026-03-08T05:00:00Z"),
    // From 1 November 2009 00:01 back to 31 October 23:01: the month begins, and yesterday comes again.
    ("America/St_Johns", "2009-11-01T02:30:00Z"),
    ("America/St_Johns", "2009-11-01T02:31:00Z"),
    // Years of 53 weeks, and the first days after them.
    ("Asia/Shanghai", "2026-12-31T15:59:00Z"),
    ("UTC", "2021-01-03T23:59:59.999Z"),
    ("Asia/Shanghai", "2027-01-03T16:00:00Z"),
    // The leap day itself.
    ("Asia/Shanghai", "2024-02-29T03:07:00Z"),
    // 30 December 2011 never was.
    ("Pacific/Apia", "2011-12-30T09:59:59.999Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
];

/// What is told, and how long events count: no retention is shorter than the periods need.
const TELLINGS: [&str; 12] = [
    "retention 800d\ncustomer_period quarter\n",
    "retention 731d\ncustomer_period month\nmarket_size 7\nteam_market_size east 3\nteam_market_size north 5\n",
    "retention 1096d\ncustomer_period year\nwindows rep 1h 24h 7d 30d 90d mtd qtd ytd\n",
    "retention 92d\ncustomer_period month\nwindows rep 1h\nwindows team 30d\nwindows org 1h 24h 7d 30d mtd\nwindows channel mtd\n",
    "retention 276d\ncustomer_period quarter\nwindows rep qtd\nwindows team 24h 90d\nwindows org 7d 90d qtd\nwindows channel\n",
    "retention 800d\nwindows rep 7d ytd\nleaderboard win_ratio cac spend cycle_mean_seconds nps ces_mean collection_ratio\n",
    "retention 800d\nwindows rep mtd ytd\nleaderboard revenue_growth_ratio revenue_previous deal_size new_customers \
     lead_responses payments refunds leads lost cycles csat_ratio csat_satisfied nps_promoters quota_attainment\n",
    "retention 800d\nexpose rep sales_rep_rank sales_rep_info sales_rep_rev*\nexpose org sales_org_w* sales_org_cac\n\
     expose channel\nleaderboard won quota_attainment\n",
    "retention 1096d\nwindows rep today wtd\nwindows team today wtd mtd last_month\n\
     windows org today wtd mtd qtd ytd yesterday last_week last_month last_quarter last_year\n\
     windows channel last_quarter last_year\nleaderboard quota_attainment lost\n",
    // Less by a day than the year-ago windows of `qtd` and `last_month` ask for.
    "retention 427d\nwindows rep yesterday last_week\nwindows team today mtd last_month\n\
     windows org wtd qtd last_month\nwindows channel today wtd yesterday\ncustomer_period month\n",
    "retention 366d\ncustomer_period month\nwindows rep last_month\nwindows team today yesterday\nwindows org wtd mtd last_week\n\
     windows channel wtd\nleaderboard revenue lost\n",
    "retention 371d\ncustomer_period quarter\nwindows rep wtd last_week\nwindows team today wtd mtd\nwindows org today wtd last_quarter\n\
     windows channel today last_month\nleaderboard quota_attainment won\n",
];

const PIPELINES: [&str; 6] = [
    "stages lead won\nstalled lead 1h\n",
    "stages lead contacted won\nprobability lead 0.005\nstalled contacted 90m\n",
    "stages lead contacted qualified proposal won\nprobability qualified 0.335\nprobability contacted 1\nstalled lead 3d\nstalled qualified 15m\n",
    "stages lead contacted qualified proposal negotiation won\nstalled lead 0ms\nstalled contacted 40d\n",
    // A second pipeline shares a stage with the first at another place.
    "stages lead contacted qualified won\nalias called contacted\nalias dropped lost\nalias deleted void\n\
     pipeline renewals lead notice contacted won\nprobability renewals/notice 0.5\nstalled renewals/contacted 1d\n\
     alias renewals/old notice\nstalled lead 2d\n",
    "stages lead demo won\nalias new lead\nalias signed won\nalias gone lost\nprobability demo 0.25\n\
     pipeline short lead won\npipeline long lead demo trial offer won\nalias long/demo2 trial\nalias long/end won\n\
     stalled long/trial 1h\nstalled demo 3d\n",
];

/// How an organisation counts its years and weeks, what it credits, and its regions.
const ORGANISATIONS: [&str; 8] = [
    "",
    "fiscal_year 4\nroll_up\ncredit_through_deal\nregion north east\nregion south west unassigned\n",
    "fiscal_year 2 start\nweek_starts sunday\nregion north east west north\nteam_market_size west 9\n",
    "fiscal_year 7 end\nweek_starts saturday\ncredit_through_deal\n",
    "week_starts wednesday\nroll_up\nregion north\nregion south east west\nteam_market_size west 4\n",
    "roll_up\nfiscal_year 10 start\n",
    "credit_through_deal\nregion north north unassigned\n",
    "fiscal_year 12\nroll_up\nweek_starts friday\nregion south x south\n",
];

/// The reporting currencies, and their rates; a second one holds from the local day of the start on.
const CURRENCIES: [(&str, &str, &str); 3] = [
    ("CNY", "rate 2000-01-01 USD 7.105\nrate 2000-01-01 KWD 23.4567\nrate 2000-01-01 JPY 0.045\n", "USD 6.5"),
    ("JPY", "rate 2000-01-01 USD 150.5\nrate 2000-01-01 KWD 500.05\nrate 2000-01-01 CNY 20.5\n", "CNY 21.25"),
    ("KWD", "rate 2000-01-01 USD 0.3075\nrate 2000-01-01 JPY 0.00205\nrate 2000-01-01 CNY 0.0425\n", "JPY 0.0015"),
];

/// Which of the lists' entries a configuration takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    start: usize,
    telling: usize,
    pipeline: usize,
    currency: usize,
    organisation: usize,
}

/// How many of the lists' entries the first version of the contract knew.
const FIRST_TELLINGS: usize = 8;
const FIRST_PIPELINES: usize = 4;

impl Setting {
    /// One that the first version of the contract knew.
    pub(crate) fn of_the_first_version(self) -> Setting {
        let (telling, pipeline) = (self.telling % FIRST_TELLINGS, self.pipeline % FIRST_PIPELINES);
        Setting { telling, pipeline, organisation: 0, ..self }
    }

    pub(crate) fn start(self) -> Time {
        Time::parse(STARTS[self.start].1).expect("a time")
    }

    pub(crate) fn text(self) -> String {
        let (zone, start) = STARTS[self.start];
        let (currency, rates, from_the_start) = CURRENCIES[self.currency];
        let instant: jiff::Timestamp = start.parse().expect("a time");
        let day = instant.in_tz(zone).expect("a zone").date();
        let mut text = String::new();
        let _ = writeln!(text, "zone {zone}\ncurrency {currency}\n{rates}rate {day} {from_the_start}");
        let (organisation, telling) = (ORGANISATIONS[self.organisation], TELLINGS[self.telling]);
        text = text + PIPELINES[self.pipeline] + organisation + telling;
        // Regions tell what their teams tell, for which the retention is long enough.
        let of_teams = telling.lines().find_map(|line| line.strip_prefix("windows team "));
        if let (true, Some(windows)) = (organisation.contains("region "), of_teams) {
            let _ = writeln!(text, "windows region {windows}");
        }
        text
    }
}

pub(crate) fn settings() -> impl Strategy<Value = Setting> {
    let lists = (STARTS.len(), TELLINGS.len(), PIPELINES.len(), CURRENCIES.len(), ORGANISATIONS.len());
    (0..lists.0, 0..lists.1, 0..lists.2, 0..lists.3, 0..lists.4).prop_map(
        |(start, telling, pipeline, currency, organisation)| Setting {
            start,
            telling,
            pipeline,
            currency,
            organisation,
        },
    )
}
