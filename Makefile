# Two commands matter: `make run` and `make test`. Everything they need they set up themselves.
PYTHON ?= python3
export LIEBIAN_HOME ?= $(CURDIR)/var
BIN := .venv/bin
SETUP := $(PYTHON) tools/setup.py
COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: run test setup setup-test check fix docs bench demo lock messages

run:            ## start web and worker on an installation that is filled with the demo shop when it is empty
	@$(SETUP) run
	@exec $(BIN)/liebian run

setup:          ## create .venv with everything that running needs
	@$(SETUP) run

setup-test:
	@$(SETUP) test

test: setup-test ## run every test
	@$(BIN)/python tools/run_tests.py

check: setup-test ## format, lint, types, walls, locks, translations, migrations, sizes
	@$(BIN)/python tools/check.py

fix: setup-test ## format and repair what can be repaired
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

docs: setup-test ## build the documentation into site/
	@$(BIN)/python tools/make_docs.py

bench: setup-test ## every promise about speed, as a ratio
	@for script in bench/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

demo: setup     ## fill an empty installation with the demo shop
	@$(BIN)/liebian demo

messages: setup-test ## collect texts to translate (needs gettext)
	@$(BIN)/python tools/messages.py

lock: setup-test ## compile the lock files anew
	@cd requirements && UV="../$(BIN)/uv" && \
	 ../$(BIN)/$(COMPILE) test.in -o test.txt && ../$(BIN)/$(COMPILE) -c test.txt run.in -o run.txt && \
	 ../$(BIN)/$(COMPILE) uv.in -o uv.txt && ../$(BIN)/$(COMPILE) node.in -o node.txt
