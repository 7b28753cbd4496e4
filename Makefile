# On a machine with only Python and make: `make demo` solves a sheet, `make test` runs the tests.
# Each environment is made once and again when pyproject.toml changes; stamps remember which.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint types bench documents clean

help:
	@echo "make demo       set up, then solve examples/mlp-4433.sheet"
	@echo "make test       set up, then run the tests"
	@echo "make lint       ruff"
	@echo "make types      mypy"
	@echo "make bench      the benchmark, in an environment of its own"
	@echo "make documents  write the outputs in README, docs and examples again"
	@echo "make clean      remove what was made"

demo: $(VENV)/stamp-core
	$(BIN)/gradsheet solve examples/mlp-4433.sheet

test: $(VENV)/stamp-test
	$(BIN)/python -m pytest

lint: $(VENV)/stamp-dev
	$(BIN)/python -m ruff check

types: $(VENV)/stamp-dev
	$(BIN)/python -m mypy

bench: .venv-bench/stamp
	.venv-bench/bin/python bench/run.py
	.venv-bench/bin/python bench/checking.py
	.venv-bench/bin/python bench/programs.py

documents: $(VENV)/stamp-test
	$(BIN)/python tools/regenerate.py
	$(BIN)/python tools/regenerate.py --docs

$(VENV)/stamp-venv:
	@$(PYTHON) -c 'import sys; sys.exit("gradsheet needs Python 3.11 or later; try: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/stamp-core: pyproject.toml $(VENV)/stamp-venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/stamp-test: pyproject.toml $(VENV)/stamp-venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@ $(VENV)/stamp-core

$(VENV)/stamp-dev: pyproject.toml $(VENV)/stamp-venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/stamp-core $(VENV)/stamp-test

.venv-bench/stamp: pyproject.toml bench/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("gradsheet needs Python 3.11 or later; try: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	test -d .venv-bench || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[native]' --requirement bench/requirements.txt
	touch $@

clean:
	rm -rf $(VENV) .venv-bench build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
