# SPDX-License-Identifier: BSD-2-Clause
#
# Makes lines of a table, a column for each server, of lines by tabs: case, server, figure, of which
# smaller ones are better. Several of one case and server are rounds, and their median counts.
# -v names="A B C" are the servers, of which all before skua are floors. Behind each figure stands
# its ratio to that of the first floor; the last two columns are the ratios of skua and of the first
# floor to the best of the servers behind skua.

BEGIN { FS = OFS = "\t" }

{ figures[$1, $2, ++rounds[$1, $2]] = $3 + 0; cases[$1] = 1 }

function median(name, server,    n, i, j, sorted, figure)
{
	n = rounds[name, server]
	for (i = 1; i <= n; i++) {
		figure = figures[name, server, i]
		for (j = i; j > 1 && sorted[j - 1] > figure; j--)
			sorted[j] = sorted[j - 1]
		sorted[j] = figure
	}
	return n ? sorted[int((n + 1) / 2)] : ""
}

function ratio(value, other)
{
	return value == "" || other == "" ? "-" : sprintf("%.2f", value / (other + 1e-9))
}

function digits(value)
{
	return sprintf(value < 10 ? "%.2f" : value < 1000 ? "%.1f" : "%.0f", value)
}

END {
	count = split(names, servers, " ")
	for (name in cases) {
		line = name
		best = peer = ""
		is_peer = 0
		floor = median(name, servers[1])
		for (i = 1; i <= count; i++) {
			value = median(name, servers[i])
			line = line OFS (value == "" ? "-" : digits(value) " (" ratio(value, floor) ")")
			if (is_peer && value != "" && (best == "" || value < best)) {
				best = value
				peer = servers[i]
			}
			is_peer = is_peer || servers[i] == "skua"
		}
		print line, ratio(median(name, "skua"), best) " " peer, ratio(floor, best)
	}
}
