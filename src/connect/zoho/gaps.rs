//! Whether a list that was read page by page was read whole.
//!
//! A record that goes moves those behind it forward, and one of them may slip from a page that nobody has read yet into
//! one that was read already; if the record comes back meanwhile, nothing is left by which to notice. One page is one
//! answer, though, and whole. So a list of several pages is read again, by pages of another length, until each place
//! between two pages of the first reading was inside a page.

use std::cmp::Reverse;

use super::api::Page;
use super::time_of;
use crate::connect::json::Json;

/// How many records a page has, reading by reading: pages of the first and of a later one seldom end at the same record.
pub(super) const LENGTHS: [usize; 6] = [200, 199, 197, 193, 187, 181];

/// In which order a list comes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// By the ids.
    Ids,
    /// The latest first, by `Modified_Time`; how those of one second come is Zoho's affair.
    Latest,
    /// Not known.
    Unknown,
}

/// Where a record is in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    id: String,
    /// Greater behind; two records of one rank may be in any order.
    rank: Option<Rank>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Id(usize, String),
    Time(Reverse<i64>),
}

impl Order {
    fn place(self, record: &Json) -> Place {
        let id = record.word("/id").unwrap_or_default().to_owned();
        let rank = match self {
            // Ids are numbers as text.
            Order::Ids => Some(Rank::Id(id.len(), id.clone())),
            Order::Latest => Some(Rank::Time(Reverse(time_of(record, "/Modified_Time")))),
            Order::Unknown => None,
        };
        Place { id, rank }
    }
}

impl Place {
    fn is_surely_before(&self, other: &Place) -> bool {
        matches!((&self.rank, &other.rank), (Some(own), Some(other)) if own < other)
    }

    fn is_not_behind(&self, other: &Place) -> bool {
        self == other || self.is_surely_before(other)
    }
}

/// The place between two pages.
#[derive(Debug)]
struct Gap {
    /// The last record of the one.
    before: Place,
    /// The first of the other, which may have turned out to be empty.
    after: Option<Place>,
}

impl Gap {
    /// The records of a page that are in the gap, if the page reaches from one side of it to the other.
    fn within(&self, page: &[Place], is_last: bool) -> Option<std::ops::Range<usize>> {
        let Gap { before, after } = self;
        if page.first().is_some_and(|first| before.is_surely_before(first)) {
            return None;
        }
        let start = 1 + page.iter().rposition(|place| place.is_not_behind(before))?;
        let end = match after {
            Some(after) if page.last().is_some_and(|last| last.is_surely_before(after)) => return None,
            Some(after) => page.iter().position(|place| after.is_not_behind(place))?,
            None if is_last => page.len(),
            None => return None,
        };
        (start <= end).then_some(start..end)
    }
}

/// What is not known yet to be whole of a list.
#[derive(Debug)]
pub(super) struct Gaps {
    order: Order,
    open: Vec<Gap>,
    /// Where the last page ended.
    end: Option<Place>,
}

impl Gaps {
    pub(super) const fn new(order: Order) -> Gaps {
        Gaps { order, open: Vec::new(), end: None }
    }

    /// Takes the next page of the first reading.
    pub(super) fn note(&mut self, page: &Page) {
        let mut places: Vec<Place> = page.records.iter().map(|record| self.order.place(record)).collect();
        if let Some(before) = self.end.take()
            && !places.iter().any(|place| place.is_not_behind(&before))
        {
            self.open.push(Gap { before, after: places.first().cloned() });
        }
        self.end = places.pop();
    }

    /// Takes a page of a later reading, and leaves of it what was in a gap.
    pub(super) fn close(&mut self, page: &mut Page) {
        let places: Vec<Place> = page.records.iter().map(|record| self.order.place(record)).collect();
        let mut found = Vec::new();
        self.open.retain(|gap| match gap.within(&places, page.is_last) {
            Some(within) => {
                found.push(within);
                false
            }
            None => true,
        });
        let mut place = 0..;
        page.records.retain(|_| place.next().is_some_and(|place| found.iter().any(|within| within.contains(&place))));
    }

    pub(super) const fn are_closed(&self) -> bool {
        self.open.is_empty()
    }
}
