# The commands of a working day.
SHELL := /bin/bash

# More for the demo, such as ARGS="--speed 60".
ARGS =

.PHONY: help demo test test-parts test-all fuzz test-tools check deny bench profile release dist example kafka prometheus dashboards pictures page-pictures soak

help:
	@echo "make demo     a simulated sales organisation live, with nothing else to install; ARGS=\"--speed 60\""
	@echo "make test     the tests that need no other program"
	@echo "make test-parts  the tests with Kafka and a browser that CI runs too; sets up both before"
	@echo "make test-all every test; sets up the test tools (Kafka, Prometheus, …) beside the first of them"
	@echo "make fuzz     mutants of records, snapshots and configurations; RUNS=20000 SEED=1"
	@echo "make check    formatting, clippy, documentation, licences: all that CI asks beside the tests"
	@echo "make soak     the service killed a thousand times, and upset fifty times, on a real broker: an hour"
	@echo "make bench    the pipeline's speed beside a bare consumer and other programs, on a real broker"
	@echo "make release  the program as it is released, in target/reproducible/release: a fifth less CPU than cargo build"
	@echo "make dist     archives, .deb, .rpm, chart and checksums of this version, in target/dist"
	@echo "make example  a small file of events through the engine, as Prometheus would scrape it"
	@echo "make kafka    a Kafka at localhost:9092 to try the service with"
	@echo "make prometheus  a Prometheus at localhost:9090 for the demo, with the shipped alerts"
	@echo "make dashboards  Grafana's dashboards anew from their source"
	@echo "make pictures    the pictures of docs/dashboards.md and docs/page.md anew; make page-pictures those of the page only"

# Without a tool the tests that need it say so and pass; under CI its absence is a failure.
test-tools:
	@scripts/setup-test-tools.sh || [ -z "$$CI" ]

# What needs no other program: the core against its twin, the contract, the command line, the documents, recovery from any
# crash, connectors against a model of a CRM, the rules of the repository.
test:
	cargo test --locked --no-fail-fast --lib --test tidy --test pure

# Tests with real parts that CI runs after `make test`: what they need is a package of Debian, Maven, npm or PyPI, so that no
# tool is built for them. The others are in `make test-all`.
PARTS = $(addprefix integration::,golden identity unreadable endings refusals dead_letters access connect demo faked_clock \
	http2 listeners web_file) page
test-parts:
	@scripts/setup-test-tools.sh kafka prometheus faketime page clients debezium || [ -z "$$CI" ]
	@scripts/test-parts.sh $(addsuffix ::,$(PARTS))

# Everything. The tools are set up beside the first tests: the first time that takes a quarter of an hour.
test-all:
	@mkdir -p target
	@echo "the test tools are set up meanwhile: target/test-tools.log"
	@$(MAKE) --no-print-directory test-tools > target/test-tools.log 2>&1 & tools=$$!; \
	$(MAKE) --no-print-directory test; pure=$$?; \
	wait $$tools; tools=$$?; grep '^test tools:' target/test-tools.log; \
	cargo test --locked --no-fail-fast --test parts --test walk; parts=$$?; \
	exit $$((pure | tools | parts))

# Any number of mutants, of which `make test` runs some thousands; without a SEED other ones each time.
RUNS = 20000
SEED = $(shell date +%s)
fuzz:
	FUZZ_RUNS=$(RUNS) FUZZ_SEED=$(SEED) cargo test --locked --test pure fuzz:: -- --nocapture

# The kill loop and the upsets of `make test-all`, many times longer. SALESPULSE_CRASH_SEED repeats a run.
soak: test-tools
	SALESPULSE_CRASH_KILLS=$${SALESPULSE_CRASH_KILLS:-1000} SALESPULSE_CRASH_UPSETS=$${SALESPULSE_CRASH_UPSETS:-10} \
		cargo test --locked --test parts -- integration::crash::no_kill integration::crash::upsets --nocapture

check: deny
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

# Advisories are not checked here: their database is not a package of a registry. CONTRIBUTING.md names what else is not.
deny:
	@scripts/setup-test-tools.sh cargo-deny
	"$$(scripts/setup-test-tools.sh --where cargo-deny)" --locked check bans licenses sources

bench:
	@scripts/setup-test-tools.sh kafka kcat
	@scripts/setup-test-tools.sh kafka-streams || true
	cargo bench --locked --bench core --bench snapshots --bench simulate --bench pipeline
	benches/peers/run.sh

# The program as it is released: what it does most is laid out by a profile of it at work. The paths of this machine stay
# out of it, but for those that OpenSSL keeps of its own build. LTO and symbols as in any release build.
PROFILE = target/profile/salespulse.profdata
C_FLAGS := $(shell sed -n 's/^CFLAGS = "\(.*\)"/\1/p' .cargo/config.toml)
FIXED_PATHS = -ffile-prefix-map=$${CARGO_HOME:-$$HOME/.cargo}=cargo -ffile-prefix-map=$(CURDIR)=.
RELEASE = SALESPULSE_COMMIT="$$(git rev-parse --short=12 HEAD)" CFLAGS="$(C_FLAGS) $(FIXED_PATHS)" CXXFLAGS="$(FIXED_PATHS)" \
	RUSTFLAGS="--remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}=cargo --remap-path-prefix=$(CURDIR)=.

profile:
	@scripts/setup-test-tools.sh kafka kcat llvm
	$(RELEASE) -Cprofile-generate=$(CURDIR)/target/profile/raw" \
	  cargo build --locked --release --bin salespulse --target-dir target/profile/build
	scripts/dist/profile.sh target/profile/build/release/salespulse target/profile/raw $(PROFILE)

release:
	@[ -e "$(PROFILE)" ] || $(MAKE) --no-print-directory profile
	$(RELEASE) -Cprofile-use=$(abspath $(PROFILE))" \
	  cargo build --locked --release --bin salespulse --target-dir target/reproducible

# What is packed is stripped.
dist: release
	@scripts/setup-test-tools.sh dist
	scripts/dist/dist.sh target/reproducible/release/salespulse target/dist $(PROFILE)

# Built as for `make example`, so that one build serves both. Until Ctrl-C.
demo:
	@cargo run --locked -- demo $(ARGS)

# The small team of docs/kpis.md, at the instant of its examples.
example:
	@cargo run --locked --quiet -- replay examples/small-team/events.jsonl \
	  --config examples/small-team/salespulse.toml --as-of 2026-11-16T00:00:00+08:00

# Until Ctrl-C.
kafka:
	@scripts/setup-test-tools.sh kafka kcat
	@scripts/kafka/serve.sh

# Until Ctrl-C.
prometheus:
	@scripts/setup-test-tools.sh prometheus
	@scripts/prometheus/serve.sh

dashboards:
	@scripts/setup-test-tools.sh dashboards
	"$${SALESPULSE_TEST_TOOLS:-$${XDG_CACHE_HOME:-$$HOME/.cache}/salespulse}/dashboards/builders/bin/python" -B deploy/grafana/source/generate.py

pictures: page-pictures
	@scripts/dashboards/pictures/pictures.sh

page-pictures:
	@scripts/page/pictures.sh
