# Kith: one target, one command. `make` alone prints this list.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KITH := $(BIN)/kith
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
GOLDEN_TESTS := $(shell grep -ls golden_files tests/test_*.py)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help publish plan serve build check test gallery shots golden format wheel wheel-check constraints torture years bench-delivery bench-leaks bench-site clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

publish: $(READY) ## site, feeds and letters, after a receipt that says who gets what
	@$(KITH) publish

plan: $(READY) ## who would get what, when, and what is held and why
	@$(KITH) plan

build: $(READY) ## site, feeds and letters into build/; nothing leaves
	@$(KITH) build

serve: $(READY) ## preview the site and every letter as you write
	@$(KITH) serve

test: $(READY_DEV) ## every test
	@$(BIN)/python -m pytest -n 2

torture: $(READY_DEV) ## kill it at every point with 300 people, then 1,000 schedules; long (JOBS=2 SEED=1)
	@$(BIN)/python tests/torture/run.py --jobs $(or $(JOBS),2) --seed $(or $(SEED),1)

years: $(READY_DEV) ## histories of many months beside an oracle of who gets what; long (SEEDS=1-100 STEPS=75 JOBS=2 MORE=--all)
	@$(BIN)/python tests/years/run.py --seeds $(or $(SEEDS),1-100) --steps $(or $(STEPS),75) --jobs $(or $(JOBS),2) $(MORE)

bench-delivery: $(READY_DEV) ## delivery beside a bare sender, in one run; prints ratios
	@$(BIN)/python tests/bench/delivery.py

bench-leaks: $(READY_DEV) ## the leak check beside merely reading; prints ratios
	@$(BIN)/python tests/bench/leaks.py

bench-site: $(READY_DEV) ## the site beside Hugo and stock Material, in one run; prints ratios; long
	@$(BIN)/python tests/bench/site.py

check: $(READY_DEV) ## ruff, mypy strict, and which module may import which
	@$(BIN)/ruff check pipeline tests
	@$(BIN)/ruff format --check pipeline tests
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_imports.py

gallery: $(READY_DEV) ## every sample letter at 320, 375 and 600 pixels, light and dark: build/gallery/index.html
	@$(BIN)/python tests/gallery.py

golden: $(READY_DEV) ## write the golden files anew; the diff is the review
	@KITH_GOLDEN=1 $(BIN)/python -m pytest $(GOLDEN_TESTS)

format: $(READY_DEV) ## lay the code out
	@$(BIN)/ruff format pipeline tests
	@$(BIN)/ruff check --fix --quiet pipeline tests

wheel: $(READY_DEV) ## the installable package, into dist/
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist

wheel-check: wheel ## install the wheel into an empty environment, and publish a new house with it
	@sh tests/wheel_check.sh $(PYTHON)

shots: $(READY_DEV) ## take the pictures of docs/looks.md
	@$(BIN)/python tests/shots/make.py

constraints: $(READY_DEV) ## pin what is installed now
	@$(BIN)/python -m pip freeze --exclude-editable | grep -v ' @ ' > constraints.txt

clean: ## remove what can be made again (never private/, nor the count by which an older copy of it is known)
	@test ! -d build || find build -mindepth 1 -maxdepth 1 ! -name ledger.mark -exec rm -rf {} +
	rm -rf dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python 3.11 or newer with venv is needed: PYTHON=python3.11 make publish"; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: rm -rf .venv, then PYTHON=python3.11 make publish"; exit 1; }
	@echo "Setting up .venv, once …"
	@$(BIN)/python -m pip install -qq --constraint constraints.txt --editable .
	@touch $@

$(READY_DEV): $(READY) pyproject.toml constraints.txt
	@echo "Setting up what the tests need, once …"
	@$(BIN)/python -m pip install -qq --constraint constraints.txt --editable '.[dev]'
	@touch $@
