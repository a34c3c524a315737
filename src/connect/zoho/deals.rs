//! Deals: each row of the stage history joined with the deal as it is now.

use std::collections::{BTreeMap, BTreeSet};

use super::api::{Pages, time_of};
use super::doubt::Doubt;
use super::shelf::BOARDS;
use super::{DEAL_FIELDS, HISTORY_FIELDS, Scan, Touched, Zoho, by_deal};
use crate::connect::desk::Desk;
use crate::connect::dialect::zoho::{current_row, stages};
use crate::connect::exchange::{Exchange, Trouble};
use crate::connect::json::Json;
use crate::connect::mapping::{Document, millis};

/// A deal with the rows that are to be told.
struct Read {
    deal: Json,
    rows: BTreeMap<String, Json>,
}

impl Read {
    fn current(&self) -> Option<&Json> {
        let rows: Vec<&Json> = self.rows.values().collect();
        let id = current_row(&rows)?.to_owned();
        self.rows.get(&id)
    }

    /// Whether the record and its history say the same of the stage. One of them may be newer than the other.
    fn agrees(&self) -> bool {
        self.current().is_some_and(|row| row.word("/Stage") == self.deal.word("/Stage"))
    }
}

/// What a cycle has found of deals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) history: &'a Scan,
    pub(super) deals: &'a Scan,
    /// Those whose lead was not known before.
    pub(super) relinked: &'a Touched,
    pub(super) doubt: &'a Doubt,
}

/// What was found of the deals of a board.
struct Board<'a> {
    found: Found<'a>,
    /// Rows of the history, by deal and then by row.
    rows: BTreeMap<String, BTreeMap<String, Json>>,
    listed: BTreeMap<String, Json>,
    relinked: &'a BTreeSet<String>,
}

impl Board<'_> {
    /// Whether the rows at hand may not be all that must be told.
    fn wants_all_rows(&self, id: &str, rows: &BTreeMap<String, Json>, deal: &Json, desk: &Desk<'_>) -> bool {
        let Found { history, doubt, .. } = self.found;
        let is_whole = history.since.is_none();
        let known = desk.memory.object(&format!("deal/{id}"));
        let known = known.as_ref();
        let was_told = known.is_some_and(|object| object.told.keys().any(|id| !id.contains("void:")));
        let may_be_back = known.is_some_and(|object| object.deleted.is_some());
        if may_be_back || doubt.is_of(deal) {
            // Also where the whole history was read: that may have been before it came back.
            return true;
        }
        if was_told {
            let has_current = known.is_some_and(|object| object.current.is_some());
            return (self.relinked.contains(id) && !is_whole) || (rows.is_empty() && !has_current);
        }
        let created = deal.at("/Created_Time").and_then(millis);
        let is_new = matches!((created, history.since), (Some(created), Some(since)) if created >= since);
        !(is_whole || is_new) || rows.is_empty()
    }
}

/// Records by id; of those that came twice the one that was edited last.
fn newest(records: Vec<Json>) -> BTreeMap<String, Json> {
    let mut listed: BTreeMap<String, Json> = BTreeMap::new();
    for record in records {
        let Some(id) = record.word("/id").map(str::to_owned) else { continue };
        let is_older = |known: &Json| time_of(known, "/Modified_Time") > time_of(&record, "/Modified_Time");
        if !listed.get(&id).is_some_and(is_older) {
            listed.insert(id, record);
        }
    }
    listed
}

impl Zoho {
    /// Tells the deals that were listed, have new rows or a new lead; answers from when on some of them must be read
    /// again.
    pub(super) fn tell_deals(
        &mut self,
        found: &Found<'_>,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<Option<i64>, Trouble> {
        let (none, mut deferred) = (BTreeSet::new(), None);
        for board in 0..BOARDS {
            let (rows, listed) = (by_deal(found.history.board(board)?), newest(found.deals.board(board)?));
            let relinked = found.relinked.get(&board).unwrap_or(&none);
            let held = self.tell_board(Board { found: *found, rows, listed, relinked }, desk, exchange)?;
            deferred = [deferred, held].into_iter().flatten().min();
        }
        Ok(deferred)
    }

