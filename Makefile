# The menu. `make demo` on a machine with nothing but Python, git and make; `make test` runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AS_OF := 2026-06-30

.PHONY: demo test check benchmark clean

demo: $(VENV)/.installed  ## set everything up and show what it does on the example company
	@sh scripts/demo.sh $(BIN) $(AS_OF)

test: $(VENV)/.installed  ## run the tests
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.installed  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmark: $(VENV)/.installed  ## measure speed and memory at 50,000 invoices
	$(BIN)/python benchmarks/generate.py --invoices 50000 --into build/benchmark
	$(BIN)/python benchmarks/measure.py build/benchmark

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[all]" --group dev
	@touch $@

clean:
	rm -rf $(VENV) out build dist
