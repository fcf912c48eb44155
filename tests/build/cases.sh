# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The frame of a test of the build that is written in sh: a case is a function,
# `run_cases NAME…` runs them in order and prints the summary that tests/run reads.
# A case fails when a command in it fails. $dir is a folder of the test's own,
# removed at the end.

set -eu
cd "$(dirname "$0")/../.."

# The tests call make themselves; what the make above them was told is not for it.
unset MAKEFLAGS MAKELEVEL MFLAGS BUILD TESTS CC

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

# Succeeds when $dir/out holds the text $1; shows it when it does not.
says() {
	grep -qF -e "$1" "$dir/out" || {
		echo "this does not say \"$1\":"
		cat "$dir/out"
		return 1
	}
}

# Runs a command that is to end with status 1; its output is in $dir/out.
fails() {
	status=0
	"$@" >"$dir/out" 2>&1 || status=$?
	[ $status = 1 ] || {
		echo "exit status $status, not 1: $*"
		cat "$dir/out"
		return 1
	}
}

# The same for a command that is to succeed.
works() {
	"$@" >"$dir/out" 2>&1 || {
		echo "failed: $*"
		cat "$dir/out"
		return 1
	}
}

# Succeeds when no line of the file $2 matches $1.
lacks() {
	if grep -e "$1" "$2"; then
		echo "this should not be in $2"
		return 1
	fi
}

# Ends the test as skipped, for this reason.
skip() {
	echo "SKIP test: $1"
	echo '100%: Checks: 1, Failures: 0, Errors: 0'
	exit 0
}

# Prints where this machine gets Debian's packages from, also before its first `apt-get update`.
debian_mirror() {
	apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | head -n 1
}

# Skips the test unless it runs as root, with SOAK=1, in a system that lets it make
# namespaces, and these tools are there.
long_with() {
	[ -n "${SOAK:-}" ] || skip 'runs with SOAK=1'
	[ "$(id -u)" = 0 ] || skip 'needs root'
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not there"
	done
	unshare --mount --net --pid --fork true 2>/dev/null || skip 'this system permits no namespaces'
}

run_cases() {
	ran=0 failed=0
	for case in "$@"; do
		ran=$((ran + 1))
		# A shell of its own, and not within a condition, so that set -e holds in it.
		set +e
		(
			set -e
			"$case"
		)
		status=$?
		set -e
		[ $status = 0 ] || {
			failed=$((failed + 1))
			echo "$case: failed"
		}
	done
	echo "$(((ran - failed) * 100 / ran))%: Checks: $ran, Failures: $failed, Errors: 0"
	[ $failed = 0 ]
}
