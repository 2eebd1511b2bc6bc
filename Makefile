# Fracture Widgets on Linux and macOS: `make dashboard` and `make test`, each from a fresh clone.
# Both build what they need in .venv; the stamps there make the second time quick.
# On Windows, README.md has the same steps in plain pip.

PORT ?= 8866
VENV ?= .venv
# The first Python here that TensorFlow has builds for, or else any that is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo $$p; exit; }; done; echo python3)

BIN := $(VENV)/bin
# Python compiles what it imports when it first does; compiling all of it here takes longer.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile \
	--constraint constraints.txt --editable
WHAT_IS_INSTALLED := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help dashboard test lint format constraints clean

help:
	@echo 'make dashboard [PORT=8866]  build what serving needs, and serve the dashboard'
	@echo 'make test                   build what testing needs, and run every check and test'
	@echo 'make lint                   the checks alone: ruff, mypy, import contracts'
	@echo 'make format                 let ruff put the code in order'
	@echo 'make constraints            install the newest versions afresh and write them down'
	@echo 'make clean                  remove the environment and the caches'

dashboard: $(VENV)/.serving
	@$(BIN)/fracture-widgets dashboard --port $(PORT)

test: lint
	$(BIN)/python -m pytest

lint: $(VENV)/.complete
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.complete
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Serving does not drag TensorFlow in; the test environment is the same one, grown.
$(VENV)/.serving: $(VENV)/.created $(WHAT_IS_INSTALLED)
	@echo 'Installing what the dashboard needs (once; about a minute) ...'
	@$(INSTALL) '.[dashboard]'
	@touch $@

$(VENV)/.complete: $(VENV)/.created $(WHAT_IS_INSTALLED)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 14) and \
		"TensorFlow has no build for this Python yet: name an older one, as in  make clean test PYTHON=python3.13")'
	@echo 'Installing what the tests need, TensorFlow among it (once; a few minutes) ...'
	@$(INSTALL) '.[all]'
	@touch $@ $(VENV)/.serving

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and 1)' 2>/dev/null || { \
		echo 'Python 3.11 or newer is needed: install it (sudo apt install python3 python3-venv), or name one, as in  make dashboard PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'Python cannot make virtual environments here: install that part of it with  sudo apt install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The newest versions that pyproject.toml allows, as one fresh environment resolves them. Run the
# tests afterwards: what is written down here is what they passed with.
constraints:
	rm -rf $(VENV)-constraints
	$(PYTHON) -m venv $(VENV)-constraints
	$(VENV)-constraints/bin/python -m pip install --quiet '.[all]'
	$(VENV)-constraints/bin/python -m pip list --format=freeze --exclude fracture-widgets \
		--exclude pip --exclude setuptools --exclude wheel > constraints.tmp
	mv constraints.tmp constraints.txt
	rm -rf $(VENV)-constraints

clean:
	rm -rf $(VENV) $(VENV)-constraints build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
