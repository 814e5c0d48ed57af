# `make demo` grades the example class; `make test` runs every test. Both set up what they need.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
SCHEMA := .venv/schemas/junit-10.xsd
DAN := examples/class/dan_flipped_kernel/convolution.ipynb

.DEFAULT_GOAL := help
.PHONY: help setup demo lessons figures class lint types contract quick test proof sandbox system clean

help: ## say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(INSTALLED) ## create .venv with the exact tested versions

$(INSTALLED): pyproject.toml constraints.txt
	@[ -n "$(PYTHON)" ] || \
		{ echo "Python 3.11 or newer is needed. Received: none. Set PYTHON=…"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Received: $$($(PYTHON) --version). Set PYTHON=…"; exit 2; }
	@$(PYTHON) -m venv .venv || \
		{ echo "An environment needs Python's venv. On Debian: apt-get install python3-venv."; exit 2; }
	@echo "Installing the tested versions of the Python packages in .venv: it takes some minutes."
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]' || \
		{ echo "pip says above why they are not installed. Mend that, or the network, and try again."; exit 2; }
	@touch $@

demo: setup sandbox ## grade the example class and show what came of it
	@$(BIN)/grader build
	@$(BIN)/python -m examples.make_class
	@rm -rf build/demo
	@# Where there can be no sandbox, the demo runs its own class with your rights, and says so.
	@wall=sandbox; \
	why=$$($(BIN)/python -c 'from grader.kernel.sandbox import works; print(works())'); \
	if [ -n "$$why" ]; then wall=none; echo "Running with --isolation none: $$why"; fi; \
	$(BIN)/grader grade examples/class --to build/demo --isolation $$wall \
		--format console,junit || [ $$? -lt 4 -a $$? -ne 2 ]
	@echo
	@echo "What one of them sees in the notebook: docs/pictures/feedback.png"
	@echo "The same in a terminal: $(BIN)/grader check $(DAN)"
	@echo "For CI: build/demo/junit.xml"

lessons: setup ## build the students' notebooks from their sources
	$(BIN)/grader build

figures: setup ## draw the lessons' figures again
	for figures in solutions/figures/draw_*.py; do $(BIN)/python $$figures || exit; done

class: setup ## write the example class again from the lessons' sources
	$(BIN)/python -m examples.make_class

lint: setup ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## static types
	$(BIN)/mypy

contract: setup ## imports point down the flow
	$(BIN)/lint-imports

quick: setup ## the tests without kernels, browsers and trainings, under a minute
	$(BIN)/pytest -q -n 2 -m "not kernel and not browser and not slow"

proof: setup ## every lesson is graded fairly, on all its draws
	$(BIN)/grader selfcheck

test: setup system $(SCHEMA) lint types contract ## everything that CI runs
	$(BIN)/grader build --check
	$(BIN)/pytest -n 2 --dist loadfile
	for onednn in 0 1; do TF_ENABLE_ONEDNN_OPTS=$$onednn $(BIN)/pytest -q tests/cnn_course/test_regularization.py || exit; done
	@# What root could be kept from, an ordinary user must be, too: here the walls are built otherwise.
	$(BIN)/python -m tests.views -m pytest -q -p no:cacheprovider tests/hostile/test_corpus.py \
		-k "forging or escape"
	@# Fewer draws than `make proof` has: all of CI ends within 35 minutes.
	$(BIN)/grader selfcheck --quiet --seeds 5

$(SCHEMA): $(INSTALLED) tests/schemas.py
	$(BIN)/python tests/schemas.py

sandbox: # what the demo can do without, as on a machine that installs nothing
	@command -v bwrap >/dev/null || .ci/install bubblewrap || \
		echo "bubblewrap is the sandbox for students' code; the demo goes on without it."

system: ## the Debian packages that the sandbox, and the tests of pages and databases, need
	@{ command -v chromium && command -v bwrap && ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 || \
		.ci/install bubblewrap chromium fonts-dejavu-core postgresql

clean: ## remove what was made, but not the environment
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
