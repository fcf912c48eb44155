# SPDX-License-Identifier: BSD-2-Clause
#
# Tables on a narrow screen: each row becomes a block, in which each cell shows the head of its
# column (style.css). For that, tables() gives cells the attribute data-label, and puts the row of
# heads into <thead>. It is called with the lines of a page in order.

# The text of a cell of the head, as a value of an attribute.
function label(text)
{
	gsub(/<[^>]*>/, "", text)
	gsub(/"/, "\\&quot;", text)
	return text
}

function tables_head(line,    rest, n)
{
	n = 0
	rest = line
	while (match(rest, /<th[^>]*>/)) {
		rest = substr(rest, RSTART + RLENGTH)
		labels[++n] = label(substr(rest, 1, index(rest, "</th>") - 1))
	}
	gsub(/<th>/, "<th scope=\"col\">", line)
	return "<thead>" line "</thead><tbody>"
}

function tables(line,    result, tag)
{
	if (line ~ /<table[ >]/) {
		in_table = 1
		has_head = 0
	}
	if (!in_table || line ~ /class="figures"/)
		return line
	if (!has_head && line ~ /<tr><th/) {
		has_head = 1
		return tables_head(line)
	}
	while (match(line, /<\/?(tr|td|th|table)[^>]*>/)) {
		tag = substr(line, RSTART, RLENGTH)
		result = result substr(line, 1, RSTART - 1)
		line = substr(line, RSTART + RLENGTH)
		if (tag ~ /^<tr/)
			column = 0
		else if (tag ~ /^<t[dh]/ && labels[++column] != "" && has_head)
			tag = substr(tag, 1, length(tag) - 1) " data-label=\"" labels[column] "\">"
		else if (tag == "</table>") {
			if (has_head)
				tag = "</tbody></table>"
			in_table = 0
			split("", labels)
		}
		result = result tag
	}
	return result line
}
