#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The site in www/: the page of the directives is what the program says, each link
# leads to a file and an anchor that are there, and the module on the first page and in
# the README is modules/hello.

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

# Prints the module hello as the file $1 shows it, without blanks.
hello_in() {
	sed -e 's,</*\(b\|em\|i\|code\|pre\)\( [^>]*\)*>,,g' -e 's/&lt;/</g; s/&gt;/>/g' "$1" |
		sed -n '/#include <module.h>/,/if_configured/p' | tr -d ' \t\n'
}

documents_show_the_module_hello() {
	hello_in modules/hello/hello.c >"$dir/module"
	[ -s "$dir/module" ]
	for file in README.md www/index.html; do
		hello_in "$file" >"$dir/shown"
		cmp "$dir/shown" "$dir/module" || { echo "$file shows another module hello" && return 1; }
	done
}

run_cases every_link_leads_somewhere reference_is_what_the_program_says \
	documents_show_the_module_hello
