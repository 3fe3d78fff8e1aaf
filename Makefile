# SPDX-License-Identifier: Apache-2.0
# The front door for people. CMake and Ninja do the work; presets are in CMakePresets.json.

.DEFAULT_GOAL := help
PRESET ?= release
BUILD := build/$(PRESET)

.PHONY: help build install deb packages test e2e check fast format layers tidy asan tsan fuzz bench scenarios clean

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  PRESET=debug|release|clang|asan-ubsan|tsan chooses the build (now: $(PRESET))"

build: ## build module and unit tests
	@test -f $(BUILD)/build.ninja || cmake --preset $(PRESET) >/dev/null
	@cmake --build $(BUILD)

install: ## install module, a2md, man pages, documents; DESTDIR=… below a folder, PREFIX=/usr/local
	@test -f $(BUILD)/build.ninja || cmake --preset $(PRESET) -DBUILD_TESTING=OFF >/dev/null
	@cmake --build $(BUILD) --target mod_md a2md man_pages
	@cmake --install $(BUILD) --prefix $(or $(PREFIX),/usr/local)

deb: ## Debian packages, in a system made for that; SUITE=bookworm|trixie|sid
	@tools/build-deb $(or $(SUITE),bookworm)

packages: ## the life of an installation, in such a system; SUITE=bookworm|trixie
	@MD_SUITES=$(or $(SUITE),bookworm) ./check packages

test: build ## unit tests, in seconds: the inner loop
	@ctest --test-dir $(BUILD) --output-on-failure

e2e: build ## end-to-end tests; K='live and not crash' picks some
	@MD_MODULE=$(CURDIR)/$(BUILD)/mod_md.so /usr/bin/python3 -m pytest -q tests/e2e $(if $(K),-k "$(K)")

fast: ## format, layers, build, unit tests
	@./check --fast

check: ## everything that CI runs
	@./check

format: ## bring all sources into shape
	@find src -name '*.h' -o -name '*.cc' | xargs clang-format -i

layers: ## who includes whom
	@/usr/bin/python3 tools/check_layers.py

asan: ## unit tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory test PRESET=asan-ubsan

tsan: ## unit tests under ThreadSanitizer
	@$(MAKE) --no-print-directory test PRESET=tsan

fuzz: ## fuzz each parser for a minute (SECONDS=600: ten)
	@cmake --preset clang >/dev/null && cmake --build --preset clang
	@tests/fuzz/run.py build/clang --seconds $(or $(SECONDS),60)

bench: build ## first start with 100 new domains; B=scale|issue|parallel|stapling|status for the others
	@MD_MODULE=$(CURDIR)/$(BUILD)/mod_md.so /usr/bin/python3 bench/$(or $(B),first_start).py

scenarios: ## which situations of docs/scenarios.md tests show
	@tools/scenarios.py

clean: ## remove all builds
	@rm -rf build
