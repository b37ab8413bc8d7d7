# dnn2fpga: see README.md. Everything that is made lands in $(BUILD).
#
#   make           build
#   make demo      install what is missing, build, run the main job on the embedded sample
#   make check     the same set-up, then all tests (ONLY=word: those whose name has the word)
#   make help      the other targets

# ---- settings ------------------------------------------------------------------------------------
BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= cc
OPT     ?= -O2
# SAN=1: address and undefined-behaviour sanitizers, in a build folder of their own.
# WERROR=1: warnings are errors, as in CI.
SAN     ?=
WERROR  ?=
# V=1: show the commands.
V       ?=
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)

# ---- flags ---------------------------------------------------------------------------------------
WARN    = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
          -Wformat=2 -Wundef -Wcast-qual -Wpointer-arith
PKGS    = ncursesw panelw sqlite3 $(HDF5) jansson libuv zlib nettle
HDF5   := $(shell pkg-config --exists hdf5-serial 2>/dev/null && echo hdf5-serial || echo hdf5)
VERSION = 0.1.0
# Of that version; the manual page has it.
RELEASED = 2026-11-22

ifdef SAN
  override BUILD := $(BUILD)-san
  OPT    = -O1
  SANFLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

Q   = $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2);)

# No contraction to fused multiply-add: float results are the same on every machine.
CFLAGS_ALL = -std=c17 -D_GNU_SOURCE -DDNN2FPGA_VERSION='"$(VERSION)"' \
             -DDNN2FPGA_RELEASED='"$(RELEASED)"' $(OPT) -g -ffp-contract=off \
             $(WARN) $(if $(WERROR),-Werror) $(SANFLAGS) -Isrc -I. -I$(BUILD)/gen \
             $(PKG_CFLAGS) $(CFLAGS)
LIBS       = $(PKG_LIBS) -lm -lpthread -lutil
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

# ---- rooms, in the order of the data: each may use those before it ---------------------------------
ROOMS = src/base src/graph src/import src/data src/nn src/quant src/optimize src/hw src/tools db src/flow src/report src/cli ui

