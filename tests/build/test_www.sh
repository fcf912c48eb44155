#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The site in www/: the page of the directives is what the program says, and each
# link leads to a file and an anchor that are there.

. "$(dirname "$0")/cases.sh"

SKUA=${SKUA:-build/skua}

# Prints the links of the page $1 that stay in www/, each as FILE#ANCHOR. Those from
# the root belong to pages that stand for others.
links() {
	grep -oE '(href|src)="[^"]*"' "$1" | sed -e 's/^[a-z]*="//; s/"$//' | grep -v '^[a-z]*:' |
		sed -e "s,^/\$,/index.html," -e "s,^/,www/,; t" -e "s,^#,$1#,; t" -e "s,^,${1%/*}/,"
}

leads_somewhere() {
	file=${1%%#*} anchor=${1#"$file"}
	[ -f "$file" ] || { echo "$page: there is no $file" && return 1; }
	[ -z "$anchor" ] || grep -q "id=\"${anchor#?}\"" "$file" || { echo "$page: $file has no $anchor" && return 1; }
}

every_link_leads_somewhere() {
	find www -name '*.html' >"$dir/pages"
	[ -s "$dir/pages" ]
	while read -r page; do
		for link in $(links "$page"); do
			leads_somewhere "$link"
		done
	done <"$dir/pages"
}

reference_is_what_the_program_says() {
	if "$SKUA" -V 2>&1 | grep -q -e --without- -e --add-module; then
		echo 'SKIP reference: other modules than the default ones are built in'
		return
	fi
	works auto/reference --check "$SKUA"
}

run_cases every_link_leads_somewhere reference_is_what_the_program_says
