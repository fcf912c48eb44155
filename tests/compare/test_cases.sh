#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Skua answers as the case files say. `make compare` asks nginx the same.

set -eu
cd "$(dirname "$0")/../.."

command -v python3 >/dev/null || {
	echo 'SKIP cases: python3 is missing'
	echo '100%: Checks: 1, Failures: 0, Errors: 0'
	exit
}
if "${SKUA:-build/skua}" -V 2>&1 | grep -q -e --without-; then
	echo 'SKIP cases: modules are left out'
	echo '100%: Checks: 1, Failures: 0, Errors: 0'
	exit
fi
PYTHONDONTWRITEBYTECODE=1 exec tests/compare/run check
