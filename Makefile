# Habits, one line each. The virtual environment .venv is made when it is first needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHARED ?= ../shared
# The versions of Python that the pinned TensorFlow has wheels for.
HAS_TENSORFLOW := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
NODE_MODULES := tests/web/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help run install check format test bench page-shots model clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run:  ## the service on http://127.0.0.1:8000
	./start_api.sh

install: $(VENV)/dev.stamp  ## everything that training and the tests need, into .venv

$(VENV)/dev.stamp: requirements.txt train/requirements.txt cluster/requirements.txt requirements-dev.txt
	@$(BIN)/python -c '$(HAS_TENSORFLOW)' 2>/dev/null || $(PYTHON) -c '$(HAS_TENSORFLOW)' 2>/dev/null || \
	    { echo "Training and the tests need Python 3.11, 3.12 or 3.13, for which TensorFlow is packaged:" \
	    "PYTHON=python3.13 make test" >&2; exit 1; }
	$(BIN)/python -c '$(HAS_TENSORFLOW)' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

# Accessibility rules and a type checker for the page's tests; the page itself needs nothing.
$(NODE_MODULES): tests/web/package-lock.json
	if command -v npm >/dev/null; then npm ci --silent --ignore-scripts --no-audit --no-fund --prefix tests/web; \
	else echo "npm is not installed: some tests of the page are skipped"; fi

check: install  ## lint and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: install  ## lay the code out
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Two files at a time; what needs a Ray cluster, of which a machine has one, by itself.
test: install $(NODE_MODULES)  ## the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/cluster
	$(BIN)/python -m pytest tests/cluster

# The shipped model: train/configs/cat_dog.py. SHARED holds the photos.
model: install  ## train models/cat_dog: about 110 minutes on two cores
	$(BIN)/python -m train config cat_dog --shared $(SHARED)

.cache/bench-venv/stamp: bench/peers/requirements.txt
	test -x .cache/bench-venv/bin/python || $(PYTHON) -m venv .cache/bench-venv
	if .cache/bench-venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<; then touch $@; \
	else echo "not all peers can be installed: those that cannot start are left out"; fi

bench: install .cache/bench-venv/stamp  ## the service, its peers and the floor: docs/performance.md (needs wrk)
	$(BIN)/python -m bench.serving
	$(BIN)/python -m bench.report

page-shots: install  ## screenshots of every state of the page, into .cache/page-shots
	$(BIN)/python -m tests.web.tools.page_shots

clean:  ## what can be made again
	rm -rf .cache .mypy_cache .pytest_cache .ruff_cache
