#!/usr/bin/env bash
# Puts what the integration tests need into the cache: Apache Kafka's jars, Prometheus and promtool, kcat, AsyncAPI's
# parser, groff.
#
#   scripts/setup-test-tools.sh [TOOL…]           TOOL: kafka prometheus kcat asyncapi groff cargo-deny chromium
#                                                 (default: kafka prometheus kcat asyncapi groff)
#   scripts/setup-test-tools.sh --where TOOL      prints the path of cargo-deny, or the folder of asyncapi, and
#                                                 installs nothing
#
# Run twice, the second time does nothing. A tool that cannot be had is named at the end with the reason, and the
# script ends with 1 after having set up the others. `SALESPULSE_TEST_TOOLS` overrides where the cache lies.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SALESPULSE_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/salespulse}
kafka_version=4.3.1
cargo_deny_version=0.20.2
cargo_deny=$cache/cargo-deny-$cargo_deny_version
missing=()
# Another lock file is another folder, so that a change of it is never overlooked.
asyncapi=$cache/asyncapi-$(cksum < "$here/asyncapi/package-lock.json" | tr ' ' -)
case $* in
  "--where cargo-deny") echo "$cargo_deny/bin/cargo-deny"; exit ;;
  "--where asyncapi") echo "$asyncapi"; exit ;;
esac
mkdir -p "$cache" || exit 1

say() { printf 'test tools: %s\n' "$*" >&2; }

fail() { missing+=("$1"); say "$1 cannot be had: $2"; return 1; }

# Debian's package lists, refreshed at most once a run.
apt_update() {
  [ -n "${apt_updated:-}" ] && return 0
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" = 0 ] || return 0
  apt-get -qq update >&2 && apt_updated=1
}

# Installs Debian packages: needs root.
apt_install() {
  command -v apt-get >/dev/null || { say "there is no apt-get here; install $* by hand"; return 1; }
  [ "$(id -u)" = 0 ] || { say "install them with: sudo apt-get install $*"; return 1; }
  apt_update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >&2
}

java_is_17_or_later() {
  local version
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p') && [ "${version:-0}" -ge 17 ]
}

setup_kafka() {
  local home=$cache/kafka-$kafka_version
  command -v openssl >/dev/null || apt_install openssl || { fail kafka "its TLS listener needs openssl"; return; }
  java_is_17_or_later || apt_install openjdk-17-jre-headless || { fail kafka "it needs Java 17"; return; }
  [ -e "$home/complete" ] && return
  command -v mvn >/dev/null || apt_install maven || { fail kafka "its jars come by Maven (mvn)"; return; }
  say "fetching Apache Kafka $kafka_version (126 MB)"
  rm -rf "$home"
  mvn -B -q -f "$here/kafka/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -Dkafka.version="$kafka_version" -DoutputDirectory="$home/libs" >&2 ||
    { fail kafka "Maven could not fetch org.apache.kafka:kafka_2.13:$kafka_version"; return; }
  touch "$home/complete"
}

# The package is unpacked, not installed: installed, it would start a service of its own.
setup_prometheus() {
  local home=$cache/prometheus unpacked
  [ -x "$home/usr/bin/prometheus" ] && [ -x "$home/usr/bin/promtool" ] && return
  command -v apt-get >/dev/null || { fail prometheus "there is no apt-get here; put prometheus and promtool into $home/usr/bin"; return; }
  say "fetching Prometheus"
  apt_update || { fail prometheus "apt-get update failed"; return; }
  unpacked=$(mktemp -d "$cache/prometheus.XXXXXX") || { fail prometheus "$cache cannot be written"; return; }
  # apt's sandbox user cannot write here; as root that is only a warning, so it is named away.
  (cd "$unpacked" && apt-get -qq -o APT::Sandbox::User=root download prometheus >&2 && dpkg -x prometheus_*.deb . && rm -f ./*.deb) ||
    { rm -rf "$unpacked"; fail prometheus "the package prometheus could not be downloaded and unpacked"; return; }
  rm -rf "$home" && mv "$unpacked" "$home"
}

setup_kcat() {
  command -v kcat >/dev/null || apt_install kcat || fail kcat "the package kcat could not be installed"
}

node_is_18_or_later() {
  local version
  version=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p') && [ "${version:-0}" -ge 18 ]
}

# Nothing that npm fetches is run, except by the judge of the document.
setup_asyncapi() {
  local unpacked
  node_is_18_or_later || apt_install nodejs || { fail asyncapi "its parser needs Node.js 18"; return; }
  [ -e "$asyncapi/complete" ] && return
  command -v npm >/dev/null || apt_install npm || { fail asyncapi "its parser comes by npm"; return; }
  say "fetching AsyncAPI's parser"
  unpacked=$(mktemp -d "$cache/asyncapi.XXXXXX") || { fail asyncapi "$cache cannot be written"; return; }
  cp "$here"/asyncapi/package*.json "$unpacked" &&
    npm ci --prefix "$unpacked" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
    { rm -rf "$unpacked"; fail asyncapi "npm could not fetch what scripts/asyncapi/package-lock.json names"; return; }
  touch "$unpacked/complete" && rm -rf "$asyncapi" && mv "$unpacked" "$asyncapi"
}

setup_groff() {
  command -v groff >/dev/null || apt_install groff-base || fail groff "the package groff-base could not be installed"
}

setup_cargo-deny() {
  [ -x "$cargo_deny/bin/cargo-deny" ] && return
  say "building cargo-deny $cargo_deny_version (some minutes, once)"
  cargo install --locked --quiet --version "$cargo_deny_version" --root "$cargo_deny" cargo-deny >&2 ||
    { fail cargo-deny "cargo install could not build it"; return; }
}

setup_chromium() {
  command -v chromium >/dev/null || apt_install chromium || fail chromium "the package chromium could not be installed"
}

[ $# -gt 0 ] || set -- kafka prometheus kcat asyncapi groff
for tool in "$@"; do
  case $tool in
    kafka | prometheus | kcat | asyncapi | groff | cargo-deny | chromium) "setup_$tool" ;;
    *) say "no such tool: $tool (kafka prometheus kcat asyncapi groff cargo-deny chromium)"; exit 64 ;;
  esac
done

if [ ${#missing[@]} -gt 0 ]; then
  say "NOT SET UP: ${missing[*]}"
  exit 1
fi
