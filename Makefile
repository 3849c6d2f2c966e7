# Two commands for newcomers: `make run` and `make test`. `make help` lists the rest.
JOBS ?= $(shell nproc)
BUILD := build/release
FUZZ_MINUTES ?= 1
SCALE ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-lint configure build web run test test-cpp test-web test-e2e soak bench bench-peers lint format fuzz package clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: ## Install what is missing (Debian packages, locked npm packages)
	@scripts/bootstrap.sh
setup-lint:
	@scripts/bootstrap.sh lint

configure: setup
	@mkdir -p build && cmake --preset release > $(BUILD).configure.log 2>&1 || { cat $(BUILD).configure.log; exit 1; }

build: configure web ## Build programs into build/release/bin and the web interface into web/dist
	@cmake --build --preset release -j $(JOBS)

# The web interface is rebuilt only when one of its files is newer than the last build.
web: setup web/dist/index.html
web/dist/index.html: $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null) api/openapi.yaml
	@cd web && npm run --silent build

run: build ## Start a demo world and print one URL and a one-time login
	@$(BUILD)/bin/duheng demo

test: build test-cpp test-web test-e2e ## Build and run every test

test-cpp:
	@ctest --preset release -j $(JOBS) --no-tests=error
test-web: web
	@cd web && npm test --silent
test-e2e: build
	@scripts/run-e2e.sh
soak: build ## The end-to-end tests with 200 kills of real processes and 40 beside orders, from a seed of the day
	@DUHENG_E2E_KILLS=200 DUHENG_E2E_ORDER_KILLS=40 scripts/run-e2e.sh

bench: build ## Run every benchmark and print its figures
	@$(BUILD)/bin/duheng bench --all

bench-peers: build ## Telemetry beside VictoriaMetrics, InfluxDB, ClickHouse, PostgreSQL; SCALE=0.1 for a short run
	@scripts/test-servers.sh build/test-servers victoria-metrics influxdb clickhouse postgresql
	@$(BUILD)/bin/duheng bench telemetry --peers --servers build/test-servers --scale $(SCALE) --write docs/performance.md

lint: setup-lint configure ## Format, clang-tidy, layers, traceability, contracts, npm audit
	@scripts/lint.sh

format: setup-lint ## Rewrite the C++ sources in the house format
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i

fuzz: setup-lint ## Run every fuzz target, or FUZZ_TARGETS; FUZZ_MINUTES=n for each
	@scripts/fuzz.sh $(FUZZ_MINUTES) $(FUZZ_TARGETS)

package: build ## Make build/release/duheng-*.tar.gz and .deb
	@cd $(BUILD) && cpack --config CPackConfig.cmake

clean: ## Remove what was built
	rm -rf build web/dist
