//! The figures of the organisation: every distribution that does not stand where it is used.
//!
//! `docs/simulation.md` names the source of each. Everything is whole numbers: permille, per myriad, milliseconds,
//! minor units, and quantiles at equal steps.

use super::fact::{Line, REASONS};
use crate::model::time::{DAY, MINUTE};

/// A source of leads.
#[derive(Debug)]
pub(super) struct Channel {
    /// Its id.
    pub name: &'static str,
    /// How many leads come from it (Olist: leads by origin).
    pub leads: i64,
    /// How many of a thousand leads are contacted, of those qualified, of those get a proposal. Times
    /// [`DEALS_WON`] this is the share that is won (Olist: won by origin).
    pub steps: [i64; 3],
    /// What a lead from it costs, in minor units; 0: nothing is booked on it.
    pub cost: i64,
    /// What its spend is booked under.
    pub campaign: Option<&'static str>,
}

const fn channel(
    name: &'static str,
    leads: i64,
    steps: [i64; 3],
    cost: i64,
    campaign: Option<&'static str>,
) -> Channel {
    Channel { name, leads, steps, cost, campaign }
}

/// All channels.
pub(super) static CHANNELS: [Channel; 9] = [
    channel("organic_search", 2_296, [640, 486, 600], 9_000, Some("content")),
    channel("paid_search", 1_586, [650, 499, 600], 42_000, Some("always-on")),
    channel("social", 1_350, [520, 320, 529], 21_000, Some("short-video")),
    channel("unknown", 1_099, [700, 570, 646], 0, None),
    channel("direct", 499, [630, 475, 593], 0, None),
    channel("email", 493, [420, 236, 480], 2_500, Some("newsletter")),
    channel("referral", 284, [560, 430, 555], 30_000, Some("partner-bonus")),
    channel("display", 118, [500, 310, 519], 55_000, Some("retargeting")),
    // Nobody new comes from here: it is where renewals come from.
    channel("customer_base", 0, [0, 0, 0], 0, None),
];
/// The place of the last one.
pub(super) const CUSTOMER_BASE: usize = CHANNELS.len() - 1;
/// Of ten thousand leads, those that name no channel (Olist: 60 of 8,000).
pub(super) const WITHOUT_CHANNEL: i64 = 75;

/// Of a thousand deals with a proposal, those that are won (Maven: 4,238 of 6,711 closed).
pub(super) const DEALS_WON: i64 = 632;
/// Of a thousand deals with a proposal, those that come to negotiation.
pub(super) const NEGOTIATED: i64 = 780;
/// How many deals of a thousand a rep wins, in sevenths of reps (Maven: by sales agent).
pub(super) const SKILL: [i64; 8] = [550, 580, 610, 625, 637, 655, 664, 704];
/// How much of the leads a rep takes, in eighths of reps (Maven: won deals by sales agent, 55 to 349).
pub(super) const LOAD: [i64; 9] = [55, 76, 100, 110, 125, 135, 155, 171, 349];
/// The most of it.
pub(super) const LARGEST_LOAD: i64 = 349;

/// Days from lead to won, in twentieths (Maven: close date less engage date).
pub(super) const CYCLE_DAYS: [i64; 21] =
    [1, 2, 5, 7, 8, 9, 11, 13, 18, 43, 57, 65, 71, 77, 83, 88, 93, 99, 106, 116, 138];
/// Which share of a cycle passes before each stage, in permille; the first contact has its own distribution, and
/// what slips and stalls takes the rest.
const CYCLE_SHARES: [i64; 6] = [0, 0, 100, 175, 240, 285];
/// The same of a renewal: before the quote, and before it is won.
const RENEWAL_SHARES: [i64; 6] = [0, 0, 300, 0, 0, 500];

/// Which share of a cycle passes before a stage, in permille.
pub(super) fn cycle_share(line: Line, stage: u8) -> i64 {
    let shares = if line == Line::Renewal { &RENEWAL_SHARES } else { &CYCLE_SHARES };
    shares.get(usize::from(stage)).copied().unwrap_or(0)
}

