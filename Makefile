# A thin face on ordinary commands; each line can be run by hand.
# For Linux and macOS; on Windows use conda (see README.md).
#
#   make lab         open the first lesson in JupyterLab
#   make test        run every test
#   make notebooks   run every lesson without a browser, into outputs/
#   make store       run every lesson with the embedded DINO and store its outputs in notebooks/
#   make site        the whole tutorial as web pages, in Korean and English, into outputs/site/
#   make sheets      the students' sheets as PDFs, into outputs/sheets/
#   make repeat      run every lesson twice in one kernel, and three times with strict nbval
#   make bench       measure the explorer in JupyterLab, reading attention, searching photos, memory
#   make faults      run the tests that tell of a fault, and write the READMEs' table of them
#   make evaluate    measure the embedded DINO beside the same network untrained
#   make lint        look for slips in the Python code
#   make links REPO=owner/name      the tutorial has moved: rewrite every link to its repository
#
# Options: PYTHON=python3.12   which Python makes .venv
#          DISK_GB=3           how much free disk to ask for, in GB
#          LAB_ARGS=...        more arguments for jupyter lab
#          SITE_ARGS=--stored  take the stored outputs: quick, but without explorers that move

# The first Python on the path that is new enough; plain python3 otherwise, for the error message.
PYTHON ?= $(or $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done),python3)
BIN := .venv/bin

.PHONY: lab test notebooks store site sheets repeat bench faults evaluate lint links
.DEFAULT_GOAL := lab

lab: .venv/.installed
	$(BIN)/jupyter lab notebooks/00_start.ipynb $(LAB_ARGS)

test: .venv/.installed
	$(BIN)/python -m pytest -n 2 --dist loadfile

notebooks: .venv/.installed
	$(BIN)/python tools/notebooks.py run

store: .venv/.installed
	$(BIN)/python tools/make_payoffs.py
	$(BIN)/python tools/notebooks.py store

site: .venv/.installed
	$(BIN)/python -m tools.site $(SITE_ARGS)

sheets: .venv/.installed
	$(BIN)/python tools/sheets.py

repeat: .venv/.installed
	$(BIN)/python tools/repeat.py twice
	$(BIN)/python tools/repeat.py nbval

bench: .venv/.installed
	$(BIN)/python -m benchmarks.explorer
	$(BIN)/python -m benchmarks.attention
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.memory

faults: .venv/.installed
	$(BIN)/python tools/faults.py

evaluate: .venv/.installed outputs/training/pool.pt
	$(BIN)/python -m training.evaluate

# Pictures to train and measure with: downloads five Debian packages (about 360 MB) the first time.
outputs/training/pool.pt: | .venv/.installed
	$(BIN)/python -m training.collect

lint: .venv/.installed
	$(BIN)/ruff check .

links:
	$(PYTHON) tools/links.py $(REPO)

# Installs once, and again only when the list of dependencies has changed.
.venv/.installed: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "파이썬이 없습니다: $(PYTHON) / No such Python: $(PYTHON)"; exit 1; }
	@$(PYTHON) tools/preflight.py . $(DISK_GB)
	@echo "설치합니다. 처음에는 몇 분 걸립니다. / Installing; the first time takes a few minutes."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --editable ".[test]"
	@touch $@
	@echo "설치를 마쳤습니다. / Installed in .venv."
