# Every target sets up what it needs by itself, in .venv, from the lock files. Needs make and Python 3.11 or newer.
# Kept to what GNU make 3.81 and BSD make both understand.

BIN = .venv/bin
# Which Python to use; empty means the first fitting one found.
PYTHON =
MAKE_ENVIRONMENT = PYTHON="$(PYTHON)" tools/with-python tools/environment.py

# What `make serve`, `make test` and the benchmarks pass on; for example: make test TESTS=tests/unit FLAGS=-x
FLAGS =
TESTS = tests
# Three workers keep two cores busy: the tests' own servers need the machine as well, but many tests wait for something.
# worksteal keeps a file together while it can and lets an idle worker take over the rest of a long one.
TEST_WORKERS = 3
# How much of the Python client its tests have to run.
SDK_COVERAGE_PERCENT = 95
# How long `make fuzz` lets each of its runs go on.
FUZZ_S = 120
# UPGRADE=--upgrade takes the newest versions of everything; without it `make lock` keeps what still fits.
UPGRADE =
UV_VERSION = 0.13.9
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-package chaupal-client $(UPGRADE)
TYPED = src sdk/src bench tests/parts tests/conftest.py tools

.PHONY: help serve test sdk-coverage postman samples proxies image fuzz docs lint format bench bench-peers soak lock environment runtime clean

help:
	@echo "make serve        run Chaupal from this checkout (first use installs it into .venv)"
	@echo "make test         run all tests; make test TESTS=tests/unit FLAGS=-x runs some"
	@echo "make sdk-coverage run the Python client's tests, and see that they run all of it"
	@echo "make postman      run the Postman collection against a fresh server"
	@echo "make samples      run the samples against fresh servers; installs Mono on Debian for the one in C#"
	@echo "make proxies      run servers behind nginx, and try the alarms; takes both programs from Debian's packages"
	@echo "make image        build the image of deploy/Containerfile and run it; as root on Debian, some minutes"
	@echo "make fuzz         let the tests that make calls up choose freely; make fuzz FUZZ_S=600 for so long each"
	@echo "make docs         build the documents as a site of plain files, in build/site"
	@echo "make lint         style, types and import rules"
	@echo "make format       put the code into the project's layout"
	@echo "make bench        measure this server; make bench-peers measures others beside it"
	@echo "make soak         run the server under steady load for a long while"
	@echo "make lock         remake the lock files; make lock UPGRADE=--upgrade takes the newest versions"
	@echo "make environment  only set up .venv for development"
	@echo "make clean        remove .venv and whatever tools left behind"

serve: runtime
	@exec $(BIN)/chaupal serve $(FLAGS)

test: environment
	@exec $(BIN)/python -m pytest -n $(TEST_WORKERS) --dist worksteal $(FLAGS) $(TESTS)

sdk-coverage: environment
	@exec $(BIN)/python -m pytest -q -n $(TEST_WORKERS) --cov=chaupal_client --cov-report=term:skip-covered \
		--cov-fail-under=$(SDK_COVERAGE_PERCENT) $(FLAGS) tests/sdk

postman: environment
	@exec $(BIN)/python -m pytest -q -s -n 0 $(FLAGS) tests/postman

samples: environment
	@tools/install-mono
	@CHAUPAL_TEST_MONO=needed $(BIN)/python -m pytest -q -n 0 $(FLAGS) tests/samples

proxies: environment
	@tools/unpack-debian nginx prometheus
	@CHAUPAL_TEST_NGINX=$$PWD/.venv/debian/usr/sbin/nginx CHAUPAL_TEST_PROMTOOL=$$PWD/.venv/debian/usr/bin/promtool \
		$(BIN)/python -m pytest -q -n 0 $(FLAGS) tests/docs/test_alarms.py tests/docs/test_deploy.py -k 'Nginx or Alarms'

image:
	@tools/try-image

fuzz: environment
	@exec $(BIN)/python -m pytest -n $(TEST_WORKERS) --fuzz-s $(FUZZ_S) -o faulthandler_timeout=0 $(FLAGS) \
		tests/api/test_made_up_calls.py tests/api/test_random_bytes.py

docs: environment
	@exec $(BIN)/python tools/build_site.py $(FLAGS)

lint: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(TYPED)
	$(BIN)/basedpyright --pythonpath $(BIN)/python --project sdk/pyproject.toml
	$(BIN)/lint-imports

format: environment
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: environment
	@exec $(BIN)/python bench/run.py $(FLAGS)

bench-peers: environment
	@exec $(BIN)/python bench/peers.py $(FLAGS)

soak: environment
	@exec $(BIN)/python bench/soak.py $(FLAGS)

environment:
	@$(MAKE_ENVIRONMENT) development

runtime:
	@$(MAKE_ENVIRONMENT) runtime

lock: environment
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(COMPILE) --group build --output-file requirements.lock pyproject.toml
	$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf .venv .venv.lock dist bench/.cache
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .grimp_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -exec rm -rf {} +
