#!/usr/bin/env bash
# A Prometheus at localhost:9090 that scrapes the demo and evaluates the shipped rules, until Ctrl-C. Its data is gone
# afterwards. In the demo a day takes minutes, so alerts fire at once here: nothing has to hold for an hour first.
#
# TARGET is what to scrape, PORT where Prometheus listens. `make test-tools` fetches Prometheus.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SALESPULSE_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/salespulse}
prometheus=$cache/prometheus/usr/bin/prometheus
port=${PROMETHEUS_PORT:-9090}
target=${TARGET:-localhost:9464}
[ -x "$prometheus" ] || { echo "There is no Prometheus in $cache; fetch it with: scripts/setup-test-tools.sh prometheus" >&2; exit 1; }

folder=$(mktemp -d)
trap '[ -z "${server:-}" ] || kill "$server" 2>/dev/null; wait 2>/dev/null; rm -rf "$folder"' EXIT
trap 'exit 0' INT TERM

mkdir "$folder/rules"
for rules in "$here"/../../deploy/prometheus/rules/*.yml; do
  sed -E 's/^( +(for|keep_firing_for)): .*/\1: 0s/' "$rules" > "$folder/rules/$(basename "$rules")"
done
cat > "$folder/prometheus.yml" <<YAML
global: {scrape_interval: 5s, scrape_timeout: 5s, evaluation_interval: 2s}
rule_files: [rules/*.yml]
scrape_configs:
  - job_name: salespulse
    static_configs: [{targets: ["$target"]}]
YAML
"$prometheus" --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
  --web.listen-address="localhost:$port" > "$folder/log" 2>&1 &
server=$!
until curl -sf "localhost:$port/-/ready" > "$folder/ready" 2>&1; do
  kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
  sleep 0.2
done
echo "Prometheus is at http://localhost:$port/alerts; Ctrl-C ends it."
wait "$server"
