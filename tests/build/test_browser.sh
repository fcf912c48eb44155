#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The site in a browser, headless Chromium: each page at three widths, light and dark, looked at by
# browser.js, which says what it looks for. Then the search, with and without scripts. It takes a
# minute and a large package (auto/deps site), so it runs with SOAK=1 only.

. "$(dirname "$0")/cases.sh"

[ -n "${SOAK:-}" ] || skip 'runs with SOAK=1'
command -v chromium >/dev/null || skip 'chromium is not there'

SKUA=${SKUA:-build/skua}
site=$dir/site
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')

works auto/site "$site"
chmod -R a+rX "$dir"
(cd "$site" && find . -name '*.html' ! -name 404.html | sed 's,^\./,,' | sort) >"$dir/pages"
"$SKUA" serve -q -p "$port" "$site" >"$dir/server" 2>&1 &
server=$!
trap 'kill $server; rm -rf "$dir"' EXIT
n=0
until grep -qs "$port" "$dir/server"; do
	n=$((n + 1))
	[ $n -lt 100 ] || { cat "$dir/server" && exit 1; }
	sleep 0.1
done

# Prints the page at the address $1 as it is when its scripts have run. Further options: $2...
browse() {
	address=$1
	shift
	timeout -k 5 240 chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--user-data-dir="$dir/profile" --enable-logging=stderr --virtual-time-budget=600000 "$@" \
		--dump-dom "http://127.0.0.1:$port/$address" 2>"$dir/browser"
}

# A page that loads each page of the site into a frame, and lists what is wrong.
driver() {
	printf '<!doctype html><meta charset="utf-8"><title>Driver</title><pre id="result"></pre><script>\n'
	printf 'const pages = [%s];\n' "$(sed 's/.*/"&",/' "$1" | tr -d '\n')"
	cat tests/build/browser.js
	echo '</script>'
}

# Looks at the pages that the file $1 lists; further options: $2...
look_at() {
	driver "$1" >"$site/driver.html"
	shift
	browse driver.html "$@" >"$dir/dom" || { tail -5 "$dir/browser" && return 1; }
	sed -n '/<pre id="result">/,/<\/pre>/p' "$dir/dom" | sed -e 's/.*<pre/<pre/' -e 's/<[^>]*>//g' | grep . >"$dir/result"
	{ grep ':CONSOLE' "$dir/browser" || :; } >>"$dir/result"
}

all_is_well() {
	[ "$(cat "$dir/result")" = "$(wc -l <"$dir/pages") pages are well" ] || { cat "$dir/result" && return 1; }
}

pages_are_well_in_the_light() {
	look_at "$dir/pages" --blink-settings=preferredColorScheme=1
	all_is_well
}

pages_are_well_in_the_dark() {
	look_at "$dir/pages" --blink-settings=preferredColorScheme=0
	all_is_well
}

# Each thing that is looked for is found on a page that has it.
faults_are_found() {
	cat >"$site/faulty.html" <<-'END'
	<!doctype html><html lang="en"><title>Faulty</title>
	<body style="background: #fff"><main><h1>Title</h1><h3 id="a">Level</h3><p id="a" style="color: #aaa">pale</p>
	<div style="width: 2000px">wide</div><a href="index.html"></a><input>
	<nav></nav><table><thead><tr><th>Head</th></tr></thead><tr><td>cell</td></tr></table></main>
	<script>console.error("said"); nothing_is_called_this();</script>
	END
	echo faulty.html >"$dir/one"
	look_at "$dir/one"
	cp "$dir/result" "$dir/out"
	for fault in 'is wider' 'h3 follows h1' 'the id a' 'contrast' 'link without a name' 'input without a name' \
		'nav without a name' 'lost its head' 'said' 'nothing_is_called_this'; do
		says "$fault"
	done
}

search_shows_what_it_finds() {
	browse 'docs/search.html?q=gzip_types' >"$dir/out"
	says 'href="../docs/modules/gzip.html#gzip_types"'
	browse 'docs/search.html?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E' >"$dir/out"
	says 'Nothing was found.'
	lacks '<img' "$dir/out"
}

# A frame that may run no scripts shows what to do instead.
search_says_what_to_do_without_scripts() {
	cat >"$site/without.html" <<-'END'
	<!doctype html><pre id="text"></pre>
	<iframe id="page" sandbox="allow-same-origin" src="docs/search.html"></iframe>
	<script>page.onload = () => text.textContent = page.contentDocument.body.innerText;</script>
	END
	browse without.html >"$dir/out"
	says 'Your browser runs no scripts'
	says 'skua help --all'
}

search_works_on_files() {
	timeout -k 5 60 chromium --headless=new --no-sandbox --disable-gpu --user-data-dir="$dir/profile" \
		--virtual-time-budget=10000 --dump-dom "file://$site/docs/search.html?q=gzip_types" >"$dir/out" 2>/dev/null
	says 'href="../docs/modules/gzip.html#gzip_types"'
}

run_cases pages_are_well_in_the_light pages_are_well_in_the_dark faults_are_found \
	search_shows_what_it_finds search_says_what_to_do_without_scripts search_works_on_files
