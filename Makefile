# Every target sets up what it needs: `make demo` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV   ?= .venv
EXTRAS ?= test
BIN     = $(VENV)/bin
STAMP   = $(VENV)/.installed-$(shell echo "$(EXTRAS)" | tr ',' '-')

.PHONY: demo test test-slow lint check format fuzz soak bench clean

demo: $(BIN)/chainrule        ## train on real digits and show the answers
	@$(BIN)/chainrule train mnist --layers 128 --epochs 10 --batch-size 128 --show 6 --output runs/digits.safetensors

test test-slow: export OPENBLAS_NUM_THREADS = 1
test test-slow: export OMP_NUM_THREADS = 1
test test-slow: export NPROC = 1
test: $(STAMP)                ## unit tests and doctests, on two workers of one thread each
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: $(STAMP)           ## what takes minutes: whole data sets, many processes, many kills
	$(BIN)/python -m pytest -n 2 -m slow tests

lint: $(STAMP)                ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test              ## the one gate, and CI's

format: $(STAMP)              ## let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

fuzz: $(STAMP)                ## damaged files for every reader: INPUTS=1000000 for the long run
	$(BIN)/python -m robustness.fuzz --inputs $(or $(INPUTS),50000)

soak: $(STAMP)                ## a training under kills, full disks and Ctrl-C ends in the same bytes
	$(BIN)/python -m robustness.soak --kills $(or $(KILLS),200)

bench:                        ## side by side with PyTorch and scikit-learn
	@$(MAKE) EXTRAS=bench $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/chainrule: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[$(EXTRAS)]"
	@touch $@
