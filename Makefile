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
	@echo "Settings (.env.example) may stand in the environment, in .env, or behind the target: make run CROSSTALK_PORT=5010"

# ── start ──

.PHONY: run
run: $(PYTHON_ENV) $(PAGE) ## install, build and start the API and the page; Ctrl-C stops both
	@exec $(BIN)/crosstalk run

.PHONY: serve
serve: ## the API alone, in the foreground, from what is installed
	@test -x $(BIN)/crosstalk || { echo "crosstalk: nothing is installed yet; say \`make install\` first" >&2; exit 1; }
	@exec $(BIN)/crosstalk serve

.PHONY: install
install: $(PYTHON_ENV) $(PAGE) ## install what is locked and build the page, and start nothing

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

.PHONY: check
check: $(DEV_ENV) $(NODE_ENV) ## format, lint, types, import rules, contract fresh: under a minute
	@$(PARALLEL) check-types check-lint check-svelte check-node check-contract check-client check-imports \
		check-prettier check-ruff check-format

.PHONY: test-backend
test-backend: $(DEV_ENV) ## the backend's tests, on the default server
	@$(BIN)/pytest -c backend/pyproject.toml --numprocesses 4 --dist worksteal \
		backend/tests backend/tests/faults

.PHONY: test-faults
test-faults: $(DEV_ENV) ## kill, cut and starve the server with full numbers; writes docs/reliability.md
	@$(BIN)/pytest -c backend/pyproject.toml backend/tests/faults --long $(if $(K),-k $(K)) $(if $(SEED),--seed $(SEED))

.PHONY: test-transport
test-transport: $(DEV_ENV) ## the protocols, frames and abuse with full numbers, with the loop and without, on every server that it takes sockets from
	@scripts/server-env.sh gevent
	@$(BIN)/pytest -c backend/pyproject.toml --numprocesses 2 backend/tests/transport --long \
		--paths on,off,plain-werkzeug,plain-gthread,plain-gevent,plain-gunicorn-gevent

SERVERS := $(BIN)/pytest -c backend/pyproject.toml --numprocesses 2 --dist loadgroup backend/tests/servers
SERVER_ENVS := gevent gevent-websocket eventlet uwsgi

.PHONY: test-servers
test-servers: $(DEV_ENV) $(NODE_ENV) ## every server and async mode: the wire, by both clients; writes the table in docs/deploy.md
	@scripts/server-env.sh $(SERVER_ENVS)
	@$(SERVERS) --write-table

.PHONY: test-servers-short
test-servers-short: $(DEV_ENV) $(NODE_ENV) ## the same on gunicorn with threads and with gevent
	@scripts/server-env.sh gevent
	@$(SERVERS) --servers threads,gevent

.PHONY: test-proxies
test-proxies: $(DEV_ENV) ## behind nginx as in deploy/ and behind HAProxy, as they are
	@scripts/proxies.sh
	@$(BIN)/pytest -c backend/pyproject.toml backend/tests/proxies

.PHONY: test-frontend
test-frontend: $(DEV_ENV) $(NODE_ENV) $(PAGE) ## the client's and the page's tests, and the size of the page
	@$(NODE) npm run --silent test
	@$(NODE) npm run --silent size

.PHONY: test-e2e
test-e2e: $(DEV_ENV) $(PAGE) ## two people in two browsers against the real thing
	@chromium=$$(scripts/chromium.sh) && CROSSTALK_CHROMIUM="$$chromium" \
		$(BIN)/pytest -c backend/pyproject.toml --numprocesses 4 --dist loadfile e2e

.PHONY: test-browsers
test-browsers: $(DEV_ENV) $(PAGE) ## the page in Firefox ESR and WebKitGTK, on localhost and on plain http; installs both on Debian
	@scripts/browsers.sh
	@PYTHONPATH=e2e:backend/tests $(BIN)/python -m browsers.check

.PHONY: audit
audit: $(PYTHON_ENV) ## look up what is locked, for Python and JavaScript, in the advisories of osv.dev
	@$(BIN)/python scripts/audit.py

# ── measure ──

PEERS := backend/benchmarks/peers

.PHONY: bench
bench: $(DEV_ENV) $(PEERS)/node_modules/.installed ## the bars, beside the peers in one run: under 10 minutes, QUICK=1 under 2; writes docs/performance.md
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
contract: $(DEV_ENV) $(NODE_ENV) ## write OpenAPI, AsyncAPI and the TypeScript types anew
	@$(BIN)/crosstalk contract
	@$(NODE) npm run --silent contract
