#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The module ssl with a later OpenSSL than that of the system: the libraries of Debian 13's
# packages, unpacked beside it and linked statically. Needs Debian's archive and some minutes, so
# it runs with SOAK=1 only. OPENSSL_PACKAGES=DIR is a folder with these packages (libssl-dev_*.deb)
# that were fetched before; DEBIAN_MIRROR is the archive, without it that of this machine.

. "$(dirname "$0")/cases.sh"

[ -n "${SOAK:-}" ] || skip 'runs with SOAK=1'
for tool in apt-get dpkg-deb; do
	command -v $tool >/dev/null || skip "$tool is not there"
done

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
release=trixie

# apt with folders of its own, for the packages of another release.
apt() {
	mkdir -p "$dir/apt/lists/partial" "$dir/apt/archives/partial"
	echo "deb [signed-by=$keyring] ${DEBIAN_MIRROR:-$(debian_mirror)} $release main" >"$dir/apt/sources"
	timeout 300 apt-get -qq -o Dir::Etc::SourceList="$dir/apt/sources" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$dir/apt/lists" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$dir/apt" -o APT::Sandbox::User=root "$@" </dev/null
}

fetch() {
	[ -f "$keyring" ] || skip "the keys of Debian's archive are not there"
	(cd "$dir" && apt update && apt download libssl-dev) >"$dir/out" 2>&1 ||
		{ cat "$dir/out" && skip "Debian's archive gave no libssl-dev of $release"; }
}

# Only what is linked statically: the shared libraries need a later C library.
unpack() {
	for package in "${OPENSSL_PACKAGES:-$dir}"/libssl-dev_*.deb; do
		dpkg-deb -x "$package" "$dir/root" || skip "libssl-dev cannot be unpacked"
	done
	libraries=$(dirname "$(find "$dir/root" -name libssl.a)")
	rm -f "$libraries"/*.so
	# What the archives of a later C library's headers call in place of strtol(3).
	cat >"$dir/shim.c" <<-'END'
	#include <stdlib.h>
	long __isoc23_strtol(const char *text, char **end, int base);
	unsigned long __isoc23_strtoul(const char *text, char **end, int base);
	__attribute__((weak)) long __isoc23_strtol(const char *text, char **end, int base)
	{
		return strtol(text, end, base);
	}
	__attribute__((weak)) unsigned long __isoc23_strtoul(const char *text, char **end, int base)
	{
		return strtoul(text, end, base);
	}
	END
	cc -c -o "$dir/shim.o" "$dir/shim.c" || skip 'there is no compiler'
}

[ -n "${OPENSSL_PACKAGES:-}" ] || fetch
unpack

includes=$(dirname "$(dirname "$(find "$dir/root" -name configuration.h)")")

builds_without_warnings() {
	works auto/configure --builddir="$dir/build" \
		--with-cc-opt="-O0 -Werror -I$dir/root/usr/include -I$includes" \
		--with-ld-opt="$dir/shim.o -L$libraries -Wl,--no-as-needed -lz -lzstd -Wl,--as-needed"
	works make -j2 LTO= BUILD="$dir/build" all
	"$dir/build/skua" -V >"$dir/out" 2>&1
	says 'OpenSSL 3.5'
}

# The program $1 of the tests, below the folder of the build.
passes() {
	works make -j2 LTO= BUILD="$dir/build" "$dir/build/$1"
	works env SKUA="$dir/build/skua" BUILD="$dir/build" timeout 300 "$dir/build/$1"
}

passes_the_tests_of_tls() {
	passes modules/ssl/tests/test_tls
	says '100%: Checks:'
	lacks '^SKIP' "$dir/out" # of X25519MLKEM768
	passes modules/ssl/tests/test_directives
	lacks '^SKIP' "$dir/out" # of compressed certificates
	passes modules/ssl/tests/test_handshakes
	passes modules/ssl/tests/test_records
	passes modules/ssl/tests/test_named
	passes modules/ssl/tests/test_key_schedule
	passes modules/ssl/tests/test_secrets
	passes tests/unit/test_certificates
	passes tests/unit/test_fips
	passes tests/unit/test_tls_groups
	passes tests/unit/test_tls_peer
}

passes_the_tests_of_connections() {
	passes modules/ssl/tests/test_tls13_connection
	passes modules/ssl/tests/test_tls12_connection
	passes modules/ssl/tests/test_limits
}

run_cases builds_without_warnings passes_the_tests_of_tls passes_the_tests_of_connections
