# SPDX-License-Identifier: BSD-2-Clause
#
# What large configurations cost: sourced by run. Each case is one configuration that
# Skua and nginx read unchanged, both with a buffered log, nginx with open_file_cache.
# The client (wrk) asks at random for one of the names, keys or addresses, so that
# tables are not all in the processor's caches.
#
#     names      1000 servers, each with a name
#     prefixes   200 locations by prefix
#     regexes    100 locations by regular expression, of which the last matches
#     map        a map of 100000 entries
#     geo        10000 networks
#     rewrites   20 rewrites, of which the last matches
#
# Then the start with 10000 servers: how long it takes until a connection is accepted,
# and how much memory master and worker have, shared pages counted once (PSS).

configured_cases="names prefixes regexes map geo rewrites"
configured_servers="skua-conf nginx-conf"

# The line COUNT times, with its number in place of %N. gsub() is slow in some awks.
# usage: repeat COUNT LINE
repeat() {
	awk -v count="$1" -v line="$2" 'BEGIN {
		parts = split(line, part, "%N")
		for (i = 0; i < count; i++) {
			text = part[1]
			for (j = 2; j <= parts; j++)
				text = text i part[j]
			print text
		}
	}'
}

# usage: configured_http CASE: what stands in http
configured_http() {
	case $1 in
	names)
		echo "server_names_hash_max_size 20000; server_names_hash_bucket_size 128;"
		repeat 1000 "server { listen 127.0.0.1:$port; server_name s%N.example.com; root $tmp/www; }"
		;;
	map)
		echo "map_hash_max_size 400000; map_hash_bucket_size 512;"
		echo "map \$arg_k \$found { default none;"
		repeat 100000 "key%N value%N;"
		echo "}"
		;;
	geo)
		echo "geo \$arg_k \$found { default none;"
		awk 'BEGIN {
			for (i = 0; i < 10000; i++)
				printf "10.%d.%d.0/24 value%d;\n", i / 250, i % 250, i
		}'
		echo "}"
		;;
	esac
}

# usage: configured_server CASE: what stands in the server
configured_server() {
	case $1 in
	prefixes) repeat 200 "location /p%N/ { alias $tmp/www/; expires 1h; }" ;;
	regexes) repeat 100 "location ~ ^/r%N/[a-z0-9]+\\.txt\$ { expires 1h; }" ;;
	map | geo) echo 'add_header X-Found $found;' ;;
	rewrites) repeat 20 'rewrite ^/a%N/(.*)$ /$1 last;' ;;
	esac
}

# The request: a function of Lua that wrk calls.
configured_script() {
	case $1 in
	names) request='"/1024.txt", { ["Host"] = "s" .. math.random(0, 999) .. ".example.com" }' ;;
	prefixes) request='"/p" .. math.random(0, 199) .. "/1024.txt"' ;;
	regexes) request='"/r99/1024.txt"' ;;
	map) request='"/1024.txt?k=key" .. math.random(0, 99999)' ;;
	geo) request='"/1024.txt?k=10." .. math.random(0, 39) .. "." .. math.random(0, 249) .. ".7"' ;;
	rewrites) request='"/a19/1024.txt"' ;;
	esac
	echo "function request() return wrk.format('GET', $request) end"
}

# usage: start_configured CASE SERVER
start_configured() {
	available "$2" || return 1
	port=$("$bin/port")
	http="$(tuned_log "$2") include $tmp/configured.http;"
	configured_http "$1" >"$tmp/configured.http"
	configured_server "$1" >"$tmp/configured.server"
	configured_rest="include $tmp/configured.server;"
	case $2 in
	skua-*) start_skua "$2" 1 "$server_cpu" "$http" ;;
	nginx-*) start_nginx "$2" 1 "$server_cpu" "sendfile on; $open_files $http" ;;
	esac
	configured_status=$?
	configured_rest=
	return $configured_status
}

