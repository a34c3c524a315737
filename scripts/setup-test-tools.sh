#!/usr/bin/env bash
# Puts what the integration tests need into the cache: Apache Kafka's jars, Prometheus, Alertmanager, promtool twice, kcat,
# AsyncAPI's parser, groff, what makes and checks the dashboards, the judges of deploy/, moto, a browser for the page, the
# clients that vendors of CRMs publish, Debezium with a PostgreSQL.
#
#   scripts/setup-test-tools.sh [TOOL…]           TOOL: kafka prometheus promtool3 alertmanager kcat faketime asyncapi groff
#                                                 dashboards deploy helm moto dist page clients debezium
#                                                 cargo-deny chromium pictures kafka-streams llvm (default: all but
#                                                 the last five)
#   scripts/setup-test-tools.sh --where TOOL      prints the path of cargo-deny, nfpm, cargo-cyclonedx or llvm-profdata
#                                                 (llvm), or the folder of asyncapi, moto, clients, debezium or
#                                                 kafka-streams, and installs nothing
#
# Run twice, the second time does nothing. A tool that cannot be had is named at the end with the reason, and the
# script ends with 1 after having set up the others. `SALESPULSE_TEST_TOOLS` overrides where the cache lies.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SALESPULSE_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/salespulse}
kafka_version=4.3.1
debezium_version=3.6.1.Final
promtool_version=0.314.0
cargo_deny_version=0.20.2
helm_version=3.19.0
nfpm_version=2.45.2
cyclonedx_version=0.5.9
cargo_deny=$cache/cargo-deny-$cargo_deny_version
nfpm=$cache/nfpm-$nfpm_version
cyclonedx=$cache/cargo-cyclonedx-$cyclonedx_version
debezium=$cache/debezium-$debezium_version-kafka-$kafka_version
missing=()
# Another lock file is another folder, so that a change of it is never overlooked.
asyncapi=$cache/asyncapi-$(cksum < "$here/asyncapi/package-lock.json" | tr ' ' -)
moto=$cache/moto-$(cksum < "$here/moto/requirements.txt" | tr ' ' -)
clients=$cache/clients-$(cat "$here"/clients/requirements.txt "$here"/clients/package-lock.json | cksum | tr ' ' -)

# Of the version of the compiler, which no other may read what it writes: rustup's, or else Debian's.
llvm_profdata() {
  local version ours
  version=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
  ours=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/llvm-profdata
  if [ -x "$ours" ]; then echo "$ours"; else echo "/usr/bin/llvm-profdata-$version"; fi
}

case $* in
  "--where cargo-deny") echo "$cargo_deny/bin/cargo-deny"; exit ;;
  "--where nfpm") echo "$nfpm/nfpm"; exit ;;
  "--where cargo-cyclonedx") echo "$cyclonedx/bin/cargo-cyclonedx"; exit ;;
  "--where asyncapi") echo "$asyncapi"; exit ;;
  "--where moto") echo "$moto"; exit ;;
  "--where clients") echo "$clients"; exit ;;
  "--where debezium") echo "$debezium"; exit ;;
  "--where llvm") llvm_profdata; exit ;;
  "--where kafka-streams") echo "$cache/kafka-streams-$kafka_version"; exit ;;
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

# Not for tests: what `make bench` compares salespulse with, and a compiler for it.
setup_kafka-streams() {
  local home=$cache/kafka-streams-$kafka_version
  command -v javac >/dev/null || apt_install openjdk-17-jdk-headless || { fail kafka-streams "it needs a JDK 17"; return; }
  [ -e "$home/complete" ] && return
  command -v mvn >/dev/null || apt_install maven || { fail kafka-streams "its jars come by Maven (mvn)"; return; }
  say "fetching Kafka Streams $kafka_version (96 MB)"
  rm -rf "$home"
  mvn -B -q -f "$here/../benches/peers/kstreams/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -Dkafka.version="$kafka_version" -DoutputDirectory="$home/libs" >&2 ||
    { fail kafka-streams "Maven could not fetch org.apache.kafka:kafka-streams:$kafka_version"; return; }
  touch "$home/complete"
}

