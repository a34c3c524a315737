//! The customers: what follows from all wins of a customer, wherever their journeys lie.
//!
//! The same law as for journeys: a change of a customer's wins takes out what the customer contributed and puts
//! in what the customer contributes now.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::civil::Date;

use super::grid::Grid;
use crate::engine::cells::Segments;
use crate::engine::directory::{ChannelId, RowId};
use crate::engine::facts::Win;
use crate::engine::shard::WinChange;
use crate::engine::timeline::Timeline;
use crate::model::calendar::PeriodKind;
use crate::model::id::Id;
use crate::model::rules::Rules;
use crate::model::time::Time;
use crate::model::window::{Range, WINDOWS};

/// The periods in which customers are called active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum CustomerPeriod {
    /// The one that holds now.
    Current,
    /// The last complete one.
    Last,
    /// The one before the last.
    Before,
}

impl CustomerPeriod {
    /// All three.
    pub const ALL: [CustomerPeriod; 3] = [CustomerPeriod::Current, CustomerPeriod::Last, CustomerPeriod::Before];

    /// The word in the label `period`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            CustomerPeriod::Current => "current",
            CustomerPeriod::Last => "last",
            CustomerPeriod::Before => "before",
        }
    }
}

/// What customers add up to, credited to the rep, team and channel of each one's first win. Amounts are minor units of
/// the reporting currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerSums {
    /// Customers with a win.
    pub customers: i64,
    /// Those with wins on two local dates or more.
    pub repeat: i64,
    /// Those with a win in each period of [`CustomerPeriod::ALL`].
    pub active: [i64; 3],
    /// Those active in the last period and in the one before.
    pub retained: i64,
    /// Margins of all their wins, or amounts where the margin is unknown.
    pub value: i128,
    /// Amounts of their wins in the last period.
    pub last_revenue: i128,
    /// Margins of their wins in the last period, where known.
    pub last_margin: i128,
    /// Amounts of those wins.
    pub last_margin_amount: i128,
}

impl CustomerSums {
    /// Adds (`times` = 1) or takes out (−1).
    pub fn add(&mut self, other: &CustomerSums, times: i64) {
        let wide = i128::from(times);
        self.customers += other.customers * times;
        self.repeat += other.repeat * times;
        self.active.iter_mut().zip(other.active).for_each(|(sum, more)| *sum += more * times);
        self.retained += other.retained * times;
        self.value += other.value * wide;
        self.last_revenue += other.last_revenue * wide;
        self.last_margin += other.last_margin * wide;
        self.last_margin_amount += other.last_margin_amount * wide;
    }
}

/// One customer's wins, the first one first.
#[derive(Debug, Default)]
struct Customer {
    wins: Vec<Bought>,
    /// The first win that is on the timeline, so that it is not put there again.
    noted: Option<Time>,
}

#[derive(Debug)]
struct Bought {
    at: Time,
    lead_id: Id,
    row: RowId,
    channel: ChannelId,
    amount: i64,
    margin: Option<i64>,
    /// The local date of the win.
    date: Date,
}

/// All customers with a win.
#[derive(Debug)]
pub(super) struct Customers {
    rules: Arc<Rules>,
    segments: Arc<Segments>,
    /// The spans of [`CustomerPeriod::ALL`].
    periods: [Range; 3],
    numbers: HashMap<Id, u32, RandomState>,
    slots: Vec<Customer>,
    free: Vec<u32>,
    /// When a customer first bought.
    due: Timeline,
    new_by_row: Grid,
    new_by_channel: Grid,
    by_row: Vec<CustomerSums>,
    by_channel: Vec<CustomerSums>,
    wins: usize,
    /// How many wins were summed, by which a test sees what a customer of very many costs.
    #[cfg(test)]
    summed: usize,
}

impl Customers {
    pub(super) fn new(rules: Arc<Rules>, now: Time) -> Customers {
        let segments = Arc::new(Segments::at(now, &rules));
        let [new_by_row, new_by_channel] = [(); 2].map(|()| Grid::new(&segments));
        Customers {
            segments,
            periods: periods(now, &rules),
            rules,
            numbers: HashMap::default(),
            slots: Vec::new(),
            free: Vec::new(),
            due: Timeline::default(),
            new_by_row,
            new_by_channel,
            by_row: Vec::new(),
            by_channel: Vec::new(),
            wins: 0,
            #[cfg(test)]
            summed: 0,
        }
    }

    /// How many wins there are.
    pub(super) fn wins(&self) -> usize {
        self.wins
    }

