#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The Makefile: every module can be left out, one from outside can be added, only
# what changed is built again, and what is installed can be taken away again. With
# SOAK=1 each module is left out singly, too, and HTTP/2 with them; what is left serves a folder.
#
# All cases share one build without optimization; each leaves it for the next.

. "$(dirname "$0")/cases.sh"

all=$(cd modules && ls)

build() {
	works auto/configure --builddir="$dir/build" --with-cc-opt='-O0 -Werror' "$@"
	works make -j2 BUILD="$dir/build"
}

without_all() {
	for name in $all; do
		printf ' --without-%s' "$name"
	done
}

builds_with_every_module_left_out() {
	build $(without_all)
	works "$dir/build/skua" -v
}

left_out_directive_names_the_option() {
	cat >"$dir/skua.conf" <<-END
	events { }
	http { server { location / { hello "Good morning"; } } }
	END
	fails "$dir/build/skua" -t -p "$dir" -c "$dir/skua.conf"
	says --with-hello
}

builds_a_module_from_outside() {
	mkdir "$dir/greet"
	sed 's/hello/greet/g' modules/hello/hello.c >"$dir/greet/greet.c"
	build $(without_all) --add-module="$dir/greet"
	works "$dir/build/skua" help greet
	says greet
}

runs_the_tests_of_a_module_from_outside() {
	mkdir "$dir/greet/tests"
	cat >"$dir/greet/tests/test_greet.c" <<-'END'
	#include "http/inproc.h"
	#include "harness/test.h"

	static const char conf[] = "http { server { listen 127.0.0.1:%PORT%;"
				   "location / { greet hi; } } }";

	static void greets(struct server *server)
	{
		ck_assert_str_eq(get(server, "/").body, "hi");
		server_stop(server);
	}

	START_TEST(in_this_process)
	{
		greets(inproc_start(conf));
	}
	END_TEST

	START_TEST(over_a_socket)
	{
		greets(server_start(conf));
	}
	END_TEST

	TESTS("greet", in_this_process, over_a_socket)
	END
	works env DEPS=no make -j2 BUILD="$dir/build" TESTS=greet check
	says '2 passed, 0 failed, 0 skipped'
	# Only what is named was built.
	[ ! -e "$dir/build/tests/skua" ]
	[ ! -e "$dir/build/tests/unit/test_uri" ]
}

builds_nothing_when_nothing_changed() {
	works make BUILD="$dir/build"
	[ ! -s "$dir/out" ] || { cat "$dir/out" && return 1; }
}

builds_what_includes_a_changed_header() {
	echo '/* empty */' >"$dir/greet/greet.h"
	sed -i '1a#include "greet.h"' "$dir/greet/greet.c"
	works make BUILD="$dir/build"
	echo '/* still empty */' >"$dir/greet/greet.h"
	touch -d '1 minute ago' "$dir/build/added/greet/greet.o"
	works make BUILD="$dir/build"
	[ "$(sed -n 's/^  CC *//p' "$dir/out")" = added/greet/greet.o ]
}

installs_below_destdir() {
	works make install BUILD="$dir/build" DESTDIR="$dir/root"
	for file in sbin/skua conf/skua.conf conf/skua.conf.default conf/mime.types www/index.html; do
		[ -f "$dir/root/usr/local/skua/$file" ]
	done
	[ -d "$dir/root/usr/local/skua/logs" ]
}

keeps_a_configuration_that_is_there() {
	echo '# mine' >"$dir/root/usr/local/skua/conf/skua.conf"
	works make install BUILD="$dir/build" DESTDIR="$dir/root"
	[ "$(cat "$dir/root/usr/local/skua/conf/skua.conf")" = '# mine' ]
	works make uninstall BUILD="$dir/build" DESTDIR="$dir/root"
	says 'kept, as it was changed'
	[ "$(cd "$dir/root" && find . -type f)" = ./usr/local/skua/conf/skua.conf ]
}

