//! What the organisation is paid and what it spends, and who works there.

use super::organisation::{id_of_campaign, id_of_rep};
use crate::dice::Dice;

pub(super) struct Payment {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) modified: i64,
    pub(super) amount: usize,
    pub(super) is_refund: bool,
    pub(super) owner: usize,
    pub(super) deleted: Option<i64>,
}

/// A campaign that is over: its cost is edited still, and so are its days.
pub(super) struct Campaign {
    pub(super) id: String,
    pub(super) modified: i64,
    pub(super) first: usize,
    pub(super) days: usize,
    /// In whole units, the same on each day.
    pub(super) cost_of_day: usize,
    pub(super) channel: usize,
}

pub(super) struct Person {
    pub(super) id: String,
    pub(super) joined: i64,
    pub(super) modified: i64,
    pub(super) is_active: bool,
}

#[derive(Default)]
pub(super) struct Books {
    pub(super) payments: Vec<Payment>,
    pub(super) campaigns: Vec<Campaign>,
    pub(super) people: Vec<Person>,
}

impl Books {
    pub(super) fn of_people(joined: i64) -> Books {
        let person = |place| Person { id: id_of_rep(place), joined, modified: joined, is_active: true };
        Books { people: (0..3).map(person).collect(), ..Books::default() }
    }

    /// Money comes, goes back, is corrected or voided; answers the payment.
    pub(super) fn pay(&mut self, stamp: i64, dice: &mut Dice) -> usize {
        let place = dice.below(self.payments.len() + 2);
        let (owner, amount) = (dice.below(3), 1 + dice.below(1_000_000));
        match self.payments.get_mut(place) {
            None => {
                let (id, is_refund) = (format!("pay-{:04}", self.payments.len()), dice.percent(20));
                let new = Payment { id, created: stamp, modified: stamp, amount, is_refund, owner, deleted: None };
                self.payments.push(new);
                self.payments.len() - 1
            }
            Some(payment) => {
                if payment.deleted.is_none() {
                    if dice.percent(30) {
                        payment.deleted = Some(stamp);
                    } else {
                        payment.amount = amount;
                    }
                    payment.modified = stamp;
                }
                place
            }
        }
    }

    /// A campaign is entered, or its cost and its days are corrected.
    pub(super) fn spend(&mut self, stamp: i64, dice: &mut Dice) {
        let place = dice.below(self.campaigns.len() + 1);
        if place == self.campaigns.len() {
            let id = id_of_campaign(place);
            let (first, channel) = (1 + dice.below(20), dice.below(2));
            self.campaigns.push(Campaign { id, modified: stamp, first, days: 1, cost_of_day: 1, channel });
        }
        let campaign = &mut self.campaigns[place];
        campaign.days = 1 + dice.below(8);
        campaign.cost_of_day = 1 + dice.below(5_000);
        campaign.modified = stamp;
    }

    /// Somebody leaves, or comes back.
    pub(super) fn hire(&mut self, stamp: i64, dice: &mut Dice) {
        let place = dice.below(self.people.len());
        let person = &mut self.people[place];
        person.is_active = !person.is_active;
        person.modified = stamp;
    }
}

/// A day of the month before everything begins.
pub(super) fn day(number: usize) -> String {
    format!("2026-10-{number:02}")
}
