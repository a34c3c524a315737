#!/usr/bin/env bash
# A Kafka to try salespulse with: one broker at localhost:9092 with the topics of the defaults, until Ctrl-C. Its data
# is gone afterwards. `make test-tools` fetches the jars.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SALESPULSE_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/salespulse}
libs=$(printf '%s\n' "$cache"/kafka-[0-9]*/libs | tail -n 1)
port=${PORT:-9092}
controller=$((port + 1))
[ -d "$libs" ] || { echo "There are no jars of Kafka in $cache; fetch them with: scripts/setup-test-tools.sh kafka" >&2; exit 1; }

folder=$(mktemp -d)
trap '[ -z "${broker:-}" ] || kill -KILL "$broker" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
trap 'exit 0' INT TERM
java=(java "-Dlog4j2.configurationFile=$here/log4j2.xml" -XX:TieredStopAtLevel=1 -cp "$libs/*")
kafka() { "${java[@]}" "$@"; }

cat > "$folder/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:$controller
listeners=PLAINTEXT://localhost:$port,CONTROLLER://localhost:$controller
advertised.listeners=PLAINTEXT://localhost:$port,CONTROLLER://localhost:$controller
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$folder/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
# Topics that somebody asks for are made with these; events are kept for good.
auto.create.topics.enable=true
num.partitions=4
log.retention.ms=-1
PROPERTIES
kafka kafka.tools.StorageTool format --standalone -t c2FsZXNwdWxzZS10cmlhbA -c "$folder/server.properties" > "$folder/format.log"
# Not by the function, which would be a process between us and the broker.
"${java[@]}" kafka.Kafka "$folder/server.properties" > "$folder/broker.log" 2>&1 &
broker=$!

# A dead letter is longer than its record by its headers. The tool waits for the broker.
kafka org.apache.kafka.tools.TopicCommand --bootstrap-server "localhost:$port" --create --if-not-exists \
  --topic sales.dead-letters --partitions 1 --config max.message.bytes=1064972 > "$folder/topics.log" 2>&1 || { cat "$folder"/*.log >&2; exit 1; }
# The others are made by asking for them, which is quicker.
for topic in leads stage-changes spend feedback payments targets reps; do
  kcat -b "localhost:$port" -L -t "sales.$topic" > "$folder/topics.log"
done
echo "Kafka is at localhost:$port with the topics sales.*; Ctrl-C ends it."
wait "$broker"
