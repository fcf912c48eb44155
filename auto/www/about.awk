# SPDX-License-Identifier: BSD-2-Clause
#
# Makes a part of a page of the README.md of a module: what was written by hand, which stands
# between two lines of comments if the rest was made of the module's tables. It knows as much of
# Markdown as these files use: headings, paragraphs, lists, indented code, tables, `code`, **bold**.

function escape(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

function marked(text,    result, word)
{
	text = escape(text)
	while (match(text, /`[^`]*`|\*\*[^*]*\*\*/)) {
		word = substr(text, RSTART, RLENGTH)
		result = result substr(text, 1, RSTART - 1)
		text = substr(text, RSTART + RLENGTH)
		if (word ~ /^`/)
			result = result "<code>" substr(word, 2, length(word) - 2) "</code>"
		else
			result = result "<b>" substr(word, 3, length(word) - 4) "</b>"
	}
	return result text
}

# Ends the paragraph, the code or the item that has been collected.
function flush()
{
	if (block == "text")
		print "<p>" marked(text) "</p>"
	else if (block == "item")
		print "<li>" marked(text) "</li>"
	else if (block == "code") {
		sub(/\n+$/, "", text)
		print "<pre tabindex=\"0\"><code>" escape(text) "</code></pre>"
	} else if (block == "table")
		print "</table>"
	block = text = ""
}

function list(tag)
{
	if (tag == open)
		return
	if (open)
		print "</" open ">"
	if (tag)
		print "<" tag ">"
	open = tag
}

function heading(title, level,    id)
{
	flush()
	list("")
	id = tolower(title)
	gsub(/[^a-z0-9]+/, "-", id)
	printf "<h%d id=\"about%s\">%s</h%d>\n", level, level == 2 ? "" : "-" id, marked(title), level
}

function row(line,    cells, n, c)
{
	if (block != "table") {
		flush()
		list("")
		print "<table>"
		head = 1
	}
	block = "table"
	if (line ~ /^\| *:?-/)
		return
	n = split(line, cells, / *\| */)
	printf "<tr>"
	for (c = 2; c < n; c++)
		printf head ? "<th>%s</th>" : "<td>%s</td>", marked(cells[c])
	print "</tr>"
	head = 0
}

function begin(kind, line)
{
	flush()
	block = kind
	text = line
}

/^<!-- / {
	if (started)
		exit
	next
}
/^# / { next }
!started && NF { started = 1; heading("About the module", 2) }
block == "code" && (/^    / || !NF) { text = text "\n" substr($0, 5); next }
/^##+ / { title = $0; sub(/^#+ /, "", title); heading(title, 3); next }
/^\|/ { row($0); next }
/^- / { flush(); list("ul"); begin("item", substr($0, 3)); next }
/^[0-9]+\. / { flush(); list("ol"); sub(/^[0-9]+\. /, ""); begin("item", $0); next }
!NF { flush(); next }
/^    / && block == "" { list(""); begin("code", substr($0, 5)); next }
block == "item" || block == "text" { sub(/^ +/, ""); text = text "\n" $0; next }
{ flush(); list(""); begin("text", $0) }
END { flush(); list("") }
