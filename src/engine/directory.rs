//! The directory of names: texts by small numbers and numbers by text.
//!
//! Shards count in numbers, readers print texts. The directory is where they meet: the decoding
//! thread adds names while HTTP threads read them, which is what a concurrent map is for. It only
//! grows, by one entry a name, and a name outlives the events that brought it.

use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use dashmap::DashMap;
use foldhash::fast::RandomState;

use crate::model::money::Currency;

/// A rep's, a team's or a channel's name, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u32);

/// A rep in a team, by the number of their row in every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(u32);

/// A channel, by the number of its row in every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(u32);

/// What a step says of pipeline and stage, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpokenId(u32);

impl SpokenId {
    /// The one of this number.
    pub(crate) const fn from_number(number: u32) -> SpokenId {
        SpokenId(number)
    }

    /// Its number.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    /// Its place in a list of all.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl NameId {
    /// The name of this number.
    pub(crate) const fn from_number(number: u32) -> NameId {
        NameId(number)
    }

    /// The name's number.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}

impl RowId {
    /// The row of this number.
    pub(crate) const fn from_number(number: u32) -> RowId {
        RowId(number)
    }

    /// The row's number.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    /// The row's place in a table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl ChannelId {
    /// The row of this number.
    pub(crate) const fn from_number(number: u32) -> ChannelId {
        ChannelId(number)
    }

    /// The row's number.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    /// The row's place in a table.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A pipeline and a stage as an event names them, where it does.
pub type SpokenTexts = (Option<Arc<str>>, Option<Arc<str>>);

/// A rep and the team in which the rep is credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RepInTeam {
    /// The team.
    pub team: NameId,
    /// The rep.
    pub rep: NameId,
}

/// What a step says of pipeline and stage, in the words of its event: a pipeline, a stage of the one that is named or of
/// `default`, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spoken {
    /// The pipeline that is named.
    pub pipeline: Option<NameId>,
    /// The stage that is named; `None` of a lead.
    pub stage: Option<NameId>,
}

/// Everything in a directory, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Listing {
    /// All names.
    pub names: Vec<String>,
    /// All rows, each as the numbers of its team's and its rep's name.
    pub rows: Vec<(u32, u32)>,
    /// All channels, each as the number of its name.
    pub channels: Vec<u32>,
    /// Pipelines and stages as steps name them, each as the numbers of their names; older listings have none.
    #[serde(default)]
    pub spoken: Vec<(Option<u32>, Option<u32>)>,
    /// All currencies; of the first snapshots, which do not list them, none.
    #[serde(default)]
    pub currencies: Vec<ListedCurrency>,
}

/// A currency's code with its fraction digits.
pub type ListedCurrency = (String, u32);

/// All currencies of this version, by their numbers.
pub(crate) fn listed_currencies() -> Vec<ListedCurrency> {
    Currency::all().map(|currency| (currency.code().to_owned(), currency.digits())).collect()
}

/// All names, shared by all threads.
#[derive(Debug, Default)]
pub struct Directory {
    names: Numbered<Arc<str>>,
    rows: Numbered<RepInTeam>,
    channels: Numbered<NameId>,
    spoken: Numbered<Spoken>,
}

impl Directory {
    /// The number of a name, given anew if it has none.
    #[must_use]
    pub fn name(&self, text: &str) -> NameId {
        match self.names.numbers.get(text) {
            Some(number) => NameId(*number),
            None => NameId(self.names.number(text.into())),
        }
    }

    /// The row of a rep in a team.
    #[must_use]
    pub fn row(&self, pair: RepInTeam) -> RowId {
        RowId(self.rows.number(pair))
    }

    /// The row of a channel.
    #[must_use]
    pub fn channel(&self, name: NameId) -> ChannelId {
        ChannelId(self.channels.number(name))
    }

    /// The number of what a step says of pipeline and stage.
    #[must_use]
    pub fn spoken(&self, spoken: Spoken) -> SpokenId {
        SpokenId(self.spoken.number(spoken))
    }

    /// The texts of what steps say of pipeline and stage, from a number on.
    #[must_use]
    pub fn spoken_from(&self, first: usize) -> Vec<SpokenTexts> {
        let text = |name: Option<NameId>| name.map(|name| self.text(name));
        self.spoken.all().into_iter().skip(first).map(|said| (text(said.pipeline), text(said.stage))).collect()
    }

    /// The text of a name.
    #[must_use]
    pub fn text(&self, name: NameId) -> Arc<str> {
        let values = self.names.values.read().unwrap_or_else(PoisonError::into_inner);
        values.get(name.0 as usize).cloned().unwrap_or_else(|| Arc::from(""))
    }

    /// How many names, rows and channels there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "nobody asks whether it is empty")]
    pub fn len(&self) -> usize {
        self.names.len() + self.rows.len() + self.channels.len()
    }

    /// Everything so far.
    #[must_use]
    pub fn listing(&self) -> Listing {
        // Rows and channels first: their names are in the list that is read after them.
        let rows = self.rows.all().into_iter().map(|pair| (pair.team.0, pair.rep.0)).collect();
        let channels = self.channels.all().into_iter().map(|name| name.0).collect();
        let number = |name: NameId| name.0;
        let spoken = self.spoken.all().into_iter();
        let spoken = spoken.map(|said| (said.pipeline.map(number), said.stage.map(number))).collect();
        let names = self.names.all().iter().map(ToString::to_string).collect();
        Listing { names, rows, channels, spoken, currencies: listed_currencies() }
    }

    /// How many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// All rows so far; each one's place is its [`RowId`].
    #[must_use]
    pub fn rows(&self) -> Vec<RepInTeam> {
        self.rows.all()
    }

    /// All channels so far; each one's place is its [`ChannelId`].
    #[must_use]
    pub fn channels(&self) -> Vec<NameId> {
        self.channels.all()
    }
}

/// Values numbered in the order in which they came.
#[derive(Debug)]
struct Numbered<T: Eq + Hash> {
    numbers: DashMap<T, u32, RandomState>,
    values: RwLock<Vec<T>>,
}

impl<T: Eq + Hash> Default for Numbered<T> {
    fn default() -> Numbered<T> {
        Numbered { numbers: DashMap::default(), values: RwLock::default() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    fn number(&self, value: T) -> u32 {
        *self.numbers.entry(value.clone()).or_insert_with(|| {
            // The map's shard stays locked meanwhile, so no other thread numbers the same value.
            let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
            values.push(value);
            u32::try_from(values.len() - 1).unwrap_or(u32::MAX)
        })
    }

    fn len(&self) -> usize {
        self.values.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn all(&self) -> Vec<T> {
        self.values.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_agree_on_numbers() {
        let directory = Directory::default();
        let number = |text: String| {
            let rep = directory.name(&text);
            (directory.row(RepInTeam { team: rep, rep }), text)
        };
        let seen = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|thread| {
                    scope.spawn(move || {
                        (0..200).map(|n| number(format!("{}", (n * 7 + thread) % 50))).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        let rows = directory.rows();
        assert_eq!(rows.len(), 50);
        for (row, text) in seen {
            assert_eq!(&*directory.text(rows[row.index()].rep), text);
        }
    }
}
