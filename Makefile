# segment-discovery
#
#   make install   make .venv and install what the demo needs, from the lock with hashes
#   make demo      simulate a store of 20,000 customers, find its segments, serve the dashboard (SERVE=0: do not serve)
#   make test      run the tests (REQUIRE_ALL=1: a test that would skip fails)
#   make nightly   try long what make test tries a little: hostile files and rules, kills at any moment, every look of every page
#   make check     formatting, lint and types
#   make app       serve the dashboard of WORKSPACE (default: the demo's)
#   make bench     measure speed, memory and quality; rewrites benchmarks/README.md
#   make docs      write the generated pages anew and build the manual into site/
#   make lock      write the locks anew from pyproject.toml
#   make clean     remove .venv and the demo

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVE ?= 1
WORKSPACE ?= demo/workspace
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
WORKERS ?= 2

.PHONY: install install-dev demo test nightly check app bench docs lock clean

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, got $$($(PYTHON) --version). Set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.installed

demo: install
	$(BIN)/discovery simulate demo/store --customers 20000 --seed 7
	$(BIN)/discovery run configs/demo.yaml --workspace demo/workspace
	@if [ "$(SERVE)" != "0" ]; then $(BIN)/discovery dashboard --workspace demo/workspace; fi

test: install-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

nightly: install-dev
	NIGHTLY=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile tests/trust tests/browser

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

app: install
	$(BIN)/discovery dashboard --workspace $(WORKSPACE)

bench: install-dev
	$(BIN)/python -m benchmarks

docs: install-dev
	for page in docs/write_*.py; do $(BIN)/python $$page || exit 1; done
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock:
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-header -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra bench --extra dev --extra docs --extra geo --extra login --extra spark --universal --python-version 3.11 --generate-hashes --no-header -o requirements-dev.lock

clean:
	rm -rf $(VENV) demo
