#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Each directive of the configurations matters: an answer changes without it, or the server does not
# start. Takes minutes, so that a run tries some of them, and SOAK=1 all.

set -eu
cd "$(dirname "$0")/../.."

command -v python3 >/dev/null || {
	echo 'SKIP deletions: python3 is missing'
	echo '100%: Checks: 1, Failures: 0, Errors: 0'
	exit
}
if "${SKUA:-build/skua}" -V 2>&1 | grep -q -e --without-; then
	echo 'SKIP deletions: modules are left out'
	echo '100%: Checks: 1, Failures: 0, Errors: 0'
	exit
fi
[ -n "${SOAK:-}" ] || export SAMPLE=29
PYTHONDONTWRITEBYTECODE=1 exec tests/compare/run delete