    /// Bytes held, the texts of ids that are no UUIDs left out.
    pub(super) fn resident_bytes(&self) -> usize {
        let wins: usize = self.slots.iter().map(|customer| customer.wins.capacity()).sum();
        wins * size_of::<Bought>()
            + self.slots.capacity() * size_of::<Customer>()
            + self.numbers.capacity() * (size_of::<(Id, u32)>() + 1)
            + (self.by_row.capacity() + self.by_channel.capacity()) * size_of::<CustomerSums>()
            + self.due.resident_bytes()
    }

    /// New customers of a rep in a team, by window.
    pub(super) fn new_of_row(&self, row: usize) -> [i64; WINDOWS] {
        self.new_by_row.row(row, &self.segments)
    }

    /// New customers of a channel, by window.
    pub(super) fn new_of_channel(&self, channel: usize) -> [i64; WINDOWS] {
        self.new_by_channel.row(channel, &self.segments)
    }

    /// What a rep's customers in a team add up to.
    pub(super) fn of_row(&self, row: usize) -> CustomerSums {
        self.by_row.get(row).copied().unwrap_or_default()
    }

    /// What a channel's customers add up to.
    pub(super) fn of_channel(&self, channel: usize) -> CustomerSums {
        self.by_channel.get(channel).copied().unwrap_or_default()
    }

    /// Takes in how wins have changed. All changes of a customer are taken in together, so that a customer of very many
    /// wins, whom a CRM calls "walk-in", costs no more than as many customers of one.
    pub(super) fn change(&mut self, changes: Vec<WinChange>) {
        let mut parts = Vec::with_capacity(changes.len());
        for WinChange { before, after } in changes {
            if let Some(win) = before
                && let Some(number) = self.numbers.get(&win.customer)
            {
                parts.push((*number, false, win));
            }
            if let Some(win) = after {
                parts.push((self.number(&win.customer), true, win));
            }
        }
        // What goes before what comes: a win that has changed is both.
        parts.sort_by_key(|(number, comes, _)| (*number, *comes));
        let mut parts = parts.into_iter().peekable();
        while let Some(number) = parts.peek().map(|(number, ..)| *number) {
            let of_customer = std::iter::from_fn(|| parts.next_if(|(other, ..)| *other == number));
            let (coming, going): (Vec<_>, Vec<_>) =
                of_customer.map(|(_, comes, win)| (comes, win)).partition(|(comes, _)| *comes);
            self.change_customer(number, going, coming);
        }
    }

    fn change_customer(&mut self, number: u32, going: Vec<(bool, Win)>, coming: Vec<(bool, Win)>) {
        let named = going.first().or(coming.first()).map(|(_, win)| win.customer.clone());
        self.count(number, -1);
        let Some(customer) = self.slots.get_mut(number as usize) else { return };
        self.wins -= customer.wins.len();
        if !going.is_empty() {
            let going: HashSet<Id, RandomState> = going.into_iter().map(|(_, win)| win.lead_id).collect();
            customer.wins.retain(|bought| !going.contains(&bought.lead_id));
        }
        if !coming.is_empty() {
            let zone = &self.rules.zone;
            customer.wins.extend(coming.into_iter().map(|(_, win)| {
                let Win { lead_id, at, row, channel, amount, margin, .. } = win;
                Bought { at, lead_id, row, channel, amount, margin, date: zone.date_of(at) }
            }));
            customer.wins.sort_by(|left, right| (left.at, &left.lead_id).cmp(&(right.at, &right.lead_id)));
        }
        self.wins += customer.wins.len();
        if customer.wins.is_empty() {
            // The timeline may forget the win before it comes back, if the clock is set back over the horizon.
            customer.noted = None;
            if let Some(named) = named {
                self.numbers.remove(&named);
            }
            self.free.push(number);
        } else {
            self.count(number, 1);
        }
    }

    /// The number of a customer, given anew if there is none.
    fn number(&mut self, customer: &Id) -> u32 {
        match self.numbers.get(customer) {
            Some(number) => *number,
            None => self.insert(customer.clone()),
        }
    }

