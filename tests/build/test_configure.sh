#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# auto/configure: what it accepts and refuses, how it says so, what it writes.

. "$(dirname "$0")/cases.sh"

configure() {
	auto/configure --builddir="$dir/build" "$@"
}

# A module outside of the tree, in $dir/$1, with the config $2.
make_module() {
	mkdir -p "$dir/$1"
	echo "${2:-}" >"$dir/$1/config"
	cat >"$dir/$1/$1.c" <<-END
	#include <module.h>
	const struct module $1_module = {
		.name = "$1",
		.summary = "is called $1",
	};
	END
}

help_lists_every_module() {
	works auto/configure --help
	for folder in modules/*/; do
		name=$(basename "$folder")
		says "$(sed -n 's/^.*\.summary = "\(.*\)".*/\1/p' "$folder$name.c")"
		grep -qE -e "--with(out)?-$name " "$dir/out"
	done
}

help_lists_an_added_module() {
	make_module weather
	works auto/configure --add-module="$dir/weather" --help
	says 'is called weather'
}

unknown_option_names_the_nearest() {
	fails configure --wihout-hello
	says '--wihout-hello (did you mean --without-hello?)'
	fails configure --prefx=/srv
	says 'did you mean --prefix?'
	fails configure --with-no-such-thing
	says 'unknown option --with-no-such-thing;'
}

unknown_module_names_the_nearest() {
	fails configure --without-helo
	says 'did you mean --without-hello?'
}

option_wants_a_value() {
	fails configure --prefix
	says 'option --prefix needs a value'
}

a_build_has_a_name() {
	works configure --build='night 7'
	grep -qxF '#define SKUA_BUILD " (night 7)"' "$dir/build/config.h"
	works configure
	grep -qxF '#define SKUA_BUILD ""' "$dir/build/config.h"
	for name in 'a"b' 'a(b' 'a\b' "a
b"; do
		fails configure --build="$name"
		says 'the name of a build may hold'
	done
}

folder_that_is_no_module_is_refused() {
	fails configure --add-module="$dir/nowhere"
	says 'there is no such folder'
	mkdir "$dir/empty"
	fails configure --add-module="$dir/empty"
	says 'empty.c, which should define empty_module, is not there'
	mkdir "$dir/My-Module"
	fails configure --add-module="$dir/My-Module"
	says 'cannot be a module'
}

module_may_be_called_otherwise() {
	make_module other name=other
	mv "$dir/other" "$dir/skua-other-1.0"
	works configure --add-module="$dir/skua-other-1.0"
	grep -q '&other_module,' "$dir/build/modules.c"
}

# The lines of modules.c around a module, on one line.
neighbours() {
	grep -A 1 -B 1 "&$1_module," "$dir/build/modules.c" | tr -d '\t\n'
}

module_stands_where_its_config_says() {
	make_module early 'order="before hello"'
	make_module late 'order="after hello"'
	works configure --add-module="$dir/late" --add-module="$dir/early"
	[ "$(neighbours hello)" = '&early_module,&hello_module,&late_module,' ]
	make_module lost 'order="before nothing"'
	fails configure --add-module="$dir/lost"
	says 'order="before nothing"'
}

config_with_an_unknown_word_is_refused() {
	make_module odd '# libraries
need="zlib"'
	fails configure --add-module="$dir/odd"
	says "$dir/odd/config:2: "
	says 'is not one of api=, needs='
	make_module odd 'default=maybe'
	fails configure --add-module="$dir/odd"
	says 'default=maybe: it should be yes or no'
}

module_for_another_interface_is_refused() {
	make_module new 'api=999'
	fails configure --add-module="$dir/new"
	says 'is written for version 999 of the interface, and this server has version '
	make_module new "api=$(sed -n 's/^#define SKUA_MODULE_API //p' include/module.h)"
	works configure --add-module="$dir/new"
}

module_may_name_options_for_linking() {
	make_module far 'libs="-lno_such_library"'
	fails configure --add-module="$dir/far"
	says 'libs="-lno_such_library": a program does not link with that'
	make_module far 'libs="-lm"'
	works configure --add-module="$dir/far"
	grep -q '^LIBS =.* -lm' "$dir/build/config.mk"
}

# A compiler, $dir/cc, for which the header $1 is not there.
hide_header() {
	cat >"$dir/cc" <<-END
	#!/bin/sh
	for file; do
		case \$file in *.c) ! grep -q '$1' "\$file" || exit 1 ;; esac
	done
	exec cc "\$@"
	END
	chmod +x "$dir/cc"
}

missing_library_names_its_package() {
	make_module packs 'needs="zlib"'
	hide_header zlib.h
	fails configure --with-cc="$dir/cc" --without-gzip --add-module="$dir/packs"
	says 'the module packs needs the library zlib: install '
	says '--without-packs'
	works configure --with-cc="$dir/cc" --without-gzip --add-module="$dir/packs" --without-packs
}

tests_are_not_needed_to_build() {
	hide_header check.h
	works configure --with-cc="$dir/cc"
}

missing_compiler_names_its_package() {
	fails configure --with-cc=no-such-compiler
	says 'no-such-compiler is not there; install '
}

left_out_directives_are_remembered() {
	works configure --without-hello
	grep -qF '{ "hello", "hello", "--with-hello" },' "$dir/build/modules.c"
	lacks '&hello_module' "$dir/build/modules.c"
}

