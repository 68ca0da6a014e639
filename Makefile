# `make` alone prints what there is. run and test prepare a fresh machine by
# themselves: see deploy/setup.sh.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The programs are static; only the race detector needs a C compiler.
export CGO_ENABLED := 0

PROGRESS := deploy/progress.sh
GO_BUILD := go build -v -trimpath -ldflags='-s -w'

LINT_VERSION := $(shell cat .golangci-lint-version)
LINT := .cache/bin/golangci-lint-$(LINT_VERSION)

WEB_SOURCES := $(shell find web -name node_modules -prune -o -type f -print)
PAGE := gateway/ui/dist/index.html
MODULES := web/node_modules/.package-lock.json
CLIENTS := testdata/clients/node_modules/.package-lock.json

##@ Use

.PHONY: help
help: ## Print this help.
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## A whole city on this machine: homeserver, people, /city. Ports: PRESENCE_LISTEN, HOMESERVER_LISTEN.
	@deploy/setup.sh run
	@$(MAKE) build
	@exec bin/devcity run

.PHONY: wipe
wipe: ## Remove the data of the local city.
	@go run ./deploy/devcity wipe

.PHONY: build
build: web ## Build bin/presence, with the page in it, and bin/devcity.
	@$(PROGRESS) "presence" $(GO_BUILD) -o bin/ . ./deploy/devcity

.PHONY: web
web: $(PAGE) ## Build the page; nothing to do when its sources did not change.

##@ Prove

.PHONY: test
test: ## Everything: page and programs, race detector, SQLite and PostgreSQL, real homeserver and browser.
	@deploy/setup.sh test; $(MAKE) test-web homeserver test-go; echo "make test: all passed in $$SECONDS s"

.PHONY: test-web
test-web: $(MODULES) ## Check the types of the page, run its unit tests and build it.
	@$(PROGRESS) "types of the page" npm --prefix web run check
	@$(PROGRESS) "unit tests of the page" npm --prefix web test
	@$(MAKE) web

.PHONY: test-go
test-go: homeserver $(PAGE) $(CLIENTS) ## The Go suite with the race detector, against a PostgreSQL of its own; ARGS="-run X ./spaces/..." for some.
	@echo "== the Go suite"
	@CGO_ENABLED=1 deploy/postgres-test.sh run -- deploy/go-test.sh $(ARGS) | go run ./deploy/testreport

.PHONY: homeserver
homeserver: ## Build the pinned Dendrite that the local city and the tests run.
	@go run ./deploy/devcity build

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10s).
	@deploy/fuzz.sh $(or $(FUZZTIME),10s)

.PHONY: bench
bench: ## Measure the aggregator, the chat while a gateway dies, then the gateway beside a Node Socket.IO server.
	go test -run '^$$' -bench . -skip BenchmarkChange -benchmem ./aggregator/...
	go test -run '^$$' -bench BenchmarkChange -benchtime 20000x ./aggregator
	deploy/postgres-test.sh run -- go test -run '^$$' -bench BenchmarkNothingIsLost -benchtime 1x ./gateway/chat
	go run ./bench

##@ Change

.PHONY: readme
readme: ## Write the README's table of settings anew after a change of a setting.
	@mkdir -p .cache
	@{ go run . config --markdown | sed 1d; echo; } >.cache/settings.md
	@awk '/^<!-- settings/ { print; while ((getline line < ".cache/settings.md") > 0) print line; skip = 1 } /^<!-- end of settings/ { skip = 0 } !skip' README.md >.cache/README.md
	@cat .cache/README.md >README.md

.PHONY: lint
lint: $(LINT) ## golangci-lint, pinned by .golangci-lint-version; reasons are in .golangci.yml.
	$(LINT) run ./...

.PHONY: fmt
fmt: $(LINT) ## Format the Go sources.
	$(LINT) fmt ./...

.PHONY: openapi
openapi: ## Write gateway/api/openapi.yaml anew after a change of the REST interface.
	go test ./gateway/api -run TestDocument -update

$(MODULES): web/package.json web/package-lock.json
	@$(PROGRESS) "npm packages of the page" npm --prefix web ci --no-audit --no-fund
	@touch $@

$(CLIENTS): testdata/clients/package.json testdata/clients/package-lock.json
	@$(PROGRESS) "npm packages of the tests" npm --prefix testdata/clients ci --no-audit --no-fund
	@touch $@

$(PAGE): $(MODULES) $(WEB_SOURCES)
	@$(PROGRESS) "the page" npm --prefix web run build
	@touch $@

$(LINT):
	@$(PROGRESS) "golangci-lint $(LINT_VERSION)" env GOBIN=$(CURDIR)/.cache/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	@mv .cache/bin/golangci-lint $@
