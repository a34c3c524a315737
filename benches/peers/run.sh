#!/usr/bin/env bash
# The same job by several programs on a broker of its own; prints a table. SALESPULSE_BENCH_EVENTS sets how many events
# (default 1,000,000; 5,000,000 is the whole job), ROUNDS how many alternating runs (default 5), KAFKA_STREAMS the class
# path of the compiled kstreams/Sales.java, without which it is left out.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
cargo build --locked --release --manifest-path "$root/Cargo.toml" --bin salespulse
cargo build --locked --release --manifest-path "$here/Cargo.toml"
target=${CARGO_TARGET_DIR:-$root/target}
peers=${CARGO_TARGET_DIR:-$here/target}

port=${PORT:-29092}
log=$(mktemp)
PORT=$port "$root/scripts/kafka/serve.sh" > "$log" 2>&1 &
broker=$!
trap 'kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; rm -f "$log"' EXIT
until grep -q "Kafka is at" "$log"; do
  kill -0 "$broker" 2>/dev/null || { cat "$log" >&2; exit 1; }
  sleep 0.2
done
BOOTSTRAP=localhost:$port SALESPULSE=$target/release/salespulse PORT=9310 "$peers/release/peers" compare
