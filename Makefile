# Aliases only; ./opsconductor has the words.
.DEFAULT_GOAL := help
help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
demo: ## Start everything with a demo fleet, and run an example flow
	./opsconductor demo
up: ## Start everything, in the foreground
	./opsconductor up
down: ## Stop what runs in the background
	./opsconductor down
test: ## All tests; some of them: make test T=tests/targets
	./opsconductor test $(T)
lint: ## Linters and type checks
	./opsconductor lint
locks: ## Lock the Python packages again, after a change of requirements/*.in
	./opsconductor lock
.PHONY: help demo up down test lint locks
