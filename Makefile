# Every command of this project. CI runs `make setup` and `make check`, as developers do.

PYTHON ?= python3
ARGS ?=
ORDER :=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup serve test cov lint fmt types docs docs-check site wheel consumer examples clients bench soak matrix oracle vocabulary viewer check clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Create .venv and install the project with its tools (PYTHON=python3.13 picks another Python)

# `pip install --group` came with pip 25.1.
$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "session-mock needs Python 3.11 or newer: make setup PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	$(BIN)/python -m compileall -q mockserver
	@touch $@

serve: $(STAMP) ## Run the mock server (ARGS="--help" shows its options)
	$(BIN)/session-mock serve $(ARGS)

test: $(STAMP) ## Run the tests in parallel (ARGS="-k paging" is passed to pytest; ARGS="-n0" runs them serially)
	$(BIN)/python -m pytest -n auto $(ORDER) $(ARGS)

cov: $(STAMP) ## Run the tests and report the lines that they do not reach
	$(BIN)/python -m pytest --cov -n auto $(ARGS)

lint: $(STAMP) ## Check style, formatting and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

fmt: $(STAMP) ## Format the code and fix what ruff can fix
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: $(STAMP) ## Check types
	$(BIN)/mypy

docs: $(STAMP) ## Regenerate the generated documents
	$(BIN)/python -m tools.docs.build

docs-check: $(STAMP) ## Check that the generated documents are up to date
	$(BIN)/python -m tools.docs.build --check

site: $(STAMP) ## Build the documentation site in site/; a broken link is an error
	rm -rf site
	$(BIN)/python -m sphinx --fail-on-warning --quiet --fresh-env --conf-dir docs --doctree-dir $(VENV)/doctrees . site

wheel: $(STAMP) ## Build dist/session_mock-….whl, to install in your client's environment
	$(BIN)/python -m hatchling build -t wheel -d dist

consumer: $(STAMP) ## Run the tests of a separate example project against the built wheel
	$(BIN)/python -m pytest tests/test_consumer.py $(ARGS)

examples: $(STAMP) ## Run examples/ with the pytest plugin, as a user would
	$(BIN)/python -m pytest -c /dev/null --rootdir examples examples $(ARGS)

# It takes about 15 minutes on two cores. A kit whose npm or go is missing is skipped, and named on the page.
clients: $(STAMP) ## Check the careful client, the wrong ones and clients made of third-party packages as commands
	$(BIN)/python -m tests.conformance.matrix; status=$$?; $(BIN)/python -m tests.conformance.third_party $(VENV)/clients && exit $$status

bench: $(STAMP) ## Measure speed and memory and compare them with the promised bounds (ARGS=--quick takes fewer samples)
	$(BIN)/python -m tests.bench.uncache
	$(BIN)/python -m tests.bench.run $(ARGS)

soak: $(STAMP) ## Let 200 clients read pages for a minute while faults are active
	$(BIN)/python -m tests.bench.soak $(ARGS)

matrix: $(STAMP) ## Test the pytest plugin with the oldest and newest Python and pytest, with and without other plugins
	$(BIN)/python tests/pytest_plugin/matrix.py $(ARGS)

# Needed when the data of worlds, a filter or a fact about filters changes: `make check` replays its results.
oracle: $(STAMP) ## Record what an embedded ClickHouse finds for Rybbit's filters, and compare the mock (ARGS=--check writes nothing)
	$(BIN)/python -m pip install --quiet --group oracle
	$(BIN)/python -m tests.vendors.rybbit.oracle.run $(ARGS)

vocabulary: $(STAMP) ## Regenerate the shipped vocabularies (this changes every world)
	$(BIN)/python -m tools.vocabulary.draw
	$(BIN)/python -m tools.vocabulary.countries

viewer: $(STAMP) ## Fetch Swagger UI for /<vendor>/docs with npm (ARGS=5.35.0 picks a version)
	$(BIN)/python -m tools.fetch_swagger_ui $(ARGS)

# pytest prints the seed of the order in its header: `make test ARGS="-p randomly --randomly-seed=SEED"` repeats it.
check: ORDER := -p randomly
check: lint types docs-check site test ## Everything CI runs, with the tests in random order

clean: ## Remove .venv, caches and build results
	rm -rf $(VENV) dist site .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
