# `make run` makes a picture; `make test` runs the tests. Both set up .venv first, once.
# Needed on the machine: Python 3.11 or newer with pip, and make.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Named after this folder: in a folder that was moved, what is installed points to the old place.
STAMP  := $(VENV)/.ready-$(shell pwd | cksum | cut -d' ' -f1)
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help run serve test web check docs setup clean bench soak showcase gallery parity

help:
	@echo 'make run     make a picture in out/   (more: make run ARGS="--seed 8")'
	@echo 'make serve   open the canvas in the browser'
	@echo 'make test    run the tests            (fewer: make test ARGS="tests/engine")'
	@echo 'make soak    long trials: tests/soak  (fewer: make soak ARGS="--quick")'
	@echo 'make showcase  every example at full size, in build/showcase'
	@echo 'make gallery  pictures, music and dances of the models that come along, in build/gallery'
	@echo 'make parity  tiny pipelines as graphs and plainly, into tests/nodes/PARITY.md'
	@echo 'make check   lint, format, types, layers'
	@echo 'make docs    pages of all nodes and examples, in build/docs'
	@echo 'make web     build the canvas, if its sources have changed'
	@echo 'make bench   measure the engine beside its peers, twelve minutes'
	@echo 'make setup   only set up .venv'
	@echo 'make clean   remove .venv and caches; out/ stays'

run: $(STAMP)
	@$(BIN)/musegraph run workflows/text_to_image.json --out out $(ARGS)

serve: $(STAMP)
	@$(BIN)/python web_ui/canvas.py || true
	@$(BIN)/musegraph serve $(ARGS)

# Compares contents, not times, and takes no time if nothing has changed.
web: $(STAMP)
	@$(BIN)/python web_ui/canvas.py

# Without a canvas the tests of it say why they fail or cannot be run; the others do not mind.
# A process for each core, at most four: each holds PyTorch, and starts servers and browsers.
test: $(STAMP)
	@$(BIN)/python web_ui/canvas.py || true
	@# Has the tools of developers installed, which no two tests can do at once.
	@$(BIN)/python web_ui/canvas.py npm --version >/dev/null || true
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

soak: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[soak]'
	@$(BIN)/python tests/soak $(ARGS)

showcase: $(STAMP)
	@$(BIN)/python tests/soak/showcase.py $(ARGS)

gallery: $(STAMP)
	@$(BIN)/python tests/soak/gallery.py $(ARGS)

parity: $(STAMP)
	@$(BIN)/python tests/nodes/make_parity.py $(ARGS)

check: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python web_ui/canvas.py npm run --silent check

docs: $(STAMP)
	@$(BIN)/musegraph docs --examples workflows --out build/docs

bench: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@$(BIN)/python tests/benchmarks $(ARGS)

setup: $(STAMP)
	@:

$(STAMP): pyproject.toml constraints.txt
	@if [ ! -e '$@' ] && ls $(VENV)/.ready-* >/dev/null 2>&1; then rm -rf $(VENV); fi
	@PYTHON='$(PYTHON)' sh .ci/venv $(VENV)
	@echo 'Installing into $(VENV): PyTorch and others, some minutes the first time …'
	@echo 'This also builds the canvas for the browser, from web_ui/.'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,video]'
	@# Says so if it could not be built, which pip keeps to itself; all else works without.
	@$(BIN)/python web_ui/canvas.py || true
	@touch '$@'

clean:
	rm -rf $(VENV) build dist web_ui/node_modules engine/musegraph/_web
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find engine nodes tests -name __pycache__ -prune -exec rm -rf {} +
