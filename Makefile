# Two commands matter: `make book` and `make test`. Both install everything they need into .venv first.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m

# One thread per process: with two processes on two cores, more threads make small runs 5 to 20 times slower. With more
# there is one process. What stands on the command line comes before this: make nbval OMP_NUM_THREADS=2.
export OMP_NUM_THREADS := 1
WORKERS := $(if $(filter 1,$(OMP_NUM_THREADS)),2,1)
# A thread that waits for another sleeps: one that spins keeps the core that the other needs, and beside other work small
# products take twenty times as long.
export OMP_WAIT_POLICY := PASSIVE
# The versions are those of constraints.txt. NEWEST=1, in a fresh copy, takes the newest of every package: what readers will have.
NEWEST ?=
VERSIONS := $(if $(NEWEST),--upgrade --upgrade-strategy eager,-c constraints.txt)
# Notebooks run in this environment's kernel, whatever kernels the user has installed.
export JUPYTER_PREFER_ENV_PATH := 1

.PHONY: help book offline test lint site-stored nbval unit browser notebooks claims new-chapter bench wheel address clean
.DEFAULT_GOAL := help
# The browser tests of `unit` open what `site-stored` built, and every step uses two processes already.
.NOTPARALLEL:

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1#\2/p' $(MAKEFILE_LIST) | while IFS='#' read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

.venv/.installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: give Python 3.11 or newer, as in  make book PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "saeno needs Python 3.11 or newer, but $(PYTHON) is `$(PYTHON) --version 2>&1`: try  make book PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(RUN) pip install --disable-pip-version-check $(VERSIONS) -e '.[book,test]'
	@touch $@

book: .venv/.installed ## execute the notebooks and build the site into _build/html
	$(RUN) saeno.book.press.site

offline: book ## zip the site, which needs no network, to be given away
	cd _build && ../$(RUN) zipfile -c saeno-book.zip html

test: lint site-stored nbval unit ## run every test: lint, site from stored outputs, notebooks, package

lint: .venv/.installed
	$(RUN) ruff check .

site-stored: .venv/.installed
	$(RUN) saeno.book.press.site --stored

# The last bits of a result depend on the processor, and what a page says may not. The notebooks therefore run twice: as
# this processor computes, and with the plainest instructions that torch (ATEN) and MKL have, which change matrix products,
# sums, FFT, convolution, exp and eigenvalues. ARITHMETIC=... tries others: CONTRIBUTING.md.
ARITHMETIC := ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE
NBVAL = TQDM_DISABLE=1 $(RUN) pytest --nbval --nbval-current-env --nbval-cell-timeout 600 \
	--nbval-sanitize-with tests/nbval.cfg -n $(WORKERS) --dist loadfile book

# Strict: executes every notebook and compares its outputs with the stored ones, in both ways whatever the first finds.
nbval: .venv/.installed
	@echo "The notebooks, as this processor computes:"; $(NBVAL); native=$$?; \
	echo "The notebooks, with $(ARITHMETIC):"; env $(ARITHMETIC) $(NBVAL) && exit $$native

unit: .venv/.installed
	$(RUN) pytest -n $(WORKERS) --cov=saeno $(if $(NEWEST),--ignore tests/project/test_pins.py) tests

browser: .venv/.installed ## install the browser of the tests, where the system has no chromium (asks for root on Linux)
	$(RUN) playwright install --with-deps --only-shell chromium

notebooks: .venv/.installed ## re-execute every notebook in place and store its outputs
	$(RUN) saeno.book.press.notebooks

claims: .venv/.installed ## measure every number the book states and write it there (minutes to hours; resumes)
	$(RUN) saeno.book
	$(RUN) saeno.book.press.claims_page

new-chapter: .venv/.installed ## make new-chapter NAME=part/slug: lay out an empty chapter with its rooms
	$(RUN) saeno.book.press.new_chapter '$(NAME)'

bench: .venv/.installed ## time the package with two threads
	@if [ -d tests/benchmarks ]; then OMP_NUM_THREADS=2 OMP_WAIT_POLICY=ACTIVE $(RUN) pytest -s -o python_files='bench_*.py' -o python_functions='bench_*' tests/benchmarks; \
	else echo "no benchmarks yet"; fi

# The tag is read from the environment, where make and the shell take nothing in it for a command.
wheel: .venv/.installed ## build the wheel into _build/dist; make wheel TAG=v1.2.3 checks that this is its version
	@if [ -n "$$TAG" ]; then $(RUN) saeno.book.press.published.release "$$TAG"; fi
	rm -rf _build/dist build
	$(RUN) pip wheel --disable-pip-version-check --no-deps --wheel-dir _build/dist .

address: .venv/.installed ## make address URL=https://github.com/OWNER/NAME: set the repository's address everywhere
	$(RUN) saeno.book.press.address $(URL)

clean: ## delete the environment and everything built
	rm -rf .venv _build build .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* *.egg-info
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
