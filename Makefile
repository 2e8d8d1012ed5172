# The front door. Meson and ninja do the work; everything a person or a machine does here has one name.
#   make            the program, optimised, at build/tieout
#   make run        builds it, makes a demo merchant, imports a year and shows what to try
#   make test       everything that must hold before a change lands
#   make check      the quick part of it        make golden   the worked examples, expected beside found
#   make proof      the long figures            make help     the rest
MAKEFLAGS += --no-print-directory
BUILD ?= build
TEST_BUILD ?= build-test
TEST_OPTIONS = -Db_sanitize=address,undefined -Dwerror=true -Dstrict=true -Doptimization=1 -Dtests=enabled
SETUP ?= tools/setup
PREFIX ?= /usr/local
# One build at a time in a directory, whoever started it.
LOCKED = mkdir -p $(1) && flock $(1)/.lock

.DEFAULT_GOAL := all
.PHONY: all help setup run test check unit golden proof tidy format format-check docs-check arch-check clean install test-build schemas

all:
	@$(SETUP) build
	@$(call LOCKED,$(BUILD)) tools/configure $(BUILD)
	@$(call LOCKED,$(BUILD)) ninja -k 0 -C $(BUILD) product

help:
	@sed -n 's/^## //p' Makefile

## make setup              installs the Debian packages that are missing (root or sudo); nothing when all are there
setup:
	@$(SETUP)

## make run                the demo; DEMO='--help' shows its own options
run: all
	@tools/demo/run $(BUILD)/tieout $(DEMO)

## make test               sanitizers, -Werror, every suite; then the unit tests of the release build
test: setup
	@BUILD=$(BUILD) TEST_BUILD=$(TEST_BUILD) TEST_OPTIONS='$(TEST_OPTIONS)' tools/run-tests

test-build:
	@$(call LOCKED,$(TEST_BUILD)) tools/configure $(TEST_BUILD) $(TEST_OPTIONS)
	@$(call LOCKED,$(TEST_BUILD)) ninja -k 0 -C $(TEST_BUILD)

## make check              format, house rules, docs, unit and golden tests; about a minute
check: setup
	@$(call LOCKED,$(TEST_BUILD)) tools/configure $(TEST_BUILD) $(TEST_OPTIONS)
	@$(call LOCKED,$(TEST_BUILD)) meson test -C $(TEST_BUILD) --suite house --suite unit --suite golden --print-errorlogs

## make unit NAME=stock    the unit tests whose name starts so, sanitized; builds only what they need
unit: setup
	@$(call LOCKED,$(TEST_BUILD)) tools/configure $(TEST_BUILD) $(TEST_OPTIONS)
	@names=$$(cd tests/unit && ls | sed -n 's/^\($(NAME).*_test\)\.c$$/\1/p'); \
	    [ -n "$$names" ] || { echo "no tests/unit/$(NAME)*_test.c"; exit 1; }; \
	    $(call LOCKED,$(TEST_BUILD)) meson test -C $(TEST_BUILD) --print-errorlogs $$names

## make golden             the worked examples, expected beside found
golden: all
	@TIEOUT=$(BUILD)/tieout tests/golden/run $(BUILD)/tieout $(CASE)

## make proof              the long figures of docs/acceptance.md; takes hours; PROOF='--part growth' for some of them
proof: setup all
	@tools/proof $(BUILD)/tieout $(PROOF)

## make tidy               clang-tidy over what changed since it last passed; FILES='...' for some
tidy: setup
	@$(call LOCKED,$(TEST_BUILD)) tools/configure $(TEST_BUILD) $(TEST_OPTIONS)
	@tools/tidy $(TEST_BUILD) $(FILES)

## make format             lays out C and C++ as .clang-format says; FILES='...' for some
format:
	@tools/format-check --fix $(FILES)

## make schemas            writes docs/formats/schemas again from the field tables
schemas: setup
	@$(call LOCKED,$(TEST_BUILD)) tools/configure $(TEST_BUILD) $(TEST_OPTIONS)
	@$(call LOCKED,$(TEST_BUILD)) ninja -C $(TEST_BUILD) schema
	@$(TEST_BUILD)/schema docs/formats/schemas/v1

## make format-check arch-check docs-check    one of the house's own checks
format-check arch-check docs-check:
	@tools/$@

## make install            PREFIX=/usr/local, DESTDIR=
install: all
	@$(call LOCKED,$(BUILD)) tools/configure $(BUILD) --prefix=$(PREFIX)
	@$(call LOCKED,$(BUILD)) meson install -C $(BUILD) --no-rebuild $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

## make clean              removes both build directories
clean:
	rm -rf $(BUILD) $(TEST_BUILD)