installs_where_it_is_told() {
	build $(without_all) --prefix=/srv/skua --sbin-path=/usr/sbin/skua --conf-path=/etc/skua/skua.conf \
		--data-dir=/usr/share/skua/www --man-dir=/usr/share/man --unit-dir=/usr/lib/systemd/system \
		--doc-dir=/usr/share/doc/skua
	works make install BUILD="$dir/build" DESTDIR="$dir/fhs"
	for file in sbin/skua share/skua/www/index.html share/man/man8/skua.8 lib/systemd/system/skua.service \
		share/man/man5/skua.conf.5 share/man/man7/skua-modules.7 \
		share/bash-completion/completions/skua share/zsh/site-functions/_skua \
		share/fish/vendor_completions.d/skua.fish share/doc/skua/examples/skua.openrc \
		share/doc/skua/examples/skua.apparmor share/doc/skua/examples/single-site.conf; do
		[ -f "$dir/fhs/usr/$file" ] || { echo "/usr/$file is not there" && return 1; }
	done
	grep -qF 'root  /usr/share/skua/www;' "$dir/fhs/etc/skua/skua.conf"
	grep -qF '/etc/skua/skua.conf' "$dir/fhs/usr/share/man/man8/skua.8"
	works make uninstall BUILD="$dir/build" DESTDIR="$dir/fhs"
	[ -z "$(ls -A "$dir/fhs")" ] || { find "$dir/fhs" && return 1; }
}

# modules.c lies in the build directory itself, so its path would show.
build_directory_does_not_show() {
	for name in one two; do
		works auto/configure --builddir="$dir/$name" --with-cc-opt=-O0
		works make BUILD="$dir/$name" "$dir/$name/modules.o" "$dir/$name/core/main.o"
	done
	cmp "$dir/one/modules.o" "$dir/two/modules.o"
	cmp "$dir/one/core/main.o" "$dir/two/core/main.o"
}

uninstall_leaves_nothing() {
	rm -rf "$dir/root"
	mkdir "$dir/root"
	works make install BUILD="$dir/build" DESTDIR="$dir/root"
	works make uninstall BUILD="$dir/build" DESTDIR="$dir/root"
	[ -z "$(ls -A "$dir/root")" ] || { find "$dir/root" && return 1; }
}

# The program that was built serves a folder, with these options: $@.
serves() {
	mkdir -p "$dir/folder"
	printf here >"$dir/folder/a.txt"
	chmod 755 "$dir" "$dir/folder"
	rm -f "$dir/server" # of the one before
	"$dir/build/skua" serve -q -p 0 "$@" "$dir/folder" >"$dir/server" 2>&1 &
	server=$!
	n=0
	until url=$(grep -so 'https*://127[^ ]*' "$dir/server"); do
		n=$((n + 1))
		[ $n -lt 300 ] || { cat "$dir/server" && kill $server && return 1; }
		sleep 0.1
	done
	got=$(curl -sSk -w ' %{http_version}' "${url}a.txt" 2>&1) || :
	kill $server
	wait $server || { cat "$dir/server" && return 1; }
	[ "${got%% *}" = "here" ] || { echo "serve $*: $got" && cat "$dir/server" && return 1; }
}

builds_without_any_single_module() {
	for name in $all; do
		build --without-"$name"
		works "$dir/build/skua" -v
		[ "$name" = static ] || serves
	done
}

# HTTP/2 is no module; without it TLS is served all the same, and by HTTP/1.1.
serves_by_tls_without_http2() {
	build --without-http2
	serves --tls
	[ "${got##* }" = 1.1 ] || { echo "it was HTTP/${got##* }" && return 1; }
	lacks http2 "$dir/server"
	"$dir/build/skua" serve --tls --print-config "$dir/folder" >"$dir/skua.conf"
	lacks http2 "$dir/skua.conf"
	works "$dir/build/skua" -t -p "$dir" -c "$dir/skua.conf"
}

# Nor is there TLS without its module, which the message names.
says_which_module_tls_needs() {
	build --without-ssl
	mkdir -p "$dir/folder"
	fails "$dir/build/skua" serve --tls "$dir/folder"
	says '--tls or --cert needs the module ssl, which was left out; run auto/configure with --with-ssl'
}

set -- builds_with_every_module_left_out left_out_directive_names_the_option \
	builds_a_module_from_outside runs_the_tests_of_a_module_from_outside \
	builds_nothing_when_nothing_changed \
	builds_what_includes_a_changed_header installs_below_destdir \
	keeps_a_configuration_that_is_there uninstall_leaves_nothing \
	installs_where_it_is_told build_directory_does_not_show
[ -z "${SOAK:-}" ] || set -- "$@" builds_without_any_single_module serves_by_tls_without_http2 \
	says_which_module_tls_needs
run_cases "$@"