# Unpacks a Debian package into a folder of the cache. It is not installed: installed, it would start a service of its own.
unpack() {
  local package=$1 home=$2 unpacked
  command -v apt-get >/dev/null || { fail "$package" "there is no apt-get here; put its programs into $home/usr/bin"; return; }
  say "fetching $package"
  apt_update || { fail "$package" "apt-get update failed"; return; }
  unpacked=$(mktemp -d "$home.XXXXXX") || { fail "$package" "$cache cannot be written"; return; }
  # apt's sandbox user cannot write here; as root that is only a warning, so it is named away.
  (cd "$unpacked" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2 && dpkg -x "$package"_*.deb . && rm -f ./*.deb) ||
    { rm -rf "$unpacked"; fail "$package" "the package $package could not be downloaded and unpacked"; return; }
  rm -rf "$home" && mv "$unpacked" "$home"
}

# Debian's: Prometheus and promtool 2.42, the oldest that the rules are for.
setup_prometheus() {
  local bin=$cache/prometheus/usr/bin
  [ -x "$bin/prometheus" ] && [ -x "$bin/promtool" ] || unpack prometheus "$cache/prometheus"
}

# Alertmanager and amtool. Debian's Alertmanager reads its templates from where the package would install them, and only there.
setup_alertmanager() {
  local home=$cache/alertmanager templates=usr/share/prometheus/alertmanager
  [ -x "$home/usr/bin/prometheus-alertmanager" ] && [ -x "$home/usr/bin/amtool" ] || unpack prometheus-alertmanager "$home" || return
  [ -e "/$templates/default.tmpl" ] && return
  [ "$(id -u)" = 0 ] || { fail alertmanager "as root: mkdir -p /$templates && cp $home/$templates/*.tmpl /$templates"; return; }
  mkdir -p "/$templates" && cp "$home/$templates"/*.tmpl "/$templates" || fail alertmanager "its templates could not be copied to /$templates"
}

# The promtool of Prometheus 3 is in no package: module v0.314.0 is version 3.14.
setup_promtool3() {
  local home=$cache/promtool-$promtool_version build
  [ -x "$home/promtool" ] && return
  command -v go >/dev/null || { fail promtool3 "it is built with Go 1.25 or later"; return; }
  say "building promtool $promtool_version (some minutes and 4 GB of temporary files, once)"
  build=$(mktemp -d "$cache/promtool.XXXXXX") || { fail promtool3 "$cache cannot be written"; return; }
  # Modules and objects go into the temporary folder too: they are worth nothing afterwards.
  (cd "$build" && export GOPATH=$build/go GOCACHE=$build/objects GOFLAGS=-modcacherw CGO_ENABLED=0 &&
    go mod init build && go get -tool "github.com/prometheus/prometheus/cmd/promtool@v$promtool_version" &&
    go build -trimpath -ldflags "-s -w" -o "$build/promtool" github.com/prometheus/prometheus/cmd/promtool) >&2 ||
    { rm -rf "$build"; fail promtool3 "go could not build github.com/prometheus/prometheus/cmd/promtool@v$promtool_version"; return; }
  mkdir -p "$home" && mv "$build/promtool" "$home/promtool" && rm -rf "$build"
}

setup_kcat() {
  command -v kcat >/dev/null || apt_install kcat || fail kcat "the package kcat could not be installed"
}

setup_faketime() {
  command -v faketime >/dev/null || apt_install faketime || fail faketime "the package faketime could not be installed"
}

# Not for tests: what merges the profile by which the program is released.
setup_llvm() {
  local program
  program=$(llvm_profdata)
  [ -x "$program" ] || rustup component add llvm-tools >&2 2>/dev/null || apt_install "llvm-${program##*-}" ||
    fail llvm "there is no llvm-profdata; install it with: rustup component add llvm-tools"
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

has_python() {
  python3 -c "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, $1))" 2>/dev/null
}

# needs_python TOOL MINOR: Python 3.MINOR that can make environments.
needs_python() {
  has_python "$2" || apt_install python3 python3-venv
  has_python "$2" || fail "$1" "it needs Python 3.$2 with venv, and $(python3 --version 2>&1) is here"
}

# hadolint, the schema of compose files, those of Kubernetes.
setup_deploy() {
  local home=$cache/deploy wanted=$here/deploy/requirements.txt
  cmp -s "$wanted" "$home/complete" && return
  needs_python deploy 10 || return
  say "fetching the judges of deploy/"
  rm -rf "$home"
  { python3 -m venv "$home" && "$home/bin/pip" --disable-pip-version-check install --quiet -r "$wanted" &&
    cp "$wanted" "$home/complete"; } >&2 || { fail deploy "pip could not install what $wanted names"; return; }
}

# Helm is in no package of Debian's. It renders the chart; nothing is installed anywhere.
setup_helm() {
  go_install helm "$cache/helm-$helm_version" "helm.sh/helm/v3/cmd/helm@v$helm_version"
}

# go_install PROGRAM FOLDER MODULE@VERSION: builds a program of Go's module proxy into a folder of the cache.
go_install() {
  local program=$1 home=$2 module=$3 build
  [ -x "$home/$program" ] && return
  command -v go >/dev/null || { fail "$program" "it is built with Go 1.25 or later"; return; }
  say "building $program (some minutes, once)"
  build=$(mktemp -d "$cache/$program.XXXXXX") || { fail "$program" "$cache cannot be written"; return; }
  # Modules and objects go into the temporary folder too: they are worth nothing afterwards.
  (export GOPATH=$build/go GOCACHE=$build/objects GOBIN=$build GOFLAGS=-modcacherw CGO_ENABLED=0 &&
    nice go install -trimpath -ldflags "-s -w" "$module") >&2 ||
    { rm -rf "$build"; fail "$program" "go could not build $module"; return; }
  mkdir -p "$home" && mv "$build/$program" "$home/$program" && rm -rf "$build"
}

# cargo_install NAME FOLDER VERSION
cargo_install() {
  local name=$1 home=$2 version=$3
  [ -x "$home/bin/$name" ] && return
  say "building $name $version (some minutes, once)"
  cargo install --locked --quiet --version "$version" --root "$home" "$name" >&2 ||
    { fail "$name" "cargo install could not build it"; return; }
}

# What `make dist` packs with, and rpm, which judges one of its packages.
setup_dist() {
  command -v rpm >/dev/null || apt_install rpm || fail dist "the package rpm could not be installed"
  command -v objdump >/dev/null || apt_install binutils || fail dist "the package binutils could not be installed"
  command -v envsubst >/dev/null || apt_install gettext-base || fail dist "the package gettext-base could not be installed"
  go_install nfpm "$nfpm" "github.com/goreleaser/nfpm/v2/cmd/nfpm@v$nfpm_version"
  cargo_install cargo-cyclonedx "$cyclonedx" "$cyclonedx_version"
}

# The environment knows its own path, so it is made where it stays.
setup_moto() {
  [ -e "$moto/complete" ] && return
  needs_python moto 10 || return
  say "fetching moto, an S3-compatible server"
  rm -rf "$moto"
  python3 -m venv "$moto" &&
    "$moto/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
      -r "$here/moto/requirements.txt" >&2 ||
    { rm -rf "$moto"; fail moto "pip could not install what scripts/moto/requirements.txt names"; return; }
  touch "$moto/complete"
}

# What Zoho publishes for Python, HubSpot and Pipedrive for Node.js.
setup_clients() {
  [ -e "$clients/complete" ] && return
  needs_python clients 10 || return
  node_is_18_or_later || apt_install nodejs || { fail clients "two of them need Node.js 18"; return; }
  command -v npm >/dev/null || apt_install npm || { fail clients "two of them come by npm"; return; }
  say "fetching the clients that vendors of CRMs publish"
  rm -rf "$clients"
  { python3 -m venv "$clients" &&
    "$clients/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
      -r "$here/clients/requirements.txt"; } >&2 ||
    { rm -rf "$clients"; fail clients "pip could not install what scripts/clients/requirements.txt names"; return; }
  cp "$here"/clients/package*.json "$clients" &&
    npm ci --prefix "$clients" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
    { rm -rf "$clients"; fail clients "npm could not fetch what scripts/clients/package-lock.json names"; return; }
  touch "$clients/complete"
}

# Debezium's connector and Kafka Connect, which runs it, beside a PostgreSQL whose programs the test starts by itself.
setup_debezium() {
  local clusters=/etc/postgresql-common/createcluster.conf
  if ! compgen -G "/usr/lib/postgresql/*/bin/initdb" > /dev/null; then
    # Debian's package makes a database and starts it, unless it is told not to.
    if [ "$(id -u)" = 0 ] && [ ! -e "$clusters" ]; then
      mkdir -p "${clusters%/*}" && echo "create_main_cluster = false" > "$clusters"
    fi
    apt_install postgresql || { fail debezium "the package postgresql could not be installed"; return; }
  fi
  java_is_17_or_later || apt_install openjdk-17-jre-headless || { fail debezium "it needs Java 17"; return; }
  [ -e "$debezium/complete" ] && return
  command -v mvn >/dev/null || apt_install maven || { fail debezium "its jars come by Maven (mvn)"; return; }
  say "fetching Debezium $debezium_version (41 MB)"
  rm -rf "$debezium"
  mvn -B -q -f "$here/debezium/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -Dkafka.version="$kafka_version" -Ddebezium.version="$debezium_version" -DoutputDirectory="$debezium/libs" >&2 ||
    { fail debezium "Maven could not fetch io.debezium:debezium-connector-postgres:$debezium_version"; return; }
  touch "$debezium/complete"
}

setup_cargo-deny() {
  cargo_install cargo-deny "$cargo_deny" "$cargo_deny_version"
}

setup_chromium() {
  command -v chromium >/dev/null || apt_install chromium || fail chromium "the package chromium could not be installed"
}

# Letters for Chinese: without them every character of a picture is an empty box.
has_chinese_letters() {
  fc-list :lang=zh 2>/dev/null | grep -q . || apt_install fontconfig fonts-noto-cjk ||
    { fail "$1" "the package fonts-noto-cjk could not be installed"; return 1; }
}

# What drives the page in a browser and judges it.
setup_page() {
  local home=$cache/page wanted=$here/page
  setup_chromium || return
  has_chinese_letters page || return
  node_is_18_or_later || apt_install nodejs || { fail page "its tests need Node.js 18"; return; }
  command -v curl >/dev/null || apt_install curl || { fail page "its tests ask with curl"; return; }
  cmp -s "$wanted/package-lock.json" "$home/complete" && return
  command -v npm >/dev/null || apt_install npm || { fail page "its judges come by npm"; return; }
  say "fetching what drives and judges the page"
  rm -rf "$home" && mkdir -p "$home" && cp "$wanted/package.json" "$wanted/package-lock.json" "$home"
  (cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --silent >&2 && cp package-lock.json complete) ||
    { fail page "npm could not install what scripts/page/package-lock.json names"; return; }
}

# The builders that the dashboards are generated with, and Grafana's types that hold the result. Each has a copy of the
# file that pins it, so that a change of that file installs it anew.
setup_dashboards() {
  local home=$cache/dashboards builders=$here/../deploy/grafana/source types=$here/dashboards/types
  if ! cmp -s "$builders/requirements.txt" "$home/builders/requirements.txt"; then
    needs_python dashboards 11 || return
    say "fetching Grafana's dashboard builders"
    rm -rf "$home/builders"
    { python3 -m venv "$home/builders" &&
      "$home/builders/bin/pip" install --quiet --require-hashes -r "$builders/requirements.txt" &&
      cp "$builders/requirements.txt" "$home/builders/"; } >&2 ||
      { fail dashboards "pip could not install grafana-foundation-sdk"; return; }
  fi
  if ! cmp -s "$types/package-lock.json" "$home/types/complete"; then
    command -v npm >/dev/null || apt_install nodejs npm || { fail dashboards "checking their types needs npm"; return; }
    say "fetching Grafana's types"
    rm -rf "$home/types" && mkdir -p "$home/types" && cp "$types/package.json" "$types/package-lock.json" "$home/types"
    (cd "$home/types" && npm ci --ignore-scripts --no-audit --no-fund --silent >&2 && cp package-lock.json complete) ||
      { fail dashboards "npm could not install @grafana/schema and typescript"; return; }
  fi
}

# Not for tests: Grafana's components, of which `make pictures` draws (650 MB).
setup_pictures() {
  local home=$cache/dashboards/pictures source=$here/dashboards/pictures
  command -v pngquant >/dev/null || apt_install pngquant || { fail pictures "they are made small by pngquant"; return; }
  has_chinese_letters pictures || return
  cmp -s "$source/package-lock.json" "$home/complete" && return
  command -v npm >/dev/null || apt_install nodejs npm || { fail pictures "they need npm"; return; }
  say "fetching Grafana's components"
  rm -rf "$home" && mkdir -p "$home" && cp "$source/package.json" "$source/package-lock.json" "$home"
  (cd "$home" && npm ci --ignore-scripts --no-audit --no-fund --silent >&2 && cp package-lock.json complete) ||
    { fail pictures "npm could not install @grafana/ui"; return; }
}

[ $# -gt 0 ] || set -- kafka prometheus promtool3 alertmanager kcat faketime asyncapi groff dashboards deploy helm moto dist page clients debezium
for tool in "$@"; do
  case $tool in
    kafka | prometheus | promtool3 | alertmanager | kcat | faketime | asyncapi | groff | dashboards | deploy | helm | moto | dist | page | \
      clients | debezium | cargo-deny | chromium | pictures | kafka-streams | llvm)
      "setup_$tool" ;;
    *)
      say "no such tool: $tool (kafka prometheus promtool3 alertmanager kcat faketime asyncapi groff dashboards deploy helm moto dist page clients debezium cargo-deny chromium pictures kafka-streams llvm)"
      exit 64 ;;
  esac
done

if [ ${#missing[@]} -gt 0 ]; then
  say "NOT SET UP: ${missing[*]}"
  exit 1
fi
