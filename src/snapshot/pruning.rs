//! Deletes the rounds that nobody needs any more, after it has looked which are whole.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use super::format::{Decoder, FormatError, Item};
use super::kept::{Verdict, superfluous};
use super::leftovers::remove_leftovers;
use super::rounds::{Home, Round, RoundName};
use super::store::{Store, StoreError};

impl Store {
    /// Deletes, of one home, the rounds that nobody needs any more, and what killed writes have left.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn prune(&self, home: Home) -> Result<(), StoreError> {
        let rounds = self.rounds()?;
        let verdict = |round: &Round| {
            let known = self.verdicts().get(&round.name).copied();
            match known.filter(|_| round.is_complete) {
                Some(verdict) => Ok(verdict),
                None => self.judge(round, home).inspect(|verdict| self.note(round.name, *verdict)),
            }
        };
        let superfluous = superfluous(&rounds, home, self.kept, verdict)?;
        self.verdicts().retain(|name, _| rounds.iter().any(|round| round.name == *name));
        superfluous.into_iter().try_for_each(|round| self.delete(&round.objects))?;
        if let Some(group) = &self.directory {
            // Whoever cannot read it fails where it matters.
            let _ = remove_leftovers(group);
            let _ = remove_leftovers(&home.folder().map_or_else(|| group.clone(), |folder| group.join(folder)));
        }
        Ok(())
    }

    /// Notes that a round is whole, because it was written or read a moment ago.
    pub(super) fn note_whole(&self, round: RoundName) {
        self.note(round, Verdict::Whole);
    }

    fn note(&self, round: RoundName, verdict: Verdict) {
        self.verdicts().insert(round, verdict);
    }

    fn verdicts(&self) -> MutexGuard<'_, BTreeMap<RoundName, Verdict>> {
        // A verdict is a plain value: whoever panicked cannot have left it half written.
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a round to its end.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the store does not answer, which says nothing of the round.
    fn judge(&self, round: &Round, home: Home) -> Result<Verdict, StoreError> {
        let mut verdict = if round.is_complete { Verdict::Whole } else { Verdict::Damaged };
        // Where all rounds once lay, only its header says whose a round is.
        let mut is_ours = round.name.home == home;
        for object in &round.objects {
            let (mut pieces, Ok(mut decoder)) = (self.get(*object)?, Decoder::new()) else {
                return Ok(Verdict::NotOurs);
            };
            loop {
                match decoder.item() {
                    Ok(Some(Item::Header(header))) if header.provenance.home() != home => return Ok(Verdict::NotOurs),
                    Ok(Some(Item::Header(_))) => is_ours = true,
                    Ok(Some(Item::End(_))) => break,
                    Ok(Some(Item::Listing(_) | Item::Block(..))) => {}
                    Ok(None) => match pieces.take()? {
                        Some(bytes) => decoder.push(&bytes),
                        None => {
                            verdict = Verdict::Damaged;
                            break;
                        }
                    },
                    Err(FormatError::Later(..)) => return Ok(Verdict::NotOurs),
                    Err(FormatError::Damaged(_)) => {
                        verdict = Verdict::Damaged;
                        break;
                    }
                }
            }
        }
        Ok(if is_ours { verdict } else { Verdict::NotOurs })
    }
}
