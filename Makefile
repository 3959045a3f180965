# Every verb a developer needs. `make` alone lists them; .ci/run calls `make check` and nothing else.

.DEFAULT_GOAL := list
.PHONY: list run test test-agent check format lint doc deny manifests api-test test-api dev-secrets bench leaked gen fmt clean-tools image pin test-cluster cluster

list: ## What there is (this list)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

run: ## Start the service on this machine, with nothing to set up
	cargo run --locked

test: ## All tests, against SQLite and a real MongoDB
	@tests/tools/fetch-mongod --fetch >/dev/null || echo "NOT TESTED: the MongoDB store; there is no mongod." >&2
	@tests/tools/fetch-weed --fetch >/dev/null || echo "NOT TESTED: backups in a bucket; there is no S3 server." >&2
	@tests/tools/fetch-age --fetch >/dev/null || echo "NOT TESTED: backups with age's own tool; there is none." >&2
	@tests/tools/fetch-smtpd --fetch >/dev/null || echo "NOT TESTED: mail; there is no mail server." >&2
	@tests/tools/fetch-otlp --fetch >/dev/null || echo "NOT TESTED: traces and logs; there is no collector." >&2
	cargo test --locked --quiet --doc
	cargo test --locked --lib --bins --test it --no-run
	$(IN_TIME) cargo test --locked --test it -- --test-threads=1 $(ALONE)
	$(IN_TIME) cargo test --locked --lib --bins --test it -- $(ALONE:%=--skip %)

# What judges by the clock, or measures what a machine bears, has the machine to itself: one after another, before the others.
ALONE = alone:: overload:: canary::promise_5

# A test that hangs ends the run, which has said by then which one it is. Not every machine has the command.
IN_TIME = $(shell command -v timeout >/dev/null && echo timeout --kill-after=30s 30m)

test-agent: ## Twenty sets that start while an agent or a mongod is killed
	@tests/tools/fetch-mongod --fetch >/dev/null
	AGENT_RUNS=20 cargo test --locked --test it mongo_agent::kills

# The tests come last: what a run ends with is their summary.
check: ## What CI runs: everything below, then the tests
	@tests/tools/stage format
	@tests/tools/stage lint
	@tests/tools/stage doc
	@tests/tools/stage deny
	@tests/tools/stage manifests
	@tests/tools/stage api-test
	@if [ -x "$$CLUSTER_TOOL/up" ]; then tests/tools/stage cluster || $(ONCE_MORE); else echo "NOT TESTED: a running cluster; make test-cluster does." >&2; fi
	@echo "== test"
	@$(MAKE) --no-print-directory test

# A cluster that shares its machine with what asks it is not always as quick as it is promised to be.
ONCE_MORE = { echo "== cluster failed, and is gone through once more" >&2; tests/tools/stage cluster; }

format: ## Is everything formatted?
	cargo fmt --all --check

lint: ## Clippy, with nothing left to say
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --no-default-features -- -D warnings

doc: ## The documentation of the code, without a broken link
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

deny: ## Dependencies: licences, bans, sources, known vulnerabilities
	tests/tools/deny

manifests: ## The Dockerfile, and everything of k8s/ and infra/, rendered and checked without a cluster
	@tests/tools/manifests

api-test: ## The running service against docs/openapi.json
	tests/tools/api-test

image: ## portcullis:dev, or NAME=: a static binary built here, put together with docker or buildah
	@tests/tools/image $(NAME) $(ARCHIVE)

pin: ## Write the digests of all images behind their tags, where their registries can be asked
	@tests/tools/pin

test-api: ## The manifests and the doctor on a real API server (any KUBECONFIG)
	@tests/tools/test-api

test-cluster: ## Everything deployed to a running cluster and gone through (any KUBECONFIG)
	@tests/tools/test-cluster

cluster: ## The two before this one, with a cluster that is there or that can be started
	@tests/tools/with-cluster $(MAKE) --no-print-directory test-api test-cluster

dev-secrets: ## Secrets for k8s/overlays/dev, in files that git does not see
	@tests/tools/dev-secrets

bench: ## Start, rest, sign-ins, a flood of them, throttling and a million users imported, beside what was promised
	cargo bench --locked --bench load

leaked: ## Make the filter of leaked passwords anew, from the list that is pinned there
	@tests/tools/leaked-passwords

gen: ## Write again what is generated: docs/openapi.json, docs/configuration.md
	@mkdir -p docs
	cargo run --locked --quiet --example gen -- openapi > docs/openapi.json.new && mv docs/openapi.json.new docs/openapi.json
	cargo run --locked --quiet --example gen -- configuration > docs/configuration.md.new && mv docs/configuration.md.new docs/configuration.md

fmt: ## Format everything
	cargo fmt --all

clean-tools: ## Forget the fetched tools
	rm -rf .tools
