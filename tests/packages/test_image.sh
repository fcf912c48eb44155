#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The tree of the container image, run by bubblewrap as a container would run it: with a
# read-only root, as a user that nothing knows. It is a build of its own, so it runs with
# SOAK=1 only.

. "$(dirname "$0")/../build/cases.sh"

long_with bwrap curl ip
bwrap --ro-bind / / --unshare-user --uid 1 --gid 1 true || skip 'this system permits no user namespaces'

builds_a_small_tree() {
	works env BUILD="$dir/build" auto/image
	says 'MB compressed'
	[ "$(sed -n 's/.*, \([0-9]*\)\.[0-9]* MB compressed/\1/p' "$dir/out")" -lt 8 ]
}

# Runs the shell commands $2 beside a container whose user is $1, in a network of their own.
beside_container() {
	works timeout 60 unshare --mount --net --pid --fork --kill-child --mount-proc sh -eu -c '
		ip link set lo up
		bwrap --ro-bind "$1/build/image/root" / --proc /proc --dev /dev \
			--unshare-user --uid "$2" --gid "$2" --unshare-ipc --die-with-parent --clearenv \
			/usr/sbin/skua >"$1/stdout" 2>"$1/stderr" &
		container=$!
		n=0
		until curl -s http://127.0.0.1:8080/ >"$1/page"; do
			n=$((n + 1)) && [ $n -lt 50 ] || { cat "$1/stderr" && exit 1; }
			sleep 0.1
		done
		eval "$3"' sh "$dir" "$1" "$2"
}

serves_as_any_user_with_a_read_only_root() {
	for user in 65532 1234567; do
		beside_container $user 'until grep -q "\"GET / HTTP/1.1\" 200" "$1/stdout"; do sleep 0.1; done'
		grep -q '<title>' "$dir/page"
	done
}

# The types of files without an extension are found by libmagic's database.
finds_types_by_content() {
	printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0' >"$dir/build/image/root/srv/picture"
	beside_container 65532 'curl -sI http://127.0.0.1:8080/picture >"$1/head"'
	grep -qi '^content-type: image/png' "$dir/head"
}

is_ready_as_the_platform_asks() {
	beside_container 65532 '
		curl -sf http://127.0.0.1:8080/livez && curl -sf http://127.0.0.1:8080/readyz'
}

# A download that is in progress when the container is stopped is completed, by both signals that
# platforms send.
drains_when_it_is_stopped() {
	head -c 8000000 /dev/zero >"$dir/build/image/root/srv/large"
	for signal in QUIT TERM; do
		drains_by $signal
	done
}

drains_by() {
	beside_container 65532 "signal=$1"'
		curl -s --limit-rate 4M http://127.0.0.1:8080/large >"$1/large" &
		client=$!
		sleep 0.5
		for pid in $(ls /proc | grep "^[0-9]*$"); do
			! grep -qs "skua: master" "/proc/$pid/cmdline" || kill -$signal "$pid"
		done
		wait $client
		wait $container'
	[ "$(wc -c <"$dir/large")" = 8000000 ]
}

# By the Containerfile, as an operator would. The storage is one of the test's own.
is_built_and_run_by_buildah() {
	command -v buildah >/dev/null || { echo 'SKIP is_built_and_run_by_buildah: buildah is not there' && return; }
	own() {
		works buildah --root "$dir/storage" --runroot "$dir/run" --storage-driver vfs "$@"
	}
	own bud --isolation chroot -t skua "$dir/build/image"
	own inspect --type image --format '{{.OCIv1.Config}}' skua
	for setting in 65532:65532 8080/tcp SIGQUIT /usr/sbin/skua; do
		says "$setting"
	done
	own from --name trial skua
	own run --isolation chroot trial -- /usr/sbin/skua -t
	says 'test is successful'
	own rm trial
}

run_cases builds_a_small_tree serves_as_any_user_with_a_read_only_root finds_types_by_content \
	is_ready_as_the_platform_asks drains_when_it_is_stopped is_built_and_run_by_buildah
