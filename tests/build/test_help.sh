#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Each script that people start says what it does for --help, does nothing else then, and says
# what its exit statuses mean.

. "$(dirname "$0")/cases.sh"

programs() {
	find auto .ci tests/run tests/*/run ! -path 'auto/debian/*' -type f -perm -100 2>/dev/null | sort
}

each_program_has_help() {
	programs >"$dir/programs"
	grep -qx auto/deb "$dir/programs"
	grep -qx tests/compare/run "$dir/programs"
	while read -r program; do
		env BUILD="$dir/none" "$program" --help >"$dir/out" 2>"$dir/err" </dev/null ||
			{ echo "$program --help failed" && cat "$dir/err" && return 1; }
		[ ! -s "$dir/err" ] || { echo "$program --help" && cat "$dir/err" && return 1; }
		grep -q 'Exit status:' "$dir/out" || { echo "$program --help: no exit status" && return 1; }
		lacks 'SPDX' "$dir/out"
		[ "$(wc -l <"$dir/out")" -ge 3 ] || { echo "$program --help: too short" && return 1; }
		[ ! -e "$dir/none" ] || { echo "$program --help has written something" && return 1; }
	done <"$dir/programs"
}

run_cases each_program_has_help
