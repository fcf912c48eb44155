#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The site: the reference is what the program says, each link leads to a file and an anchor that
# are there, the frame is the same on all pages, tables keep their heads, the search finds
# what pages say, and the module on the first page is modules/hello.

. "$(dirname "$0")/cases.sh"

SKUA=${SKUA:-build/skua}
site=$dir/site

works auto/site "$site"
find "$site" -name '*.html' ! -name 404.html | sort >"$dir/pages"

# Prints the links of the page $1 that stay in the site, each as FILE#ANCHOR. Those from
# the root belong to pages that stand for others.
links() {
	grep -oE '(href|src)="[^"]*"' "$1" | sed -e 's/^[a-z]*="//; s/"$//' | grep -v '^[a-z]*:' |
		sed -e "s,^/\$,/index.html," -e "s,^/,$site/,; t" -e "s,^#,$1#,; t" -e "s,^,${1%/*}/,"
}

leads_somewhere() {
	file=${1%%#*} anchor=${1#"$file"}
	[ -f "$file" ] || { echo "$page: there is no $file" && return 1; }
	[ -z "$anchor" ] || grep -q "id=\"${anchor#?}\"" "$file" || { echo "$page: $file has no $anchor" && return 1; }
}

every_link_leads_somewhere() {
	[ -s "$dir/pages" ]
	{ cat "$dir/pages" && echo "$site/404.html"; } | while read -r page; do
		for link in $(links "$page"); do
			leads_somewhere "$link"
		done
	done
}

# Makes the site of a copy of www/ that the command $1 has changed.
changed_site() {
	rm -rf "$dir/copy"
	mkdir "$dir/copy"
	cp -R auto www "$dir/copy/"
	(cd "$dir/copy" && eval "$1")
	"$dir/copy/auto/site" "$dir/copy/site"
}

page_that_is_not_listed_is_an_error() {
	fails changed_site 'cp www/docs/tls.html www/docs/more.html'
	says 'www/docs/more.html: add a line for it to www/pages'
	fails changed_site 'rm www/docs/tls.html'
	says 'there is no www/docs/tls.html'
	fails changed_site 'echo "<h2>No id</h2>" >>www/docs/tls.html'
	says 'the heading "No id" has no id'
}

# What means something to the tools that make the pages is text here.
signs_are_kept() {
	works changed_site "cat >www/docs/tls.html" <<-'END'
	<title>A &amp; B \1</title>
	<meta name="description" content="C &amp; D \\n">
	<h1>A &amp; B</h1>
	<p>Text</p>
	<table><tr><th>E &amp; "F"</th></tr>
	<tr><td>x</td></tr></table>
	<h2 id="g">G &amp; \n</h2>
	<h2 id="h">H</h2>
	<h2 id="i">I</h2>
	<p>"\&lt;/script>\u0041</p>
	END
	page=$dir/copy/site/docs/tls.html
	grep -qF '<title>A &amp; B \1 · Skua</title>' "$page"
	grep -qF 'content="C &amp; D \\n"' "$page"
	grep -qF '<td data-label="E &amp; &quot;F&quot;">x</td>' "$page"
	grep -qF '<a href="#g">G &amp; \n</a>' "$page"
	! command -v node >/dev/null ||
		node tests/build/search.js "$dir/copy/site" '"\</script>\u0041' | grep -q 'tls.html#i'
}

# The list of pages is the same on each page, but for the way to them and the page itself.
navigation_is_the_same_everywhere() {
	works changed_site "sed -i 's/^page docs.tls.html TLS/& and more/' www/pages"
	for page in $(cd "$dir/copy/site" && find docs -name '*.html'); do
		grep -q '>TLS and more</a>' "$dir/copy/site/$page"
	done
}

each_page_has_neighbours_and_its_contents() {
	page=$site/docs/routing.html
	grep -q 'rel="prev" href="../docs/configuration.html"' "$page"
	grep -q 'rel="next" href="../docs/tls.html"' "$page"
	grep -q '<nav class="toc"' "$page"
	grep -q '<li><a href="#location">Which location</a></li>' "$page"
}

tables_keep_their_heads_on_a_phone() {
	grep -q '<thead><tr><th scope="col">Written</th>' "$site/docs/routing.html"
	grep -q '<td data-label="Written"><code>location = /</code></td><td data-label="Matches">' "$site/docs/routing.html"
}

modules_have_a_page_with_examples() {
	page=$site/docs/modules/gzip.html
	grep -q '<h2 id="gzip_types">gzip_types</h2>' "$page"
	grep -q '^<pre tabindex="0"><code>gzip on;' "$page"
	grep -q '<a href="compress.html#compress_cache">' "$page"
	# What the module's README.md adds by hand.
	grep -q '<h3 id="about-ready-made-files">Ready-made files</h3>' "$page"
	grep -q '^<p>If <code>a.css.gz</code> is in the same directory' "$page"
	grep -q '<a href="#about">About the module</a>' "$page"
	# Links to a name on the page of all names lead to the page of its module.
	grep -q 'href="../docs/modules/files.html#etag"' "$site/docs/nginx.html"
	for module in modules/*/; do
		module=$(basename "$module")
		[ -f "$site/docs/modules/$module.html" ] || ! grep -q "Module: *$module\$" www/docs/reference.txt
	done
}

# The script of the search, run by node on the index.
# shellcheck disable=SC2016 # these are words to look for
search_finds_what_pages_say() {
	command -v node >/dev/null || { echo 'SKIP search: node is not there' && return; }
	for words in gzip_types 'ready-made files' '$request_time' gzip_tpyes 'ssl renewal' '--print-config' '<module.h>' '"' '\n'; do
		node tests/build/search.js "$site" "$words" >"$dir/found"
		[ -s "$dir/found" ] || { echo "the search finds nothing for $words" && return 1; }
		cp "$dir/found" "$dir/found.$((n = ${n:-0} + 1))"
	done
	head -1 "$dir/found.1" | grep -qx '../docs/modules/gzip.html#gzip_types gzip_types'
	grep -q '^../docs/nginx.html#' "$dir/found.2"
	head -1 "$dir/found.3" | grep -q '#var_request_time'
	grep -q '#gzip_types' "$dir/found.4"
	head -3 "$dir/found.5" | grep -q '^../docs/tls.html#renewal'
	grep -q '^../docs/commands.html#serve' "$dir/found.6"
}

# Browsers break lines at a "-"; and what the search shows of a directive begins with what it does.
options_stay_whole_and_excerpts_are_sentences() {
	grep -q '<code class="whole">-h, --help</code>' "$site/docs/commands.html"
	lacks 'class="whole">[^<]\{31\}' "$site/docs/commands.html"
	# With the commands there is no page of a module between them and their neighbours.
	grep -A 1 'Commands</a>' "$site/docs/modules/gzip.html" | grep -q 'Modules</a>'
	grep -q '"gzip_types media-type ...; The types of' "$site/docs/search-index.js"
}

# A bar is as long as its figure in www/bench says, and has it beside it.
graphs_are_drawn_from_the_tables() {
	figure=$(sed -n 's/^| 1 KiB, keep-alive, 64 | [^|]*| \([0-9.]*\) .*/\1/p' www/bench/files.md)
	[ -n "$figure" ]
	works changed_site "sed -i '/^| 1 KiB, keep-alive, 64 /s/| $figure (/| 77.77 (/' www/bench/files.md"
	for page in index.html docs/speed.html; do
		lacks '>77\.77<' "$site/$page"
		grep -q '>77\.77<' "$dir/copy/site/$page"
		bar_of() { grep -o '<rect[^>]*>' "$1" | tr '\n' ' '; }
		[ "$(bar_of "$site/$page")" != "$(bar_of "$dir/copy/site/$page")" ]
	done
}

# A page of 60 KiB at most, with all that it loads.
first_page_is_small() {
	size=$(cat "$site/index.html" "$site/style.css" "$site/favicon.svg" | wc -c)
	[ "$size" -le 61440 ] || { echo "the first page is $size bytes" && return 1; }
}

nothing_is_loaded_from_elsewhere() {
	while read -r page; do
		lacks '\(src\|action\)="[a-z]*:\|<link [^>]*href="[a-z]*:\|@import\|url(' "$page"
	done <"$dir/pages"
	lacks '@import\|url(' "$site/style.css"
	lacks 'https*://' "$site/search.js"
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

first_page_shows_the_module_hello() {
	hello_in modules/hello/hello.c >"$dir/module"
	[ -s "$dir/module" ]
	hello_in www/index.html >"$dir/shown"
	cmp "$dir/shown" "$dir/module" || { echo "the first page shows another module hello" && return 1; }
}

run_cases every_link_leads_somewhere page_that_is_not_listed_is_an_error \
	signs_are_kept navigation_is_the_same_everywhere each_page_has_neighbours_and_its_contents \
	tables_keep_their_heads_on_a_phone modules_have_a_page_with_examples search_finds_what_pages_say \
	options_stay_whole_and_excerpts_are_sentences \
	graphs_are_drawn_from_the_tables first_page_is_small nothing_is_loaded_from_elsewhere reference_is_what_the_program_says \
	first_page_shows_the_module_hello
