# Two commands are for everyone: `make run` and `make test`. The others are for people who change the code.

.PHONY: run cluster test check check-sanitizers torture bench docs clean help
.DEFAULT_GOAL := help

help: ## What can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build and start one node, filled with this machine's own package data (ARGS="…" passes flags on)
	@infra/ci/install-dependencies build
	@infra/local/run $(ARGS)

cluster: ## Build and start three brokers and three controllers in ./.cluster (ARGS="…" passes flags on)
	@infra/ci/install-dependencies build
	@echo "building (the first time takes some minutes) …" >&2
	@for product in myelin-broker myelin-controller myelin; do swift build -q -c release --product $$product; done
	@infra/local/cluster up --foreground $(ARGS)

test: ## Everything continuous integration runs
	@infra/ci/install-dependencies test
	@infra/ci/test

check: ## Format, architecture, freshness of generated code
	@infra/ci/install-dependencies build
	@infra/ci/test check

check-sanitizers: ## Unit tests under ThreadSanitizer and AddressSanitizer, with coverage (an hour)
	@infra/ci/install-dependencies build
	@infra/ci/test sanitizers

torture: ## Real clients on clusters that are broken in every way, ten minutes a row (ARGS="kill network" for some)
	@infra/ci/install-dependencies test
	@swift build -q -c release
	@Tests/Torture/run $(ARGS)

bench: ## Figures beside a bare C baseline of the same run
	@infra/ci/install-dependencies test
	@Benchmarks/run $(ARGS)

docs: ## The reference of the Swift client, as pages in .build/docs
	@infra/ci/install-dependencies build
	@infra/ci/docs

clean: ## Remove everything that was built
	rm -rf .build Benchmarks/.build
