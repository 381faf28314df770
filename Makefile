# Everything a user or a developer runs; `make` alone lists it.
# DEPENDENCIES=current|broad overrides the dependency set; PYTEST_ARGS="-k name" goes to pytest.

BIN := .venv/bin
# A process a core, four at the most; a file's tests stay in one, which shares its fixtures.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses=4 --dist loadfile $(PYTEST_ARGS)
# The same words in another order, which is all that tells praise from complaint here.
SENTENCES := "The lamp was great on Friday, but the chat was awful today." "The chat was awful today, but the lamp was great on Friday."

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test lint format types unit e2e lock docs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

# Any Python from 3.8 can start the set-up. Each is tried, because a pyenv shim may exist and not run.
setup: ## Make .venv with pinned packages; does nothing when it is up to date
	@for python in python3 python3.13 python3.12 python3.11 python3.10 python /usr/bin/python3; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then \
	    exec "$$python" tools/bootstrap.py; \
	  fi; \
	done; \
	echo "albert-tfx: no working python3 (3.8 or newer) was found on PATH; install one and run make again." >&2; exit 1

run: setup ## Run configs/demo.yaml end to end and ask the published model about two sentences
	$(BIN)/albert-tfx run configs/demo.yaml
	$(BIN)/albert-tfx predict --model-base runs/demo/serving $(SENTENCES)

test: lint types ## Lint, check types and run every test
	$(PYTEST)

lint: setup ## Check style and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: setup ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: setup ## Check types
	$(BIN)/pyright

unit: setup ## Run the tests but for the slow ones
	$(PYTEST) -m "not e2e and not slow and not gpu and not browser"

e2e: setup ## Run the tests that run a whole pipeline
	$(PYTEST) -m e2e

# `broad` is for Linux only; `current` is resolved for every host and Python that it supports at once.
LOCK := $(BIN)/uv pip compile --quiet --upgrade --extra dev --no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: setup ## Pin the newest packages within the ranges of setup.py
	$(LOCK) --python-version 3.10 --python-platform x86_64-manylinux_2_28 --output-file requirements/broad.txt setup.py
	$(LOCK) --python-version 3.11 --universal --output-file requirements/current.txt setup.py

docs: setup ## Write the config reference, docs/config.md, from the code
	$(BIN)/python -m pipeline.reference > docs/config.md.new
	mv docs/config.md.new docs/config.md

clean: ## Remove the environment and caches; runs/, where models are published, stays
	rm -rf .venv .tools build dist *.egg-info .pytest_cache .ruff_cache .import_linter_cache .hypothesis
