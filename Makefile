# make demo            sets up and shows the main job: record, grade three hand-ins, results.json
# make class           makes a class of 60, grades it, kills and resumes it, on Dask too; shows what another weight changes
# make test            sets up and runs the tests of some seconds each, in ten minutes
# make test-long       runs the long ones: attacks, audits, killed classes, the docs' commands, samples a test at a time
# make test-hostile    makes every attack of tests/hostile at every level of isolation, as root and as a plain user
# make test-isolation  the isolation tests as root without the worker's user, as root with it, and as a plain user
# make test-container  builds the grading image and grades in it under platforms' limits; needs root, skips without
# make fuzz            100,000 hostile streams, archives and values and right dropout layers instead of a few hundred
# make class-kills     kills and resumes a class of 60 at 200 random moments
# make test-starters   audits every homework that `grader new` starts from
# make matrix          the main job with each Python, oldest and newest numpy and pytest
# make pictures        makes the pictures of docs/first-homework.md again; needs chromium
# make docs            builds the documentation as a site in build/site; a broken link is an error
# make forging         score-forging hand-ins, graded by the peers and by this project, as a table
# make bench           grades the same ten tests with the peers and with this project, then each assignment; as tables

PYTHON ?= python3
BIN := .venv/bin
# thousands of processes import the same modules, so their compiled forms are kept, whatever the machine's setting is
export PYTHONDONTWRITEBYTECODE :=
.PHONY: demo class test test-long lint test-hostile test-isolation test-container fuzz class-kills forging bench clean test-starters matrix pictures docs

demo: .venv/ready
	$(BIN)/python demo/run.py

class: .venv/class-ready
	$(BIN)/python demo/make_class.py

test: .venv/test-ready lint
	$(BIN)/python -m pytest -n 3 --dist worksteal -q -m "not long"

test-long: .venv/test-ready
	$(BIN)/python -m pytest -n 3 --dist worksteal -q -m long

# 77 says that nothing may be mounted here
test-isolation: .venv/test-ready
	$(BIN)/python tests/isolation_run.py || test $$? -eq 77

# 77 says that there are no containers to be had here
test-container: .venv/test-ready
	$(BIN)/python tests/container_run.py || test $$? -eq 77

lint: .venv/test-ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test-starters: .venv/test-ready
	GRADER_STARTERS=all $(BIN)/python -m pytest -n 2 -q tests/test_new.py

matrix: .venv/test-ready
	$(BIN)/python tests/matrix.py

pictures: .venv/test-ready
	$(BIN)/python demo/pictures.py

docs: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

test-hostile: .venv/test-ready
	$(BIN)/python tests/hostile_run.py --jobs 2

fuzz: .venv/test-ready
	GRADER_FUZZ=100000 $(BIN)/python -m pytest -n 2 -q tests/test_fuzz.py
	GRADER_FUZZ=100000 $(BIN)/python -m pytest -n 2 -q tests/test_dropout.py -k many_seeds

class-kills: .venv/test-ready
	GRADER_CLASS_KILLS=200 $(BIN)/python -m pytest -q tests/test_class_failures.py -k resumed

forging: .venv/test-ready
	$(BIN)/python benchmarks/forging.py

bench: .venv/test-ready
	$(BIN)/python benchmarks/ten_tests.py
	$(BIN)/python benchmarks/assignments.py
	$(BIN)/python benchmarks/jail.py
	$(BIN)/python benchmarks/notebook_conversion.py
	$(BIN)/python benchmarks/class_page.py
	$(BIN)/python benchmarks/class_speed.py
	$(BIN)/python benchmarks/class_growth.py --sizes 100 1000
	$(BIN)/python benchmarks/class_growth.py --dask 300

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else "Python 3.10 or newer is needed; name one: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv

.venv/ready: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/class-ready: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[class]'
	touch $@ .venv/ready

.venv/test-ready: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@ .venv/ready .venv/class-ready

clean:
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache
