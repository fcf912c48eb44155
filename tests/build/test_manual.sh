#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The manual pages and the READMEs of the modules: they are what the program says. mandoc finds
# no fault with the pages, and the page of the program names each option of each command.

. "$(dirname "$0")/cases.sh"

SKUA=${SKUA:-build/skua}

# Skips the case $1 if the pages, which tell of the default modules, are not about this build.
other_modules() {
	"$SKUA" -V 2>&1 | grep -q -e --without- -e --add-module || return 1
	echo "SKIP $1: other modules than the default ones are built in"
}

pages_are_what_the_program_says() {
	! other_modules pages_are_what_the_program_says || return 0
	works auto/manual --check "$SKUA"
}

readmes_are_what_the_program_says() {
	! other_modules readmes_are_what_the_program_says || return 0
	works auto/readmes --check "$SKUA"
}

# What is written by hand stays, what comes from the tables is written anew.
a_readme_that_differs_is_noticed() {
	mkdir -p "$dir/modules"
	cp -R modules/hello modules/static "$dir/modules"
	works env MODULES_DIR="$dir/modules" auto/readmes --check "$SKUA"
	sed -i -e 's/^Every method/By hand: each method/' -e 's/^- Default: none/- Default: some/' \
		"$dir/modules/hello/README.md"
	fails env MODULES_DIR="$dir/modules" auto/readmes --check "$SKUA"
	says 'run auto/readmes'
	works env MODULES_DIR="$dir/modules" auto/readmes "$SKUA"
	sed 's/^Every method/By hand: each method/' modules/hello/README.md | cmp - "$dir/modules/hello/README.md"
	rm "$dir/modules/hello/README.md"
	works env MODULES_DIR="$dir/modules" auto/readmes "$SKUA"
	grep -qx 'Answers with a line of text.' "$dir/modules/hello/README.md"
}

a_page_that_differs_is_noticed() {
	! other_modules a_page_that_differs_is_noticed || return 0
	mkdir -p "$dir/auto"
	cp -R auto/manual auto/messages auto/man "$dir/auto"
	export MODULES_DIR="$PWD/modules"
	works "$dir/auto/manual" --check "$SKUA"
	sed -i 's/Print the version/Print a version/' "$dir/auto/man/skua.8"
	fails "$dir/auto/manual" --check "$SKUA"
	says 'run auto/manual'
	works "$dir/auto/manual" "$SKUA"
	cmp "$dir/auto/man/skua.8" auto/man/skua.8
}

pages_have_no_faults() {
	command -v mandoc >/dev/null || { echo 'SKIP pages_have_no_faults: mandoc is not there' && return; }
	# That the pages are installed, to which they refer, is not asked for.
	mandoc -T lint -W all auto/man/* 2>&1 | grep -v 'referenced manual not found' >"$dir/out" || :
	[ ! -s "$dir/out" ] || { head -n 20 "$dir/out" && return 1; }
}

# Looks at what a person reads of the page.
has_each_option_as_it_is_read() {
	command -v mandoc >/dev/null || { echo 'SKIP has_each_option: mandoc is not there' && return; }
	mandoc -T utf8 auto/man/skua.8 | sed 's/.\x08//g' >"$dir/page"
	for command in '' serve status help; do
		"$SKUA" $command -h | sed -n '/^Options:/,/^$/p' | grep -oE '^  -[^ ,]*|, -[^ ,]*' |
			tr -d ' ,' >"$dir/options"
		[ -s "$dir/options" ]
		sed -n "/^   skua${command:+ $command}\$/,/^   skua/p" "$dir/page" >"$dir/section"
		while read -r option; do
			grep -qF -e " $option" "$dir/section" || { echo "skua.8 lacks $option of \"$command\"" && return 1; }
		done <"$dir/options"
	done
}

# Each command explains itself, and says what its exit statuses mean.
each_command_has_help() {
	for command in '' serve status help; do
		for option in -h --help '-?'; do
			works "$SKUA" $command "$option"
			says "Usage: skua${command:+ $command} ["
			says 'Exit status:'
		done
	done
	works "$SKUA" serve --help
	lacks 'send a signal' "$dir/out"
}

listing_has_a_fixed_number_of_fields() {
	"$SKUA" help --listing >"$dir/listing"
	awk -F '\t' '
		BEGIN { fields["command"] = 6; fields["option"] = 8; fields["outcome"] = 4; fields["module"] = 3
			fields["parameter"] = 4 }
		NF != fields[$1] { print; wrong = 1 }
		{ seen[$1]++; for (i = 1; i <= NF; i++) if ($i == "") { print; wrong = 1 } }
		END { for (name in fields) if (!seen[name]) { print "no " name; wrong = 1 }; exit wrong }' "$dir/listing"
}

run_cases pages_are_what_the_program_says readmes_are_what_the_program_says \
	a_readme_that_differs_is_noticed a_page_that_differs_is_noticed pages_have_no_faults \
	has_each_option_as_it_is_read each_command_has_help listing_has_a_fixed_number_of_fields
