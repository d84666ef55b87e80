# GoSight. Bare `make` lists the targets; `make run` and `make test` are all a newcomer needs.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := target/release/gosight
ENGINE_PACKAGE := deploy/engine/node_modules/@chdb/lib-linux-x64-gnu
ENGINE := target/release/libchdb.so
NPM_CI := npm ci --no-audit --no-fund --loglevel=error
export NEXT_TELEMETRY_DISABLED := 1
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

say = @printf '\033[1m▸ %s\033[0m\n' "$(1)"

.PHONY: help run build test check test-rust test-sdk test-dashboard test-browser bench bench-browser screenshots fmt clean chromium prerequisites cargo

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}'

run: build ## Build what is needed and start the demo: shop, dashboard and pipeline on http://127.0.0.1:8080
	@exec $(BIN) demo

build: prerequisites $(ENGINE) cargo ## Build everything into target/release/gosight

test: prerequisites chromium build check test-rust test-sdk test-dashboard test-browser ## Install what tests need and run every test
	@echo "make test: all passed"

check: sdk/node_modules/.stamp dashboard/node_modules/.stamp tests/browser/node_modules/.stamp bench/browser/node_modules/.stamp ## Formatting, lints and types, Rust and TypeScript
	$(call say,checking formatting and lints and types)
	@cargo fmt --all --check
	@cargo clippy --release --workspace --all-targets --quiet -- -D warnings
	@npm --prefix sdk run --silent check
	@npm --prefix dashboard run --silent check
	@npm --prefix tests/browser run --silent check
	@npm --prefix bench/browser run --silent check

test-rust: $(ENGINE) sdk/dist/.stamp dashboard/out/.stamp ## Rust tests: units, oracles, crash journeys through the real binary
	$(call say,Rust tests)
	@cargo test --release --workspace --quiet

test-sdk: sdk/dist/.stamp sdk/pages/node_modules/.stamp ## SDK tests: units, size budget, real Chromium, real applications
	$(call say,SDK tests)
	@npm --prefix sdk test --silent

test-dashboard: dashboard/out/.stamp ## Dashboard unit tests
	$(call say,dashboard tests)
	@npm --prefix dashboard test --silent

test-browser: build tests/browser/node_modules/.stamp ## Journeys in real Chromium through the real binary
	$(call say,browser journeys)
	@npm --prefix tests/browser test --silent

bench: build ## Print throughput, freshness, memory and disk figures of this machine
	@cargo run --release --quiet -p gosight-bench -- $(BENCH)

bench-browser: sdk/dist/.stamp bench/browser/node_modules/.stamp ## Print what the SDK costs the page it is on, beside nothing and beside stock rrweb
	@npm --prefix bench/browser run --silent bench -- $(BENCH)

screenshots: build tests/browser/node_modules/.stamp ## Retake the pictures in docs/
	@npm --prefix tests/browser run --silent screenshots

fmt: ## Format Rust and TypeScript
	@cargo fmt --all
	@npm --prefix sdk run --silent fmt
	@npm --prefix dashboard run --silent fmt
	@npm --prefix tests/browser run --silent fmt
	@npm --prefix bench/browser run --silent fmt

clean: ## Remove what was built (never gosight-data)
	@rm -rf target sdk/dist dashboard/out dashboard/.next {sdk,sdk/pages,sdk/peers,dashboard,tests/browser,bench/browser,deploy/engine}/node_modules

# The binary embeds the SDK and the dashboard, so they come first; cargo itself decides what is stale.
cargo: sdk/dist/.stamp dashboard/out/.stamp
	$(call say,building gosight (the first build takes some minutes))
	@cargo build --release --workspace

$(ENGINE): deploy/engine/node_modules/.stamp
	@mkdir -p $(@D) && ln -sfn "$(abspath $(ENGINE_PACKAGE)/libchdb.so)" $@

deploy/engine/node_modules/.stamp: deploy/engine/package-lock.json
	$(call say,fetching the ClickHouse engine (180 MB, pinned by digest))
	@cd $(dir $<) && $(NPM_CI)
	@test -f $(ENGINE_PACKAGE)/libchdb.so
	@touch $@

%/node_modules/.stamp: %/package-lock.json
	$(call say,installing packages of $*)
	@cd $* && $(NPM_CI)
	@touch $@

sdk/dist/.stamp: sdk/node_modules/.stamp $(shell find sdk/src sdk/scripts -type f 2>/dev/null) sdk/package.json
	$(call say,building the SDK)
	@npm --prefix sdk run --silent build
	@touch $@

dashboard/out/.stamp: dashboard/node_modules/.stamp $(shell find dashboard/src dashboard/app dashboard/public -type f 2>/dev/null) $(wildcard dashboard/*.ts dashboard/*.mjs dashboard/*.json)
	$(call say,building the dashboard)
	@npm --prefix dashboard run --silent build
	@touch $@

prerequisites:
	@for tool in cargo node npm gcc; do command -v $$tool >/dev/null || { echo "missing: $$tool. README.md lists the prerequisites: Rust 1.95 (rustup), Node 20, make, gcc."; exit 1; }; done

chromium:
	@command -v chromium >/dev/null || { printf '\033[1m▸ installing Chromium\033[0m\n'; sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }
