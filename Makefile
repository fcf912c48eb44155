# SPDX-License-Identifier: BSD-2-Clause
#
# Builds Skua in $(BUILD). auto/configure finds out what is on this machine and
# writes $(BUILD)/config.mk; when nobody has run it, make does, with the defaults.
# Sources are found by wildcard: a new file needs no word here.

BUILD = build
PORT ?= 8080
FUZZ_SECONDS ?= 60
SECONDS ?= 600

.DEFAULT_GOAL = all
.PHONY: all site serve check check-run deb image compare lint format fuzz fuzz-build bench soak hostile \
	hostile-run coverage install uninstall clean distclean help FORCE
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# These configure by themselves, when their packages are there, or have no need to.
unconfigured = site serve check deb image hostile lint format fuzz coverage clean distclean help
goals = $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out $(unconfigured),$(goals)),)
include $(BUILD)/config.mk
endif

# As many jobs as processors, unless the caller said how many.
parallel = $(MAKE) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) BUILD=$(BUILD)

$(BUILD)/config.mk: $(wildcard auto/*) $(wildcard modules tests/modules) $(CONFIGURE_INPUTS)
	@auto/configure --builddir=$(BUILD) $(CONFIGURE_ARGS)

$(CONFIGURE_INPUTS):

# --- what is built -----------------------------------------------------------

core_sources = $(filter-out core/main.c,$(wildcard core/*.c core/*/*.c core/*/*/*.c))
module_sources = $(foreach name,$(MODULES),$(wildcard modules/$(name)/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(core_sources) $(module_sources)) \
	$(foreach name,$(ADDED),$(call added_objects,$(name)))
added_objects = $(patsubst $(ADDED_$(1))/%.c,$(BUILD)/added/$(1)/%.o,$(wildcard $(ADDED_$(1))/*.c))

all: $(BUILD)/skua $(BUILD)/www.made

$(BUILD)/skua: $(BUILD)/core/main.o $(objects) $(BUILD)/modules.o $(BUILD)/objects
	$(call link,$(filter %.o,$^))

$(BUILD)/libskua.a: $(objects) $(BUILD)/modules.o $(BUILD)/objects
	$(call archive,$(filter %.o,$^))

# Changes when a source comes or goes.
$(BUILD)/objects: FORCE
	@echo $(objects) | cmp -s - $@ || echo $(objects) >$@

# The site, of which only the reference is made of what the program says, by auto/reference.
$(BUILD)/www.made: auto/site $(wildcard auto/www/* modules/*/README.md) $(shell find www -type f 2>/dev/null)
	@auto/site $(BUILD)/www
	@touch $@

# The sections of the site's pages, for `skua help`.
$(BUILD)/pages.h: auto/pages auto/www/search.awk $(wildcard www/pages www/docs/*.html www/docs/*/*.html)
	@auto/pages >$@

say = @mkdir -p $(@D); printf '  %-4s %s\n' $(1) $(@:$(BUILD)/%=%);
compile = $(call say,CC) $(CC) $(CFLAGS) -Iinclude -I$(BUILD) $(1) -MMD -MP -c -o $@ $<
link = $(call say,LD) $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(1) $(LIBS) $(2)

# The server is optimized as a whole, programs of tests file by file.
link_file_by_file = $(call link,$(1),$(2) $(if $(LTO),-fno-lto))
$(BUILD)/skua $(BUILD)/core/% $(BUILD)/modules/% $(BUILD)/added/%: private CFLAGS += $(LTO)
archive = $(call say,AR) rm -f $@; $(AR) rcs $@ $(1)

$(BUILD)/core/%.o: core/%.c $(BUILD)/flags
	$(call compile,-Icore)
$(BUILD)/modules.o $(BUILD)/tests/modules.o: %.o: %.c $(BUILD)/flags
	$(call compile,-Icore)
$(BUILD)/modules/%.o: modules/%.c $(BUILD)/flags
	$(compile)
$(foreach name,$(MODULES),$(eval $(BUILD)/modules/$(name)/tests/%.o: modules/$(name)/tests/%.c \
	$(BUILD)/flags; $$(call compile,-Itests -Wno-write-strings -Imodules/$(name))))
# which take these in
$(BUILD)/core/cli/help/help_entries.o: $(BUILD)/pages.h
$(BUILD)/modules/mime/builtin.o: conf/mime.types
$(BUILD)/modules/autoindex/html.o: modules/autoindex/page.css modules/autoindex/page.js
define added_rule
$(BUILD)/added/$(1)/%.o: $(ADDED_$(1))/%.c $(BUILD)/flags
	$$(compile)
endef
$(foreach name,$(ADDED),$(eval $(call added_rule,$(name))))

$(BUILD)/flags $(BUILD)/modules.c $(BUILD)/config.h $(BUILD)/calls.h $(BUILD)/tests/modules.c: \
		$(BUILD)/config.mk

# --- tests -------------------------------------------------------------------

# tests/GROUP/test_NAME.c is a program, tests/modules/NAME/ a module that is built
# into $(BUILD)/tests/skua, tests/fuzz/fuzz_NAME.c a target for libFuzzer. tests/soak/
# is what a test needs that can run for hours, tests/http/inproc.c a server inside a test. A module from --add-module=DIR brings
# DIR/tests/test_*.c.
test_sources = $(wildcard $(foreach group,unit http functional modules,tests/$(group)/test_*.c) \
	$(foreach name,$(MODULES),modules/$(name)/tests/test_*.c))
fuzz_sources = $(wildcard tests/fuzz/fuzz_*.c)
harness_objects = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/replay.c %/tls_wire.c %/http2_wire.c,$(wildcard tests/harness/*.c)) \
	$(wildcard tests/soak/*.c) tests/http/inproc.c)
# Speak TLS and HTTP/2 where the environment says so; objects, because nothing refers to them.
wires = $(if $(filter ssl,$(MODULES)),$(BUILD)/tests/harness/tls_wire.o) \
	$(if $(filter -lnghttp2,$(LIBS)),$(BUILD)/tests/harness/http2_wire.o)
test_module_objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/modules/*/*.c))
test_programs = $(test_sources:%.c=$(BUILD)/%)
replay_programs = $(fuzz_sources:tests/fuzz/fuzz_%.c=$(BUILD)/tests/fuzz/replay_%)

added_tests = $(patsubst $(ADDED_$(1))/%.c,$(BUILD)/added/$(1)/%,$(wildcard $(ADDED_$(1))/tests/test_*.c))
added_test_programs = $(foreach name,$(ADDED),$(call added_tests,$(name)))
shell_tests = $(wildcard $(addsuffix /test_*.sh,tests/build tests/compare tests/packages))

# What TESTS names, and the servers that it starts.
named = $(if $(TESTS),$(foreach test,$(1),$(if $(findstring $(TESTS),$(test)),$(test))),$(1))
tests = $(call named,$(test_programs) $(added_test_programs) $(replay_programs) $(shell_tests))
without_server = $(if $(TEST_SOCKETS),,$(BUILD)/tests/http/%) $(BUILD)/tests/unit/% $(BUILD)/tests/fuzz/%
servers = $(if $(filter-out $(without_server) $(BUILD)/tests/modules/%,$(tests)),$(BUILD)/skua) \
	$(if $(filter $(BUILD)/tests/modules/%,$(tests)),$(BUILD)/tests/skua)

check-run: $(servers) $(filter $(BUILD)/%,$(tests))
	@BUILD=$(BUILD) tests/run $(tests)

# Test modules see what modules see.
$(test_module_objects): $(BUILD)/tests/modules/%.o: tests/modules/%.c $(BUILD)/flags
	$(compile)
$(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags
	$(call compile,-Icore -Itests -Wno-write-strings)
$(BUILD)/tests/harness.a: $(harness_objects)
	$(call archive,$^)
$(BUILD)/tests/skua: $(BUILD)/core/main.o $(objects) $(BUILD)/tests/modules.o $(test_module_objects)
	$(call link_file_by_file,$^)
define added_test_rule
$(BUILD)/added/$(1)/tests/%.o: $(ADDED_$(1))/tests/%.c $(BUILD)/flags
	$$(call compile,-Itests -I$(ADDED_$(1)))
endef
$(foreach name,$(ADDED),$(eval $(call added_test_rule,$(name))))
# What several tests of a module need lies beside them.
$(foreach name,$(MODULES),$(eval $(patsubst %.c,$(BUILD)/%,$(wildcard modules/$(name)/tests/test_*.c)): \
	$(patsubst %.c,$(BUILD)/%.o,$(filter-out modules/$(name)/tests/test_%,\
	$(wildcard modules/$(name)/tests/*.c)))))
$(test_programs) $(added_test_programs): %: %.o $(wires) $(BUILD)/tests/harness.a $(BUILD)/libskua.a
	$(call link_file_by_file,$(filter %.o,$^) $(filter %.a,$^),$(CHECK_LIBS))
# Decode what the server has encoded.
decoding_tests = $(patsubst %.c,%,$(shell grep -l http/decode.h $(test_sources)))
$(decoding_tests:%=$(BUILD)/%): private CHECK_LIBS += -lbrotlidec
# Have the test modules in their own process.
with_test_modules = $(patsubst %.c,%,$(wildcard tests/unit/test_http1*.c tests/unit/test_http2*.c)) \
	tests/unit/test_preface tests/unit/test_transport \
	$(patsubst %.c,%,$(shell grep -l http/inproc.h tests/modules/test_*.c))
$(with_test_modules:%=$(BUILD)/%): $(BUILD)/tests/modules.o $(test_module_objects)
$(replay_programs): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o \
		$(BUILD)/tests/harness/replay.o $(BUILD)/libskua.a
	$(call link_file_by_file,$^)

# Wants a build that is configured for it: see tests/fuzz/run.
fuzz_programs = $(fuzz_sources:tests/fuzz/%.c=$(BUILD)/%)
fuzz-build: $(fuzz_programs)
$(fuzz_programs): $(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/libskua.a
	$(call link_file_by_file,$^,-fsanitize=fuzzer)

.SECONDARY:
-include $(patsubst %.o,%.d,$(BUILD)/core/main.o $(objects) $(harness_objects) $(wires) \
	$(BUILD)/tests/harness/replay.o $(test_module_objects) $(test_programs:=.o) \
	$(added_test_programs:=.o) \
	$(fuzz_sources:%.c=$(BUILD)/%.o))

# --- commands ----------------------------------------------------------------

serve:
	@auto/deps build
	@$(parallel) all
	@exec $(BUILD)/skua serve $(BUILD)/www -p $(PORT)

check:
	@auto/deps build test
	@$(parallel) check-run

soak:
	@SOAK=1 TEST_SECONDS=7200 $(MAKE) BUILD=$(BUILD) check

hostile:
	@auto/deps build test
	@$(parallel) hostile-run

hostile-run: $(BUILD)/skua $(BUILD)/tests/functional/test_hostile
	@BUILD=$(BUILD) HOSTILE_SECONDS=$(SECONDS) SEED=$(SEED) tests/soak/run

lint:
	@auto/deps build lint
	@auto/lint

format:
	@auto/deps lint
	@auto/layout fix

fuzz:
	@auto/deps build fuzz
	@BUILD=$(BUILD)/fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(TESTS)

coverage:
	@auto/deps build test coverage
	@auto/coverage

compare: all
	@auto/deps compare
	@SKUA=$(BUILD)/skua tests/compare/run nginx $(TESTS)

# What is made of the tables of commands and modules, and lies in the tree.
docs: all
	@auto/reference $(BUILD)/skua
	@auto/readmes $(BUILD)/skua
	@auto/manual $(BUILD)/skua
	@auto/completions $(BUILD)/skua

bench: all
	@BUILD=$(BUILD) tests/bench/run

site: $(BUILD)/www.made

install: all
	@$(call place,install)

uninstall:
	@$(call place,uninstall)

place = BUILD=$(BUILD) DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) SBIN_PATH=$(SBIN_PATH) CONF_PATH=$(CONF_PATH) \
	DATA_DIR=$(DATA_DIR) DOC_DIR=$(DOC_DIR) MAN_DIR=$(MAN_DIR) UNIT_DIR=$(UNIT_DIR) \
	PID_PATH=$(PID_PATH) ERROR_LOG_PATH=$(ERROR_LOG_PATH) HTTP_LOG_PATH=$(HTTP_LOG_PATH) \
	LOG_DIRS="$(sort $(dir $(PID_PATH) $(ERROR_LOG_PATH) $(HTTP_LOG_PATH)))" auto/install $(1)

deb:
	@BUILD=$(BUILD) auto/deb

image:
	@BUILD=$(BUILD) auto/image

clean:
	rm -rf $(BUILD)

distclean:
	rm -rf build build-*

help:
	@echo 'make              build $(BUILD)/skua'
	@echo 'make serve        install what is missing, build, serve the site at http://127.0.0.1:$(PORT)'
	@echo 'make check        install what is missing, build, run all tests'
	@echo 'make compare      compare with the nginx of this machine'
	@echo 'make lint         layout, layers, circles, static analysis'
	@echo 'make docs         write anew what is made of the tables: manual, READMEs, completions'
	@echo 'make format       lay out what lint finds fault with, by .clang-format'
	@echo 'make fuzz         each fuzz target for $(FUZZ_SECONDS) seconds'
	@echo 'make soak         the long forms of the tests'
	@echo 'make hostile      hostile clients for $(SECONDS) seconds'
	@echo 'make coverage     run the tests, print which lines they reached'
	@echo 'make site         the site in $(BUILD)/www/, for a browser: $(BUILD)/www/index.html'
	@echo 'make bench        measure beside other servers'
	@echo 'make install      as configured; below DESTDIR=DIR if given'
	@echo 'make uninstall    remove what install brought, keep what was changed since'
	@echo 'make deb          a Debian package, in $(BUILD)/deb/'
	@echo 'make image        the tree of a container image, in $(BUILD)/image/'
	@echo 'make clean        remove $(BUILD)/; distclean: every build-*/, too'
	@echo
	@echo 'BUILD=DIR   build there (build)        PORT=N          of serve ($(PORT))'
	@echo 'TESTS=uri   only tests named so        FUZZ_SECONDS=N  of fuzz ($(FUZZ_SECONDS))'
	@echo 'DEPS=no     install nothing            SECONDS=N       of hostile ($(SECONDS))'
	@echo 'SEED=N      of the random numbers of hostile'
	@echo 'Options of the build: auto/configure --help'
