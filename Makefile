# Every target sets up what it needs in a private environment: a Python >= 3.11 is all that
# has to be there. uv is used when it is on PATH. The second run starts at once.
.DEFAULT_GOAL := help
.PHONY: install demo test check format bench chaos fuzz audit lock clean help
MAKEFLAGS += --no-print-directory

# An interpreter by name or path. The default one lives in .venv, any other in .venv-X.Y.
PYTHON ?=
# Passed on to what the target runs: make test ARGS="-k markup -x"
ARGS ?=
# How many tests run at once: half of the time they wait for a process or a messenger (tests/order.py).
WORKERS ?= 6
# `no` saves a third of the time: what one Python covers, the next one covers as well.
COVER ?= yes
# What core/ alone has to reach; the threshold of the whole is in pyproject.toml.
CORE_COVERAGE ?= 95
# make chaos: how often the program is killed, and the seed of a run to be repeated.
KILLS ?= 200
# make fuzz: so long for each target; TARGET names one alone.
SECONDS ?= 30
TARGET ?=
SEED ?=

FULL = venv=$$(sh tools/venv.sh full "$(PYTHON)") || exit 2
RUN = venv=$$(sh tools/venv.sh run "$(PYTHON)") || exit 2

install: ## Build .venv with every platform, the tests and the tools
	@$(FULL); echo "Ready: $$venv/bin/moa-gateway"

demo: ## Start the web chat with the embedded model; no key needed (PORT, MOA_GATEWAY_TOKEN)
	@$(RUN); exec "$$venv/bin/moa-gateway" demo $(ARGS)

# Part of the tests cannot reach the coverage of all of them, so thresholds wait for a
# run without ARGS.
WHOLE = $(if $(strip $(ARGS)),,yes)
MEASURED = $(filter yes,$(COVER))
test: ## Run the tests with coverage (PYTHON=python3.13, ARGS="-k name")
	@$(FULL); "$$venv/bin/python" -m pytest $(if $(MEASURED),--cov) \
	$(if $(WHOLE),-n $(WORKERS) --dist worksteal,--cov-fail-under=0 $(ARGS)) \
	$(if $(and $(WHOLE),$(MEASURED)),&& { "$$venv/bin/python" -m coverage report --format=total \
		--include='core/*' --fail-under=$(CORE_COVERAGE) >/dev/null || \
		{ echo "core/ is covered less than $(CORE_COVERAGE) %" >&2; exit 2; }; })

check: ## Format, lint, import contracts, types, dependencies, dead code, complexity
	@$(FULL); sh tools/check.sh "$$venv"

format: ## Format the code and apply the fixes that are safe
	@$(FULL); "$$venv/bin/ruff" format . ; "$$venv/bin/ruff" check --fix .

bench: ## Measure what the README claims
	@$(FULL); "$$venv/bin/python" -m bench $(ARGS)

chaos: ## Kill the program again and again; count what was lost, doubled, paid twice (KILLS, SEED)
	@$(FULL); "$$venv/bin/python" -m tests.chaos --kills $(KILLS) $(if $(SEED),--seed $(SEED)) $(ARGS)

# atheris lies apart from the rest: it is needed here alone, and has wheels for few systems.
fuzz: ## Fuzz every parser that strangers can reach, by coverage (SECONDS each, TARGET, SEED)
	@$(FULL); "$$venv/bin/python" -m pip install -q --no-deps --upgrade --target .fuzz/lib \
		--only-binary :all: --require-hashes -r requirements-fuzz.lock || { echo "make fuzz:" \
		"atheris has wheels for CPython 3.11 to 3.13 on Linux (x86_64) alone; see above" >&2; exit 2; }; \
	PYTHONPATH=.fuzz/lib "$$venv/bin/python" -m tests.fuzz $(TARGET) --seconds $(SECONDS) \
		$(if $(SEED),--seed $(SEED))

audit: ## Look the pinned packages up in the vulnerability database (needs the internet)
	@$(FULL); sh tools/audit.sh "$$venv"

lock: ## Recompile the lock files (ARGS=--upgrade for newer versions)
	@PYTHON="$(PYTHON)" sh tools/lock.sh $(ARGS)

clean: ## Remove everything that can be made again
	rm -rf .venv .venv-* .venv.lock build dist htmlcov .coverage .coverage.* \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .complexipy_cache
	find core adapters gateway tests bench tools -name __pycache__ -type d -prune \
		-exec rm -rf {} + 2>/dev/null || true

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile
