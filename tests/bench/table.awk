# SPDX-License-Identifier: BSD-2-Clause
#
# Makes tables of what run has measured: rows are cases, columns are servers.
# Reads lines of: case, server, CPU µs, answers/s, median µs, p99 µs (by tabs);
# several of one case and server are its rounds, of which the median counts.
# -v markdown=1 writes Markdown, -v ours=NAME names the server that is no peer.

BEGIN { FS = "\t" }

function remember(list, name)
{
	if (!((list, name) in known)) {
		known[list, name] = 1
		order[list, ++length_of[list]] = name
	}
}

NF >= 6 {
	remember("case", $1)
	remember("server", $2)
	round = ++rounds[$1, $2]
	cpu[$1, $2, round] = $3
	rate[$1, $2, round] = $4
	p99[$1, $2, round] = $6
}

function median(values, name, server,    n, i, j, sorted, swap)
{
	n = rounds[name, server]
	for (i = 1; i <= n; i++) {
		sorted[i] = values[name, server, i] + 0
		for (j = i; j > 1 && sorted[j] < sorted[j - 1]; j--) {
			swap = sorted[j]
			sorted[j] = sorted[j - 1]
			sorted[j - 1] = swap
		}
	}
	return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

# A server is a peer unless it is the floor or one of ours: skua, skua-buf ...
function best_peer(name,    i, server, value, best)
{
	for (i = 1; i <= length_of["server"]; i++) {
		server = order["server", i]
		if (server == "floor" || index(server, ours) == 1 || !rounds[name, server])
			continue
		value = median(cpu, name, server)
		if (best == 0 || value < best)
			best = value
	}
	return best
}

function ratio(name, server, base)
{
	return base > 0 ? sprintf("%.2f", median(cpu, name, server) / base) : "-"
}

function short(value)
{
	if (value >= 100000)
		return sprintf("%.0fk", value / 1000)
	if (value >= 1000)
		return sprintf("%.1fk", value / 1000)
	return sprintf(value >= 100 ? "%.0f" : "%.2f", value)
}

function cell(what, name, server)
{
	if (!rounds[name, server])
		return "-"
	if (what == "cpu and floor")
		return cell("cpu", name, server) " (" cell("floor", name, server) ")"
	if (what == "rate and p99")
		return cell("rate", name, server) ", " cell("p99", name, server)
	if (what == "cpu")
		return short(median(cpu, name, server))
	if (what == "floor")
		return rounds[name, "floor"] ? ratio(name, server, median(cpu, name, "floor")) : "-"
	if (what == "best")
		return ratio(name, server, best_peer(name))
	if (what == "rate")
		return short(median(rate, name, server))
	return short(median(p99, name, server) / 1000)
}

function row(first, cells, n,    i, line)
{
	line = markdown ? "| " first " |" : sprintf("%-32s", first)
	for (i = 1; i <= n; i++)
		line = line (markdown ? " " cells[i] " |" : sprintf(" %9s", cells[i]))
	print line
}

function table(what, title,    i, j, n, cells)
{
	n = length_of["server"]
	print markdown ? "\n" title ":\n" : "\n" title
	for (j = 1; j <= n; j++)
		cells[j] = order["server", j]
	row("", cells, n)
	if (markdown) {
		for (j = 1; j <= n; j++)
			cells[j] = "--:"
		row("---", cells, n)
	}
	for (i = 1; i <= length_of["case"]; i++) {
		for (j = 1; j <= n; j++)
			cells[j] = cell(what, order["case", i], order["server", j])
		row(order["case", i], cells, n)
	}
}

END {
	if (length_of["case"] == 0)
		exit
	if (markdown) {
		table("cpu and floor", "CPU time of the server per request in µs (ratio to the floor)")
		table("best", "The same as a ratio to the best peer")
		table("rate and p99", "Requests per second, 99th percentile of the latency in ms")
		exit
	}
	table("cpu", "CPU time of the server per request, µs")
	table("floor", "The same as a ratio to the floor")
	table("best", "The same as a ratio to the best peer (the cheapest of nginx, lighttpd, h2o)")
	table("rate", "Requests per second")
	table("p99", "99th percentile of the latency, ms")
}
