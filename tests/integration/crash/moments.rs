//! The moments at which a kill may strike, and which of them it did strike, by the log of the killed.

use super::dice::Dice;

/// For how long a service that serves may go on without regard to what it does.
const SERVING_MILLIS: u64 = 1_500;
/// For how long a service that starts may go on without regard to what it does.
const STARTING_MILLIS: u64 = 600;

/// When the service is to be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// So many milliseconds after it began to serve.
    Serving(u64),
    /// So many milliseconds after its start.
    Starting(u64),
    /// Between what it restored and having caught up.
    CatchingUp,
    /// While it writes a snapshot.
    Writing,
    /// Between a snapshot's durability and the commit of what it reaches to.
    Uncommitted,
    /// With dead letters that the broker has not acknowledged.
    DeadLetters,
}

impl Aim {
    pub(super) fn choose(dice: &mut Dice) -> Aim {
        let (serving, starting) =
            (Aim::Serving(dice.below(SERVING_MILLIS)), Aim::Starting(dice.below(STARTING_MILLIS)));
        *dice.pick(&[serving, starting, Aim::CatchingUp, Aim::Writing, Aim::Uncommitted, Aim::DeadLetters])
    }

    /// Whether it is a moment of a start, not one of a service that serves.
    pub(super) fn is_of_a_start(self) -> bool {
        matches!(self, Aim::Starting(_) | Aim::CatchingUp)
    }

    /// Whether it is time. A kill that is meant for the catching up comes too late where there was nothing to restore.
    pub(super) fn is_reached(self, log: &str, letters_before: usize) -> bool {
        match self {
            Aim::Serving(_) | Aim::Starting(_) => true,
            Aim::CatchingUp => log.contains(RESTORED) || log.contains(CAUGHT_UP),
            Aim::Writing => is_writing(log),
            Aim::Uncommitted => is_uncommitted(log),
            Aim::DeadLetters => letters_in(log) > letters_before,
        }
    }
}

const RESTORED: &str = r#""message":"restored from a snapshot""#;
pub(super) const CAUGHT_UP: &str = r#""message":"caught up""#;
const WRITING: &str = r#""message":"writing a snapshot""#;
pub(super) const DURABLE: &str = r#""message":"a snapshot is durable""#;
pub(super) const NOT_WRITTEN: &str = r#""message":"a snapshot could not be written"#;
const COMMITTING: &str = r#""message":"committing""#;
const AUDITED: &str = r#""message":"an audit found every cell right""#;
const DEAD_LETTER: &str = r#""is_dead_lettered_now":true"#;

fn is_writing(log: &str) -> bool {
    log.rfind(WRITING) > log.rfind(DURABLE).max(log.rfind(NOT_WRITTEN))
}

fn is_uncommitted(log: &str) -> bool {
    log.rfind(DURABLE) > log.rfind(COMMITTING)
}

/// How many records the service has handed to the dead letters.
pub(super) fn letters_in(log: &str) -> usize {
    // The warning of one in ten seconds does not say this field.
    log.matches(DEAD_LETTER).count()
}

/// What a kill struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Struck {
    has_restored: bool,
    catching_up: bool,
    writing: bool,
    uncommitted: bool,
    dead_letters: bool,
    audits: usize,
}

impl Struck {
    /// By the log of a killed service, and how many dead letters arrived while it lived.
    pub(super) fn read(log: &str, letters: i64) -> Struck {
        assert!(!log.contains("an audit found a cell"), "{log}");
        Struck {
            has_restored: log.contains(RESTORED),
            catching_up: log.rfind(RESTORED) > log.rfind(CAUGHT_UP),
            writing: is_writing(log),
            uncommitted: is_uncommitted(log),
            dead_letters: i64::try_from(letters_in(log)).expect("few") > letters,
            audits: log.matches(AUDITED).count(),
        }
    }
}

/// What the service has survived.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Survived {
    /// Kills, after each of which the numbers were compared.
    pub(super) kills: u32,
    /// Of these, such as struck a start right after another kill, with nothing compared between the two.
    right_after_another: u32,
    restores: u32,
    while_catching_up: u32,
    while_writing: u32,
    between_durability_and_commit: u32,
    with_dead_letters_in_flight: u32,
    audits: usize,
}

impl Survived {
    pub(super) fn count(&mut self, aim: Aim, struck: Struck) {
        self.kills += 1;
        self.right_after_another += u32::from(aim.is_of_a_start());
        self.restores += u32::from(struck.has_restored);
        self.while_catching_up += u32::from(struck.catching_up);
        self.while_writing += u32::from(struck.writing);
        self.between_durability_and_commit += u32::from(struck.uncommitted);
        self.with_dead_letters_in_flight += u32::from(struck.dead_letters);
        self.audits += struck.audits;
    }

    /// Whether each of these moments was struck.
    pub(super) fn has_met(&self, aims: &[Aim]) -> bool {
        let count = |aim: &Aim| match aim {
            Aim::Serving(_) | Aim::Starting(_) => self.kills,
            Aim::CatchingUp => self.while_catching_up,
            Aim::Writing => self.while_writing,
            Aim::Uncommitted => self.between_durability_and_commit,
            Aim::DeadLetters => self.with_dead_letters_in_flight,
        };
        aims.iter().all(|aim| count(aim) > 0)
    }

    pub(super) fn has_met_every_moment(&self) -> bool {
        let moments = [
            self.restores,
            self.while_catching_up,
            self.while_writing,
            self.between_durability_and_commit,
            self.with_dead_letters_in_flight,
        ];
        moments.iter().all(|count| *count > 0) && self.audits > 0
    }
}

#[test]
fn moments_are_told_by_the_last_words() {
    let read = |words: &[&str], letters| Struck::read(&words.join("\n"), letters);
    let nothing = Struck::default();
    assert_eq!(read(&[], 0), nothing);
    assert_eq!(read(&[CAUGHT_UP, WRITING, DURABLE, COMMITTING], 0), nothing);
    assert_eq!(read(&[CAUGHT_UP, WRITING, NOT_WRITTEN], 0), nothing);
    assert_eq!(read(&[CAUGHT_UP, WRITING], 0), Struck { writing: true, ..nothing });
    assert_eq!(read(&[WRITING, DURABLE], 0), Struck { uncommitted: true, ..nothing });
    assert_eq!(read(&[WRITING, DURABLE, COMMITTING, WRITING], 0), Struck { writing: true, ..nothing });
    assert_eq!(read(&[RESTORED], 0), Struck { has_restored: true, catching_up: true, ..nothing });
    assert_eq!(read(&[RESTORED, CAUGHT_UP], 0), Struck { has_restored: true, ..nothing });
    assert_eq!(read(&[DEAD_LETTER, DEAD_LETTER], 2), nothing);
    assert_eq!(read(&[DEAD_LETTER, DEAD_LETTER], 1), Struck { dead_letters: true, ..nothing });
    assert_eq!(read(&[AUDITED, WRITING, AUDITED, DURABLE, COMMITTING], 0), Struck { audits: 2, ..nothing });
    let mismatch = r#""message":"an audit found a cell that does not follow from the events""#;
    assert!(std::panic::catch_unwind(|| read(&[mismatch], 0)).is_err());
}