/// Of a thousand renewals, those that come to each stage from the one before: assumed.
pub(super) const RENEWED: [i64; 6] = [0, 950, 900, 0, 0, 820];
/// Of a thousand journeys, about how many are renewals, and how many of these are won.
pub(super) const RENEWALS: (i64, i64) = (80, 701);

/// How long a deal that does not go on lies before it is given up.
#[derive(Debug)]
pub(super) struct Patience {
    /// Between which days.
    pub days: (i64, i64),
    /// Of ten thousand, those that are forgotten.
    pub forgotten: i64,
    /// Between which days by the clock these are found again.
    pub forgotten_days: (i64, i64),
}

/// The patience at each stage before a proposal: somebody goes through what lies still about when it counts as stalled.
/// Assumed.
pub(super) static PATIENCE: [Patience; 3] = [
    Patience { days: (1, 3), forgotten: 500, forgotten_days: (20, 60) },
    Patience { days: (2, 10), forgotten: 1_000, forgotten_days: (30, 120) },
    Patience { days: (7, 28), forgotten: 1_000, forgotten_days: (45, 150) },
];

/// How much of a shared deal is the colleague's, in permille.
pub(super) const PARTS: [u16; 4] = [500, 500, 300, 333];

/// How often deals are lost for each reason: before there is a proposal, and after it.
pub(super) const fn reasons(is_decided: bool) -> &'static [i64; REASONS.len()] {
    if is_decided { &[3, 0, 0, 12, 34, 29, 22] } else { &[5, 58, 24, 13, 0, 0, 0] }
}

/// Minutes from lead to first contact, in elevenths: 48 % within an hour, 21 % within a day, 31 % later (Harvard
/// Business Review, "The Short Life of Online Sales Leads", of those who answered at all).
pub(super) const ANSWER_MINUTES: [i64; 12] = [2, 6, 12, 22, 38, 60, 240, 720, 1_500, 2_800, 5_000, 9_500];

/// A deal's amount in minor units of US dollars, in twentieths (Maven: close value of won deals).
pub(super) const AMOUNT: [i64; 21] = [
    3_800, 5_200, 5_600, 6_000, 45_800, 51_800, 55_000, 58_300, 66_100, 102_900, 111_700, 125_100, 320_300, 346_400,
    382_200, 443_000, 475_900, 502_600, 528_500, 570_200, 1_200_000,
];
/// The mean amount in minor units of US dollars (Maven).
pub(super) const MEAN_AMOUNT: i64 = 236_100;
/// A lead's chance to be won, in permille (Olist: 842 of 8,000).
pub(super) const LEADS_WON: i64 = 105;

/// Leads by weekday from Monday (Olist: first contacts).
pub(super) const WEEKDAYS: [i64; 7] = [1_495, 1_491, 1_452, 1_354, 1_150, 527, 531];
/// Leads by hour of the day: assumed.
pub(super) const HOURS: [i64; 24] =
    [6, 3, 2, 2, 2, 4, 10, 22, 45, 70, 85, 78, 55, 60, 72, 74, 66, 52, 42, 48, 56, 50, 34, 16];

/// Leads a rep gets in a week (Maven: 8,300 leads, 30 agents with deals, 61 weeks).
pub(super) const LEADS_PER_REP_AND_WEEK: u64 = 5;

