//! Who is in the group, and what each reads.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::groups::GroupMemberInfo;
use tracing::debug;

use super::membership::GroupMember;
use super::metadata_client::MetadataClient;

/// The state of a group in which every member knows its partitions.
const STABLE: &str = "Stable";

/// Why the group is to be asked for again.
#[derive(Debug, thiserror::Error)]
pub(super) enum DescribeError {
    /// The cluster does not answer.
    #[error("cannot ask who is in the group: {0}")]
    Kafka(#[from] KafkaError),
    /// The group shares out its partitions.
    #[error("the group is {0}")]
    Unstable(String),
}

/// The members of a group; `None` where the cluster does not say who they are, to anybody or to us.
pub(super) fn members(
    client: &MetadataClient,
    group: &str,
    timeout: Duration,
) -> Result<Option<Vec<GroupMember>>, DescribeError> {
    let found = match client.fetch_group_list(Some(group), timeout) {
        Err(error) if is_unsupported(&error) => {
            debug!(%error, "the cluster does not say who is in the group");
            return Ok(None);
        }
        found => found?,
    };
    let Some(found) = found.groups().iter().find(|found| found.name() == group) else { return Ok(None) };
    if found.state() != STABLE {
        return Err(DescribeError::Unstable(found.state().to_owned()));
    }
    Ok(Some(found.members().iter().map(member).collect()))
}

fn is_unsupported(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::UnsupportedFeature
                | RDKafkaErrorCode::UnsupportedVersion
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed
        )
    )
}

fn member(info: &GroupMemberInfo) -> GroupMember {
    let name = format!("{} at {}", info.client_id(), info.client_host());
    GroupMember { name, topics: info.metadata().and_then(subscription).unwrap_or_default() }
}

/// The topics of a subscription, as members of a consumer group write it: a version, then the number of topics, then each
/// with its length before it, all big-endian.
fn subscription(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let (_version, bytes) = bytes.split_first_chunk::<2>()?;
    let (count, mut rest) = bytes.split_first_chunk::<4>()?;
    let mut topics = BTreeSet::new();
    for _ in 0..i32::from_be_bytes(*count) {
        let (length, bytes) = rest.split_first_chunk::<2>()?;
        let length = usize::try_from(i16::from_be_bytes(*length)).ok()?;
        let (topic, bytes) = bytes.split_at_checked(length)?;
        topics.insert(String::from_utf8(topic.to_vec()).ok()?);
        rest = bytes;
    }
    Some(topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_is_read_as_members_write_it() {
        let bytes = b"\0\x01\0\0\0\x02\0\x05leads\0\x05spend\xff\xff\xff\xff";
        assert_eq!(subscription(bytes), Some(["leads", "spend"].map(str::to_owned).into()));
        assert_eq!(subscription(b"\0\x01\0\0\0\0"), Some(BTreeSet::new()));
        for cut in 0..bytes.len() - 4 {
            assert_eq!(subscription(&bytes[..cut]), None, "{cut}");
        }
    }
}
