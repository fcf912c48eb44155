#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The first five minutes with the Debian package, in a bare system: install it, serve a page,
# reload, get a configuration wrong, share a folder, have its metrics scraped by Debian's Prometheus,
# upgrade the package while a client is connected, remove everything. Needs root, some minutes and Debian's archive, so it runs with SOAK=1 only.

. "$(dirname "$0")/../build/cases.sh"

long_with mmdebstrap dpkg-buildpackage lintian unshare ip curl

root=$dir/root

sources() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null || :
}

# The bare system that all cases share.
sources | mmdebstrap --variant=apt --include=curl "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root" - \
	>"$dir/out" 2>&1 || { cat "$dir/out" && skip "Debian's archive gave no bare system"; }

in_root() {
	works env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive \
		chroot "$root" "$@"
}

# Runs stdin as a script in the system, with processes and a loopback network of its own.
session() {
	cat >"$root/session"
	works timeout 60 unshare --mount --net --pid --fork --kill-child sh -c '
		ip link set lo up && mount -t proc proc "$1/proc" && mount -t devtmpfs dev "$1/dev" 2>/dev/null ||
			mount --bind /dev "$1/dev"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$1" sh -eu /session' sh "$root"
}

builds_a_package_that_lintian_finds_no_fault_with() {
	works env BUILD="$dir/build" DEB_BUILD_OPTIONS=nocheck auto/deb
	deb=$(ls "$dir"/build/deb/skua_*.deb)
	cp "$deb" "$dir/skua.deb"
}

installs() {
	cp "$dir/skua.deb" "$root/skua.deb"
	in_root apt-get update -q
	in_root apt-get install -q -y /skua.deb
	in_root skua -t
	says 'test is successful'
	[ "$(stat -c %a "$root/var/log/skua")" = 750 ]
	# Whatever is changed in /etc stays at an upgrade.
	(cd "$root" && find etc/skua etc/logrotate.d/skua -type f) >"$dir/etc"
	in_root dpkg-query -W -f '${Conffiles}' skua
	while read -r file; do
		says " /$file "
	done <"$dir/etc"
	for file in usr/share/man/man8/skua.8.gz etc/logrotate.d/skua usr/share/doc/skua/examples/single-site.conf \
		usr/share/man/man5/skua.conf.5.gz usr/share/man/man7/skua-modules.7.gz \
		usr/share/bash-completion/completions/skua usr/share/zsh/vendor-completions/_skua \
		usr/share/fish/vendor_completions.d/skua.fish; do
		[ -e "$root/$file" ] || { echo "$file is not there" && return 1; }
	done
}

serves_and_reloads() {
	session <<-'END'
	skua
	curl -sSf http://127.0.0.1:8080/ | grep -q '<title>'
	sed -i 's/listen .*8080;/listen 8081;/' /etc/skua/skua.conf
	skua -s reload
	curl -sSf http://127.0.0.1:8081/ | grep -q '<title>'
	sed -i 's/root /rot /' /etc/skua/skua.conf
	! skua -s reload 2>&1 | tee /out
	grep -q 'did you mean "root"' /out
	curl -sSf http://127.0.0.1:8081/ >/dev/null
	sed -i 's/rot /root /' /etc/skua/skua.conf
	logrotate=$(sed -n '/postrotate/,/endscript/p' /etc/logrotate.d/skua | sed '1d;$d')
	mv /var/log/skua/access.log /var/log/skua/access.log.1
	sh -eu -c "$logrotate"
	[ -e /var/log/skua/access.log ]
	skua -s stop
	END
}

# What a person reads who has made three mistakes.
understands_a_mistake() {
	cp "$root/etc/skua/skua.conf" "$root/kept.conf"
	session <<-'END'
	sed -i -e 's/root /rot /' -e 's/keepalive_timeout 75s/keepalive_timeout 75z/' /etc/skua/skua.conf
	status=0
	skua -t >/out 2>&1 || status=$?
	[ $status = 1 ]
	grep -q 'unknown directive "rot"' /out
	grep -q '\^~~ did you mean "root"?' /out
	grep -q 'invalid time "75z"' /out
	skua help root | grep -q 'Syntax: *root'
	cp /kept.conf /etc/skua/skua.conf
	skua -t
	END
}

