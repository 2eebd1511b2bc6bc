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
# nbval takes seconds to import, and the notebooks alone need it.
PYTEST := $(BIN)/python -m pytest -p no:nbval
# The pages have a stage of their own: no other need import what drives them.
PAGES := tests/browser
# Two workers; a file stays with one of them, so that what its tests share is made once.
TWO := -n 2 --dist loadfile
# They take files in the order of conftest.py, and not those with many tests first.
SLOW_FIRST := --no-loadscope-reorder
# uv installs in seconds what pip installs in minutes; where it cannot, pip does.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt
install = { $(PIP) uv && $(BIN)/uv pip install --quiet --python $(BIN)/python \
	--constraint constraints.txt --editable $(1); } || $(PIP) --no-compile --editable $(1)
# What Python compiles is kept, whatever the shell says: TensorFlow alone is 8 seconds a process.
unexport PYTHONDONTWRITEBYTECODE
WHAT_IS_INSTALLED := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help dashboard test quick lint lint-front unit keras browser notebooks docs format front \
	constraints clean

help:
	@echo 'make dashboard [PORT=8866]  build what serving needs, and serve the dashboard'
	@echo 'make quick                  the checks and quick tests, for every change'
	@echo 'make test                   every check and test, in stages that stop at the first red:'
	@echo '                            lint, unit, keras, browser, notebooks; each is a target too'
	@echo 'make docs                   build the site of documentation in docs/_build/html'
	@echo 'make format                 let ruff put the code in order'
	@echo 'make front                  build the bundles of the page (needs Node 20 and npm)'
	@echo 'make constraints            install the newest versions afresh and write them down'
	@echo 'make clean                  remove the environment and the caches'

dashboard: $(VENV)/.serving
	@$(BIN)/fracture-widgets dashboard --port $(PORT)

test: lint
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory keras
	@$(MAKE) --no-print-directory browser
	@$(MAKE) --no-print-directory notebooks

lint: $(VENV)/.complete
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-front; \
	else echo 'No Node here: the modules of the page are not checked.'; fi

quick: $(VENV)/.complete
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(PYTEST) $(TWO) --ignore=$(PAGES) -m 'not slow and not keras'

unit: $(VENV)/.complete
	$(PYTEST) $(TWO) $(SLOW_FIRST) --ignore=$(PAGES) -m 'not keras'

keras: $(VENV)/.complete
	$(PYTEST) $(TWO) $(SLOW_FIRST) --ignore=$(PAGES) -m keras

# Each worker has a server, a JupyterLab and a Chromium for all of its files.
browser: $(VENV)/.complete
	$(PYTEST) $(TWO) $(PAGES)

# Each notebook in a kernel of its own, two at a time.
notebooks: $(VENV)/.complete
	$(BIN)/python -m pytest $(TWO) --nbval --nbval-current-env notebooks

# Every warning is an error: links between pages that lead nowhere among them.
docs: $(VENV)/.complete
	$(BIN)/python -m sphinx --fail-on-warning --quiet -b html docs docs/_build/html

format: $(VENV)/.complete
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The modules of the page. Their bundles are committed: only who changes a module needs Node.
front: node_modules/.installed
	npm run --silent build

lint-front: node_modules/.installed
	npm run --silent lint

node_modules/.installed: package.json package-lock.json
	npm ci --silent
	@touch $@

# Serving does not drag TensorFlow in; the test environment is the same one, grown.
$(VENV)/.serving: $(VENV)/.created $(WHAT_IS_INSTALLED)
	@echo 'Installing what the dashboard needs (once; about a minute) ...'
	@$(call install,'.[dashboard]')
	@touch $@

$(VENV)/.complete: $(VENV)/.created $(WHAT_IS_INSTALLED)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 14) and \
		"TensorFlow has no build for this Python yet: name an older one, as in  make clean test PYTHON=python3.13")'
	@echo 'Installing what the tests need, TensorFlow among it (once; a few minutes) ...'
	@$(call install,'.[all]')
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
	rm -rf $(VENV) $(VENV)-constraints build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis node_modules
