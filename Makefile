# Every command of this project. CI runs `make setup` and `make check`, as people do.

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
.PHONY: help setup serve test cov lint fmt types docs docs-check site wheel consumer bench soak matrix vocabulary viewer check clean

help: ## Show this list
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

test: $(STAMP) ## Run the tests (ARGS="-k paging -n auto" goes to pytest)
	$(BIN)/python -m pytest $(ARGS)

cov: $(STAMP) ## Run the tests and report what they did not reach
	$(BIN)/python -m pytest --cov -n auto $(ORDER) $(ARGS)

lint: $(STAMP) ## Check style, formatting and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

fmt: $(STAMP) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: $(STAMP) ## Check types
	$(BIN)/mypy

docs: $(STAMP) ## Write the generated parts of the documents anew
	$(BIN)/python -m tools.docs.build

docs-check: $(STAMP) ## Check that the generated parts of the documents are current
	$(BIN)/python -m tools.docs.build --check

site: $(STAMP) ## Make a site of the documents, in site/; a link that leads nowhere is an error
	rm -rf site
	$(BIN)/python -m sphinx --fail-on-warning --quiet --fresh-env --conf-dir docs --doctree-dir $(VENV)/doctrees . site

wheel: $(STAMP) ## Build dist/session_mock-….whl, to be installed beside your client
	$(BIN)/python -m hatchling build -t wheel -d dist

consumer: $(STAMP) ## Let a project that is not ours test itself with the built wheel
	$(BIN)/python -m pytest tests/test_consumer.py $(ARGS)

bench: $(STAMP) ## Measure how fast worlds and answers are
	$(BIN)/python -m tests.bench.run $(ARGS)

soak: $(STAMP) ## Let 200 clients crawl for a minute while much goes wrong
	$(BIN)/python -m tests.bench.soak $(ARGS)

matrix: $(STAMP) ## Try the pytest plugin on the oldest and newest Python and pytest, with and without other plugins
	$(BIN)/python tests/plugin/matrix.py $(ARGS)

vocabulary: $(STAMP) ## Draw the shipped vocabularies anew (this changes every world)
	$(BIN)/python -m tools.vocabulary.draw

viewer: $(STAMP) ## Fetch the viewer of /<vendor>/docs anew, with npm (ARGS=5.35.0 picks a version)
	$(BIN)/python -m tools.fetch_swagger_ui $(ARGS)

# The header of the tests prints the seed of their order: `make cov ARGS="-p randomly --randomly-seed=SEED"` repeats it.
check: ORDER := -p randomly
check: lint types docs-check site cov ## Everything CI runs, with the tests in random order

clean: ## Go back to a fresh clone: remove .venv, caches and build results
	rm -rf $(VENV) dist site .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