    fn tell_board(
        &mut self,
        mut board: Board<'_>,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<Option<i64>, Trouble> {
        let mut deferred: Option<i64> = None;
        let touched: BTreeSet<String> =
            board.rows.keys().chain(board.listed.keys()).chain(board.relinked).cloned().collect();
        for id in &touched {
            let (rows, listed) = (board.rows.remove(id).unwrap_or_default(), board.listed.remove(id));
            let oldest = rows.values().map(|row| time_of(row, "/Modified_Time")).min();
            let deal = match listed {
                Some(deal) => Some(deal),
                None => self.one_deal(id, exchange)?,
            };
            let read = match deal {
                Some(deal) => {
                    let wants_all = board.wants_all_rows(id, &rows, &deal, desk);
                    self.read_deal(id, Read { deal, rows }, wants_all, desk, exchange)?
                }
                None => None,
            };
            let Some(read) = read else {
                if board.relinked.contains(id) {
                    desk.move_void(id);
                }
                continue;
            };
            let modified = time_of(&read.deal, "/Modified_Time");
            if self.must_wait(id, &read, desk) {
                let from = oldest.map_or(modified, |oldest| oldest.min(modified));
                deferred = Some(deferred.map_or(from, |known| known.min(from)));
                continue;
            }
            self.tell_deal(id, &read, desk);
            desk.make_room().map_err(Trouble::Sink)?;
        }
        Ok(deferred)
    }

    fn read_deal(
        &mut self,
        id: &str,
        mut read: Read,
        wants_all: bool,
        desk: &Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<Option<Read>, Trouble> {
        let known = desk.memory.object(&format!("deal/{id}")).and_then(|object| object.current);
        if let Some((row_id, row)) = known.and_then(|row| Some((row.word("/id")?.to_owned(), row))) {
            // A newer row has taken its place, or it is still the one in which the deal is.
            let has_newer = read.rows.values().any(|other| {
                (time_of(other, "/Modified_Time"), other.word("/id"))
                    > (time_of(&row, "/Modified_Time"), row.word("/id"))
            });
            if !has_newer && !wants_all {
                read.rows.entry(row_id).or_insert(row);
            }
        }
        if wants_all {
            read.rows.extend(self.all_rows(id, exchange)?);
        }
        if !read.agrees() {
            read.rows.extend(self.all_rows(id, exchange)?);
            match self.one_deal(id, exchange)? {
                Some(deal) => read.deal = deal,
                None => return Ok(None),
            }
        }
        Ok(Some(read))
    }

    fn one_deal(&mut self, id: &str, exchange: &mut dyn Exchange) -> Result<Option<Json>, Trouble> {
        let answer = self.api.get(&format!("Deals/{id}?fields={DEAL_FIELDS}"), exchange)?;
        Ok(answer.and_then(|answer| answer.at("/data/0").cloned()))
    }

    /// All rows of the history of one deal.
    pub(super) fn all_rows(
        &mut self,
        id: &str,
        exchange: &mut dyn Exchange,
    ) -> Result<BTreeMap<String, Json>, Trouble> {
        let mut rows = BTreeMap::new();
        let path = format!("Deals/{id}/Stage_History?fields={HISTORY_FIELDS}");
        self.api.pages(Pages::all(&path, "data"), exchange, &mut |page| {
            rows.extend(page.records.into_iter().filter_map(|row| Some((row.word("/id")?.to_owned(), row))));
            true
        })?;
        Ok(rows)
    }

    /// Whether a deal is to be read again later: its history lags behind it, or its lead is not known yet.
    fn must_wait(&self, id: &str, read: &Read, desk: &mut Desk<'_>) -> bool {
        let key = format!("deal/{id}");
        let object = desk.memory.object_mut(&key);
        let lacks_lead = object.lead.is_none() && read.deal.at("/Lead_Conversion_Time").is_some();
        if !lacks_lead && read.agrees() {
            return false;
        }
        let since = *object.held_since.get_or_insert(desk.now.millis());
        let waits = desk.now.millis() - since < self.options.hold_ms;
        if waits {
            desk.remember(&key);
        }
        waits
    }

    fn tell_deal(&self, id: &str, read: &Read, desk: &mut Desk<'_>) {
        let key = format!("deal/{id}");
        let modified = time_of(&read.deal, "/Modified_Time");
        let object = desk.memory.object_mut(&key);
        object.held_since = None;
        object.modified = object.modified.max(modified);
        object.current = read.current().map(without_amount);
        let lead = object.lead.clone();
        if object.deleted.is_some_and(|deleted| deleted < modified) {
            desk.restore(&key);
        }
        let rows: Vec<&Json> = read.rows.values().collect();
        let documents: Vec<Document> = stages(&read.deal, &rows, lead.as_deref(), &desk.source.reader)
            .into_iter()
            .map(|record| Document::new("stages", record))
            .collect();
        desk.tell(&key, &documents);
    }
}

/// A row as it is remembered: the state topic holds no names and no money.
fn without_amount(row: &Json) -> Json {
    let mut kept = Json::object([]);
    for field in ["id", "Stage", "Modified_Time"] {
        if let Some(value) = row.at(&format!("/{field}")) {
            kept.put(field, value.clone());
        }
    }
    kept
}
