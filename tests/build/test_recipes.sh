#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The recipes of the site, as a reader would follow them: the files that a page shows
# (data-file) are written, its commands (data-run) are run, and what they print is what stands
# below them. The port 8080 becomes one that is free.

. "$(dirname "$0")/cases.sh"

for tool in curl openssl python3; do
	command -v $tool >/dev/null || skip "$tool is not there"
done

SKUA=$(realpath "${SKUA:-build/skua}")
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')
mkdir "$dir/bin"
ln -s "$SKUA" "$dir/bin/skua"
chmod 755 "$dir" # workers are other users if root runs this
export CURL_HOME="$dir"
echo silent >"$dir/.curlrc"

# Makes a script of the page $1: it writes the files and commands, and compares. A command reads
# its output from the lines up to the next one.
script_of() {
	awk -v port="$port" '
	function plain(text)
	{
		gsub(/<[^>]*>/, "", text)
		gsub(/&lt;/, "<", text)
		gsub(/&gt;/, ">", text)
		gsub(/&amp;/, "\\&", text)
		gsub(/8080/, port, text)
		return text
	}
	function end_command()
	{
		if (in_command)
			print "END_OF_OUTPUT\ncheck"
		in_command = 0
	}
	match($0, /<pre [^>]*data-file="[^"]*"/) {
		file = substr($0, RSTART, RLENGTH)
		sub(/.*data-file="/, "", file)
		sub(/"$/, "", file)
		folder = file
		sub(/[^\/]*$/, "", folder)
		printf "mkdir -p ./%s && cat >%s <<\"END_OF_FILE\"\n", folder, file
		mode = "file"
	}
	/<pre [^>]*data-run/ { mode = "run" }
	mode == "file" { print plain($0) }
	mode == "run" {
		line = plain($0)
		if (line ~ /^\$ /) {
			end_command()
			line = substr(line, 3)
			quoted = line
			gsub(/\047/, "\047\\\047\047", quoted)
			printf "printf \"%%s\\n\" \047$ %s\047 >&3\n{ %s\n} >\"$out\" 2>&1 </dev/null || :\n", quoted, line
			print "cat >\"$wanted\" <<\"END_OF_OUTPUT\""
			in_command = 1
		} else if (line != "")
			print line
	}
	/<\/pre>/ {
		if (mode == "file")
			print "END_OF_FILE"
		end_command()
		mode = ""
	}' "$1"
}

# Runs the script of the page $1 in an empty folder.
follow() {
	rm -rf "$dir/here"
	mkdir "$dir/here"
	{
		cat <<-'END'
		out=$dir/printed wanted=$dir/wanted
		exec 3>"$dir/last"
		check() {
			grep -v "sandbox: instrumented" "$out" | diff "$wanted" - && return; cat "$dir/last"; exit 1; }
		trap '[ ! -s logs/skua.pid ] || kill -TERM $(cat logs/skua.pid)' EXIT
		END
		script_of "www/docs/recipes/$1.html"
	} >"$dir/script"
	grep -q '^check$' "$dir/script"
	(cd "$dir/here" && timeout 60 env PATH="$dir/bin:$PATH" dir="$dir" sh "$dir/script")
}

spa() { follow spa; }
documentation() { follow documentation; }
mirror() { follow mirror; }
downloads() { follow downloads; }
balancer() { follow balancer; }
caddy() { follow caddy; }
apache() { follow apache; }

each_page_of_recipes_that_has_commands_is_here() {
	grep -l 'data-run' www/docs/recipes/*.html | while read -r page; do
		grep -q "^$(basename "$page" .html)() {" tests/build/test_recipes.sh || { echo "$page is not tried" && exit 1; }
	done
}

run_cases spa documentation mirror downloads balancer caddy apache each_page_of_recipes_that_has_commands_is_here
