# SPDX-License-Identifier: BSD-2-Clause
#
# Makes the pages of the reference of www/docs/reference.txt: one for each module, a list of the
# modules, and an index of all names. They are written as those in www/ are: a title, a
# description, and what the page shows, without the frame.
#
#	awk -v out=FOLDER -f reference.awk reference.txt
#
# Writes out/names: each name with the page and the anchor that explain it, and out/modules: the
# pages, in order. reference.txt begins with a line "module NAME: SUMMARY" for each module; then
# each name has a part:
#
#	name                                      (or $name, with Module: alone)
#	    Syntax:   name arguments;
#	    Default:  value
#	    Context:  http, server
#	    Module:   name
#
#	    What it does, in paragraphs.
#
#	        an example

/^module [a-z_0-9]*: / {
	name = substr($2, 1, length($2) - 1)
	summary[name] = substr($0, index($0, ": ") + 2)
	next
}
/^[^ ]/ {
	names[++count] = $1
	ids[count] = $1
	sub(/^\$/, "var_", ids[count])
	if (first[$1]++)
		ids[count] = $1 "_" first[$1]
	fields = 1
	next
}
/^ *$/ { fields = 0; paragraph = 1; next }
fields && /^    [A-Z][a-z]+: / {
	key = $1
	sub(/^ *[A-Z][a-z]+: */, "")
	value[count, key] = $0
	next
}
fields {
	sub(/^ */, "")
	value[count, key] = value[count, key] " " $0
	next
}
# A paragraph is text or, if it is indented further, a piece of a configuration.
count {
	line = substr($0, 5)
	code = line ~ /^    /
	if (paragraph && !(code && kinds[count, parts[count]] == "code")) {
		kinds[count, ++parts[count]] = code ? "code" : "text"
		paragraph = 0
	} else if (paragraph) {
		texts[count, parts[count]] = texts[count, parts[count]] "\n"
		paragraph = 0
	}
	if (code)
		line = substr(line, 5)
	texts[count, parts[count]] = texts[count, parts[count]] line "\n"
}

function escape(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/"/, "\\&quot;", text)
	return text
}

# The link to the name WORD from the page of MODULE, or the word itself.
function link(word, self, module)
{
	if (!(word in place) || word == self)
		return word
	if (home[word] == module)
		return "<a href=\"#" id_of[word] "\">" word "</a>"
	return "<a href=\"" home[word] ".html#" id_of[word] "\">" word "</a>"
}

# Text with links: what stands in backquotes is code, and so are names with an underscore and
# variables, which can mean nothing else.
function marked(text, self, module,    result, word)
{
	while (match(text, /`[^`]*`|\$?[a-z0-9]+_[a-z0-9_]+|\$[a-z_0-9]+/)) {
		word = substr(text, RSTART, RLENGTH)
		result = result substr(text, 1, RSTART - 1)
		text = substr(text, RSTART + RLENGTH)
		if (word ~ /^`/)
			result = result "<code>" link(substr(word, 2, length(word) - 2), self, module) "</code>"
		else if (word in place)
			result = result "<code>" link(word, self, module) "</code>"
		else
			result = result word
	}
	return result text
}

function row(file, i, key, as_code,    text)
{
	if (!((i, key) in value))
		return
	text = escape(value[i, key])
	if (as_code && text != "—")
		text = "<code>" text "</code>"
	printf "<dt>%s</dt><dd>%s</dd>\n", substr(key, 1, length(key) - 1), text >file
}

function entry(file, i, module,    p, text)
{
	printf "\n<section class=\"entry\">\n<h2 id=\"%s\">%s</h2>\n<dl>\n", ids[i], escape(names[i]) >file
	row(file, i, "Syntax:", 1)
	row(file, i, "Default:", 1)
	row(file, i, "Context:", 0)
	print "</dl>" >file
	for (p = 1; p <= parts[i]; p++) {
		text = texts[i, p]
		sub(/\n$/, "", text)
		if (kinds[i, p] == "code")
			printf "<pre tabindex=\"0\"><code>%s</code></pre>\n", escape(text) >file
		else
			printf "<p>%s</p>\n", marked(escape(text), names[i], module) >file
	}
	print "</section>" >file
}

