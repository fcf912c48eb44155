#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# A walk over all commands, as the program itself lists them: each explains itself, refuses what it
# does not know, ends with each exit status that it names, and prints valid JSON wherever it has
# --json, also when it fails. A new command, outcome or --json without a case here fails.

. "$(dirname "$0")/cases.sh"

SKUA=$(realpath "${SKUA:-build/skua}")

chmod 755 "$dir"
for site in good missing wrong; do
	mkdir -p "$dir/$site/conf" "$dir/$site/logs" "$dir/$site/www"
done
server() {
	printf 'daemon off;\nevents { }\nhttp { server { listen unix:%s/socket; %s } }\n' "$dir" "$1"
}
server 'root www;' >"$dir/good/conf/skua.conf"
server 'location / { proxy_pass http://127.0.0.1:1; }' >"$dir/missing/conf/skua.conf"
server 'rot www;' >"$dir/wrong/conf/skua.conf"

"$SKUA" help --listing >"$dir/listing"
tab=$(printf '\t')

# Prints the commands, each as it is typed: nothing for the program alone.
commands() {
	sed -n "s/^command$tab\([^$tab]*\)$tab.*/\1/p" "$dir/listing" | sed 's/^skua$//'
}

# Runs a command that is to end with the status $1: its output is in $dir/out and $dir/err.
ends_with() {
	wanted=$1
	shift
	status=0
	timeout 20 "$SKUA" "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ $status = "$wanted" ] || {
		echo "exit status $status, not $wanted: skua $*"
		cat "$dir/out" "$dir/err"
		return 1
	}
}

# The same, and a message says why, on standard error.
fails_with() {
	ends_with "$@" || return 1
	[ -s "$dir/err" ] || { echo "this says nothing: skua $*" && return 1; }
}

# The same, and what is printed is JSON.
gives_json() {
	ends_with "$@" || return 1
	! command -v jq >/dev/null || jq -e . <"$dir/out" >/dev/null || {
		echo "this prints no JSON: skua $*"
		cat "$dir/out"
		return 1
	}
}

# Runs the rest with a server that has the configuration "good".
with_server() {
	"$SKUA" -p "$dir/good" >"$dir/server" 2>&1 &
	server=$!
	n=0
	until "$SKUA" status -p "$dir/good" >"$dir/out" 2>&1; do
		n=$((n + 1))
		[ $n -lt 100 ] || { cat "$dir/server" "$dir/out" && kill $server && return 1; }
		sleep 0.1
	done
	result=0
	"$@" || result=1
	kill $server
	wait $server || result=1
	return $result
}

# --- the exit statuses, by command and number -----------------------------------------------

skua_0() {
	ends_with 0 -v
	ends_with 0 -V
	ends_with 0 -t -p "$dir/good"
	ends_with 0 -T -p "$dir/good"
	with_server ends_with 0 -s reload -p "$dir/good"
}

skua_1() {
	for options in '-t -p wrong' '-T -p wrong' '-p wrong' '-s reload -p wrong' '-s nonsense' '-p none -t' 'word'; do
		(cd "$dir" && fails_with 1 $options)
	done
}

skua_2() {
	fails_with 2 -t -p "$dir/missing"
	fails_with 2 -T -p "$dir/missing"
}

skua_3() {
	for signal in stop quit reload reopen upgrade; do
		fails_with 3 -s $signal -p "$dir/good"
	done
}

serve_0() {
	ends_with 0 serve --print-config "$dir/good/www"
	"$SKUA" serve -p 0 "$dir/good/www" >"$dir/server" 2>&1 &
	server=$!
	n=0
	until grep -qs 'is served at' "$dir/server"; do
		n=$((n + 1))
		[ $n -lt 100 ] || { cat "$dir/server" && kill $server && return 1; }
		sleep 0.1
	done
	kill $server
	wait $server
}

serve_1() {
	for options in "$dir/none" "$dir/listing" '-p 99999' '-a nowhere' '--cache soon' '--header x' '--cert none' 'a b'; do
		fails_with 1 serve -q $options
	done
}

status_0() {
	for option in '' --json --openmetrics; do
		with_server ends_with 0 status $option -p "$dir/good"
		[ -s "$dir/out" ]
	done
}

status_1() {
	fails_with 1 status -p "$dir/wrong"
	fails_with 1 status --json --openmetrics
	fails_with 1 status word
}

status_3() {
	for option in '' --json --openmetrics --log; do
		fails_with 3 status $option -p "$dir/good"
	done
}

help_0() {
	for words in '' root http '$uri' serve 'cache control' sandbox mp4 --all --names --listing; do
		ends_with 0 help $words
		[ -s "$dir/out" ]
	done
}

help_1() {
	fails_with 1 help no_such_thing_at_all
	fails_with 1 help -c file root
}

# --- what has --json -------------------------------------------------------------------------

skua_json() {
	gives_json 0 -t --json -p "$dir/good"
	gives_json 2 -t --json -p "$dir/missing"
	gives_json 1 -t --json -p "$dir/wrong"
}

status_json() {
	with_server gives_json 0 status --json -p "$dir/good"
}

help_json() {
	gives_json 0 help --json
	gives_json 0 help --json root
	gives_json 1 help --json no_such_thing_at_all
}

# --- the walk --------------------------------------------------------------------------------

# Runs the function $1, if there is one. Not within a condition, where set -e would not hold.
case_of() {
	type "$1" >/dev/null 2>&1 || { echo "there is no case $1 in $0" && return 1; }
	set +e
	(
		set -e
		"$1"
	)
	status=$?
	set -e
	[ $status = 0 ] || { echo "$1: failed" && return 1; }
}

each_command_explains_itself() {
	commands >"$dir/commands"
	[ "$(wc -l <"$dir/commands")" -ge 4 ]
	while read -r command; do
		for option in -h --help '-?'; do
			ends_with 0 $command "$option"
			says "Usage: skua${command:+ $command} ["
			says 'Options:'
			says 'Exit status:'
			[ ! -s "$dir/err" ] || { cat "$dir/err" && return 1; }
		done
		[ -n "$command" ] || continue
		ends_with 0 help "$command"
		says "Usage: skua $command ["
	done <"$dir/commands"
}

each_command_refuses_what_it_does_not_know() {
	commands >"$dir/commands"
	while read -r command; do
		for option in --no-such-option -Y; do
			fails_with 1 $command "$option"
			[ ! -s "$dir/out" ] || { cat "$dir/out" && return 1; }
			grep -q -e "$option\|${option#-}" "$dir/err" || { cat "$dir/err" && return 1; }
		done
	done <"$dir/commands"
}

each_exit_status_is_reached() {
	grep '^outcome' "$dir/listing" >"$dir/outcomes"
	[ -s "$dir/outcomes" ]
	while IFS=$tab read -r _ command status _; do
		case_of "${command}_$status"
	done <"$dir/outcomes"
}

each_json_is_valid() {
	awk -F "$tab" '$1 == "option" && $4 == "json"' "$dir/listing" >"$dir/with_json"
	[ "$(wc -l <"$dir/with_json")" -ge 3 ]
	while IFS=$tab read -r _ command _; do
		case_of "${command}_json"
	done <"$dir/with_json"
}

run_cases each_command_explains_itself each_command_refuses_what_it_does_not_know each_exit_status_is_reached \
	each_json_is_valid
