# Sightline: the commands of everyday work. Each installs what it needs into a virtual environment of its own.

PYTHON ?= python3
VENV := .venv
PARITY := .venv-parity
BIN := $(VENV)/bin
PIP_FLAGS := --quiet --disable-pip-version-check
PHOTOS ?= ../shared/data/clothing
GOLDEN ?= ../shared/golden
SOAK_S ?= 3600
TESTERS ?= 2
STORE ?= duckdb
KILLS ?= 200
UI := src/sightline/web/static/index.html
# the page needs Node 20.19 or newer; without it all but the page is there, and the server says so
NODE := $(shell node -e 'const [a, b] = process.versions.node.split("."); if (a > 20 || a == 20 && b >= 19) console.log("yes")' 2>&1)

.PHONY: help ui browser screens setup demo serve test check parity promtool bench bench-library bench-search bench-map bench-atlas bench-crowd load netns soak crashes failing-writes photos train clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install $(PIP_FLAGS) --upgrade pip

$(VENV)/.core: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install $(PIP_FLAGS) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(BIN)/python -m pip install $(PIP_FLAGS) --editable . --group dev
	@touch $@

$(VENV)/.map: $(VENV)/.core
	$(BIN)/python -m pip install $(PIP_FLAGS) --editable '.[map]'
	@touch $@

$(PARITY)/.ready: pyproject.toml benchmarks/requirements.txt
	$(PYTHON) -m venv $(PARITY)
	$(PARITY)/bin/python -m pip install $(PIP_FLAGS) --upgrade pip
	$(PARITY)/bin/python -m pip install $(PIP_FLAGS) torch==2.13.0
	$(PARITY)/bin/python -m pip install $(PIP_FLAGS) --requirement benchmarks/requirements.txt
	$(PARITY)/bin/python -m pip install $(PIP_FLAGS) --no-deps --requirement benchmarks/requirements-nodeps.txt
	$(PARITY)/bin/python -m pip install $(PIP_FLAGS) --editable . --group dev
	@touch $@

NPM := ui/node_modules/.package-lock.json# which npm writes
$(NPM): ui/package.json ui/package-lock.json
	cd ui && npm ci --silent
	@touch $@

$(UI): $(NPM) ui/index.html ui/vite.config.ts ui/tsconfig.json $(shell find ui/src -type f)
	cd ui && npm run build --silent -- --logLevel warn

ifeq ($(NODE),yes)
ui: $(UI)  ## build the page that the server shows to browsers
else
ui:
	@echo "the page is not built: it needs Node 20.19 or newer and npm. All else works." >&2
endif

browser:  # which the tests of the page drive
	@command -v chromium chromium-browser google-chrome > /dev/null || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && apt-get update -qq && \
		apt-get install -qq --no-install-recommends chromium > /dev/null; } || \
		{ echo "the tests of the page need chromium: install it (on Debian: apt-get install chromium)" >&2; exit 1; }

setup: $(VENV)/.dev  ## the environment for working on Sightline

demo: $(VENV)/.map ui  ## draw pictures, serve the bundled model, search and map them (SERVE=0 ends it)
	$(BIN)/python -m demo

serve: $(VENV)/.core ui  ## serve the bundled model on http://127.0.0.1:8000
	$(BIN)/sightline serve

check: $(VENV)/.dev  ## format, lint, types, layers and unit tests: under a minute
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
ifeq ($(NODE),yes)
	$(MAKE) --no-print-directory ui && cd ui && npm run check --silent && npm test --silent
endif
	$(BIN)/python -m pytest tests/unit tests/test_architecture.py --quiet --numprocesses $(TESTERS) --dist loadfile

test: $(VENV)/.dev ui browser  ## every test that needs no other model, photo or machine
	$(BIN)/python -m pytest --quiet --numprocesses $(TESTERS) --dist loadfile

screens: $(VENV)/.dev ui browser  ## the README's pictures of the page
	SCREENS_OF=600 SCREENS_TO=docs/images $(BIN)/python -m pytest tests/page/test_readme.py --quiet

parity: $(PARITY)/.ready  ## real sizes, random weights, against transformers and open_clip
	$(PARITY)/bin/python -m pytest tests/parity --quiet

promtool:  ## the alerts against made-up histories; needs promtool, which comes with Prometheus
	promtool check config deploy/prometheus/prometheus.yml
	promtool test rules deploy/prometheus/tests.yml

bench-library: $(PARITY)/.ready  ## ingestion: speed, memory, what a second run costs, searches meanwhile
	$(PARITY)/bin/python -m benchmarks.library

bench: $(PARITY)/.ready  ## speed and memory, as ratios from one run
	$(PARITY)/bin/python -m benchmarks

load: $(VENV)/.dev  ## a server in a calm, a rush and an ingestion: some five minutes
	$(BIN)/python -m benchmarks.load

netns: $(VENV)/.dev  ## the guarded fetch in a network of its own, with DNS that lies: Linux, root or user namespaces
	$(BIN)/python -m tests.fetch_netns

soak: $(VENV)/.dev  ## an hour of mixed requests: what grows? (SOAK_S=seconds)
	$(BIN)/python -m benchmarks.soak --seconds $(SOAK_S)

bench-search: $(VENV)/.dev  ## searches among 100,000 and 1,000,000 vectors, by scan and by index: half an hour
	$(BIN)/python -m benchmarks.search

bench-atlas: $(VENV)/.dev  ## looking at a map of 1,000,000 points: five minutes
	$(BIN)/python -m benchmarks.atlas

bench-map: $(VENV)/.dev  ## maps of 20,000, 100,000 and 1,000,000 vectors, by UMAP: some ten minutes
	$(BIN)/python -m benchmarks.maps

bench-crowd: $(VENV)/.dev  ## ten ask for a map of 50,000 while somebody searches: two minutes
	$(BIN)/python -m benchmarks.crowd

crashes: $(VENV)/.dev  ## 200 kills of a library at work (STORE=duckdb, pgvector, qdrant or postgres)
	$(BIN)/python -m tests.crashes --store $(STORE) --kills $(KILLS)

failing-writes: $(VENV)/.dev  ## the n-th write and sync of a library fails, for n from 1 to 100; needs strace
	$(BIN)/python -m tests.crashes.failing_writes --error ENOSPC
	$(BIN)/python -m tests.crashes.failing_writes --error EIO

photos: $(VENV)/.dev  ## pixels of the reference photos, which are not in the repository
	SIGHTLINE_GOLDEN=$(GOLDEN) $(BIN)/python -m pytest tests/photos --quiet

train: $(PARITY)/.ready  ## make the bundled model again
	$(PARITY)/bin/python -m training.train --photos $(PHOTOS) --out src/sightline/models/bundled/mini

clean:
	rm -rf $(VENV) $(PARITY) build dist demo-output ui/node_modules src/sightline/web/static
