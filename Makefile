# A thin face on ordinary commands; each line can be run by hand.
# For Linux and macOS; on Windows use conda (see README.md).
#
#   make lab         open the first lesson in JupyterLab
#   make test        the tests that every change runs, every lesson included (a few minutes)
#   make check       those and the slow rest: browsers, broken files by the thousand, hub, memory
#   make notebooks   run every lesson without a browser, into outputs/
#   make store       run every lesson with the embedded DINO and store its outputs in notebooks/
#   make site        the whole tutorial as web pages, in Korean and English, into outputs/site/
#   make live        the network in one page, live.html, into outputs/
#   make sheets      the worksheets as PDFs, into outputs/sheets/
#   make hub         a JupyterHub on this machine, to try a class on (first: make hub-parts)
#   make class       a branch of the lessons without what lies below a guess, for a class to pull
#   make release     one zip for a USB stick, with the pages that make site has made
#   make bench       measure the first figure, explorer, attention, search, memory, a class of ten
#   make evaluate    measure the embedded DINO beside the same network untrained
#   make lint        look for slips in the Python and JavaScript code
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
ESLINT := eslint@10

.PHONY: lab test check notebooks store site live sheets hub hub-parts class release bench evaluate lint links
.DEFAULT_GOAL := lab

# The whole repository is JupyterLab's root, so that lessons find their pictures and the glossary.
lab: .venv/.installed
	$(BIN)/python -m deploy.lab --ServerApp.root_dir="$(CURDIR)" notebooks/00_start.ipynb $(LAB_ARGS)

test: .venv/.installed
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/.installed lint test hub-parts
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow --ignore=tests/deploy tests
	# On their own: a browser that is driven in turn leaves no loop for students who run at once.
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow tests/deploy
	$(BIN)/python -m tools.repeat twice

notebooks: .venv/.installed
	$(BIN)/python -m tools.notebooks run

store: .venv/.installed
	$(BIN)/python -m tools.make_payoffs
	$(BIN)/python -m tools.notebooks store

site: .venv/.installed
	$(BIN)/python -m tools.site $(SITE_ARGS)
	$(BIN)/python -m explorer.live outputs/site/live.html

live: .venv/.installed
	$(BIN)/python -m explorer.live outputs/live.html

sheets: .venv/.installed
	$(BIN)/python -m tools.sheets

hub: .venv/.installed
	$(BIN)/python -m deploy.hub

hub-parts: .venv/.installed
	$(BIN)/python -m deploy.parts

class: .venv/.installed
	$(BIN)/python -m tools.unopened --branch class

release: .venv/.installed site
	$(BIN)/python -m deploy.release

bench: .venv/.installed hub-parts
	$(BIN)/python -m benchmarks.first_figure
	$(BIN)/python -m benchmarks.explorer
	$(BIN)/python -m benchmarks.attention
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.warm

evaluate: .venv/.installed outputs/training/pool.pt
	$(BIN)/python -m training.evaluate

# Pictures to train and measure with: downloads sixteen packages (about 1 GB) the first time.
outputs/training/pool.pt: | .venv/.installed
	$(BIN)/python -m training.collect

lint: .venv/.installed
	$(BIN)/ruff check .
	@if npx --yes $(ESLINT) --version >/dev/null 2>&1; then \
	npx --yes $(ESLINT) --config explorer/eslint.config.mjs explorer classroom; \
	else echo "JavaScript not looked at: there is no npx here, or it cannot fetch eslint."; fi

# Every form of the address: plain, with %2F in a link, the folder a hub clones into, the pages'.
links:
	@echo "$(REPO)" | grep -Eq '^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$$' || { \
	echo "REPO=owner/name 처럼 써 주세요. / Write REPO=owner/name." >&2; exit 1; }
	@old=$$(sed -n 's|^Repository = "https://github.com/\(.*\)"|\1|p' pyproject.toml); \
	OLD_OWNER=$${old%/*} OLD_NAME=$${old#*/} OWNER=$(firstword $(subst /, ,$(REPO))) \
	NAME=$(lastword $(subst /, ,$(REPO))); export OLD_OWNER OLD_NAME OWNER NAME; \
	git grep -lz "$$OLD_OWNER" -- . ':!tests' | xargs -0 perl -pi -e ' \
	s{(?:\b|(?<=%2F))\Q$$ENV{OLD_OWNER}\E(/|%2F)\Q$$ENV{OLD_NAME}\E\b}{$$ENV{OWNER}$$1$$ENV{NAME}}g; \
	s{\b\Q$$ENV{OLD_OWNER}\E\.github\.io/\Q$$ENV{OLD_NAME}\E\b}{$$ENV{OWNER}.github.io/$$ENV{NAME}}g; \
	s{(tree(?:/|%2F))\Q$$ENV{OLD_NAME}\E(?=/|%2F)}{$$1$$ENV{NAME}}g' && \
	echo "$(REPO): $$(git diff --name-only | wc -l) files changed"

# Installs once, and again only when the list of dependencies has changed.
.venv/.installed: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "파이썬이 없습니다: $(PYTHON) / No such Python: $(PYTHON)"; exit 1; }
	@echo "설치합니다. 처음에는 몇 분 걸립니다. / Installing; the first time takes a few minutes."
	@wheels=$$($(PYTHON) tools/preflight.py . $(DISK_GB)) && $(PYTHON) -m venv .venv && \
	pip="$(BIN)/python -m pip install --disable-pip-version-check" && \
	if [ -n "$$wheels" ]; then $$pip --index-url "$$wheels" torch torchvision; fi && \
	$$pip --editable ".[test]"
	@mkdir -p .venv/share/jupyter/lab/settings && cp tools/overrides.json .venv/share/jupyter/lab/settings/
	@touch $@
	@echo "설치를 마쳤습니다. / Installed in .venv."