shares_a_folder_and_lists_it() {
	session <<-'END'
	mkdir -p /photos/2026
	echo picture >/photos/a.txt
	echo hidden >/photos/.secret
	skua serve -p 8090 /photos >/out 2>&1 &
	n=0
	until curl -sSf http://127.0.0.1:8090/ >/page 2>/dev/null; do
		n=$((n + 1))
		[ $n -lt 100 ] || { cat /out; exit 1; }
		sleep 0.1
	done
	grep -q 'a.txt' /page
	grep -q '2026/' /page
	if grep -q secret /page; then exit 1; fi
	[ "$(curl -s http://127.0.0.1:8090/a.txt)" = picture ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8090/.secret)" != 200 ]
	grep -q 'http://127.0.0.1:8090' /out
	END
}

metrics_are_scraped_by_prometheus() {
	in_root apt-get install -q -y --no-install-recommends prometheus
	session <<-'END'
	cat >/etc/skua/metrics.conf <<CONF
	events { }
	http { server { listen 127.0.0.1:8091; root /usr/share/skua/www; location = /metrics { metrics; } } }
	CONF
	cat >/prometheus.yml <<CONF
	global: { scrape_interval: 1s }
	scrape_configs:
	- job_name: skua
	  static_configs:
	  - targets: ['127.0.0.1:8091']
	CONF
	skua -c /etc/skua/metrics.conf
	curl -sSf http://127.0.0.1:8091/ >/dev/null
	curl -sSf http://127.0.0.1:8091/metrics | promtool check metrics
	prometheus --config.file=/prometheus.yml --storage.tsdb.path=/tsdb \
		--web.listen-address=127.0.0.1:9090 >/out 2>&1 &
	prometheus=$!
	query='http://127.0.0.1:9090/api/v1/query?query=sum(http_server_request_duration_seconds_count)'
	n=0
	until curl -s "$query" | grep -q '"value":\[[^,]*,"[1-9]'; do
		n=$((n + 1))
		[ $n -lt 300 ] || { cat /out; exit 1; }
		sleep 0.1
	done
	kill $prometheus
	skua -c /etc/skua/metrics.conf -s stop
	rm /etc/skua/metrics.conf
	END
}

# Two requests of one connection, and the upgrade of the package between them. The package
# that is installed over the first one is the same with a higher number.
upgrades_without_losing_a_connection() {
	dpkg-deb -R "$dir/skua.deb" "$dir/unpacked"
	sed -i 's/^Version: .*/&+1/' "$dir/unpacked/DEBIAN/control"
	works dpkg-deb -b "$dir/unpacked" "$root/newer.deb"
	cat >"$root/client" <<-'END'
	exec 3<>/dev/tcp/127.0.0.1/8081
	for number in 1 2; do
		printf 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n' >&3
		read -r line <&3
		echo "$number: $line"
		while read -r line <&3 && [ "$line" != $'\r' ]; do :; done
		[ $number = 2 ] || { touch /first && while [ ! -e /second ]; do sleep 0.1; done; }
	done >/answers
	END
	session <<-'END'
	skua
	bash /client &
	client=$!
	while [ ! -e /first ]; do sleep 0.1; done
	old=$(cat /run/skua/skua.pid)
	dpkg -i /newer.deb
	[ "$(cat /run/skua/skua.pid)" != "$old" ]
	touch /second
	wait $client
	cat /answers
	[ "$(grep -c ': HTTP/1.1 200 OK' /answers)" = 2 ]
	skua -s stop
	END
}

purge_leaves_nothing() {
	in_root dpkg --purge skua
	left=$(find "$root/etc" "$root/usr" "$root/var/log" "$root/run" -name '*skua*' ! -path '*/dpkg/*')
	[ -z "$left" ] || { echo "left: $left" && return 1; }
	lacks skua "$root/etc/passwd"
}

run_cases builds_a_package_that_lintian_finds_no_fault_with installs \
	serves_and_reloads understands_a_mistake shares_a_folder_and_lists_it \
	metrics_are_scraped_by_prometheus \
	upgrades_without_losing_a_connection purge_leaves_nothing
