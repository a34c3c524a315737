//! Polling Zoho CRM.
//!
//! A cycle reads what has changed since the cursors: leads first, so that a deal's lead is known before the deal; then the
//! stage history, deals, and what was deleted. The cursors move in one step with the last of it, and every comparison is
//! inclusive, since Zoho's times have whole seconds.

mod api;
mod check;
mod deals;
mod doubt;
mod gaps;
mod leads;
mod shelf;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use super::chore::Chore;
use super::desk::Desk;
use super::dialect::zoho::campaign_documents;
use super::exchange::{Exchange, Trouble};
use super::json::Json;
use super::mapping::{Document, millis};
use crate::model::time::{HOUR, MINUTE, Time};

use self::api::{Pages, time_of};
use self::deals::Found;
use self::doubt::Doubt;
use self::gaps::{Gaps, LENGTHS, Order};
use self::shelf::{BOARDS, Shelf};

pub use api::{Api, Credentials};
pub use watch::Channel;

/// How a Zoho organisation is polled.
#[derive(Clone, Debug)]
pub struct Options {
    /// How far behind its cursor a scan begins: what an index shows late is found so.
    pub overlap_ms: i64,
    /// How long a deal that came from a lead waits for the lead.
    pub hold_ms: i64,
    /// From when on history is read at first; everything if none is given.
    pub since: Option<Time>,
    /// How often users and campaigns are read.
    pub slow_ms: i64,
}

impl Default for Options {
    fn default() -> Options {
        Options { overlap_ms: 2 * MINUTE, hold_ms: 2 * MINUTE, since: None, slow_ms: HOUR }
    }
}

/// A Zoho organisation that is polled.
#[derive(Debug)]
pub struct Zoho {
    api: Api,
    options: Options,
    /// Users and campaigns.
    slow: Chore,
    /// Over which it rings, if it does.
    channel: Option<Channel>,
}

/// What a cycle has read of one stream.
#[derive(Debug, Default)]
struct Scan {
    records: Shelf,
    /// The greatest time of a record.
    greatest: Option<i64>,
    /// From when on it was asked; `None` for everything.
    since: Option<i64>,
    /// When it began, by the server's clock.
    started: i64,
    /// When it ended, by the same.
    ended: i64,
    /// Whether a record may have slipped from page to page unseen.
    may_lack: bool,
}

/// A list that is scanned.
struct List {
    /// The stream that its cursor belongs to.
    stream: &'static str,
    path: String,
    /// Where a record has the time by which cursors go.
    time: &'static str,
    order: Order,
    /// Of what a record is: those of one thing are told together.
    subject: fn(&Json) -> Option<&str>,
}

impl Scan {
    /// Keeps a record until it is told, at the place of an id.
    fn put(&mut self, id: Option<&str>, record: &Json, time_of: &str) -> Result<(), Trouble> {
        self.greatest = self.greatest.max(record.at(time_of).and_then(millis));
        let Some(id) = id else { return Ok(()) };
        self.records.put(id, record).map_err(Trouble::Unusable)
    }

    /// The records of a board of the shelf.
    fn board(&self, place: usize) -> Result<Vec<Json>, Trouble> {
        self.records.board(place).map_err(Trouble::Unusable)
    }

    /// Takes all records, board after board, so that those of one board are parsed at a time.
    fn try_each(&self, mut take: impl FnMut(Json) -> Result<(), Trouble>) -> Result<(), Trouble> {
        (0..BOARDS).try_for_each(|place| self.board(place)?.into_iter().try_for_each(&mut take))
    }

    /// Where the next scan may begin: no later than this one began, nor than what it has seen.
    fn next_cursor(&self, known: Option<i64>) -> Option<i64> {
        if self.may_lack {
            return None;
        }
        let greatest = self.greatest.or(known)?;
        Some(greatest.min(self.started).max(known.unwrap_or(i64::MIN)))
    }
}

impl Zoho {
    /// An organisation behind these credentials.
    #[must_use]
    pub const fn new(api: Api, options: Options) -> Zoho {
        let slow = Chore::new(options.slow_ms);
        Zoho { api, options, slow, channel: None }
    }

    /// The requests of this organisation.
    pub const fn api(&mut self) -> &mut Api {
        &mut self.api
    }

