//! Snapshots: what the shards remember, together with the offsets up to which they have read, as immutable objects.
//!
//! All shards are imaged at the same point of the stream, so one **round** of objects, one for each shard, is one cut. A
//! round is valid when all its objects are; since applying a record twice changes nothing, any valid round restores the
//! same numbers, an older one only reads more.

mod format;
mod header;
mod identity;
mod keeper;
mod kept;
mod leftovers;
mod private;
mod pruning;
mod restore;
mod rounds;
mod store;
mod writer;

pub use format::{Decoder, FORMAT, FormatError, Item, SKIPPABLE, encode, is_whole};
pub use header::{Header, Offsets, Provenance, Refused, Usability, total};
pub use identity::{Changed, Comparison, Fingerprint, Fingerprints, Log, Place, Remembered, Seen, compare};
pub use keeper::Keeper;
pub use kept::Kept;
pub use restore::{Ends, RestoreError, Restored, Restorer};
pub use rounds::{Home, ObjectName, Round, RoundName, group_rounds};
pub use store::{Pieces, Store, StoreError, try_options};
pub use writer::{Cut, Report, Writer};
