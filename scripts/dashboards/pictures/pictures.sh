#!/usr/bin/env bash
# Draws the pictures of docs/dashboards.md: `make pictures`. Takes about ten minutes and needs Chromium and pngquant.
#
# A simulated organisation goes through a real Kafka and the service, and a real Prometheus scrapes it. What was before is
# not waited for: `salespulse history` computes every twelve hours of the last month, and promtool makes blocks of them.
# PROGRAM is the salespulse to show; PORT the first of three free ports; RATE how many records a second Kafka is sent.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
cache=${SALESPULSE_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/salespulse}
program=${PROGRAM:-$root/target/release/salespulse}
port=${PORT:-19092}
service=127.0.0.1:$((port + 2)) prometheus=127.0.0.1:$((port + 3))
[ -x "$program" ] || { echo "There is no $program; build it with: cargo build --release" >&2; exit 1; }
"$root/scripts/setup-test-tools.sh" kafka prometheus kcat chromium pictures

folder=$(mktemp -d)
pids=()
# The last first: the service leaves its group while there is a broker. That is a script with a process of its own, which
# is asked, so that it can end that too.
finish() {
  local place
  for ((place = ${#pids[@]} - 1; place >= 0; place--)); do
    kill "${pids[place]}" 2>/dev/null && wait "${pids[place]}" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap finish EXIT
cd "$folder"

now=$(($(date +%s) / 900 * 900))
instant() { date -u -d "@$1" +%FT%TZ; }
span=(--reps=20 --duration=500d "--end=$(instant "$now")")
"$program" simulate "${span[@]}" --output=events.jsonl --config-out=rules.toml 2>/dev/null
# What people ask for first, if the organisation does not expose it already.
grep -q '^\[windows\]' rules.toml || cat >> rules.toml <<'TOML'

[windows]
rep = ["24h", "7d", "30d", "today", "wtd", "mtd", "last_month", "qtd"]
team = ["1h", "24h", "7d", "30d", "90d", "today", "wtd", "mtd", "last_month", "qtd", "ytd"]
org = ["1h", "24h", "7d", "30d", "90d", "today", "wtd", "mtd", "last_month", "qtd", "ytd"]
TOML

PORT=$port "$root/scripts/kafka/serve.sh" > kafka.log 2>&1 &
pids+=($!)

echo "computing the month before" >&2
"$program" history events.jsonl --config=rules.toml --from="$(instant $((now - 60 * 43200)))" \
  --to="$(instant $((now - 43200)))" --every=12h --label=instance=salespulse --label=job=salespulse > history
"$cache/prometheus/usr/bin/promtool" tsdb create-blocks-from openmetrics --max-block-duration=768h -q history data >&2

until grep -q 'Kafka is at' kafka.log; do
  kill -0 "${pids[0]}" 2>/dev/null || { cat kafka.log >&2; exit 1; }
  sleep 1
done
{ cat rules.toml; printf '[kafka]\nbrokers = "localhost:%s"\n' "$port"; } > run.toml
"$program" run --config run.toml --listen "$service" > run.log 2>&1 &
pids+=($!)
cat > prometheus.yml <<YAML
global: {scrape_interval: 5s, scrape_timeout: 4s}
scrape_configs: [{job_name: salespulse, static_configs: [{targets: ["$service"], labels: {instance: salespulse}}]}]
YAML
"$cache/prometheus/usr/bin/prometheus" --config.file=prometheus.yml --storage.tsdb.path=data \
  --storage.tsdb.retention.time=400d --web.listen-address="$prometheus" > prometheus.log 2>&1 &
pids+=($!)

echo "sending the organisation's year to Kafka, slowly, so that there is something to see" >&2
"$program" simulate "${span[@]}" --config=run.toml "--rate=${RATE:-100}" 2>/dev/null
sleep 10
# Half a minute past a full one, so that the last time on an axis is not cut.
loaded=$(($(date +%s) / 60 * 60 + 30))

cp -r "$here/." "$cache/dashboards/pictures/"
failed=0
draw() { node "$cache/dashboards/pictures/draw.mjs" "http://$prometheus" "$@" || failed=1; }
boards=$root/deploy/grafana/dashboards
mkdir -p "$root/docs/pictures"
month=(--hours=720 --step=43200 "--to=$now")
for language in en zh; do
  sales=("$boards/$language"/{company,team,rep,leaderboard,channels}.json)
  draw "$root/docs/pictures" "${sales[@]}" "${month[@]}" --set=rep=rep-1006 --set=channel=organic_search
  draw "$root/docs/pictures" "$boards/$language/operations.json" --hours=0.15 --step=5 "--to=$loaded"
  # All rows open: nothing is kept of it but that it can be drawn, with every text whole. OPEN keeps the pictures there.
  mkdir -p "${OPEN:-open}"
  draw "${OPEN:-open}" "${sales[@]}" "${month[@]}" --set=rep=rep-1006 --set=channel=organic_search --open
  draw "${OPEN:-open}" "$boards/$language/operations.json" --hours=0.15 --step=5 "--to=$loaded" --open
done
exit "$failed"
