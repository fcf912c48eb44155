#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The manual pages: they are what the program says, mandoc finds no fault with them, and the
# page of the program names each option and each exit status of each command.

. "$(dirname "$0")/cases.sh"

SKUA=${SKUA:-build/skua}

pages_are_what_the_program_says() {
	works auto/manual --check "$SKUA"
}

a_page_that_differs_is_noticed() {
	mkdir -p "$dir/auto"
	cp -R auto/manual auto/messages auto/man "$dir/auto"
	works "$dir/auto/manual" --check "$SKUA"
	sed -i 's/Print the version/Print a version/' "$dir/auto/man/skua.8"
	fails "$dir/auto/manual" --check "$SKUA"
	says 'run auto/manual'
	works "$dir/auto/manual" "$SKUA"
	cmp "$dir/auto/man/skua.8" auto/man/skua.8
}

pages_have_no_faults() {
	command -v mandoc >/dev/null || { echo 'SKIP pages_have_no_faults: mandoc is not there' && return; }
	mandoc -T lint -W all auto/man/* >"$dir/out" 2>&1 || { head -n 20 "$dir/out" && return 1; }
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
		BEGIN { fields["command"] = 6; fields["option"] = 8; fields["outcome"] = 4; fields["module"] = 3 }
		NF != fields[$1] { print; wrong = 1 }
		{ seen[$1]++; for (i = 1; i <= NF; i++) if ($i == "") { print; wrong = 1 } }
		END { for (name in fields) if (!seen[name]) { print "no " name; wrong = 1 }; exit wrong }' "$dir/listing"
}

run_cases pages_are_what_the_program_says a_page_that_differs_is_noticed pages_have_no_faults \
	has_each_option_as_it_is_read each_command_has_help listing_has_a_fixed_number_of_fields
