#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What the site and the READMEs show is what the program of today does: their commands and
# configurations are understood, the files that they name are there. pages.py looks. The commands of
# the recipes are run, by test_recipes.sh.

. "$(dirname "$0")/cases.sh"

command -v python3 >/dev/null || skip 'python3 is not there'
SKUA=$(realpath "${SKUA:-build/skua}")

commands_are_understood() {
	works python3 tests/build/pages.py commands "$SKUA"
}

configurations_are_understood() {
	if "$SKUA" -V 2>&1 | grep -q -e --without-; then
		echo 'SKIP configurations: modules were left out'
		return
	fi
	works python3 tests/build/pages.py configurations "$SKUA"
}

files_are_there() {
	works python3 tests/build/pages.py files
}

# The first page shows the beginning of what is printed.
first_page_shows_the_messages() {
	mkdir -p "$dir/conf" "$dir/logs"
	cat >"$dir/conf/skua.conf" <<-'END'
	events { }
	http {
	    server {
	        listen 8080;
	        rot www;
	        location /assets/ {
	            expires 1z;
	        }
	    }
	}
	END
	(cd "$dir" && "$SKUA" -p . -t >printed 2>&1) || :
	sed -n '/What the test of a configuration prints/,/<\/pre>/p' www/index.html |
		sed -e '1d' -e 's/<[^>]*>//g' -e 's/&quot;/"/g' -e 's/…$//' >"$dir/shown"
	[ "$(wc -l <"$dir/shown")" = 6 ]
	while IFS= read -r line; do
		grep -qF -e "$line" "$dir/printed" || { echo "this is not printed: $line" && cat "$dir/printed" && return 1; }
	done <"$dir/shown"
}

# Faults are found on a page that has them.
faults_are_found() {
	mkdir -p "$dir/tree/www" "$dir/tree/conf"
	cp Makefile "$dir/tree/"
	cp conf/mime.types "$dir/tree/conf/"
	cat >"$dir/tree/README.md" <<-'END'
	# Faults

	    skua serve --no-such-option
	    skua -s restart
	    make nothing
	    auto/nothing
	    skua help no_such_thing_at_all

	A configuration:

	    rot www;

	See `conf/none.conf`.
	END
	for what in "commands $SKUA" "configurations $SKUA" files; do
		(cd "$dir/tree" && fails python3 "$OLDPWD/tests/build/pages.py" $what)
		cat "$dir/out" >>"$dir/all"
	done
	cp "$dir/all" "$dir/out"
	for fault in no-such-option 'make has no nothing' 'no program auto/nothing' restart 'finds nothing' \
		'unknown directive "rot"' 'there is no conf/none.conf'; do
		says "$fault"
	done
}

run_cases commands_are_understood configurations_are_understood files_are_there first_page_shows_the_messages \
	faults_are_found
