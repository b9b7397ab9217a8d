# Crosstalk. `make` prints what there is; `make run` and `make test` need nothing done before them.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

# Without bytecode every process compiles each of 1,300 modules anew, for two seconds of CPU time.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
NODE := scripts/with-node.sh
PARALLEL := $(MAKE) --no-print-directory --keep-going --jobs=4 \
	$(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# Stamps: what is newer than them is installed or built again, nothing else. scripts/stage.sh writes them last.
PYTHON_ENV := .venv/.installed
DEV_ENV := .venv/.installed-dev
NODE_ENV := frontend/node_modules/.installed
PAGE := frontend/dist/.built
STAGE := @scripts/stage.sh

PAGE_SOURCES := $(shell find frontend/src frontend/public 2>/dev/null) \
	$(wildcard frontend/index.html frontend/vite.config.ts frontend/svelte.config.js frontend/tsconfig*.json)

.PHONY: help
help:
	@echo "Crosstalk: chat and live events for a page on another origin"
	@echo
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'
	@echo
	@echo "Settings (see .env.example) come from the environment, from .env, or from the command: make run CROSSTALK_PORT=5010"

# ── start ──

.PHONY: run
run: $(PYTHON_ENV) $(PAGE) ## install, build, and start the API and the page; Ctrl-C stops both
	@exec $(BIN)/crosstalk run

.PHONY: serve
serve: ## start the API alone, in the foreground
	@test -x $(BIN)/crosstalk || { echo "crosstalk: nothing is installed yet; run \`make install\` first" >&2; exit 1; }
	@exec $(BIN)/crosstalk serve

.PHONY: install
install: $(PYTHON_ENV) $(PAGE) ## install the locked packages and build the page

INSTALLER := backend/pyproject.toml $(wildcard backend/installer/*.lock) scripts/python-env.sh scripts/install-locked.sh

$(PYTHON_ENV): backend/requirements.lock $(INSTALLER) $(if $(shell scripts/moved.sh),moved)
	$(STAGE) $@ -- scripts/python-env.sh

.PHONY: moved
moved:

# After the other, never beside it: both write into .venv, and an interruption of this one leaves none of it.
$(DEV_ENV): backend/requirements-dev.lock $(PYTHON_ENV)
	$(STAGE) $(PYTHON_ENV) $@ -- scripts/python-env.sh dev

$(NODE_ENV): frontend/package-lock.json frontend/package.json frontend/.npmrc | $(PYTHON_ENV)
	$(STAGE) $@ -- scripts/node-packages.sh frontend

$(PAGE): $(PAGE_SOURCES) $(NODE_ENV)
	$(STAGE) $@ -- scripts/page.sh

# ── test ──

.PHONY: test
test: $(DEV_ENV) $(NODE_ENV) $(PAGE) ## install everything, then check and run every test
	@MAKE="$(MAKE)" scripts/test.sh

.PHONY: test-tools
test-tools: $(DEV_ENV) ## what single parts of the tests need: Chromium, nginx, HAProxy, an environment with gevent
	@scripts/chromium.sh >/dev/null && scripts/proxies.sh && scripts/server-env.sh gevent

.PHONY: check
check: $(DEV_ENV) $(NODE_ENV) ## check format, lint, types, import rules and the contract, in under a minute
	@$(PARALLEL) check-types check-lint check-svelte check-node check-contract check-client check-imports \
		check-prettier check-ruff check-format

.PHONY: test-backend
test-backend: $(DEV_ENV) $(NODE_ENV) ## test the backend on the default server
	@$(BIN)/pytest -c backend/pyproject.toml --numprocesses 4 --dist worksteal \
		backend/tests backend/tests/faults

.PHONY: test-faults
test-faults: $(DEV_ENV) ## test killed servers, cut connections and full disks at length; writes docs/reliability.md
	@$(BIN)/pytest -c backend/pyproject.toml backend/tests/faults --long $(if $(K),-k $(K)) $(if $(SEED),--seed $(SEED))

.PHONY: test-transport
test-transport: $(DEV_ENV) ## test the transport at length, on every server that it supports
	@scripts/server-env.sh gevent
	@$(BIN)/pytest -c backend/pyproject.toml --numprocesses 2 backend/tests/transport --long \
		--paths on,off,plain-werkzeug,plain-gthread,plain-gevent,plain-gunicorn-gevent

SERVERS := $(BIN)/pytest -c backend/pyproject.toml --numprocesses 2 --dist loadgroup backend/tests/servers
SERVER_ENVS := gevent gevent-websocket eventlet uwsgi

.PHONY: test-servers
test-servers: $(DEV_ENV) $(NODE_ENV) ## test every server and async mode; writes the table in docs/deploy.md
	@scripts/server-env.sh $(SERVER_ENVS)
	@$(SERVERS) --write-table

.PHONY: test-servers-short
test-servers-short: $(DEV_ENV) $(NODE_ENV) ## test gunicorn with threads and with gevent
	@scripts/server-env.sh gevent
	@$(SERVERS) --servers threads,gevent

# A worker's name gives a test process ports of its own; those of the backend's tests, which run beside it, are gw0 to gw3.
.PHONY: test-proxies
test-proxies: $(DEV_ENV) ## test behind nginx, as in deploy/, and behind HAProxy
	@scripts/proxies.sh
	@PYTEST_XDIST_WORKER=gw9 $(BIN)/pytest -c backend/pyproject.toml backend/tests/proxies

.PHONY: test-frontend
test-frontend: $(DEV_ENV) $(NODE_ENV) $(PAGE) ## test the client and the page, and check the page's size
	@$(NODE) npm run --silent test
	@$(NODE) npm run --silent size

.PHONY: test-e2e
test-e2e: $(DEV_ENV) $(PAGE) ## test API and page together, in browsers
	@chromium=$$(scripts/chromium.sh) && CROSSTALK_CHROMIUM="$$chromium" \
		$(BIN)/pytest -c backend/pyproject.toml --numprocesses 4 --dist worksteal e2e

.PHONY: test-browsers
test-browsers: $(DEV_ENV) $(PAGE) ## the page in Firefox ESR and WebKitGTK, on localhost and on plain http; installs both on Debian
	@scripts/browsers.sh
	@PYTHONPATH=e2e:backend/tests $(BIN)/python -m browsers.check

.PHONY: audit
audit: $(PYTHON_ENV) ## look up the locked packages in the advisories of osv.dev
	@$(BIN)/python scripts/audit.py

# ── measure ──

PEERS := backend/benchmarks/peers

.PHONY: bench
bench: $(DEV_ENV) $(PEERS)/node_modules/.installed ## measure performance beside other servers, in under 10 minutes (QUICK=1: 2); WRITE=1 writes docs/performance.md
	@scripts/server-env.sh gevent asgi
	@PYTHONPATH=backend $(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(foreach part,$(ONLY),--only $(part)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(WRITE),--write)

$(PEERS)/node_modules/.installed: $(PEERS)/package-lock.json $(PEERS)/package.json $(PEERS)/.npmrc | $(PYTHON_ENV)
	$(STAGE) $@ -- scripts/node-packages.sh $(PEERS)

# ── the parts of `make check` ──

STEP := @scripts/step.sh
RUFF := $(BIN)/ruff --config backend/pyproject.toml
PYTHON_SOURCES := backend scripts $(wildcard e2e)

.PHONY: check-format check-ruff check-types check-imports check-contract check-prettier check-lint check-svelte check-client check-node
check-format:
	$(STEP) "ruff format" $(RUFF) format --check $(PYTHON_SOURCES)
check-ruff:
	$(STEP) "ruff" $(RUFF) check $(PYTHON_SOURCES)
check-types:
	$(STEP) "mypy (strict)" $(BIN)/mypy --config-file backend/pyproject.toml backend/crosstalk backend/fastlane
check-imports:
	$(STEP) "import rules" $(BIN)/lint-imports --config backend/pyproject.toml
check-contract:
	$(STEP) "contract is fresh" sh -c '$(BIN)/crosstalk contract --check && $(NODE) npm run --silent contract -- --check'
check-prettier:
	$(STEP) "prettier" $(NODE) npm run --silent check:format
check-lint:
	$(STEP) "eslint" $(NODE) npm run --silent check:lint
check-svelte:
	$(STEP) "svelte-check" $(NODE) npm run --silent check:svelte
check-client:
	$(STEP) "tsc: the client without a DOM" $(NODE) npm run --silent check:client
check-node:
	$(STEP) "tsc: tools and client tests" $(NODE) npm run --silent check:node

# ── write ──

.PHONY: format
format: $(DEV_ENV) $(NODE_ENV) ## format everything
	@$(RUFF) check --fix --quiet $(PYTHON_SOURCES) || true
	@$(RUFF) format --quiet $(PYTHON_SOURCES)
	@$(NODE) npm run --silent format

.PHONY: contract
contract: $(DEV_ENV) $(NODE_ENV) ## generate OpenAPI, AsyncAPI and the TypeScript types
	@$(BIN)/crosstalk contract
	@$(NODE) npm run --silent contract
