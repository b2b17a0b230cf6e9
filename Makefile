# Switchboard. `make` alone lists what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv
STAMP  := $(VENV)/.installed
# uv would otherwise try to fetch an interpreter of its own.
export UV_PYTHON_DOWNLOADS := never
# Tests start many processes; each would compile the program anew where the environment forbids to keep that.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak lock clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

run: $(STAMP) ## start Switchboard (the sandbox, until config.toml names a channel)
	@$(BIN)/switchboard run

test: $(STAMP) check ## everything: linters, types, structure, all tests
	$(BIN)/pytest -n auto --dist loadgroup

check: $(STAMP) ## linters, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP) ## measure speed and memory on this machine
	$(BIN)/python -m benchmarks

soak: $(STAMP) ## the long reliability run (resumable, prints its seed)
	$(BIN)/python -m tests.soak

lock: $(STAMP) ## resolve the dependencies anew into requirements.lock
	$(UV) pip compile --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
	    --python-version 3.11 --all-extras --group dev pyproject.toml -o requirements.lock

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is missing. Debian: apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, this is $$($(PYTHON) --version). Name another with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. Debian: apt install python3-venv"; exit 1; }
	@command -v git >/dev/null || { echo "git is missing. Debian: apt install git"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.uv.lock
	@$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock requirements.uv.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
