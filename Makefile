# Labyard. `make up` starts it, `make test` tests it, `make help` lists the rest.

SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
UP ?=
# Test suites, in the order they run. SKIP=browser,podman switches off suites or tests by name.
SUITES := unit contract integration browser faults
SKIP ?=
LOCK = $(BIN)/uv pip compile -q --generate-hashes --no-header --no-annotate --no-emit-index-url \
       --no-emit-find-links

export PATH := $(PATH):/usr/sbin:/sbin
export SKIP VENV

TEST_PACKAGES := docker.io docker-registry runc iptables podman netavark haproxy postgresql chromium mmdebstrap wrk procps slapd ldap-utils libfaketime

.DEFAULT_GOAL := help
.PHONY: help up down test check lock bench docs clean venv-hub venv-dev test-parts test-packages test-images test-provider \
	test-newer-docker $(addprefix test-,$(SUITES))

help: ## Show this.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: venv-hub ## Install what is missing, start the hub and print its address.
	@$(BIN)/labyard up $(UP)

down: ## Stop hub and proxy; labs go on.
	@$(BIN)/labyard down

test: test-packages ## Set up all the tests need and run every suite.
	@$(BIN)/python tools/suites.py check parts $(SUITES)

test-unit: venv-dev ## Run one suite: test-unit, -contract, -integration, -browser, -faults.
	@$(BIN)/python tools/suites.py unit

test-contract test-integration test-browser test-faults: test-%: test-parts
	@$(BIN)/python tools/suites.py $*

test-newer-docker: test-parts ## Run the engines' contract on the Docker of Debian's next release.
	@LABYARD_TEST_ENGINES=docker-newer $(BIN)/python -m pytest -q tests/contract/engine

check: venv-dev ## Formatting, types, import rules and docs tests; a minute at most.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/unit/docs

docs: venv-dev ## Write the generated pages anew: the references, and the list of decisions.
	@$(BIN)/labyard config docs
	@$(BIN)/python -m labyard.cli.reference >docs/reference/cli.md
	@$(BIN)/python -m labyard.cli.openapi >docs/reference/openapi.json
	@$(BIN)/python -m labyard.cli.failures >docs/reference/failures.md
	@$(BIN)/python -m tools.decisions

bench: test-parts ## Measure against vanilla JupyterHub, side by side.
	@$(BIN)/python -m bench

lock: venv-dev ## Lock the requirements after a change to requirements/*.in.
	@set -e; for set in build hub dev; do $(LOCK) requirements/$$set.in -o requirements/$$set.txt; done
	@# Labs run on whatever Python their base has.
	@set -e; for set in lab lab-glances lab-mlflow lab-tensorboard lab-vscode/node; do \
	  $(LOCK) --universal --python-version 3.10 requirements/$$set.in -o requirements/$$set.txt; done
	@cd requirements/lab-vscode && npm install --package-lock-only --omit-lockfile-registry-resolved \
	  --ignore-scripts --no-audit --no-fund --loglevel=error

clean: ## Remove what was built; state in var/ stays.
	rm -rf $(VENV) $(VENV).lock .build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
	  test-artefacts *.egg-info

venv-hub:
	@$(PYTHON) tools/venv.py hub

venv-dev:
	@$(PYTHON) tools/venv.py dev

test-parts: test-packages test-images test-provider

test-packages: venv-dev
	@mkdir -p .build
	@sh tools/packages.sh $(TEST_PACKAGES)

test-provider: venv-dev
	@mkdir -p .build
	@$(BIN)/python -m tests.tools.provider

test-images: venv-dev
	@sh tools/engine.sh
	@$(BIN)/labyard image build
