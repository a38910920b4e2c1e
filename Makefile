# Every target does its own set-up. `make demo` is the way in; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8790
DATA ?= data
WORKERS ?= 2
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip

.DEFAULT_GOAL := help
.PHONY: help install demo run sandbox test test-fast check format bench crash train clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

# torch goes first and pinned: a bare machine then takes the build that its index offers for exactly this version.
$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt torch==2.13.0 torchvision==0.28.0
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP) install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

install: $(VENV)/.installed ## make .venv with the pinned dependencies

demo: $(VENV)/.installed ## start bot and browser chat with the miniature models (PORT=, DATA=)
	@$(BIN)/kandinsky-bot demo --port $(PORT) --data $(DATA)

run: $(VENV)/.installed ## start the bot in Telegram (BOT_TOKEN must be set; settings in bot.toml)
	@$(BIN)/kandinsky-bot run

sandbox: $(VENV)/.installed ## start the sandbox alone, for any bot
	@$(BIN)/kandinsky-bot sandbox --port $(PORT) --data $(DATA)

test: $(VENV)/.installed-test ## run every test (WORKERS= processes)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

test-fast: $(VENV)/.installed-test ## run the tests that take no more than a few seconds
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile -m "not slow and not browser"

check: $(VENV)/.installed-test ## format, lint, types, import rules
	$(BIN)/ruff format --check . && $(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-test ## format the code and mend what the linter can mend
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(VENV)/.installed-test ## run the benchmarks; results land in benchmarks/results
	$(BIN)/python -m benchmarks

crash: $(VENV)/.installed-test ## kill the bot at every named point and watch it finish its jobs
	$(BIN)/python -m pytest tests/crash

train: $(VENV)/.installed ## train the miniature models again (hours; resumes from checkpoints)
	GLIBC_TUNABLES=glibc.malloc.hugetlb=1 $(BIN)/python -m training all

clean: ## remove the virtual environment and caches (data stays)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