    /// Reads everything that has changed, tells it, and moves the cursors.
    ///
    /// # Errors
    /// [`Trouble`]; then the cursors have not moved.
    pub fn cycle(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        desk.now = exchange.now();
        self.renew(desk, exchange);
        if self.slow.is_due(desk.now) {
            self.users(desk, exchange)?;
            self.campaigns(desk, exchange)?;
            self.slow.done(desk.now);
        }
        let leads = self.scan(&List::leads(), desk, exchange)?;
        let touched = self.tell_leads(&leads, desk)?;
        let history = self.scan(&List::history(), desk, exchange)?;
        let deals = self.scan(&List::deals(), desk, exchange)?;
        let doubt = Doubt::of(&history, &self.options, desk);
        let found = Found { history: &history, deals: &deals, relinked: &touched, doubt: &doubt };
        let deferred = self.tell_deals(&found, desk, exchange)?;
        let gone_deals = self.scan(&List::deleted("gone_deals", "Deals"), desk, exchange)?;
        let gone_leads = self.scan(&List::deleted("gone_leads", "Leads"), desk, exchange)?;
        tell_deleted(&gone_leads, "lead", Desk::tell_gone_lead, desk)?;
        tell_deleted(&gone_deals, "deal", Desk::tell_gone_deal, desk)?;
        doubt.keep(gone_deals.ended, desk);

        for (stream, scan) in [
            ("leads", &leads),
            ("history", &history),
            ("deals", &deals),
            ("gone_deals", &gone_deals),
            ("gone_leads", &gone_leads),
        ] {
            let Some(cursor) = scan.next_cursor(desk.memory.cursor(stream)) else { continue };
            let is_held = matches!(stream, "history" | "deals");
            let cursor = deferred.filter(|_| is_held).map_or(cursor, |held| cursor.min(held));
            desk.move_cursor(stream, cursor);
        }
        desk.commit().map_err(Trouble::Sink)
    }

    /// From when on a stream is read.
    fn since(&self, stream: &str, desk: &Desk<'_>) -> Option<i64> {
        let cursor = desk.memory.cursor(stream).map(|cursor| cursor - self.options.overlap_ms);
        cursor.or_else(|| self.options.since.map(Time::millis))
    }

    /// Reads a list from its cursor on, and again until it is known to be whole.
    fn scan(&mut self, list: &List, desk: &Desk<'_>, exchange: &mut dyn Exchange) -> Result<Scan, Trouble> {
        let since = self.since(list.stream, desk);
        let (mut scan, mut gaps) = (Scan { since, may_lack: true, ..Scan::default() }, Gaps::new(list.order));
        // Not every organisation is known to take If-Modified-Since where the latest come first, which makes it unnecessary.
        let is_latest_first = matches!(list.order, Order::Latest);
        let is_older = |record: &Json| {
            let at = record.at(list.time).and_then(millis);
            is_latest_first && since.is_some_and(|since| at.is_some_and(|at| at < since))
        };
        for (reading, length) in LENGTHS.into_iter().enumerate() {
            let (is_first, mut is_begun, mut outcome) = (reading == 0, false, Ok(()));
            let pages = Pages { path: &list.path, list: "data", since: since.filter(|_| !is_latest_first), length };
            self.api.pages(pages, exchange, &mut |mut page| {
                if is_first && !std::mem::replace(&mut is_begun, true) {
                    scan.started = page.started;
                }
                scan.ended = page.ended;
                // What is older was told, and each of its deals would cost a call.
                let reaches_older = page.records.iter().any(is_older);
                if is_first {
                    gaps.note(&page);
                } else {
                    gaps.close(&mut page);
                }
                let mut new = page.records.iter().filter(|record| !is_older(record));
                outcome = new.try_for_each(|record| scan.put((list.subject)(record), record, list.time));
                outcome.is_ok() && !reaches_older && (is_first || !gaps.are_closed())
            })?;
            outcome?;
            if gaps.are_closed() {
                scan.may_lack = false;
                break;
            }
        }
        Ok(scan)
    }

    fn users(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        if !desk.source.mapping.is_for("users") {
            return Ok(());
        }
        let mut users = Vec::new();
        self.api.pages(Pages::all("users?type=AllUsers", "users"), exchange, &mut |page| {
            users.extend(page.records);
            true
        })?;
        for user in users {
            let Some(id) = user.word("/id") else { continue };
            let key = format!("user/{id}");
            desk.tell(&key, &[Document::new("users", user)]);
            desk.make_room().map_err(Trouble::Sink)?;
        }
        Ok(())
    }

