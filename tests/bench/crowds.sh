# SPDX-License-Identifier: BSD-2-Clause
#
# The rows with many connections: sourced by run, which says what they are. Each
# measurement has a server of its own, started anew: what a worker holds and what a
# server has moved must not come from the one before.

crowd_servers="skua-shared skua-shared-still skua-reuseport skua-reuseport-still
	skua-handoff skua-handoff-still nginx-shared nginx-reuseport"
quiet_servers="skua-shared-still skua-reuseport-still skua-handoff-still
	nginx-shared nginx-reuseport"
stopped_servers="skua-shared skua-reuseport skua-handoff nginx-shared nginx-reuseport"

if [ "${QUICK:-}" = 1 ]; then
	crowd=${CROWD:-2000} silence=${SILENCE:-3} crowd_rounds=${CROWD_ROUNDS:-1}
else
	crowd=${CROWD:-10000} silence=${SILENCE:-15} crowd_rounds=${CROWD_ROUNDS:-3}
fi
crowd_workers=${CROWD_WORKERS:-2 8}

# Client and server each have one descriptor a connection, and some more.
crowd_fits() {
	# shellcheck disable=SC3045 # as in run
	crowd_limit=$(ulimit -n)
	[ "$crowd_limit" = unlimited ] || [ "$crowd_limit" -ge $((crowd * 3 / 2 + 1000)) ] && return
	note "$crowd long-lived connections are left out: RLIMIT_NOFILE is $crowd_limit"
	return 1
}

# Runs a program beside a server of its own and writes down its line of figures.
# usage: crowd_row FILE SERVER WORKERS PROGRAM OPTION...
crowd_row() {
	row_file=$1 row_server=$2 row_workers=$3 row_program=$4
	shift 4
	worker_connections=$((crowd + 2000))
	start_workers "$row_server" "$row_workers" "$server_cpu"
	row_started=$?
	worker_connections=
	[ $row_started = 0 ] || return
	if figures=$(timeout -k 5 120 taskset -c "$client_cpu" "$bin/$row_program" \
		-p "$(cat "$tmp/$row_server.port")" -P "$(cat "$tmp/$row_server.pid")" "$@" 2>"$tmp/load.error"); then
		printf '%s\t%s\t%s\n' "$row_workers" "$row_server" "$figures" >>"$row_file"
	else
		note "$row_server, $row_workers workers: $(tr '\n' ' ' <"$tmp/load.error")"
		failed=1
	fi
	stop "$row_server"
	empty_logs
}

# A server that moves nothing need not be waited for.
run_crowd() {
	crowd_fits || return
	note "$crowd long-lived connections"
	round=0
	while [ $((round += 1)) -le "$crowd_rounds" ]; do
		for workers in $crowd_workers; do
			for server in $crowd_servers; do
				wait=$((silence * 1000))
				case $server in nginx* | *-still) wait=0 ;; esac
				crowd_row "$crowd_results" "$server" "$workers" spread \
					-n "$workers" -c "$crowd" -S $wait -t "$milliseconds"
			done
		done
	done
}

# Callers so few that the workers have hardly anything to do.
run_quiet() {
	note "a quiet server"
	round=0
	while [ $((round += 1)) -le "$crowd_rounds" ]; do
		for workers in $crowd_workers; do
			for server in $quiet_servers; do
				crowd_row "$quiet_results" "$server" "$workers" spread \
					-n "$workers" -c 1000 -r 400 -t 300
			done
		done
	done
}

# Each round stops another worker.
run_stopped() {
	note "a stopped worker"
	round=0
	while [ $((round += 1)) -le "$crowd_rounds" ]; do
		for workers in $crowd_workers; do
			for server in $stopped_servers; do
				crowd_row "$stopped_results" "$server" "$workers" stopped \
					-w "$round"
			done
		done
	done
}

# The median of each figure over the rounds, in the order of the first round.
# usage: crowd_medians FILE WORKERS
crowd_medians() {
	awk -F '\t' -v OFS='\t' -v workers="$2" '
		$1 == workers {
			if (!rounds[$2]++)
				order[++servers] = $2
			for (i = 3; i <= NF; i++)
				value[$2, i, rounds[$2]] = $i
			columns = NF
		}
		function median(server, column,    n, i, j, sorted, swap) {
			n = rounds[server]
			for (i = 1; i <= n; i++) {
				sorted[i] = value[server, column, i] + 0
				for (j = i; j > 1 && sorted[j] < sorted[j - 1]; j--) {
					swap = sorted[j]
					sorted[j] = sorted[j - 1]
					sorted[j - 1] = swap
				}
			}
			return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
		}
		END {
			for (s = 1; s <= servers; s++) {
				line = order[s]
				for (i = 3; i <= columns; i++) {
					value_now = median(order[s], i)
					line = line OFS sprintf(value_now < 100 ? "%.2f" : "%.0f", value_now)
				}
				print line
			}
		}' "$1"
}

print_crowds() {
	for workers in $crowd_workers; do
		crowd_medians "$crowd_results" "$workers" | print_list \
			"$workers workers, $crowd long-lived connections beside half as many short ones" \
			"server,CPU µs to open,most/mean,deviation %,most/mean later,deviation % later,CPU µs,requests/s,p99 ms"
		crowd_medians "$quiet_results" "$workers" | print_list \
			"$workers workers, a quiet server: 1000 long-lived connections, 400 callers in a second" \
			"server,CPU µs to open,most/mean,deviation %"
		crowd_medians "$stopped_results" "$workers" | print_list \
			"$workers workers, the one with the fewest connections is stopped" \
			"server,median ms,p99 ms,new unanswered ‰,old unanswered ‰"
	done
}
