# SPDX-License-Identifier: BSD-2-Clause
#
# Makes the page of the commands of www/docs/commands.txt, which are lines of
# `skua help --listing`: fields that tabs separate.
#
#	awk -f commands.awk commands.txt

BEGIN {
	FS = "\t"
	print "<!-- SPDX-License-Identifier: BSD-2-Clause -->\n<title>Commands</title>"
	print "<meta name=\"description\" content=\"The command line: each command with its options and exit statuses.\">"
	print "<h1>Commands</h1>"
	print "<p class=\"lead\">The command line. <code>skua COMMAND --help</code> prints the same for one command, and the" \
		" manual page <code>skua(8)</code> has all of them.</p>"
}

function escape(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

# The parts of a synopsis, in lines that a phone shows.
function wrapped(text,    words, count, i, line, result)
{
	gsub(/\] \[/, "]\n[", text)
	count = split(text, words, "\n")
	line = words[1]
	for (i = 2; i <= count; i++)
		if (length(line) + 1 + length(words[i]) > 72) {
			result = result line "\n"
			line = "    " words[i]
		} else {
			line = line " " words[i]
		}
	return result line
}

function begin(part)
{
	if (part == open)
		return
	if (open != "")
		print "</table>"
	open = part
	if (part == "option")
		print "<table class=\"stack\">\n<tr><th>Option</th><th>What it does</th></tr>"
	else if (part == "outcome")
		print "<table class=\"stack\">\n<tr><th>Exit status</th><th>When</th></tr>"
}

# "-c, --conf file".
function option_text(    text)
{
	text = $3 == "-" ? "" : "-" $3
	if ($4 != "-")
		text = text (text == "" ? "" : ", ") "--" $4
	return $5 == "-" ? text : text " " $5
}

$1 == "command" {
	begin("")
	name = $2 == "skua" ? "skua" : "skua " $2
	printf "\n<h2 id=\"%s\">%s</h2>\n<p>%s</p>\n<pre tabindex=\"0\"><code>%s</code></pre>\n",
		$2, name, escape($6), escape(wrapped($3))
}
$1 == "option" {
	begin("option")
	printf "<tr><td><code>%s</code></td><td>%s</td></tr>\n", escape(option_text()), escape($8)
}
$1 == "outcome" {
	begin("outcome")
	printf "<tr><td>%s</td><td>%s</td></tr>\n", $3, escape($4)
}
END { begin("") }
