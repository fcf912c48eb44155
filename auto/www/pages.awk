# SPDX-License-Identifier: BSD-2-Clause
#
# Puts the frame around each page: navigation, contents, the pages before and after.
#
#	awk -v source=www -v work=FOLDER -v out=FOLDER -f figures.awk -f tables.awk -f pages.awk www/pages
#
# Pages are read in work (those of www/ and those that reference.awk has made) and written to out.
# www/pages says which there are, www/frame is the frame.

function fail(message)
{
	print "site: " message >"/dev/stderr"
	failed = 1
	exit 1
}

/^ *(#|$)/ { next }
$1 == "home" || $1 == "page" || $1 == "group" || $1 == "top" {
	kind[++lines] = $1
	path[lines] = $1 == "group" ? "" : $2
	name[lines] = $0
	sub(/^ *[a-z]+ +/, "", name[lines])
	if ($1 != "group")
		sub(/^[^ ]+ +/, "", name[lines])
	next
}
$1 == "modules" {
	while ((getline line <(work "/modules")) > 0) {
		split(line, words, " ")
		kind[++lines] = "module"
		path[lines] = words[1]
		name[lines] = words[2]
	}
	next
}
{ fail(FILENAME ":" FNR ": is no home, page, group, top or modules: " $0) }

# The way from a page at PATH to the root of the site.
function up(path,    result, i)
{
	result = ""
	while ((i = index(path, "/")) > 0) {
		result = result "../"
		path = substr(path, i + 1)
	}
	return result
}

function item(i, current, root)
{
	return "<a href=\"" root path[i] "\"" (i == current ? " aria-current=\"page\"" : "") ">" name[i] "</a>"
}

function top_navigation(current, root,    i, text)
{
	for (i = 1; i <= lines; i++)
		if (kind[i] == "top")
			text = text "<a href=\"" root path[i] "\"" \
				(path[i] == path[current] ? " aria-current=\"page\"" : "") ">" name[i] "</a>\n"
	return text
}

# Of the modules, only the one that is shown.
function side_navigation(current, root,    i, text, open)
{
	for (i = 1; i <= lines; i++) {
		if (kind[i] == "group") {
			text = text (open ? "</ul>\n" : "") "<h2>" name[i] "</h2>\n<ul>\n"
			open = 1
		} else if (kind[i] == "page" || kind[i] == "module" && i == current)
			text = text "<li" (kind[i] == "module" ? " class=\"within\"" : "") ">" item(i, current, root) "</li>\n"
	}
	return "<nav class=\"side\" id=\"pages\" aria-label=\"All pages\">\n" text "</ul>\n</nav>\n"
}

function neighbour(current, step,    i)
{
	for (i = current + step; i >= 1 && i <= lines; i += step)
		if (kind[i] == "page" || kind[i] == "module")
			return i
	return 0
}

function pager(current, root,    before, after, text)
{
	before = neighbour(current, -1)
	after = neighbour(current, 1)
	if (before)
		text = text "<a rel=\"prev\" href=\"" root path[before] "\"><small>Previous</small> " name[before] "</a>\n"
	if (after)
		text = text "<a rel=\"next\" href=\"" root path[after] "\"><small>Next</small> " name[after] "</a>\n"
	return "<nav class=\"pager\" aria-label=\"Neighbouring pages\">\n" text "</nav>\n"
}

# Notes a heading for the contents.
function note_heading(line, file,    level, id, text)
{
	if (!match(line, /<h[23][^>]*>/))
		return
	level = substr(line, RSTART + 2, 1)
	text = substr(line, RSTART + RLENGTH)
	sub(/<\/h[23]>.*/, "", text)
	gsub(/<[^>]*>/, "", text)
	if (!match(line, /<h[23][^>]* id="[^"]*"/))
		fail(file ": the heading \"" text "\" has no id")
	id = substr(line, RSTART, RLENGTH)
	sub(/.* id="/, "", id)
	sub(/"$/, "", id)
	heading_level[++headings] = level
	heading_id[headings] = id
	heading_text[headings] = text
	count_of[level]++
}

# A list of the headings; those of the third level only if there are not too many.
function table_of_contents(    h, text, inside)
{
	if (headings < 3)
		return ""
	for (h = 1; h <= headings; h++) {
		if (heading_level[h] == 3 && headings > 40)
			continue
		text = text "<li" (heading_level[h] == 3 ? " class=\"within\"" : "") "><a href=\"#" heading_id[h] "\">" \
			heading_text[h] "</a></li>\n"
	}
	return "<nav class=\"toc\" aria-label=\"On this page\">\n<h2>On this page</h2>\n<ul>\n" text "</ul>\n</nav>\n"
}

# LINE with TEXT in place of each MARK; gsub() would give a meaning to "&" in TEXT.
function filled(line, mark, text,    result, at)
{
	while ((at = index(line, mark)) > 0) {
		result = result substr(line, 1, at - 1) text
		line = substr(line, at + length(mark))
	}
	return result line
}

# Links to directives.html#NAME lead to the page of the module.
function resolved(line, root,    result, target, found)
{
	while (match(line, /href="[^"]*directives\.html#[^"]*"/)) {
		target = substr(line, RSTART, RLENGTH)
		result = result substr(line, 1, RSTART - 1)
		line = substr(line, RSTART + RLENGTH)
		found = target
		sub(/.*#/, "", found)
		sub(/"$/, "", found)
		result = result (found in place ? "href=\"" root place[found] "\"" : target)
	}
	return result line
}

# Browsers break lines behind each "-". A short piece of code that has one, such as an option,
# stays in one line. An example, in <pre>, has its own lines.
function unbroken(line,    result, code)
{
	if (line ~ /<pre/)
		return line
	while (match(line, /<code>[^<]*<\/code>/)) {
		code = substr(line, RSTART, RLENGTH)
		result = result substr(line, 1, RSTART - 1)
		line = substr(line, RSTART + RLENGTH)
		if (index(code, "-") && RLENGTH <= length("<code></code>") + 30)
			code = "<code class=\"whole\">" substr(code, 7)
		result = result code
	}
	return result line
}

# Reads a page into the globals title, description and body, and notes its headings.
function read_page(file, root, with_tables,    line, started)
{
	title = description = body = ""
	headings = 0
	in_table = started = 0
	split("", count_of)
	while ((getline line <file) > 0) {
		if (line ~ /^<title>/) {
			title = line
			gsub(/<\/?title>/, "", title)
		} else if (line ~ /^<meta name="description"/) {
			description = line
			sub(/.* content="/, "", description)
			sub(/">.*/, "", description)
		} else if (line !~ /^<!-- SPDX/ && (started || line != "")) {
			started = 1
			note_heading(line, file)
			if (line ~ /^<!-- (table|bars) /)
				line = figure(line)
			else
				line = unbroken(resolved(with_tables ? tables(line) : line, root))
			body = body line "\n"
		}
	}
	close(file)
	if (title == "" || description == "" || body == "")
		fail(file ": has no <title>, <meta name=\"description\"> or body on lines of their own")
}

# The contents stand behind the paragraph below the title.
function with_contents(text,    toc, at)
{
	toc = table_of_contents()
	at = index(text, "</p>\n")
	return toc == "" ? text : substr(text, 1, at + 4) toc substr(text, at + 5)
}

function write_page(i,    file, root, line, content)
{
	file = out "/" path[i]
	root = up(path[i])
	read_page(work "/" path[i], root, kind[i] != "home")
	if (kind[i] == "home")
		content = body
	else
		content = "<div class=\"wrap doc\">\n<main id=\"main\">\n" with_contents(body) pager(i, root) "</main>\n\n" \
			side_navigation(i, root) "</div>\n"
	while ((getline line <(source "/frame")) > 0) {
		if (line == "@CONTENT@")
			printf "%s", content >file
		else if (line == "@TOP@")
			printf "%s", top_navigation(i, root) >file
		else {
			line = filled(line, "@ROOT@", root)
			line = filled(line, "@BODY@", kind[i] == "home" ? "home" : "document")
			line = filled(line, "@TITLE@", kind[i] == "home" ? title : title " · Skua")
			line = filled(line, "@DESCRIPTION@", description)
			print line >file
		}
	}
	close(source "/frame")
	close(file)
}

END {
	if (failed)
		exit 1
	while ((getline line <(work "/names")) > 0) {
		split(line, words, " ")
		place[words[1]] = words[2]
	}
	for (i = 1; i <= lines; i++)
		if (kind[i] == "home" || kind[i] == "page" || kind[i] == "module") {
			paths[path[i]] = 1
			write_page(i)
		}
}
