//! Whose the partitions are, by what the group gave to this member and to the others.
//!
//! A journey's records lie in the same partition of several topics, so an owner holds the same partition of **every** topic
//! it subscribes to. The range assignor gives partition 0 of every topic to one member as long as all subscribe to the same
//! topics. Where they do not, several members could each hold partition 0 of all of their own topics: then only the one that
//! holds partition 0 of the first of all topics of the group may own anything.

use std::collections::BTreeSet;
use std::fmt;

/// Partitions, by topic and number.
pub type Held = BTreeSet<(String, i32)>;

/// The partition of each topic that decides who owns everything.
const DECIDING: i32 = 0;

/// A member of the group, as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// Its client id and its host, for people.
    pub name: String,
    /// The topics that it subscribes to.
    pub topics: BTreeSet<String>,
}

/// Why a member must not own what it was given, or that somebody else must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The group gave one partition of some topics to this member and of others to somebody else.
    Torn {
        /// A topic whose partition this member was given.
        given: String,
        /// A topic whose partition it was not given.
        missing: String,
    },
    /// A member subscribes to other topics.
    Foreign {
        /// That member.
        name: String,
        /// Its topics.
        topics: Vec<String>,
        /// Whether this member may own the partitions all the same.
        is_tolerated: bool,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Torn { given, missing } => write!(
                f,
                "the group gave partition {DECIDING} of \"{given}\" to this member and that of \"{missing}\" to another; the \
                 members of a group must read the same topics: give every instance the same kafka.topics, and other \
                 consumers another group (kafka.group)"
            ),
            Refusal::Foreign { name, topics, is_tolerated } => {
                let so = if *is_tolerated { "that member shows no numbers" } else { "this member shows no numbers" };
                write!(
                    f,
                    "{name} is a member of the same group and reads other topics ({}): {so}; give every instance the same \
                     kafka.topics, and other consumers another group (kafka.group)",
                    topics.join(", ")
                )
            }
        }
    }
}

/// What a member owns by what it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Partition 0 of every topic: everything.
    Every,
    /// Partition 0 of no topic: nothing.
    None,
    /// Partition 0 of some topics: nothing either, and somebody has to know.
    Torn(Refusal),
}

impl Ownership {
    /// What a member with these topics owns.
    #[must_use]
    pub fn of(held: &Held, topics: &BTreeSet<String>) -> Ownership {
        let is_given = |topic: &&String| held.contains(&((*topic).clone(), DECIDING));
        let given = topics.iter().find(is_given);
        let missing = topics.iter().find(|topic| !is_given(topic));
        match (given, missing) {
            (Some(_), None) => Ownership::Every,
            (None, _) => Ownership::None,
            (Some(given), Some(missing)) => {
                Ownership::Torn(Refusal::Torn { given: given.clone(), missing: missing.clone() })
            }
        }
    }
}

/// Whether a member that was given partition 0 of all of its topics may own them, given who else is in the group.
///
/// # Errors
/// Why it may not. An answer that holds a refusal says that it may, and that another member may not.
pub fn judge(held: &Held, topics: &BTreeSet<String>, members: &[GroupMember]) -> Result<Option<Refusal>, Refusal> {
    let Some(foreign) = members.iter().find(|member| member.topics != *topics) else { return Ok(None) };
    let all = members.iter().flat_map(|member| &member.topics).chain(topics);
    let is_first = all.min().is_some_and(|first| held.contains(&(first.clone(), DECIDING)));
    let (name, topics) = (foreign.name.clone(), foreign.topics.iter().cloned().collect());
    let refusal = Refusal::Foreign { name, topics, is_tolerated: is_first };
    if is_first { Ok(Some(refusal)) } else { Err(refusal) }
}
