#!/usr/bin/env bash
# Makes a profile of the program at work, by which the compiler then lays out what it does most.
#
#   scripts/dist/profile.sh PROGRAM FOLDER FILE     PROGRAM: one built with -Cprofile-generate=FOLDER; FILE: where to
#
# A simulated organisation of a thousand reps is written into a broker of its own; the program reads it and is scraped.
# It is not the job of benches/peers, so that the benchmark shows what others get from it. Needs Kafka's jars, kcat and
# llvm-profdata (scripts/setup-test-tools.sh kafka kcat llvm).
set -euo pipefail

program=$(realpath "$1")
raw=$2
profile=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
merge=$("$here/../setup-test-tools.sh" --where llvm)
port=${PORT:-29392}
listen=127.0.0.1:$((port + 2))

folder=$(mktemp -d)
end() { [ -z "$1" ] || kill "$1" 2> /dev/null || true; }
trap 'end "${service:-}"; end "${broker:-}"; wait; rm -rf "$folder"' EXIT
PORT=$port "$here/../kafka/serve.sh" > "$folder/broker.log" 2>&1 &
broker=$!
until grep -q "Kafka is at" "$folder/broker.log"; do
  kill -0 "$broker" 2>/dev/null || { cat "$folder/broker.log" >&2; exit 1; }
  sleep 0.2
done

# What the simulation does is not what a service does.
LLVM_PROFILE_FILE=$folder/simulate.profraw "$program" simulate --brokers "localhost:$port" \
  --config-out "$folder/salespulse.toml" --reps 1000 --journeys 150000 --end "$(date -u +%FT00:00:00Z)" \
  2> "$folder/simulate.log"
rm -rf "$raw"
SALESPULSE__KAFKA__BROKERS=localhost:$port SALESPULSE__HTTP__LISTEN=$listen \
  SALESPULSE__SNAPSHOT__STORE=$folder/snapshots LLVM_PROFILE_FILE=$raw/%p.profraw \
  "$program" run --config "$folder/salespulse.toml" 2> "$folder/run.log" &
service=$!
until curl -sf "http://$listen/readyz" > "$folder/ready"; do
  kill -0 "$service" 2>/dev/null || { cat "$folder/run.log" >&2; exit 1; }
  sleep 0.2
done
for _ in 1 2 3 4 5; do curl -sf "http://$listen/metrics" > "$folder/scrape"; done
grep -q '^sales_rep_revenue' "$folder/scrape" || { echo "profile: the scrape shows no numbers" >&2; exit 1; }
# It writes its profile when it ends by itself.
kill "$service"
wait "$service"
service=
mkdir -p "$(dirname "$profile")"
"$merge" merge --output "$profile" "$raw"