    fn campaigns(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        if !desk.source.mapping.is_for("spend") {
            return Ok(());
        }
        let scan = self.scan(&List::campaigns(), desk, exchange)?;
        scan.try_each(|campaign| tell_campaign(campaign, desk))?;
        if let Some(cursor) = scan.next_cursor(desk.memory.cursor("campaigns")) {
            desk.move_cursor("campaigns", cursor);
        }
        desk.commit().map_err(Trouble::Sink)
    }
}

impl List {
    fn of_records(stream: &'static str, path: &str) -> List {
        let path = format!("{path}&sort_by=id&sort_order=asc");
        List { stream, path, time: "/Modified_Time", order: Order::Ids, subject: |record| record.word("/id") }
    }

    fn leads() -> List {
        List::of_records("leads", &format!("Leads?fields={LEAD_FIELDS}&converted=both"))
    }

    fn deals() -> List {
        List::of_records("deals", &format!("Deals?fields={DEAL_FIELDS}"))
    }

    fn campaigns() -> List {
        List::of_records("campaigns", &format!("Campaigns?fields={CAMPAIGN_FIELDS}"))
    }

    /// The stage history of all deals.
    fn history() -> List {
        let path = format!("DealHistory?fields={HISTORY_FIELDS}&sort_by=Modified_Time&sort_order=desc");
        List { stream: "history", path, time: "/Modified_Time", order: Order::Latest, subject: deal_of }
    }

    fn deleted(stream: &'static str, module: &str) -> List {
        let path = format!("{module}/deleted?type=all");
        List { stream, path, time: "/deleted_time", order: Order::Unknown, subject: |record| record.word("/id") }
    }
}

/// Tells records that were deleted, but for those that have come back since.
fn tell_deleted<'desk>(
    scan: &Scan,
    object: &str,
    tell: fn(&mut Desk<'desk>, &str, i64, Json),
    desk: &mut Desk<'desk>,
) -> Result<(), Trouble> {
    scan.try_each(|gone| {
        let Some(id) = gone.word("/id") else { return Ok(()) };
        let at = time_of(&gone, "/deleted_time");
        if desk.memory.object_mut(&format!("{object}/{id}")).modified > at {
            return Ok(());
        }
        tell(desk, id, at, gone.at("/deleted_time").cloned().unwrap_or(Json::Null));
        desk.make_room().map_err(Trouble::Sink)
    })
}

fn tell_campaign(campaign: Json, desk: &mut Desk<'_>) -> Result<(), Trouble> {
    let Some(id) = campaign.word("/id") else { return Ok(()) };
    let key = format!("campaign/{id}");
    match campaign_documents(&campaign, &desk.source.setting) {
        Ok(documents) => {
            let told = desk.tell(&key, &documents);
            // Days that no longer belong to the campaign.
            desk.take_back(&key, "", &told);
            desk.make_room().map_err(Trouble::Sink)
        }
        Err(message) => {
            desk.refuse(&Document::new("spend", campaign), "invalid", message);
            Ok(())
        }
    }
}

/// Ids of deals whose lead was not known before, by their board.
type Touched = BTreeMap<usize, BTreeSet<String>>;

/// The deal of a row of the history.
fn deal_of(row: &Json) -> Option<&str> {
    row.word("/Potential_Name/id").or_else(|| row.word("/Potential_Name"))
}

/// Rows of the history by deal and then by row.
fn by_deal(rows: Vec<Json>) -> BTreeMap<String, BTreeMap<String, Json>> {
    let mut deals: BTreeMap<String, BTreeMap<String, Json>> = BTreeMap::new();
    for row in rows {
        if let (Some(deal), Some(id)) = (deal_of(&row), row.word("/id")) {
            let (deal, id) = (deal.to_owned(), id.to_owned());
            deals.entry(deal).or_default().insert(id, row);
        }
    }
    deals
}

const LEAD_FIELDS: &str = "Lead_Source,Lead_Status,Owner,Created_Time,Modified_Time,Converted__s,Converted_Date_Time,\
    Converted_Deal,Converted_Account,Record_Status__s";
const DEAL_FIELDS: &str = "Stage,Pipeline,Amount,Currency,Account_Name,Owner,Closing_Date,Created_Time,Modified_Time,\
    Stage_Modified_Time,Lead_Conversion_Time,Lead_Source,Campaign_Source,Reason_For_Loss__s,Record_Status__s";
const HISTORY_FIELDS: &str = "Potential_Name,Stage,Moved_To__s,Modified_Time,Amount,Closing_Date";
const CAMPAIGN_FIELDS: &str = "Type,Status,Start_Date,End_Date,Actual_Cost,Currency,Modified_Time";
