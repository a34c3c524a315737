#!/usr/bin/env bash
# Draws the pictures of docs/page.md: `make pictures` does it too. Takes two minutes and needs Chromium and pngquant.
#
# The pages are those of a demo; the states, which a healthy demo does not have, are brought about by the server of the tests.
# PROGRAM is the salespulse to show.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${SALESPULSE_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/salespulse}
program=${PROGRAM:-$root/target/release/salespulse}
[ -x "$program" ] || { echo "There is no $program; build it with: cargo build --release" >&2; exit 1; }
"$root/scripts/setup-test-tools.sh" page
command -v pngquant >/dev/null || { echo "Install pngquant: the pictures are made small by it" >&2; exit 1; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
now=$(date -u +%FT%TZ)
"$program" simulate --reps=40 --duration=800d "--end=$now" --break-stage=east:contacted \
  "--break-from=$(date -u -d '7 days ago' +%FT%TZ)" --output=events.jsonl --config-out=rules.toml 2>/dev/null
"$program" replay events.jsonl --config=rules.toml "--as-of=$now" 2>/dev/null > metrics.prom
mkdir -p "$root/docs/pictures"
PAGE_PACKAGES=$cache/page PAGE_METRICS=$folder/metrics.prom node "$here/draw.mjs" "$root/docs/pictures"
