# Everything that a person or CI does with this project. `make help` lists it.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
LOCK := $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
CODE := publisher tasks config worker.py
ARGS ?=
# Bytecode is kept, whatever the environment says: compiling anew costs each process three seconds and 12 MB.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo up test check format bench chaos faults fuzz-api docs messages screenshots lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.ready ## See the whole way of an item, with real servers; ARGS=--once ends after the summary
	@$(BIN)/publisher demo $(ARGS)

up: $(VENV)/.ready ## Run the service here, on ./var
	@$(BIN)/publisher up $(ARGS)

test: $(VENV)/.ready-dev ## Run every test; installs Chromium, Postfix, SpamAssassin, a PDS where it may
	@.ci/system-packages
	@.ci/npm-packages
	@.ci/pds
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.ready-dev ## Lint, format check, types, imports: what CI runs before the tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy $(CODE)

format: $(VENV)/.ready-dev ## Put the code into its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.ready-dev ## Measure; ARGS="--json FILE" writes the figures for machines
	@.ci/system-packages
	@$(BIN)/python -m tests.bench $(ARGS)

chaos: $(VENV)/.ready-dev ## Kill workers and servers while mail goes out; ARGS="--json FILE --kills N"
	@.ci/system-packages
	@$(BIN)/python -m tests.chaos $(ARGS)

faults: $(VENV)/.ready-dev ## Lose, break and delay the networks' answers; ARGS="--json FILE --only NETWORK"
	@.ci/system-packages
	@.ci/pds
	@$(BIN)/python -m tests.faults $(ARGS)

fuzz-api: $(VENV)/.ready-dev ## Send the API what it does not expect; EXAMPLES of each operation, 200
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/pytest tests/api/test_fuzz.py -q -n 2 $(ARGS)

docs: $(VENV)/.ready-dev ## Write the parts of docs/ that are made from the code
	@$(BIN)/python -m tests.generated_docs

messages: $(VENV)/.ready-dev ## Bring the catalogues of the desk’s languages up to date
	@$(BIN)/python -m tests.language.catalogue

screenshots: $(VENV)/.ready-dev ## Take the pictures of docs/screenshots anew, from the demo
	@.ci/system-packages
	@$(BIN)/python -m tests.screenshots

lock: ## Pin the dependencies anew, with hashes
	@$(LOCK) pyproject.toml -o requirements.txt
	@$(LOCK) --extra dev pyproject.toml -o requirements-dev.txt -c requirements.txt

clean: ## Remove the virtual environment and caches; data in ./var stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	@rm -rf tests/oracles/node_modules tests/fakes/pds/node_modules

$(VENV)/.ready: requirements.txt pyproject.toml .ci/setup
	@.ci/setup requirements.txt
	@touch $@

$(VENV)/.ready-dev: requirements-dev.txt requirements.txt pyproject.toml .ci/setup
	@.ci/setup requirements-dev.txt
	@touch $@ $(VENV)/.ready
