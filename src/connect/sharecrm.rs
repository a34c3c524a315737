//! Polling 纷享销客 ShareCRM, and taking what a tenant's function pushes.
//!
//! Its open API has no history of stages: a poll sees the stage of the moment, and a stage that a deal has entered and left
//! between two polls is seen only where the tenant's function pushes it. Both ways lead to the same facts. Voided records
//! are left out of its lists, so a census looks for those that are missing.

mod api;
mod callback;
mod census;
mod check;
mod deals;

use super::chore::Chore;
use super::desk::Desk;
use super::dialect::sharecrm::{Object, document};
use super::exchange::{Exchange, Trouble};
use super::json::Json;
use super::mapping::Document;
use crate::model::time::{HOUR, MINUTE, Time};

pub use api::{Api, Credentials};
pub use callback::{Keys, Refusal};

/// How a tenant is polled.
#[derive(Clone, Debug)]
pub struct Options {
    /// How far behind its cursor a scan begins: what an index shows late is found so.
    pub overlap_ms: i64,
    /// From when on records are read at first; everything if none is given.
    pub since: Option<Time>,
    /// How often users are read.
    pub slow_ms: i64,
    /// How often missing records are looked for.
    pub census_ms: i64,
}

impl Default for Options {
    fn default() -> Options {
        Options { overlap_ms: 2 * MINUTE, since: None, slow_ms: HOUR, census_ms: 24 * HOUR }
    }
}

/// A tenant that is polled.
#[derive(Debug)]
pub struct ShareCrm {
    api: Api,
    options: Options,
    users: Chore,
    census: Chore,
}

/// The objects of a cycle: leads first, so that a voided one with a deal is known as such after the first cycle.
const OBJECTS: [Object; 4] = [Object::Leads, Object::Deals, Object::Payments, Object::Refunds];

impl ShareCrm {
    /// A tenant behind these credentials.
    #[must_use]
    pub const fn new(api: Api, options: Options) -> ShareCrm {
        let (users, census) = (Chore::new(options.slow_ms), Chore::new(options.census_ms));
        ShareCrm { api, options, users, census }
    }

    /// The requests of this tenant.
    pub const fn api(&mut self) -> &mut Api {
        &mut self.api
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
        for object in OBJECTS {
            if desk.source.mapping.is_for(object.stream()) {
                self.scan(object, desk, exchange)?;
            }
        }
        self.census.begin(desk.now);
        if self.census.is_due(desk.now) {
            self.census(desk, exchange)?;
            self.census.done(desk.now);
        }
        desk.commit().map_err(Trouble::Sink)
    }

    fn scan(&mut self, object: Object, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        let known = desk.memory.cursor(object.stream());
        let since = known.map(|cursor| cursor - self.options.overlap_ms).or(self.options.since.map(Time::millis));
        let started = exchange.now();
        let mut greatest = known;
        let mut last = String::new();
        loop {
            let page = self.api.query(object, since, &last, PROJECTION, exchange)?;
            for record in &page {
                greatest = greatest.max(Some(modified(record)));
                take(object, record, false, desk);
                desk.make_room().map_err(Trouble::Sink)?;
            }
            match page.last().and_then(|record| record.word("/_id")).filter(|_| page.len() >= api::PAGE) {
                Some(id) => id.clone_into(&mut last),
                None => break,
            }
        }
        let Some(greatest) = greatest else { return Ok(()) };
        // A record that is edited while pages are read may be seen as it was: the next scan begins before this one did.
        let cursor = greatest.min(self.api.server_time(started)).max(known.unwrap_or(i64::MIN));
        desk.move_cursor(object.stream(), cursor);
        Ok(())
    }

    fn users(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        if !desk.source.mapping.is_for("users") {
            return Ok(());
        }
        for user in self.api.users(exchange)? {
            let Some(id) = user.word("/openUserId") else { continue };
            let key = format!("user/{id}");
            desk.tell(&key, &[Document::new("users", user)]);
            desk.make_room().map_err(Trouble::Sink)?;
        }
        Ok(())
    }
}

/// Takes what a tenant's function has posted: one record, and whether it was voided.
///
/// # Errors
/// A sentence if it is no such body, or cannot be kept.
pub fn take_push(body: &Json, desk: &mut Desk<'_>) -> Result<(), PushFault> {
    let name = body.word("/object").ok_or_else(|| PushFault::Body("\"object\" is missing".to_owned()))?;
    let object = Object::from_api_name(name)
        .ok_or_else(|| PushFault::Body(format!("\"object\" {name:?} is no object that is read")))?;
    let record = body.at("/data").ok_or_else(|| PushFault::Body("\"data\" is missing".to_owned()))?;
    if record.word("/_id").is_none() || record.word("/last_modified_time").is_none() {
        return Err(PushFault::Body("\"data\" needs _id and last_modified_time".to_owned()));
    }
    let is_void = body.word("/trigger") == Some("void");
    take(object, record, is_void, desk);
    desk.commit().map_err(PushFault::Sink)
}

/// Why a push is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushFault {
    /// Its body is not what the function posts.
    #[error("{0}")]
    Body(String),
    /// It cannot be kept, and must be sent again or polled.
    #[error("{0}")]
    Sink(String),
}

/// The key under which a record is remembered.
fn key_of(object: Object, id: &str) -> String {
    let word = match object {
        Object::Leads => "lead",
        Object::Deals => "deal",
        Object::Payments => "payment",
        Object::Refunds => "refund",
        Object::Users => "user",
    };
    format!("{word}/{id}")
}

/// Tells what one record says, however it came.
fn take(object: Object, record: &Json, is_void: bool, desk: &mut Desk<'_>) {
    if object == Object::Deals {
        return deals::take(record, is_void, desk);
    }
    let Some(id) = record.word("/_id") else { return };
    let key = key_of(object, id);
    let known = desk.memory.object_mut(&key);
    if modified(record) < known.modified {
        return;
    }
    known.modified = modified(record);
    let has_deal = object == Object::Leads && known.current.is_some();
    let record = document(object, record, is_void, has_deal, &desk.source.reader);
    let is_gone = record.word("/state") == Some("void");
    let was_gone = known.deleted;
    if is_gone && was_gone >= Some(known.modified) {
        return;
    }
    known.deleted = is_gone.then_some(known.modified);
    let told = desk.tell(&key, &[Document::new(object.stream(), record)]);
    if was_gone.is_some() {
        let prefix = void_prefix(object, desk);
        desk.take_back(&key, &prefix, &told);
    }
}

/// How the ids of the voids of such records begin.
fn void_prefix(object: Object, desk: &Desk<'_>) -> String {
    let word = key_of(object, "");
    format!("{}void:{}:", desk.source.setting.id_prefix, word.trim_end_matches('/'))
}

/// When a record was edited last, in Unix milliseconds.
fn modified(record: &Json) -> i64 {
    record.word("/last_modified_time").and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The fields that mappings may need; none of them is a name, a phone number or an address.
const PROJECTION: &[&str] = &[
    "_id",
    "sales_stage",
    "sales_status",
    "sales_process_id",
    "amount",
    "payment_amount",
    "payment_time",
    "refunded_amount",
    "refunded_time",
    "account_id",
    "leads_id",
    "source",
    "biz_status",
    "owner",
    "owner_department_id",
    "data_own_department",
    "close_date",
    "create_time",
    "last_modified_time",
    "stg_changed_time",
    "life_status",
    "is_deleted",
    "mc_currency",
    "version",
];
