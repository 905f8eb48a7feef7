# The commands of this repository. `make help` lists them.
# Each target installs what it lacks first (script/bootstrap); nothing is assumed but Swift and git.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PREFIX ?= /usr/local
SECONDS_EACH ?= 60
SEEDS ?= 1000
FIRST ?= 1
# What `memfun --version` shows. A changed value recompiles one C file.
export MEMFUN_COMMIT := $(shell git describe --always --dirty --abbrev=7 --exclude='*' 2>/dev/null || echo unknown)
# The programs that bootstrap keeps in this checkout come first.
export PATH := $(CURDIR)/.tools/bin:$(PATH)

RELEASE_FLAGS := -c release --static-swift-stdlib
RELEASE_BINARY := .build/release/memfun
SWIFT_SOURCES := Package.swift Packages Sources tests benchmarks fuzz

.PHONY: help bootstrap run build release test sanitize bench docs docs-serve format lint fuzz simulate install clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

bootstrap: ## install what building and running need
	script/bootstrap build

run: release ## build the release binary and analyse this repository, offline
	$(RELEASE_BINARY) analyze -c model.provider=offline .

build: bootstrap ## debug build
	swift build

release: bootstrap ## release build: one file, Swift runtime linked in
	swift build $(RELEASE_FLAGS) --product memfun

test: ## install what tests need, build, run every test
	script/bootstrap build test
	swift build --build-tests
	swift test --skip-build

sanitize: ## unit tests under AddressSanitizer, then under ThreadSanitizer
	script/bootstrap build test
	script/sanitize address
	script/sanitize thread

bench: ## measure ours and the peer or C floor in one run, print the ratios
	script/bootstrap build bench
	benchmarks/run.sh

docs: ## build the documentation; any warning fails
	script/bootstrap docs
	.tools/bin/mkdocs build --strict --site-dir .build/site

docs-serve: ## the documentation on a local port, rebuilt as you write
	script/bootstrap docs
	.tools/bin/mkdocs serve

format: ## lay out the Swift sources
	swift format --in-place --recursive --parallel $(wildcard $(SWIFT_SOURCES))

lint: ## what CI checks about form
	script/bootstrap build test
	script/lint

fuzz: ## fuzz every parser, SECONDS_EACH seconds each (default 60)
	script/bootstrap build
	fuzz/run.sh $(SECONDS_EACH)

simulate: ## run the runtime's state machines in a world of faults, SEEDS seeds (default 1000) from FIRST
	script/bootstrap build
	script/simulate $(SEEDS) $(FIRST)

install: release ## install the binary and its helper below PREFIX (default /usr/local)
	script/install "$(DESTDIR)$(PREFIX)"

clean: ## remove what was built (not .tools)
	rm -rf .build benchmarks/.build fuzz/.build Packages/*/.build
