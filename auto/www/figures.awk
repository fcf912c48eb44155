# SPDX-License-Identifier: BSD-2-Clause
#
# Tables and bars of what `tests/bench/run --markdown` has printed. A page shows one by a line:
#
#	<!-- table FILE TITLE -->                 the table of FILE whose title begins with TITLE
#	<!-- bars FILE TITLE: ROW = CAPTION -->   one of its rows as bars, a server each
#
# FILE is relative to www/. Where the servers stand in the second column and not in the head, ROW
# is what the first column of their rows has, and the third has the figure. In a cell such as
# "5.78 (1.02)" the bar is as long as the first figure.

# Reads the table into the globals heads[1..width] and cells[1..height, 1..width].
function figures_read(file, title,    line, path, at, found, n, parts, c)
{
	path = source "/" file
	width = height = found = 0
	while ((getline line <path) > 0) {
		if (line !~ /^\|/) {
			if (height)
				break
			found = found && line == "" || index(line, title) == 1
			continue
		}
		if (!found || line ~ /^\| *-/)
			continue
		n = split(line, parts, /[ \t]*\|[ \t]*/)
		if (!width) {
			width = n - 2
			for (c = 1; c <= width; c++)
				heads[c] = parts[c + 1]
			continue
		}
		height++
		for (c = 1; c <= width; c++)
			cells[height, c] = parts[c + 1]
	}
	close(path)
	if (!height)
		fail(file " has no table \"" title "\"")
}

function figures_table(file, title,    r, c, text)
{
	figures_read(file, title)
	text = "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"" title "\">" \
		"<table class=\"figures\">\n<thead><tr>"
	for (c = 1; c <= width; c++)
		text = text "<th scope=\"col\">" (heads[c] == "" ? "Case" : heads[c]) "</th>"
	text = text "</tr></thead>\n<tbody>\n"
	for (r = 1; r <= height; r++) {
		text = text "<tr><th scope=\"row\">" cells[r, 1] "</th>"
		for (c = 2; c <= width; c++)
			text = text "<td>" cells[r, c] "</td>"
		text = text "</tr>\n"
	}
	return text "</tbody></table></div>"
}

# "2.9k" is 2900.
function figures_number(cell)
{
	return cell ~ /^[0-9.]+k/ ? cell * 1000 : cell + 0
}

# Adds a bar of SERVER to those in bar_name[] and bar_value[].
function add_bar(server, cell)
{
	if (cell == "-" || cell == "")
		return
	sub(/ .*/, "", cell)
	bar_name[++bars] = server
	bar_value[bars] = cell
}

function find_bars(file, title, row,    r, c)
{
	figures_read(file, title)
	bars = 0
	for (r = 1; r <= height; r++)
		if (cells[r, 1] == row && heads[2] == "server")
			add_bar(cells[r, 2], cells[r, 3])
		else if (cells[r, 1] == row)
			for (c = 2; c <= width; c++)
				add_bar(heads[c], cells[r, c])
	if (!bars)
		fail(file ": the table \"" title "\" has no row \"" row "\"")
}

function figures_bars(file, title, row, caption,    b, most, y, text, said, size)
{
	find_bars(file, title, row)
	for (b = 1; b <= bars; b++)
		if (figures_number(bar_value[b]) > most)
			most = figures_number(bar_value[b])
	for (b = 1; b <= bars; b++) {
		size = most ? 225 * figures_number(bar_value[b]) / most : 0
		text = text sprintf("<text x=\"112\" y=\"%d\">%s</text>", y + 17, bar_name[b])
		text = text sprintf("<rect%s x=\"122\" y=\"%d\" width=\"%.1f\" height=\"20\" rx=\"3\"/>",
			bar_name[b] ~ /^skua/ ? " class=\"ours\"" : bar_name[b] ~ /^floor/ ? " class=\"floor\"" : "",
			y + 2, size)
		text = text sprintf("<text class=\"value\" x=\"%.1f\" y=\"%d\">%s</text>\n",
			122 + size + 7, y + 17, bar_value[b])
		said = said (said ? ", " : "") bar_name[b] " " bar_value[b]
		y += 28
	}
	return sprintf("<figure class=\"bars\"><figcaption>%s</figcaption>\n" \
		"<svg viewBox=\"0 0 415 %d\" role=\"img\" aria-label=\"%s\">\n%s</svg></figure>",
		caption, y, caption ": " said, text)
}

# What stands in place of a line with such a comment.
function figure(line,    kind, file, rest, at, caption_at)
{
	sub(/^<!-- */, "", line)
	sub(/ *-->$/, "", line)
	kind = substr(line, 1, index(line, " ") - 1)
	rest = substr(line, index(line, " ") + 1)
	file = substr(rest, 1, index(rest, " ") - 1)
	rest = substr(rest, index(rest, " ") + 1)
	if (kind == "table")
		return figures_table(file, rest)
	at = index(rest, ": ")
	caption_at = index(rest, " = ")
	if (!at || !caption_at)
		fail("bars " file " " rest ": this lacks a row or a caption")
	return figures_bars(file, substr(rest, 1, at - 1), substr(rest, at + 2, caption_at - at - 2),
		substr(rest, caption_at + 3))
}
