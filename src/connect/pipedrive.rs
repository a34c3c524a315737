//! Polling Pipedrive.
//!
//! Lists say which deals have changed; their stages are read from their changelogs, with what held at the time. A lead that
//! becomes a deal is marked as deleted, and the deal names it; a lead that is deleted is in no list, so a census looks for
//! those that are missing.

mod api;
mod check;
mod deals;
mod leads;

use super::chore::Chore;
use super::desk::Desk;
use super::exchange::{Exchange, Trouble};
use super::json::Json;
use super::mapping::{Document, millis};
use crate::model::time::{HOUR, MINUTE, Time};

pub use api::Api;

/// How a company is polled.
#[derive(Clone, Debug)]
pub struct Options {
    /// How far behind its cursor a scan begins: what is listed late is found so.
    pub overlap_ms: i64,
    /// How long a deal waits for a changelog that says what its record says.
    pub hold_ms: i64,
    /// From when on records are read at first; everything if none is given.
    pub since: Option<Time>,
    /// How often users are read.
    pub slow_ms: i64,
    /// How often missing leads are looked for, and deals read again whose changelogs lagged behind.
    pub census_ms: i64,
}

impl Default for Options {
    fn default() -> Options {
        Options { overlap_ms: MINUTE, hold_ms: 2 * MINUTE, since: None, slow_ms: HOUR, census_ms: HOUR }
    }
}

/// A company that is polled.
#[derive(Debug)]
pub struct Pipedrive {
    api: Api,
    options: Options,
    users: Chore,
    census: Chore,
}

/// The lists of deals: those in work, those that were archived, and those that were deleted within the last 30 days.
const LISTS: [(&str, &str); 3] =
    [("deals", "deals"), ("archived", "deals/archived"), ("gone_deals", "deals?status=deleted")];

impl Pipedrive {
    /// A company behind this API.
    #[must_use]
    pub const fn new(api: Api, options: Options) -> Pipedrive {
        let (users, census) = (Chore::new(options.slow_ms), Chore::new(options.census_ms));
        Pipedrive { api, options, users, census }
    }

    /// Reads everything that has changed, tells it, and moves the cursors.
    ///
    /// # Errors
    /// [`Trouble`]; then the cursor of the stream that failed has not moved.
    pub fn cycle(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        desk.now = exchange.now();
        if self.users.is_due(desk.now) {
            self.users(desk, exchange)?;
            self.users.done(desk.now);
        }
        self.scan_leads(desk, exchange)?;
        for (stream, list) in LISTS {
            self.scan_deals(stream, list, desk, exchange)?;
        }
        if self.census.is_due(desk.now) {
            self.revisit(desk, exchange)?;
            self.census(desk, exchange)?;
            self.census.done(desk.now);
        }
        desk.commit().map_err(Trouble::Sink)
    }

    /// From when on a stream is read.
    fn since(&self, stream: &str, desk: &Desk<'_>) -> Option<i64> {
        let cursor = desk.memory.cursor(stream).map(|cursor| cursor - self.options.overlap_ms);
        cursor.or_else(|| self.options.since.map(Time::millis))
    }

    /// Reads a list of deals page by page.
    fn scan_deals(
        &mut self,
        stream: &'static str,
        list: &str,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<(), Trouble> {
        let (known, since) = (desk.memory.cursor(stream), self.since(stream, desk));
        let (mut greatest, mut started, mut deferred) = (known, None::<i64>, None::<i64>);
        let mut cursor = None::<String>;
        loop {
            let page = self.api.deals(list, since, cursor.as_deref(), exchange)?;
            started = started.or(Some(page.asked));
            for deal in &page.records {
                greatest = greatest.max(Some(modified(deal)));
                let waits = if stream == "gone_deals" {
                    self.tell_gone(deal, desk, exchange)?;
                    None
                } else {
                    self.tell_deal(deal, desk, exchange)?
                };
                deferred = [deferred, waits].into_iter().flatten().min();
                desk.make_room().map_err(Trouble::Sink)?;
            }
            match page.next {
                Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
                _ => break,
            }
        }
        let Some(greatest) = greatest else { return Ok(()) };
        // A record that is edited while pages are read may be seen as it was: the next scan begins before this one did.
        let reached = greatest.min(started.unwrap_or(greatest)).max(known.unwrap_or(i64::MIN));
        desk.move_cursor(stream, deferred.map_or(reached, |deferred| deferred.min(reached)));
        desk.commit().map_err(Trouble::Sink)
    }

    fn users(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        if !desk.source.mapping.is_for("users") {
            return Ok(());
        }
        for user in self.api.all("/v1/users", exchange)? {
            let Some(id) = user.word("/id") else { continue };
            let key = format!("user/{id}");
            desk.tell(&key, &[Document::new("users", user)]);
            desk.make_room().map_err(Trouble::Sink)?;
        }
        Ok(())
    }
}

/// When a record was edited last, in Unix milliseconds.
fn modified(record: &Json) -> i64 {
    ["/update_time", "/add_time"].iter().find_map(|pointer| record.at(pointer).and_then(millis)).unwrap_or(0)
}
