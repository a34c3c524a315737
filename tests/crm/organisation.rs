//! The organisation: what people do in their CRM, and what they have done.

use std::collections::BTreeSet;

use salespulse::connect::json::Json;

use super::books::Books;
use crate::dice::Dice;

/// The stages after `lead`, by their places, and how they end.
pub(super) const STAGES: [&str; 6] = ["contacted", "qualified", "proposal", "negotiation", "won", "lost"];

pub(super) struct Lead {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) modified: i64,
    pub(super) owner: usize,
    pub(super) channel: usize,
    pub(super) deal: Option<String>,
    pub(super) deleted: Option<i64>,
}

#[derive(Clone)]
pub(super) struct Step {
    pub(super) id: String,
    pub(super) stage: usize,
    pub(super) at: i64,
    pub(super) amount: usize,
    pub(super) owner: usize,
}

pub(super) struct Deal {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) modified: i64,
    pub(super) owner: usize,
    pub(super) amount: usize,
    /// The lead that it came from, whether or not the lead says so yet.
    pub(super) came_from: Option<String>,
    pub(super) steps: Vec<Step>,
    pub(super) deleted: Option<i64>,
    /// Whether it was deleted because it was merged into another one.
    pub(super) is_merged: bool,
    /// What was merged into it.
    pub(super) merged: Vec<String>,
}

/// What somebody has just done.
#[derive(Clone, Debug)]
pub(super) enum Touched {
    Lead(usize),
    Deal(usize),
    Payment(usize),
    Nothing,
}

pub(super) struct Organisation {
    pub(super) now: i64,
    pub(super) leads: Vec<Lead>,
    pub(super) deals: Vec<Deal>,
    pub(super) books: Books,
    /// The clock's grain in milliseconds: Zoho counts whole seconds.
    grain: i64,
    /// Whether owners change.
    pub(super) reassigns: bool,
    /// Whether all that the CRM keeps of a deal that is opened again and moved in one instant is where it was left then.
    pub(super) forgets_moments: bool,
    /// Whether deals are merged, and leads that were deleted come back.
    pub(super) merges: bool,
    /// The deals that were merged into others since somebody looked.
    pub(super) just_merged: Vec<usize>,
    /// From where on leads, deals and rows are counted.
    pub(super) next_id: u64,
    /// The leads and deals that somebody was given as they were while they were there, since somebody looked.
    pub(super) given: BTreeSet<String>,
}

const START: i64 = 1_793_500_000_000;

/// Ids are whole numbers, as CRMs have them: their own clients refuse others.
pub(super) fn id_of_rep(place: usize) -> String {
    (6_756_839_000_300_000 + place).to_string()
}

pub(super) fn id_of_campaign(place: usize) -> String {
    (6_756_839_000_500_000 + place).to_string()
}

/// The account of a deal.
pub(super) fn id_of_customer(deal: &str) -> String {
    deal.replacen('6', "5", 1)
}

impl Organisation {
    pub(super) fn new(grain: i64, reassigns: bool) -> Organisation {
        Organisation {
            now: START,
            leads: Vec::new(),
            deals: Vec::new(),
            books: Books::of_people(START - 86_400_000),
            grain,
            reassigns,
            forgets_moments: false,
            merges: false,
            just_merged: Vec::new(),
            next_id: 6_756_839_000_000_100_000,
            given: BTreeSet::new(),
        }
    }

    /// Somebody is given these records.
    pub(super) fn give(&mut self, records: &[Json]) {
        self.given.extend(records.iter().filter_map(|record| record.word("/id").map(str::to_owned)));
    }

    pub(super) fn id(&mut self) -> String {
        self.next_id += 1;
        self.next_id.to_string()
    }

    pub(super) fn stamp(&self) -> i64 {
        self.now - self.now.rem_euclid(self.grain)
    }

    /// Somebody does something.
    pub(super) fn act(&mut self, dice: &mut Dice) -> Touched {
        match dice.below(12) {
            0 | 1 => self.new_lead(dice),
            2 => self.new_deal(None, dice),
            3 => self.convert(dice),
            4 => self.link(),
            5..=7 => {
                let forgets_moments = self.forgets_moments;
                self.change(dice, |deal, stamp, id, dice| {
                    // Skipped, back, re-opened: any stage but the present one.
                    let stage = dice.below(STAGES.len());
                    if deal.steps.last().is_some_and(|step| step.stage != stage) {
                        if forgets_moments && deal.was_opened_at(stamp) && !is_end(stage) {
                            deal.steps.pop();
                        }
                        deal.step(stage, stamp, id);
                    }
                })
            }
            8 => self.change(dice, |deal, _, _, dice| {
                deal.amount = dice.below(1_000_000);
                let amount = deal.amount;
                if let Some(step) = deal.steps.last_mut() {
                    step.amount = amount;
                }
            }),
            9 if self.reassigns => self.change(dice, |deal, _, _, dice| deal.owner = dice.below(3)),
            10 if self.merges && dice.percent(40) => self.merge(dice),
            10 => self.delete(dice),
            11 if self.merges && dice.percent(30) => self.restore_lead(dice),
            11 => self.restore(dice),
            _ => Touched::Nothing,
        }
    }

    fn new_lead(&mut self, dice: &mut Dice) -> Touched {
        let (id, stamp) = (self.id(), self.stamp());
        let (owner, channel) = (dice.below(3), dice.below(2));
        self.leads.push(Lead { id, created: stamp, modified: stamp, owner, channel, deal: None, deleted: None });
        Touched::Lead(self.leads.len() - 1)
    }

