# Everything there is to do with this repository. `make` alone lists it.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/.tools/python/bin:$(PATH)
AZUKARI := cargo run --quiet --bin azukari --

.PHONY: help run test scale bench chaos prove-tests judge check lint check-api generate tools

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Build, and serve a sandbox on http://127.0.0.1:8080 with its data in azukari.db.
	@tools/setup build
	cargo build --bin azukari
	$(AZUKARI) serve

test: check ## Install or find what is needed, check the sources, and run every test on both engines.
	tools/with-postgres cargo nextest run

bench: ## Measure the program against the floor of plain statements, on disk and in memory.
	@tools/setup test
	cargo build --release -p benches -p api
	tools/bench

scale: tools ## Measure what must not grow with history, on both engines.
	cargo build --release --bin azukari --test azukari
	AZUKARI_TEST_PLACE=$${TMPDIR:-/tmp} tools/with-postgres cargo nextest run --release --test azukari --run-ignored only --no-capture scale

chaos: ## Kill, cut off, fill up and lie to the whole, in full, and find every acknowledged yen (half an hour).
	@tools/setup chaos
	tools/chaos

prove-tests: tools ## Seed one bug after the other, and require the tests that are to notice it to turn red (half an hour).
	tools/prove-tests

check: tools ## Formatting, lints, generated files without a difference, and the outside judges of the API.
	cargo fmt --all --check
	# Both at once: the linters of the specification use one core, and the compiler not always two.
	@$(MAKE) --no-print-directory --jobs=2 lint check-api
	# The same packages as the tests: with others, libraries have other features, and are built twice.
	cargo build --all-targets
	tools/check-generated
	tools/prove-tests --check

lint:
	cargo clippy --workspace --all-targets --quiet -- --deny warnings

check-api:
	tools/check-api

judge: ## Let every outside judge look: linters, fuzzer, generated clients, forged tokens, a scanner (half an hour).
	@tools/setup judge
	cargo build --bin azukari
	tools/with-postgres .tools/judge/bin/python tools/judge/judge.py

generate: ## Write openapi.yaml and docs/states/ anew from the code.
	@tools/setup build
	$(AZUKARI) openapi > openapi.yaml.new && mv openapi.yaml.new openapi.yaml
	rm -rf docs/states
	$(AZUKARI) states docs/states

tools: ## Install or find what the tests need.
	@tools/setup test
