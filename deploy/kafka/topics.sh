#!/bin/sh
# Creates the topics that salespulse reads and writes, unless they are there.
#
#   BROKERS=kafka:9092 [PARTITIONS=4] [REPLICAS=1] [TOPICS_TOOL=/opt/kafka/bin/kafka-topics.sh] [TOPICS_OPTIONS=…] topics.sh
#
# TOPICS_OPTIONS are further options of kafka-topics.sh, such as --command-config with the secrets of an administrator.
set -eu

create() {
  topic=$1
  shift
  # Options hold no spaces, and are split at them.
  # shellcheck disable=SC2086
  "${TOPICS_TOOL:-/opt/kafka/bin/kafka-topics.sh}" --bootstrap-server "$BROKERS" ${TOPICS_OPTIONS:-} --create --if-not-exists \
    --topic "$topic" --replication-factor "${REPLICAS:-1}" "$@"
}

# Leads and stage changes of a journey belong together: the same key, the same number of partitions. 800 days are the
# default of `retention`; what Kafka deletes earlier is missing after a start without a snapshot.
for topic in leads stage-changes spend feedback payments targets reps; do
  create "sales.$topic" --partitions "${PARTITIONS:-4}" --config retention.ms=69120000000
done
# A dead letter is its record and headers that say why, so it is somewhat longer.
create sales.dead-letters --partitions 1 --config retention.ms=2592000000 --config max.message.bytes=1064972