/// Of ten thousand, or as noted: assumed.
pub(super) mod odds {
    /// Journeys that begin without a lead: a customer who walked in.
    pub(in super::super) const WALK_IN: i64 = 200;
    /// Leads that nobody owns yet.
    pub(in super::super) const UNOWNED: i64 = 300;
    /// Journeys whose customer is only known once they are qualified.
    pub(in super::super) const ANONYMOUS: i64 = 600;
    /// Journeys of customers who bought before.
    pub(in super::super) const REPEAT: i64 = 4_000;
    /// Of these, the renewals.
    pub(in super::super) const RENEWAL: i64 = 2_000;
    /// Deals that two win together.
    pub(in super::super) const SHARED: i64 = 800;
    /// Of the stages that would be skipped, those that are entered at the same instant as the next.
    pub(in super::super) const RUSHED: i64 = 5_000;
    /// Journeys that are voided soon after they began.
    pub(in super::super) const VOID: i64 = 80;
    /// Of the voided ones, those that are revived.
    pub(in super::super) const REVIVED: i64 = 3_000;
    /// Steps before which a deal stalls.
    pub(in super::super) const STALL: i64 = 400;
    /// Steps before which a deal's expected close slips.
    pub(in super::super) const SLIP: i64 = 1_200;
    /// Deals whose expected close passes and nobody notices.
    pub(in super::super) const UNNOTICED: i64 = 700;
    /// Steps after which a deal falls back one stage first.
    pub(in super::super) const STEP_BACK: i64 = 250;
    /// Steps that skip a stage, if the next one would have come about too.
    pub(in super::super) const SKIP: i64 = 500;
    /// Steps at which a deal is handed to a colleague.
    pub(in super::super) const HANDOVER: i64 = 300;
    /// Won deals that are re-opened.
    pub(in super::super) const WON_REOPENED: i64 = 200;
    /// Lost deals that are re-opened.
    pub(in super::super) const LOST_REOPENED: i64 = 500;
    /// Won deals whose amount is amended.
    pub(in super::super) const AMENDED: i64 = 300;
    /// Wins that are pulled to the end of their month.
    pub(in super::super) const MONTH_END: i64 = 2_500;
    /// Deals with a proposal whose margin is never known.
    pub(in super::super) const NO_MARGIN: i64 = 1_000;
    /// Bills after which money goes back.
    pub(in super::super) const REFUND: i64 = 250;
    /// Booked spend that is a credit note.
    pub(in super::super) const CREDIT_NOTE: i64 = 150;
    /// People who leave in a year.
    pub(in super::super) const LEAVE_PER_YEAR: i64 = 1_500;
    /// People who change team in a year.
    pub(in super::super) const TRANSFER_PER_YEAR: i64 = 600;
}

/// How much of their skill newcomers have, in permille, and for how long: assumed.
pub(super) const NEWCOMER: (i64, i64) = (850, 90 * DAY);
/// How much is left of a conversion that is broken, in permille.
pub(super) const BROKEN: i64 = 80;
/// Within what somebody notices that the expected close of a deal has passed: assumed.
pub(super) const NOTICED_WITHIN: i64 = 10 * DAY;
/// The least time between two steps of a journey.
pub(super) const LEAST_STEP: i64 = 4 * MINUTE;

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps of each channel multiply to the shares that the sources give.
    #[test]
    fn channels_convert_as_their_source_says() {
        let expected = [118, 123, 56, 163, 112, 30, 85, 51];
        for (channel, expected) in CHANNELS.iter().zip(expected) {
            let won = channel.steps.iter().product::<i64>() * DEALS_WON / 1_000_000_000;
            assert!((won - expected).abs() <= 1, "{}: {won} permille, not {expected}", channel.name);
        }
        let leads: i64 = CHANNELS.iter().map(|channel| channel.leads).sum();
        let won = CHANNELS.iter().map(|channel| channel.leads * channel.steps.iter().product::<i64>() / 1_000_000);
        let share = won.sum::<i64>() * DEALS_WON / 1_000 / leads;
        assert!((share - LEADS_WON).abs() <= 3, "{share} permille of all leads are won");
    }

    #[test]
    fn the_cycles_are_those_of_the_source() {
        let doubled: i64 = CYCLE_DAYS.windows(2).map(|pair| pair[0] + pair[1]).sum();
        assert!((1_000..1_090).contains(&(doubled * 10 / 20)), "the mean is near 52 days: {doubled}");
        assert_eq!(CYCLE_DAYS[10], 57, "the median");
    }

    #[test]
    fn amounts_have_the_mean_of_the_source() {
        let mean = AMOUNT.windows(2).map(|pair| pair[0] + pair[1]).sum::<i64>() / 40;
        assert!((mean - MEAN_AMOUNT).abs() < MEAN_AMOUNT / 20, "{mean}");
    }
}