    fn insert(&mut self, customer: Id) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Customer::default());
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.numbers.insert(customer, number);
        number
    }

    /// Counts all that a customer contributes, or takes it out.
    fn count(&mut self, number: u32, times: i64) {
        let Some(customer) = self.slots.get_mut(number as usize) else { return };
        let Some(first) = customer.wins.first() else { return };
        #[cfg(test)]
        {
            self.summed += customer.wins.len();
        }
        let sums = customer.sums(&self.periods);
        let (row, channel) = (first.row.index(), first.channel.index());
        if let Some(segment) = self.segments.of(first.at) {
            self.new_by_row.add(row, segment, times);
            self.new_by_channel.add(channel, segment, times);
        }
        if times > 0 && customer.noted != Some(first.at) {
            self.due.note(first.at, number);
            customer.noted = Some(first.at);
        }
        add_sums(&mut self.by_row, row, &sums, times);
        add_sums(&mut self.by_channel, channel, &sums, times);
    }

    /// Moves the windows, which stand at `segments` then, and the periods to `now`.
    pub(super) fn advance(&mut self, now: Time, segments: &Arc<Segments>) {
        let due = self.due.within(&segments.moved_since(&self.segments));
        let from = std::mem::replace(&mut self.segments, Arc::clone(segments));
        for (at, number) in due {
            let Some(first) = self.slots.get(number as usize).and_then(|customer| customer.wins.first()) else {
                continue;
            };
            if first.at != at {
                continue;
            }
            for (segment, times) in [(from.of(at), -1), (self.segments.of(at), 1)] {
                if let Some(segment) = segment {
                    self.new_by_row.add(first.row.index(), segment, times);
                    self.new_by_channel.add(first.channel.index(), segment, times);
                }
            }
        }
        self.due.forget_before(self.rules.horizon(now));
        let periods = periods(now, &self.rules);
        if periods != self.periods {
            self.periods = periods;
            self.sum_anew();
        }
    }

    /// A period has turned: everybody's activity may be another.
    fn sum_anew(&mut self) {
        self.by_row.clear();
        self.by_channel.clear();
        for customer in &self.slots {
            if let Some(first) = customer.wins.first() {
                let sums = customer.sums(&self.periods);
                add_sums(&mut self.by_row, first.row.index(), &sums, 1);
                add_sums(&mut self.by_channel, first.channel.index(), &sums, 1);
            }
        }
    }
}

impl Customer {
    fn sums(&self, periods: &[Range; 3]) -> CustomerSums {
        let active = periods.map(|period| self.wins.iter().any(|win| period.holds(win.at)));
        let [_, last, before] = active;
        let first_date = self.wins.first().map(|win| win.date);
        let mut sums = CustomerSums {
            customers: 1,
            repeat: i64::from(self.wins.iter().any(|win| Some(win.date) != first_date)),
            active: active.map(i64::from),
            retained: i64::from(last && before),
            ..CustomerSums::default()
        };
        let [_, last, _] = periods;
        for win in &self.wins {
            sums.value += i128::from(win.margin.unwrap_or(win.amount));
            if last.holds(win.at) {
                sums.last_revenue += i128::from(win.amount);
                if let Some(margin) = win.margin {
                    sums.last_margin += i128::from(margin);
                    sums.last_margin_amount += i128::from(win.amount);
                }
            }
        }
        sums
    }
}

fn add_sums(all: &mut Vec<CustomerSums>, row: usize, sums: &CustomerSums, times: i64) {
    if all.len() <= row {
        all.resize(row + 1, CustomerSums::default());
    }
    if let Some(sum) = all.get_mut(row) {
        sum.add(sums, times);
    }
}

/// The spans of [`CustomerPeriod::ALL`] at `now`.
fn periods(now: Time, rules: &Rules) -> [Range; 3] {
    let kind: PeriodKind = rules.customer_period;
    let zone = &rules.zone;
    let current = rules.calendar.first_day(kind, zone.date_of(now));
    let last = kind.previous(current);
    let before = kind.previous(last);
    let end = kind.next(current).map_or(Time::MAX, |next| zone.midnight(next));
    let [before, last, current] = [before, last, current].map(|first| zone.midnight(first));
    [Range { start: current, end }, Range { start: last, end: current }, Range { start: before, end: last }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::directory::{Directory, RepInTeam};
    use crate::model::money::{Currency, Rates};

    #[test]
    fn a_win_of_a_customer_of_very_many_costs_no_more_than_one_of_another() {
        const WINS: usize = 5_000;
        let now = Time::parse("2026-03-10T12:00:00Z").unwrap();
        let rules = Rules::new(Rates::new(Currency::from_code("CNY").unwrap()));
        let (directory, mut customers) = (Directory::default(), Customers::new(Arc::new(rules), now));
        let name = |text| directory.name(text);
        let row = directory.row(RepInTeam { rep: name("ann"), team: name("east") });
        let channel = directory.channel(name("web"));
        let win = |number: usize| WinChange {
            before: None,
            after: Some(Win {
                customer: Id::new("walk-in"),
                lead_id: Id::new(&format!("L{number}")),
                at: now.plus(-1_000 * i64::try_from(number).unwrap()),
                row,
                channel,
                amount: 200,
                margin: None,
            }),
        };
        customers.change((0..WINS).map(win).collect());
        assert_eq!((customers.wins(), customers.of_row(row.index()).value), (WINS, 200 * 5_000));
        assert!(customers.summed <= 2 * WINS, "{} wins were summed for {WINS}", customers.summed);
    }
}
