#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What others run the server by: the functions of OpenRC's script are called as OpenRC calls them,
# systemd and AppArmor read the unit and the profile and find no fault.

. "$(dirname "$0")/cases.sh"

SKUA=$(realpath "${SKUA:-build/skua}")

chmod 755 "$dir"
mkdir -p "$dir/site/conf" "$dir/site/logs" "$dir/site/www"
cat >"$dir/good" <<-END
	events { }
	http { server { listen unix:$dir/socket; root www; } }
END
cp "$dir/good" "$dir/site/conf/skua.conf"

# The program as it was configured for this site.
cat >"$dir/skua" <<-END
	#!/bin/sh
	exec "$SKUA" -p "$dir/site" "\$@"
END
chmod 755 "$dir/skua"
sed -e "s|^command=.*|command=$dir/skua|" -e "s|/usr/local/skua/logs|$dir/site/logs|" conf/skua.openrc >"$dir/openrc"

# Runs a function of OpenRC's script; what OpenRC itself brings does nothing here.
rc() {
	timeout 30 sh -eu -c '
		checkpath() { :; }
		need() { :; }
		use() { :; }
		after() { :; }
		. "$1"
		"$2"' sh "$dir/openrc" "$1"
}

pid() {
	cat "$dir/site/logs/skua.pid"
}

openrc_starts_reloads_and_upgrades() {
	works rc depend
	works rc start_pre
	works "$dir/skua"
	trap 'kill "$(pid)" || :' EXIT
	works rc reload
	says 'generation 2'
	works rc reopen
	before=$(pid)
	works rc upgrade
	[ "$(pid)" != "$before" ]
	echo 'nonsense on;' >>"$dir/site/conf/skua.conf"
	fails rc configtest
	says 'unknown directive "nonsense"'
	fails rc start_pre
	fails rc reload
	works "$SKUA" status -p "$dir/site"
	cp "$dir/good" "$dir/site/conf/skua.conf"
	works rc configtest
	works "$dir/skua" -s quit
	trap - EXIT
}

systemd_reads_the_unit() {
	command -v systemd-analyze >/dev/null || { echo 'SKIP systemd_reads_the_unit: systemd-analyze is not there' && return; }
	sed -e "s|/usr/local/skua/sbin/skua|$dir/skua|" conf/skua.service >"$dir/skua.service"
	works systemd-analyze verify --man=no "$dir/skua.service"
	[ ! -s "$dir/out" ] || { cat "$dir/out" && return 1; }
	# What is wrong is only said; the exit status is that of a unit without fault.
	sed -i 's/^KillMode=.*/KillMode=none of these/' "$dir/skua.service"
	systemd-analyze verify --man=no "$dir/skua.service" >"$dir/out" 2>&1 || :
	says 'kill mode'
	# `systemctl reload` waits for this command and has its outcome.
	grep -qx 'ExecReload=.*/skua -s reload' conf/skua.service
}

apparmor_reads_the_profile() {
	PATH=$PATH:/usr/sbin:/sbin
	command -v apparmor_parser >/dev/null || { echo 'SKIP apparmor_reads_the_profile: apparmor_parser is not there' && return; }
	works apparmor_parser --skip-kernel-load --skip-cache conf/skua.apparmor
}

run_cases openrc_starts_reloads_and_upgrades systemd_reads_the_unit apparmor_reads_the_profile
