# SPDX-License-Identifier: BSD-2-Clause
#
# Makes the index that docs/search.html loads of pages without their frame: a script that
# sets `skua_pages` to a list with a line for each section of a page, [address, title of the page,
# title of the section, text]. A script and not JSON, because pages that a browser
# opens as files can load no other.
#
#	awk -v folder=FOLDER -f search.awk FILE...

BEGIN {
	print "/* SPDX-License-Identifier: BSD-2-Clause\n * Made by auto/site. */"
	print "var skua_pages = ["
}

function plain(text)
{
	gsub(/<dt>(Default|Context)<\/dt><dd>(<code>)?[^<]*(<\/code>)?<\/dd>/, "", text)
	gsub(/<dt>[^<]*<\/dt>/, "", text)
	gsub(/<\/?(dd|td|th|li|p|pre|tr)[^>]*>/, " ", text)
	gsub(/<[^>]*>/, "", text)
	gsub(/&lt;/, "<", text)
	gsub(/&gt;/, ">", text)
	gsub(/&quot;/, "\"", text)
	gsub(/&nbsp;/, " ", text)
	gsub(/&amp;/, "\\&", text)
	gsub(/[ \t\n]+/, " ", text)
	sub(/^ /, "", text)
	sub(/ $/, "", text)
	return text
}

# TEXT with BEFORE in front of each MARK. Not by gsub(), whose backslashes awks read differently.
function guarded(text, mark, before,    result, at)
{
	while ((at = index(text, mark)) > 0) {
		result = result substr(text, 1, at - 1) before mark
		text = substr(text, at + 1)
	}
	return result text
}

function quoted(text)
{
	return "\"" guarded(guarded(text, "\\", "\\"), "\"", "\\") "\""
}

function flush_section()
{
	if (page != "" && plain(section text) != "")
		printf "[%s,%s,%s,%s],\n", quoted(address), quoted(page), quoted(plain(section)), quoted(plain(text))
	section = text = ""
}

FNR == 1 {
	flush_section()
	address = substr(FILENAME, length(folder) + 2)
	path = address
	page = ""
	hidden = 0
}
/^<title>/ { page = plain($0); next }
/^<meta |^<!-- |^<link / { next }
/<svg/ { hidden = 1 }
/<\/svg>/ { hidden = 0; next }
hidden { next }
/<h1/ { next }
match($0, /<h[23][^>]* id="[^"]*"/) {
	flush_section()
	id = substr($0, RSTART, RLENGTH)
	sub(/.* id="/, "", id)
	sub(/"$/, "", id)
	address = path "#" id
	section = $0
	next
}
{ text = text " " $0 }
END {
	flush_section()
	print "];"
}