# One round against a server that runs. usage: measure_configured CASE SERVER
measure_configured() {
	"$bin/spend" "$(cat "$tmp/$2.pid")" "$tmp/cpu" timeout 30 taskset -c "$client_cpu" \
		wrk -t 1 -c 64 -d "$duration" -s "$tmp/script.lua" \
		"http://127.0.0.1:$(cat "$tmp/$2.port")/" >"$tmp/wrk" 2>&1
	if grep -q 'Non-2xx\|Socket errors' "$tmp/wrk" || ! grep -q 'requests in' "$tmp/wrk"; then
		note "$2, $1: $(grep 'Non-2xx\|Socket errors\|nable' "$tmp/wrk")"
		failed=1
		return
	fi
	awk -v name="$1" -v server="${2%-conf}" -v cpu="$(cat "$tmp/cpu")" '
		/requests in/ { printf "%s\t%s\t%.3f\n", name, server, cpu / $1 }' \
		"$tmp/wrk" >>"$configured_results"
	empty_logs
}

run_configured_case() {
	note "$1"
	configured_script "$1" >"$tmp/script.lua"
	running=
	for server in $configured_servers; do
		start_configured "$1" "$server" && running="$running $server"
	done
	round=0
	while [ $((round += 1)) -le "$rounds" ]; do
		for server in $running; do
			measure_configured "$1" "$server"
		done
	done
	stop_all
}

# The memory of all processes that `timeout` has started, in KiB, shared pages once.
shared_memory_of() {
	for memory_pid in $(pgrep -P "$1") $(pgrep -P "$(pgrep -P "$1" | head -n 1)"); do
		sed -n 's/^Pss:[ \t]*\([0-9]*\).*/\1/p' "/proc/$memory_pid/smaps_rollup"
	done | awk '{ sum += $1 } END { print sum }'
}

run_start() {
	note "the start with 10000 servers"
	round=0
	while [ $((round += 1)) -le "$rounds" ]; do
		for server in $configured_servers; do
			available "$server" || continue
			port=$("$bin/port")
			repeat 10000 "server { listen 127.0.0.1:$port; server_name s%N.example.com \
				www.s%N.example.com; root $tmp/www; location /a/ { expires 1h; } }" \
				>"$tmp/configured.http"
			http="server_names_hash_max_size 100000; server_names_hash_bucket_size 128;
				access_log off; include $tmp/configured.http;"
			before=$(date +%s%N)
			case $server in
			skua-*) start_skua "$server" 1 "$server_cpu" "$http" ;;
			*) start_nginx "$server" 1 "$server_cpu" "$http" ;;
			esac || { failed=1; continue; }
			after=$(date +%s%N)
			printf '%s\t%s\t%s\n' "${server%-conf}" $(((after - before) / 1000000)) \
				"$(shared_memory_of "$(cat "$tmp/$server.pid")")" >>"$start_results"
			stop "$server"
		done
	done
}

run_configured() {
	command -v wrk >/dev/null || { note "large configurations are left out: no wrk"; return; }
	mkdir "$tmp/www/r99" && cp "$tmp/www/1024.txt" "$tmp/www/r99"
	duration=$(awk "BEGIN { print ($duration < 1 ? 1 : int($duration)) }")
	for item in ${CONFIGURED:-$configured_cases}; do
		run_configured_case "$item"
	done
	run_start
}

# A row for each case: the medians, and their ratio.
configured_medians() {
	sort -t "$(printf '\t')" -k1,1 -k2,2 -k3,3n "$configured_results" | awk -F '\t' -v OFS='\t' '
		{ values[$1, $2, ++n[$1, $2]] = $3; cases[$1] = 1 }
		function median(name, server) {
			return values[name, server, int((n[name, server] + 1) / 2)]
		}
		END {
			for (name in cases)
				print name, median(name, "skua"), median(name, "nginx"),
					sprintf("%.2f", median(name, "skua") / (median(name, "nginx") + 1e-9))
		}' | sort
}

start_medians() {
	sort -k1,1 -k2,2n "$start_results" | awk -F '\t' -v OFS='\t' '
		{ lines[$1, ++n[$1]] = $0 }
		END { for (server in n) print lines[server, int((n[server] + 1) / 2)] }' | sort -r
}
