# make demo   set up, then the main job on phantoms
# make test   set up, then all checks and the whole test suite
# make bench  learning runs, kill tests and speed against peers; results go to benchmarks/RESULTS.md

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export OMP_NUM_THREADS ?= 2
export MPLBACKEND := Agg

.PHONY: demo test bench setup clean resolved

setup: $(READY)

$(READY): pyproject.toml tests/requirements.txt
	@start=$$(date +%s); \
	$(PYTHON) -m venv $(VENV) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/requirements.txt && \
	touch $(READY) && \
	echo "set-up took $$(( $$(date +%s) - start )) s"

demo: $(READY)
	$(BIN)/adversaria demo --out runs/demo

test: $(READY)
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r benchmarks/requirements.txt
	$(BIN)/python -m benchmarks

resolved: $(READY)
	$(BIN)/python -m adversaria.recipes.resolved
	$(BIN)/python -m adversaria.recipes.index

clean:
	rm -rf $(VENV) runs .pytest_cache .mypy_cache .ruff_cache
