# ConsentCore. Needs GNU make and Python 3.11 or later, nothing else: everything is installed into .venv.
#
#   make run      install what the program needs, load a made-up CRM once, and serve on port 8000 (or PORT=N)
#   make test     install the test tools too and run the whole suite
#   make check    formatting, lint, types, floors, then the suite: what CI runs
#   make bench    the benchmark tables          make faults   the long tests that kill, fill and starve
#   make servers  what the short suite shows on SQLite alone (journeys, migrations, the gate), on the servers named
#   make pages    every page in every state, language and light, with axe (needs Chromium)
#   make screens  draw every page into docs/screens (needs Chromium)
#   make lock     write the lock files anew     make clean    remove what was installed and built (never var/)

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
# Wheels only: building a dependency from source would fetch build tools that no lock file names.
PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check install -qq --only-binary :all:
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-options \
	--annotation-style line

# Compiled modules are kept beside the environment, wherever the caller's own settings say not to keep any.
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/compiled
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check format bench faults servers pages screens lock clean

help:
	@sed -n 's/^#   //p' Makefile

run: $(VENV)/installed
	@export CONSENTCORE_ENV=development PORT="$${PORT:-8000}"; \
	export CONSENTCORE_BASE_URL="$${CONSENTCORE_BASE_URL:-http://127.0.0.1:$$PORT}"; \
	$(BIN)/consentcore demo && exec $(BIN)/consentcore serve

test: $(VENV)/installed-tools
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(VENV)/installed-tools
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

format: $(VENV)/installed-tools
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/installed-tools
	@for file in $(sort $(wildcard tests/benchmarks/bench_*.py)); do \
		echo "== $$file"; PYTHONPATH=. $(BIN)/python "$$file" $(ARGS) || exit 1; \
	done

faults: $(VENV)/installed-tools
	@$(BIN)/python -m pytest -m faults $(ARGS)

# The share of the long tests that is about the servers: what the short suite shows on SQLite alone.
servers: $(VENV)/installed-tools
	@$(BIN)/python -m pytest -n 2 -m faults tests/journeys tests/migrations tests/consentcore/consent $(ARGS)

pages: $(VENV)/installed-tools
	@$(BIN)/python -m pytest -n 2 -m pages $(ARGS)

# Every page as it stands, drawn into docs/screens; ARGS names some of them, such as ARGS="portal-start console-log".
screens: $(VENV)/installed-tools
	@PYTHONPATH=. $(BIN)/python tests/browser/screens.py $(ARGS)

# The run lock comes first and pins what the tools' lock holds besides: the suite tests the versions that are run.
lock: $(VENV)/installed-tools
	$(COMPILE) $(ARGS) --build-deps-for editable --output-file requirements.lock pyproject.toml
	$(BIN)/python -c 'import tomllib; f = open("pyproject.toml", "rb"); \
		print(*tomllib.load(f)["dependency-groups"]["dev"], sep="\n")' \
		| $(COMPILE) $(ARGS) --output-file requirements-dev.lock requirements.lock -
	sed -i.old 's/-r -/pyproject.toml (dev)/' requirements-dev.lock && rm requirements-dev.lock.old

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "ConsentCore needs Python 3.11 or later, and '$(PYTHON)' is not that;" \
			"name one, such as: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module could not make $(VENV); on Debian and Ubuntu it comes with python3-venv" >&2; exit 1; }

$(VENV)/installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing the locked dependencies into $(VENV)"
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/installed-tools: requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing the locked dependencies and test tools into $(VENV)"
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation --no-index -e .
	@touch $(VENV)/installed $@