last_word_about_a_module_counts() {
	works configure --without-hello --with-hello
	grep -q '&hello_module' "$dir/build/modules.c"
}

paths_are_below_the_prefix() {
	works configure --prefix=/srv/skua --pid-path=/run/skua.pid --conf-path=etc/skua.conf
	grep -qx '#define SKUA_SBIN_PATH "/srv/skua/sbin/skua"' "$dir/build/config.h"
	grep -qx '#define SKUA_CONF_PATH "/srv/skua/etc/skua.conf"' "$dir/build/config.h"
	grep -qx '#define SKUA_PID_PATH "/run/skua.pid"' "$dir/build/config.h"
}

paths_for_usr_are_those_of_the_standard() {
	works configure --prefix=/usr
	for line in SBIN_PATH=/usr/sbin/skua CONF_PATH=/etc/skua/skua.conf PID_PATH=/run/skua/skua.pid \
		ERROR_LOG_PATH=/var/log/skua/error.log HTTP_LOG_PATH=/var/log/skua/access.log \
		DATA_DIR=/usr/share/skua/www DOC_DIR=/usr/share/doc/skua MAN_DIR=/usr/share/man \
		UNIT_DIR=/usr/lib/systemd/system; do
		grep -qx "${line%%=*} = ${line#*=}" "$dir/build/config.mk" || { echo "not $line" && return 1; }
	done
}

arguments_are_kept() {
	works configure --with-cc-opt='-DONE -DTWO="2"' --with-debug
	grep -qxF "#define SKUA_CONFIGURE_ARGS \"'--with-cc-opt=-DONE -DTWO=\\\"2\\\"' --with-debug\"" \
		"$dir/build/config.h"
	grep -qx '#define SKUA_DEBUG 1' "$dir/build/config.h"
}

same_options_change_no_file() {
	works configure
	touch -d '1 hour ago' "$dir/build/config.h" "$dir/build/calls.h" "$dir/build/modules.c" \
		"$dir/build/flags" "$dir/build/pages.h"
	touch -d '1 minute ago' "$dir/mark"
	works configure
	changed=$(find "$dir/build" -newer "$dir/mark" -name '*[!k]' -type f ! -path '*/tests/*')
	[ -z "$changed" ] || { echo "changed: $changed" && return 1; }
}

sanitizers_are_not_fortified() {
	works configure --with-cc-opt=-fsanitize=address
	lacks _FORTIFY_SOURCE=2 "$dir/build/config.mk"
	works configure
	grep -q _FORTIFY_SOURCE=2 "$dir/build/config.mk"
}

# A program in $dir/bin that calls itself $1 and does what $2 does.
make_tool() {
	mkdir -p "$dir/bin"
	printf '#!/bin/sh\nexec %s "$@"\n' "$2" >"$dir/bin/$1"
	chmod +x "$dir/bin/$1"
}

host_names_the_tools() {
	make_tool odd-linux-gnu-gcc cc
	make_tool odd-linux-gnu-ar ar
	PATH=$dir/bin:$PATH works configure --host=odd-linux-gnu
	grep -qx 'CC = odd-linux-gnu-gcc' "$dir/build/config.mk"
	grep -qx 'AR = odd-linux-gnu-ar' "$dir/build/config.mk"
	PATH=$dir/bin:$PATH works configure --host=odd-linux-gnu --with-cc=cc --with-ar=ar
	grep -qx 'CC = cc' "$dir/build/config.mk"
	grep -qx 'AR = ar' "$dir/build/config.mk"
	fails configure --with-ar=no-such-archiver
	says 'the archiver no-such-archiver is not there; install binutils'
}

pkg_config_says_where_a_library_is() {
	cat >"$dir/says" <<-'END'
	#!/bin/sh
	case "$*" in
	'--exists libpcre2-8') exit 0 ;;
	'--cflags libpcre2-8') echo -DFOUND_BY_PKG_CONFIG ;;
	'--libs libpcre2-8') echo -lpcre2-8 -lm ;;
	*) exit 1 ;;
	esac
	END
	chmod +x "$dir/says"
	PKG_CONFIG=$dir/says works configure
	grep -q '^CFLAGS = .* -DFOUND_BY_PKG_CONFIG' "$dir/build/config.mk"
	grep -q '^LIBS = -lpcre2-8 -lm' "$dir/build/config.mk"
	PKG_CONFIG=false works configure
	grep -q '^LIBS = -lpcre2-8 -l' "$dir/build/config.mk"
}

run_cases help_lists_every_module help_lists_an_added_module unknown_option_names_the_nearest \
	unknown_module_names_the_nearest option_wants_a_value a_build_has_a_name folder_that_is_no_module_is_refused \
	module_may_be_called_otherwise module_stands_where_its_config_says \
	config_with_an_unknown_word_is_refused module_for_another_interface_is_refused \
	module_may_name_options_for_linking \
	missing_library_names_its_package tests_are_not_needed_to_build missing_compiler_names_its_package \
	left_out_directives_are_remembered last_word_about_a_module_counts \
	paths_are_below_the_prefix paths_for_usr_are_those_of_the_standard arguments_are_kept same_options_change_no_file \
	sanitizers_are_not_fortified host_names_the_tools pkg_config_says_where_a_library_is
