#!/usr/bin/env bash
# The same job by several programs on a broker of its own; prints a table, and how long an event takes to a scrape.
#
#   SALESPULSE_BENCH_EVENTS   how many events (default 1,000,000; 5,000,000 is the whole job)
#   ROUNDS                    how many alternating runs (default 5)
#   PROGRAMS                  only these, such as "floor,salespulse"
#   SALESPULSE                a program other than that of `cargo build --release`, such as that of `make release`
#   BEFORE                    another build of salespulse, to compare with
#   BOOTSTRAP, PRODUCED       a broker whose topics hold so many events already: none is started, nothing is produced
#
# Kafka Streams takes part where `scripts/setup-test-tools.sh kafka-streams` has fetched its jars.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
cargo build --locked --release --manifest-path "$root/Cargo.toml" --bin salespulse
target=${CARGO_TARGET_DIR:-$root/target}
# With C as it is compiled unless one says otherwise: the flags of .cargo/config.toml are the program's, not its peers'.
CFLAGS='' cargo build --locked --release --manifest-path "$here/Cargo.toml" --target-dir "$target/peers"
peers=$target/peers/release/peers
export SALESPULSE=${SALESPULSE:-$target/release/salespulse}

jars=$("$root/scripts/setup-test-tools.sh" --where kafka-streams)
if [ -e "$jars/complete" ]; then
  classes=$(dirname "$peers")/kstreams
  javac -cp "$jars/libs/*" -d "$classes" "$here/kstreams/Sales.java"
  export KAFKA_STREAMS="$classes:$jars/libs/*"
fi

if [ -z "${BOOTSTRAP:-}" ]; then
  port=${PORT:-29092}
  log=$(mktemp)
  PORT=$port "$root/scripts/kafka/serve.sh" > "$log" 2>&1 &
  broker=$!
  trap 'kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; rm -f "$log"' EXIT
  until grep -q "Kafka is at" "$log"; do
    kill -0 "$broker" 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.2
  done
  export BOOTSTRAP=localhost:$port
fi
"$peers" compare
[ -n "${PROGRAMS:-}" ] || "$peers" latency