room_sources  = $(sort $(wildcard $(1)/*.c))
room_objects  = $(patsubst %.c,$(BUILD)/%.o,$(call room_sources,$(1))) $($(subst /,_,$(1))_GENERATED)
room_archive  = $(BUILD)/$(1).a
# The rooms up to $(1), nearest first, so that a room that looks upwards does not link.
reverse       = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
up_to         = $(if $(filter $(1),$(firstword $(2))),$(1),$(firstword $(2)) $(call up_to,$(1),$(wordlist 2,$(words $(2)),$(2))))
archives_for  = $(foreach r,$(call reverse,$(call up_to,$(1),$(ROOMS))),$(call room_archive,$(r)))

# Files that travel inside the program.
db_GENERATED     = $(BUILD)/gen/migrations.o
src_hw_GENERATED = $(BUILD)/gen/hdl_library.o
ui_GENERATED     = $(BUILD)/gen/tours.o

PROGRAM = $(BUILD)/dnn2fpga

.PHONY: all
all: $(PROGRAM)

$(PROGRAM): $(BUILD)/src/main.o $(call archives_for,ui)
	$(call say,LD,$@)$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

define room_rule
$(call room_archive,$(1)): $(call room_objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call say,AR,$$@)$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(call say,CC,$<)$(CC) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/gen/migrations.c: src/embed.sh $(sort $(wildcard db/migrations/*.sql))
	@mkdir -p $(@D)
	$(Q)sh src/embed.sh migrations $(filter %.sql,$^) > $@

$(BUILD)/gen/hdl_library.c: src/embed.sh $(sort $(wildcard hdl_templates/lib/*.vhd hdl_templates/*.tmpl))
	@mkdir -p $(@D)
	$(Q)sh src/embed.sh hdl_library $(filter %.vhd %.tmpl,$^) > $@

$(BUILD)/gen/tours.c: src/embed.sh $(sort $(wildcard ui/*.script))
	@mkdir -p $(@D)
	$(Q)sh src/embed.sh tours $(filter %.script,$^) > $@

# ---- tests ---------------------------------------------------------------------------------------
# tests/unit/ROOM/test_X.c is linked with the rooms up to ROOM only ("db" and "ui" stand for
# themselves, the others for src/ROOM).
UNIT_SOURCES = $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_TESTS   = $(patsubst %.c,$(BUILD)/%,$(UNIT_SOURCES))
room_of_test = $(filter src/$(notdir $(patsubst %/,%,$(dir $(1)))) $(notdir $(patsubst %/,%,$(dir $(1)))),$(ROOMS))

define unit_rule
$(patsubst %.c,$(BUILD)/%,$(1)): $(patsubst %.c,$(BUILD)/%.o,$(1)) $(call archives_for,$(call room_of_test,$(1)))
	$$(call say,LD,$$@)$$(CC) $$(SANFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LIBS) -lcmocka $$(if $$(filter tests/unit/ui/%,$(1)),-lvterm)
endef
$(foreach t,$(UNIT_SOURCES),$(eval $(call unit_rule,$(t))))

.PHONY: check check-hdl tests
tests: $(PROGRAM) $(UNIT_TESTS)

check: ready-synth
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@BUILD=$(BUILD) tests/run.sh $(ONLY)

# The tests of the VHDL library alone, with all of its matrix of shapes, and all joins of streams:
# some minutes.
check-hdl: ready $(BUILD)/tests/unit/flow/test_joins
	@MATRIX=whole TEST_TIMEOUT=7200 BUILD=$(BUILD) tests/run.sh tests/hdl/ flow/test_joins

# ---- set-up --------------------------------------------------------------------------------------
.PHONY: deps deps-dev ready ready-synth demo bench paper fit record
deps:
	@.ci/deps --synth

deps-dev:
	@.ci/deps --dev

# What demo and check call first: installs only when something is missing. The library flags above
# were asked for before that, so make starts over once.
ready:
	@.ci/deps --check >/dev/null || .ci/deps

# Synthesis is tested where its tools can be installed.
ready-synth: ready
	@.ci/deps --check --synth >/dev/null || .ci/deps --synth || \
	    echo "check: without these, tests of synthesis are skipped"

demo: ready
	@$(MAKE) --no-print-directory -j$(JOBS) $(PROGRAM)
	@$(PROGRAM) run samples/mnist_cnn.h5 --data samples/mnist --images 1000 --paper

bench: ready
	@$(MAKE) --no-print-directory -j$(JOBS) $(PROGRAM)
	@BUILD=$(BUILD) tests/bench.sh

paper: ready
	@$(MAKE) --no-print-directory -j$(JOBS) $(PROGRAM)
	@BUILD=$(BUILD) tests/paper.sh

# Estimates of resources: `fit` takes the recorded runs of Yosys, `record` adds those of networks that
# have none (all of them where tests/fixtures/synth/runs.csv was emptied). FAMILY=ice40 (ice40-dsp,
# ecp5, xilinx7): of that one only.
fit: $(PROGRAM)
	@BUILD=$(BUILD) tests/synth_fit.sh $(FAMILY)

record: ready-synth $(PROGRAM)
	@BUILD=$(BUILD) tests/synth_fit.sh --record $(FAMILY)

# ---- care ----------------------------------------------------------------------------------------
.PHONY: tidy format format-check fuzz valgrind install clean help
C_FILES = $(wildcard src/*.c src/*/*.c db/*.c ui/*.c)
ALL_C   = $(C_FILES) $(wildcard src/*/*.h db/*.h ui/*.h tests/unit/*/*.[ch] tests/*/*.c)
TIDY   ?= clang-tidy-14
FORMAT ?= clang-format-14

# One analyser, zero findings; the checks are listed in .clang-tidy. One file at a time: given
# several, this version forgets what va_start does.
tidy: $(BUILD)/gen/migrations.c
	@printf '%s\n' $(C_FILES) | xargs -P$(JOBS) -I{} \
	    $(TIDY) --quiet '--warnings-as-errors=*' {} -- $(CFLAGS_ALL) 2>/dev/null \
	    && echo "tidy: no findings in $(words $(C_FILES)) files"

format:
	@$(FORMAT) -i $(ALL_C)

format-check:
	@$(FORMAT) --dry-run -Werror $(ALL_C) && echo "format: $(words $(ALL_C)) files are in order"

# FUZZ_SECONDS for each parser, with clang's libFuzzer.
FUZZ_SECONDS ?= 60
FUZZ_SOURCES  = $(wildcard tests/fuzz/fuzz_*.c)
fuzz:
	@BUILD=$(BUILD) SECONDS_EACH=$(FUZZ_SECONDS) CFLAGS_ALL='$(CFLAGS_ALL)' LIBS='$(LIBS)' \
	    tests/fuzz/run.sh $(FUZZ_SOURCES)

valgrind: ready
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@BUILD=$(BUILD) VALGRIND=1 tests/run.sh tests/unit/

install: $(PROGRAM)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/dnn2fpga
	install -d $(DESTDIR)$(PREFIX)/share/dnn2fpga/samples
	cp -R samples/. $(DESTDIR)$(PREFIX)/share/dnn2fpga/samples/
	@mkdir -p $(BUILD)/share
	$(PROGRAM) man > $(BUILD)/share/dnn2fpga.1
	for shell in bash zsh fish; do $(PROGRAM) completion $$shell > $(BUILD)/share/$$shell || exit 1; done
	install -D -m 644 $(BUILD)/share/dnn2fpga.1 $(DESTDIR)$(PREFIX)/share/man/man1/dnn2fpga.1
	install -D -m 644 $(BUILD)/share/bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/dnn2fpga
	install -D -m 644 $(BUILD)/share/zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_dnn2fpga
	install -D -m 644 $(BUILD)/share/fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/dnn2fpga.fish

clean:
	rm -rf $(BUILD) $(BUILD)-san

help:
	@sed -n '3,7p' Makefile | cut -c3-
	@echo "  make bench         speed and memory figures, beside other programs where they are"
	@echo "  make paper         the paper's experiment from nothing: its tables and figures"
	@echo "  make fit | record  estimates of resources: fit them, record runs of Yosys for that"
	@echo "  make SAN=1 check   all tests under address and undefined-behaviour sanitizers"
	@echo "  make check-hdl     the VHDL library over its whole matrix of shapes"
	@echo "  make valgrind      the C tests under valgrind"
	@echo "  make deps-dev      what tidy, format-check, fuzz and valgrind need"
	@echo "  make tidy | format-check | format | fuzz"
	@echo "  make install       PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)"

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
