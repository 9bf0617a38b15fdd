# `make book` and `make test` are all a reader needs; `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
# cuda: the build of torch in the lock; cpu: the one without CUDA, gigabytes smaller.  What is installed stays the choice.
TORCH ?= $(or $(patsubst .venv/.installed-%,%,$(wildcard .venv/.installed-*)),cuda)

UV := .bootstrap/bin/uv
BIN := .venv/bin
READY := .venv/.installed-$(TORCH)
PAGES := _build/html/index.html

.PHONY: help book test execute stale robust study lint serve lock clean
.DEFAULT_GOAL := help

help:  ## list these commands
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

book: $(READY)  ## execute the notebooks that are out of date and build the HTML
	$(BIN)/python tools/notebooks.py execute
	$(BIN)/python tools/notebooks.py stale
	$(BIN)/python tools/plain.py write
	$(BIN)/jupyter-book build book/ -W -n --keep-going --all --quiet
	@echo
	@echo "The book is ready.  Open file://$(CURDIR)/$(PAGES)"

test: $(READY)  ## run the unit tests, then compare every cell of every notebook
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile
	$(BIN)/python tools/notebooks.py test

execute: $(READY)  ## execute every notebook, up to date or not
	$(BIN)/python tools/notebooks.py execute --all
	$(BIN)/python tools/plain.py write

stale: $(READY)  ## list the notebooks that are out of date; fails if there are any
	$(BIN)/python tools/notebooks.py stale
	$(BIN)/python tools/plain.py stale

robust: $(READY)  ## does every claim hold on other processors? (an hour; RUNS=20, NOTEBOOKS="book/scn.ipynb")
	$(BIN)/python tools/robust.py --runs $(or $(RUNS),20) $(NOTEBOOKS)

study: $(READY)  ## run a study, or go on with it (NAME=scn ARGS="noise --seeds 8 --processes 2")
	$(BIN)/python -m studies.$(NAME) $(ARGS)

lint: $(READY)  ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

serve: $(READY)  ## serve the built book at http://localhost:8000 (PORT=...)
	@test -f $(PAGES) || { echo "There is no built book yet: run 'make book' first."; exit 1; }
	$(BIN)/python -m http.server --bind localhost --directory _build/html $(PORT)

lock: $(UV)  ## resolve the dependencies anew (UPGRADE=--upgrade takes the newest)
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --all-extras $(UPGRADE) pyproject.toml -o requirements.lock
	echo uv | $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 $(UPGRADE) - -o tools/bootstrap.lock

clean:  ## remove what was built; the environment in .venv stays
	rm -rf _build .mypy_cache .pytest_cache .ruff_cache

# The environment: uv, pinned by hash, installs exactly what the lock lists; a stamp file remembers that it is done.
$(UV): tools/bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' || { \
	  echo "$(PYTHON) is `$(PYTHON) --version 2>&1`; expected Python 3.11 to 3.14. Name another one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv --clear .bootstrap || { \
	  echo "$(PYTHON) cannot make environments; on Debian and Ubuntu: apt install python3-venv"; rm -rf .bootstrap; exit 1; }
	.bootstrap/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/bootstrap.lock
	@touch $@

# Without its stamp an environment is made anew: it may be half made, or hold the other build of torch.
.venv/.installed-cuda .venv/.installed-cpu: requirements.lock pyproject.toml $(UV)
	test -e $@ || { rm -rf .venv && $(UV) venv --quiet --python $(PYTHON) .venv; }
	$(INSTALL_$(TORCH))
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-%:
	@echo "TORCH is '$*'; expected cuda or cpu"; exit 1

INSTALL_cuda = $(UV) pip sync --python $(BIN)/python --require-hashes requirements.lock

# The index of the CPU builds has its own files of torch and torchvision, which the lock's hashes do not cover.
define INSTALL_cpu
awk '/^[a-z]/ { cuda = /^(torch|torchvision|triton)==|^(cuda|nvidia)-/ } !cuda' requirements.lock > .venv/cpu.lock
$(UV) pip sync --python $(BIN)/python --require-hashes .venv/cpu.lock
$(UV) pip install --python $(BIN)/python --no-deps --torch-backend=cpu \
  $(shell sed -nE 's/^(torch|torchvision)(==[^ ]+).*/\1\2/p' requirements.lock)
endef
