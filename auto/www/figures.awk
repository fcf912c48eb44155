# SPDX-License-Identifier: BSD-2-Clause
#
# Tables and bars of what `tests/bench/run --markdown` has printed. A page shows one by a line:
#
#	<!-- table FILE TITLE -->          the table of FILE whose title begins with TITLE
#	<!-- bars FILE TITLE: ROW -->      one of its rows as bars, a server each
#
# FILE is relative to www/. In a cell such as "5.78 (1.02)" the bar is as long as the first figure.

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

function figures_bars(file, title, row,    r, c, most, y, text, said, size, shown)
{
	figures_read(file, title)
	for (r = 1; r <= height && cells[r, 1] != row; r++)
		;
	if (r > height)
		fail(file ": the table \"" title "\" has no row \"" row "\"")
	for (c = 2; c <= width; c++)
		if (figures_number(cells[r, c]) > most)
			most = figures_number(cells[r, c])
	for (c = 2; c <= width; c++) {
		if (cells[r, c] == "-")
			continue
		shown = cells[r, c]
		sub(/ .*/, "", shown)
		size = most ? 340 * figures_number(shown) / most : 0
		text = text sprintf("<text x=\"112\" y=\"%d\">%s</text>", y + 17, heads[c])
		text = text sprintf("<rect%s x=\"122\" y=\"%d\" width=\"%.1f\" height=\"20\" rx=\"3\"/>",
			heads[c] ~ /^skua/ ? " class=\"ours\"" : heads[c] == "floor" ? " class=\"floor\"" : "",
			y + 2, size)
		text = text sprintf("<text class=\"value\" x=\"%.1f\" y=\"%d\">%s</text>\n",
			122 + size + 7, y + 17, shown)
		said = said (said ? ", " : "") heads[c] " " shown
		y += 28
	}
	return sprintf("<figure class=\"bars\"><figcaption>%s: %s</figcaption>\n" \
		"<svg viewBox=\"0 0 540 %d\" role=\"img\" aria-label=\"%s\">\n%s</svg></figure>", row, title, y, said, text)
}

# What stands in place of a line with such a comment.
function figure(line,    kind, file, rest, at)
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
	return figures_bars(file, substr(rest, 1, at - 1), substr(rest, at + 2))
}
