#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The package is built, checked by lintian and installed in Debian 13 (trixie), whatever this
# machine runs: another compiler, debhelper and set of libraries. It needs root, Debian's archive
# and some minutes, so it runs with SOAK=1 only. DEBIAN_MIRROR is the archive; without it that of
# this machine.

. "$(dirname "$0")/../build/cases.sh"

long_with mmdebstrap unshare git

root=$dir/root
mirror=${DEBIAN_MIRROR:-$(debian_mirror)}

# Prints what the package needs to be built, with commas between.
needs() {
	sed -n '/^Build-Depends:/,/^Standards/p' auto/debian/control | sed -e '/^Standards/d' \
		-e 's/^Build-Depends://; s/<[^>]*>//; s/([^)]*)//; s/|[^,]*//; s/debhelper-compat/debhelper/' | tr -d ' \n'
}

mmdebstrap --variant=apt --include="$(needs),build-essential,lintian" trixie "$root" "$mirror" >"$dir/out" 2>&1 ||
	{ tail -5 "$dir/out" && skip "there is no Debian 13 at $mirror"; }

inside() {
	works env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEPS=no DEB_BUILD_OPTIONS=nocheck \
		DEBIAN_FRONTEND=noninteractive unshare --mount --pid --fork --kill-child sh -c '
		mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev" && root=$1 && shift && exec chroot "$root" "$@"' \
		sh "$root" "$@"
}

builds_a_package_that_lintian_finds_no_fault_with() {
	mkdir "$root/skua"
	git ls-files -co --exclude-standard | tar -cf - -T - | tar -xf - -C "$root/skua"
	inside make -C /skua deb
	says '/skua_'
}

installs_and_serves() {
	inside apt-get update -q
	inside sh -c 'apt-get install -q -y --no-install-recommends /skua/build/deb/skua_*.deb'
	inside skua -t
	says 'test is successful'
	inside sh -euc "sed -i 's/listen .*8080;/listen unix:\/run\/skua.sock;/' /etc/skua/skua.conf
		skua && skua status && skua -s quit"
	says 'listens on'
}

run_cases builds_a_package_that_lintian_finds_no_fault_with installs_and_serves
