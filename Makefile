# On a machine with only Python and make: `make demo` solves a sheet, `make test` runs the tests.
# Each environment is made once and again when pyproject.toml changes; stamps remember which.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test peers lint types bench documents clean

# Tests run in two processes at once; `make test WORKERS=8` where there are more processors, WORKERS=0 for one process.
WORKERS ?= 2
# Libraries that some tests compare with or run in; those tests are skipped where they are not installed. PyPI's torch for Linux
# brings CUDA along: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu takes the build for processors alone.
PEERS ?= torch==2.13.0 jax scikit-learn pandas pyarrow

help:
	@echo "make demo       set up, then solve examples/mlp-4433.sheet"
	@echo "make test       set up, then run the tests"
	@echo "make peers      PyTorch, JAX, scikit-learn, pandas and pyarrow into the same environment, for the tests that need them"
	@echo "make lint       ruff"
	@echo "make types      mypy"
	@echo "make bench      the benchmark, in an environment of its own"
	@echo "make documents  write the outputs in README, docs and examples again"
	@echo "make clean      remove what was made"

demo: $(VENV)/stamp-core
	$(BIN)/gradsheet solve examples/mlp-4433.sheet

# Processes that tests start load modules as they were compiled, also where the environment asks for none to be kept.
test: $(VENV)/stamp-test
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

peers: $(VENV)/stamp-peers

lint: $(VENV)/stamp-dev
	$(BIN)/python -m ruff check

types: $(VENV)/stamp-dev
	$(BIN)/python -m mypy

bench: .venv-bench/stamp
	.venv-bench/bin/python bench/run.py
	.venv-bench/bin/python bench/checking.py
	.venv-bench/bin/python bench/programs.py
	.venv-bench/bin/python bench/training.py

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

$(VENV)/stamp-peers: $(VENV)/stamp-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PEERS)
	touch $@

.venv-bench/stamp: pyproject.toml bench/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("gradsheet needs Python 3.11 or later; try: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	test -d .venv-bench || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[native]' --requirement bench/requirements.txt
	touch $@

clean:
	rm -rf $(VENV) .venv-bench build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