    fn new_deal(&mut self, came_from: Option<String>, dice: &mut Dice) -> Touched {
        let (id, row, stamp) = (self.id(), self.id(), self.stamp());
        let (owner, amount) = (dice.below(3), dice.below(1_000_000));
        let mut deal = Deal {
            id,
            created: stamp,
            modified: stamp,
            owner,
            amount,
            came_from,
            steps: Vec::new(),
            deleted: None,
            is_merged: false,
            merged: Vec::new(),
        };
        deal.step(0, stamp, row);
        self.deals.push(deal);
        Touched::Deal(self.deals.len() - 1)
    }

    /// A lead becomes a deal; the lead says so later.
    fn convert(&mut self, dice: &mut Dice) -> Touched {
        let came_from =
            |lead: &Lead, deals: &[Deal]| deals.iter().any(|deal| deal.came_from.as_deref() == Some(&lead.id));
        let free: Vec<String> = self
            .leads
            .iter()
            .filter(|lead| lead.deleted.is_none() && !came_from(lead, &self.deals))
            .map(|lead| lead.id.clone())
            .collect();
        if free.is_empty() {
            return Touched::Nothing;
        }
        let lead = free[dice.below(free.len())].clone();
        self.new_deal(Some(lead), dice)
    }

    /// The lead of a deal says so.
    pub(super) fn link(&mut self) -> Touched {
        let open = self.deals.iter().find_map(|deal| {
            let lead = deal.came_from.as_deref()?;
            let place = self.leads.iter().position(|known| known.id == lead && known.deal.is_none())?;
            Some((place, deal.id.clone()))
        });
        let Some((place, deal)) = open else { return Touched::Nothing };
        let stamp = self.stamp();
        let lead = &mut self.leads[place];
        lead.deal = Some(deal);
        lead.modified = stamp;
        Touched::Lead(place)
    }

    fn change(&mut self, dice: &mut Dice, change: impl FnOnce(&mut Deal, i64, String, &mut Dice)) -> Touched {
        if self.deals.is_empty() {
            return Touched::Nothing;
        }
        let (place, stamp, id) = (dice.below(self.deals.len()), self.stamp(), self.id());
        let deal = &mut self.deals[place];
        // What is deleted in the same instant was deleted after it.
        if deal.deleted.is_some() {
            return Touched::Nothing;
        }
        change(deal, stamp, id, dice);
        deal.modified = stamp;
        Touched::Deal(place)
    }

    fn delete(&mut self, dice: &mut Dice) -> Touched {
        let stamp = self.stamp();
        if dice.percent(30) && !self.leads.is_empty() {
            let place = dice.below(self.leads.len());
            let id = self.leads[place].id.clone();
            let is_converted = self.deals.iter().any(|deal| deal.came_from.as_ref() == Some(&id));
            let lead = &mut self.leads[place];
            if lead.deleted.is_none() && !is_converted && lead.modified < stamp {
                lead.deleted = Some(stamp);
                return Touched::Lead(place);
            }
            return Touched::Nothing;
        }
        if self.deals.is_empty() {
            return Touched::Nothing;
        }
        let place = dice.below(self.deals.len());
        let deal = &mut self.deals[place];
        if deal.deleted.is_none() {
            deal.deleted = Some(stamp);
            return Touched::Deal(place);
        }
        Touched::Nothing
    }

    fn restore(&mut self, dice: &mut Dice) -> Touched {
        let stamp = self.stamp();
        if self.deals.is_empty() {
            return Touched::Nothing;
        }
        let place = dice.below(self.deals.len());
        let deal = &mut self.deals[place];
        // A restoration in the second of the deletion could not be told from it.
        if !deal.is_merged && deal.deleted.is_some_and(|deleted| deleted < stamp) {
            deal.deleted = None;
            deal.modified = stamp;
            return Touched::Deal(place);
        }
        Touched::Nothing
    }
}

impl Organisation {
    /// A deal that began without a lead is merged into another one, which goes on.
    fn merge(&mut self, dice: &mut Dice) -> Touched {
        let stamp = self.stamp();
        if self.deals.len() < 2 {
            return Touched::Nothing;
        }
        let (winner, loser) = (dice.below(self.deals.len()), dice.below(self.deals.len()));
        let is_free = |deal: &Deal| deal.deleted.is_none() && deal.came_from.is_none() && deal.merged.is_empty();
        if winner == loser || !is_free(&self.deals[loser]) || self.deals[winner].deleted.is_some() {
            return Touched::Nothing;
        }
        let id = self.deals[loser].id.clone();
        self.deals[loser].deleted = Some(stamp);
        self.deals[loser].is_merged = true;
        self.deals[winner].merged.push(id);
        self.deals[winner].modified = stamp;
        self.just_merged.push(loser);
        Touched::Deal(winner)
    }

    fn restore_lead(&mut self, dice: &mut Dice) -> Touched {
        let stamp = self.stamp();
        if self.leads.is_empty() {
            return Touched::Nothing;
        }
        let place = dice.below(self.leads.len());
        let lead = &mut self.leads[place];
        if lead.deleted.is_some_and(|deleted| deleted < stamp) {
            lead.deleted = None;
            lead.modified = stamp;
            return Touched::Lead(place);
        }
        Touched::Nothing
    }
}

/// Whether a deal in this stage is won or lost.
fn is_end(stage: usize) -> bool {
    stage >= 4
}

impl Deal {
    /// Whether it was won or lost before, and was opened again at this instant.
    fn was_opened_at(&self, at: i64) -> bool {
        let is_opening = |pair: &[Step]| is_end(pair[0].stage) && !is_end(pair[1].stage) && pair[1].at == at;
        self.steps.windows(2).last().is_some_and(is_opening)
    }

    pub(super) fn step(&mut self, stage: usize, at: i64, id: String) {
        self.steps.push(Step { id, stage, at, amount: self.amount, owner: self.owner });
    }
}
