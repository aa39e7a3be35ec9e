# The targets for working on keystead. Only Python, pip and make have to be there: the first
# target that needs the environment makes it, from versions pinned with their hashes.

PYTHON ?= python3
UV ?= uv

READY := .venv/.ready
RUN := .venv/bin/python
BENCHMARKS := __main__ store endpoint commands cmdlets resolve populate picker
FUZZ_READY := .venv-fuzz/.ready
RECORDING_READY := .venv-recording/.ready
SECONDS ?= 60
BOUND ?= -max_total_time=$(SECONDS)
CORPUS ?= .venv-fuzz/corpus
# atheris 3.0.0 is published for Linux on x86-64 and Python 3.11 to 3.13.
HAS_ATHERIS := import platform, sys; \
  sys.exit((sys.platform, platform.machine()) != ("linux", "x86_64") or sys.version_info >= (3, 14))

.PHONY: help setup demo test thorough test-windows soak check docs recording bench interop fuzz fuzz-short requirements clean

help:
	@echo "make demo          walk through stores, roles and a service call on an emulated AWS"
	@echo "make test          run all tests on all cores; ARGS='-k name' runs some"
	@echo "make thorough      the same with all of what is long: generated inputs, kills, writers"
	@echo "make test-windows  run what matters there in a Windows Python under Wine"
	@echo "make soak          have the agent answer a million requests and weigh it (half an hour)"
	@echo "make check         lint, format and type checks"
	@echo "make docs          write the generated pages of docs/ anew"
	@echo "make recording     record a terminal while a person signs in, write docs/signing-in.svg"
	@echo "make bench         time it next to other programs (Go's if on PATH), write docs/benchmarks*.md;"
	@echo "                   ROUNDS=1 makes it short, to see that each part runs"
	@echo "make interop       let the SDKs of many languages get credentials, write docs/clients.md;"
	@echo "                   CLIENTS='go java' runs some and writes nothing"
	@echo "make fuzz          fuzz each entry for data from outside for SECONDS=60, or BOUND=-runs=N"
	@echo "make fuzz-short    the same few inputs to each, in less than a minute"
	@echo "make setup         make the environment .venv (the others do it when it is due)"
	@echo "make requirements  pin the newest development dependencies (needs uv)"
	@echo "make clean         remove everything that these targets made"

setup: $(READY)
	@:

demo: $(READY)
	@$(RUN) -m devtools.demo

test: $(READY)
	@$(RUN) -m pytest -n auto --dist worksteal --durations=10 $(ARGS)

thorough: $(READY)
	@KEYSTEAD_TESTS=thorough $(RUN) -m pytest -n auto --dist worksteal --durations=10 $(ARGS)

test-windows:
	@$(PYTHON) -m devtools.windows $(ARGS)

soak: $(READY)
	@$(RUN) -m devtools.soak $(REQUESTS)

check: $(READY)
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/mypy --platform win32

docs: $(READY)
	@$(RUN) -m devtools.docs

recording: $(READY) $(RECORDING_READY)
	@PYTHONPATH=.venv-recording $(RUN) -m devtools.recording

bench: $(READY)
	@code=0; for module in $(BENCHMARKS); do \
	  echo "$$(date +%T) $$module" >&2; \
	  $(RUN) -m benchmarks.$$module $(ROUNDS) || code=$$?; \
	done; date +%T >&2; exit $$code

interop: $(READY)
	@$(RUN) -m interop $(CLIENTS)

fuzz: $(READY) $(FUZZ_READY)
	@$(RUN) -m fuzz.seeds $(CORPUS)
	@.venv-fuzz/bin/python -m fuzz.shared_file $(BOUND) -dict=fuzz/keywords.dict \
	  -artifact_prefix=.venv-fuzz/ $(CORPUS)/shared_file
	@for entry in $$($(RUN) -m fuzz.entries); do \
	  echo "fuzzing $$entry" >&2; \
	  .venv-fuzz/bin/python -m fuzz.entry $$entry $(BOUND) \
	    -artifact_prefix=.venv-fuzz/ $(CORPUS)/$$entry || exit; \
	done

# The first inputs of each entry and some made from them: the same at every run.
fuzz-short:
	@if ! $(PYTHON) -c '$(HAS_ATHERIS)'; then \
	  echo "make: there is no atheris for this system and Python: nothing is fuzzed" >&2; \
	else \
	  corpus=$$(mktemp -d); \
	  $(MAKE) --no-print-directory fuzz BOUND="-seed=1 -runs=500" CORPUS="$$corpus"; \
	  status=$$?; rm -rf "$$corpus"; exit $$status; \
	fi

requirements:
	@$(UV) lock --quiet --upgrade
	@$(UV) export --quiet --format requirements-txt --no-header --no-emit-project --no-annotate \
	  --all-groups --output-file requirements-dev.txt

clean:
	@rm -rf .venv .venv-fuzz .venv-recording .windows .interop build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find src tests devtools benchmarks interop fuzz -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is the last thing written, so a set-up that was interrupted starts over.
# pip comes from outside: a Python without ensurepip will do.
$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: Python 3.11 or newer is needed and $(PYTHON) is not: make PYTHON=python3.12" >&2; \
	  exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { \
	  echo "make: $(PYTHON) has no pip: install it (on Debian: python3-pip)" >&2; exit 1; }
	@echo "setting up .venv, once; this takes a minute or two" >&2
	@$(PYTHON) -m venv --clear --without-pip .venv
	@$(PYTHON) -m pip --python $(RUN) install --quiet --disable-pip-version-check \
	  --require-hashes -r requirements-dev.txt
	@$(PYTHON) -m pip --python $(RUN) install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation -e .
	@touch $@

# atheris is kept apart: not every system and Python that keystead runs on has it.
$(FUZZ_READY): $(READY) requirements-fuzz.txt
	@$(PYTHON) -c '$(HAS_ATHERIS)' || { \
	  echo "make: atheris is published for Linux on x86-64 and Python 3.11 to 3.13 only" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv --clear --without-pip .venv-fuzz
	@$(PYTHON) -m pip --python .venv-fuzz/bin/python install --quiet --disable-pip-version-check \
	  --require-hashes -r requirements-dev.txt -r requirements-fuzz.txt
	@$(PYTHON) -m pip --python .venv-fuzz/bin/python install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation -e .
	@touch $@

# pyte is installed separately, as nothing else needs it.
$(RECORDING_READY): $(READY) requirements-recording.txt
	@$(PYTHON) -m pip --python $(RUN) install --quiet --disable-pip-version-check --no-deps \
	  --require-hashes --upgrade --target .venv-recording -r requirements-recording.txt
	@touch $@