function begin(file, title, description)
{
	printf "<!-- SPDX-License-Identifier: BSD-2-Clause -->\n<title>%s</title>\n", title >file
	printf "<meta name=\"description\" content=\"%s\">\n", escape(description) >file
	printf "<h1>%s</h1>\n", title >file
}

# "2 directives and 1 variable".
function contents(module,    i, directives, variables, text)
{
	for (i = 1; i <= count; i++)
		if (value[i, "Module:"] == module && names[i] ~ /^\$/)
			variables++
		else if (value[i, "Module:"] == module)
			directives++
	text = directives ? directives " directive" (directives > 1 ? "s" : "") : ""
	if (variables)
		text = text (text ? ", " : "") variables " variable" (variables > 1 ? "s" : "")
	return text
}

function module_page(module,    file, i)
{
	file = out "/docs/modules/" module ".html"
	begin(file, module, "The module " module ": " summary[module] ". Syntax, default, context, examples.")
	printf "<p class=\"lead\">%s%s. This is what <code>skua help NAME</code> prints.</p>\n",
		toupper(substr(summary[module], 1, 1)), escape(substr(summary[module], 2)) >file
	for (i = 1; i <= count; i++)
		if (value[i, "Module:"] == module)
			entry(file, i, module)
	close(file)
}

function module_list(    file, m)
{
	file = out "/docs/modules.html"
	begin(file, "Modules", "Each module with what it does, on a page of its own.")
	print "<p class=\"lead\">All directives and variables belong to a module. The first ones are parts of the" \
		" core, the others can be left out: <code>auto/configure --without-NAME</code>.</p>" >file
	print "<table class=\"stack\">\n<tr><th>Module</th><th>What it does</th><th>Has</th></tr>" >file
	for (m = 1; m <= many; m++)
		printf "<tr><td><a href=\"modules/%s.html\"><code>%s</code></a></td><td>%s</td><td>%s</td></tr>\n",
			modules[m], modules[m], escape(summary[modules[m]]), contents(modules[m]) >file
	print "</table>" >file
	close(file)
}

# Sorts the numbers of the entries by name; those that begin with "$" are left out, or alone.
function sorted(variables, order,    i, j, n, key)
{
	for (i = 1; i <= count; i++) {
		if ((names[i] ~ /^\$/) != variables)
			continue
		key = i
		for (j = ++n; j > 1 && names[order[j - 1]] > names[key]; j--)
			order[j] = order[j - 1]
		order[j] = key
	}
	return n
}

function index_part(file, title, id, variables,    i, n, order)
{
	n = sorted(variables, order)
	printf "<h2 id=\"%s\">%s</h2>\n<ul class=\"names\">\n", id, title >file
	for (i = 1; i <= n; i++)
		printf "<li id=\"%s\"><a href=\"modules/%s.html#%s\"><code>%s</code></a> <small>%s</small></li>\n",
			ids[order[i]], value[order[i], "Module:"], ids[order[i]], escape(names[order[i]]),
			value[order[i], "Module:"] >file
	print "</ul>" >file
}

function index_page(    file)
{
	file = out "/docs/directives.html"
	begin(file, "Directives and variables", "All directives and variables by name, each with its module.")
	print "<p class=\"lead\">Each name with the module that has it. <code>skua help NAME</code> shows the same in a" \
		" terminal.</p>" >file
	index_part(file, "Directives", "directives", 0)
	index_part(file, "Variables", "variables", 1)
	close(file)
}

END {
	for (i = 1; i <= count; i++) {
		module = value[i, "Module:"]
		if (!seen[module]++)
			modules[++many] = module
		place[names[i]] = 1
		home[names[i]] = module
		id_of[names[i]] = ids[i]
		printf "%s docs/modules/%s.html#%s\n", ids[i], module, ids[i] >(out "/names")
	}
	for (m = 1; m <= many; m++) {
		module_page(modules[m])
		printf "docs/modules/%s.html %s\n", modules[m], modules[m] >(out "/modules")
	}
	module_list()
	index_page()
}
