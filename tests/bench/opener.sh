# SPDX-License-Identifier: BSD-2-Clause
#
# What the opener costs: sourced by run. The same short files lie twice on the disk: below the
# root, where the worker opens them itself, and beside it, where a symbolic link leads and only
# the opener may open them. The CPU time is that of all processes, the opener too. The two
# places take turns in each round.
#
#     cold    OPENER_FILES files one after another, more than the worker's cache holds, so that each
#             request opens its file; the kernel has the files in memory
#     hot     one file, which the worker has in its cache

opener_files=${OPENER_FILES:-12000}

prepare_opener() {
	mkdir -p "$tmp/www/inside" "$tmp/outside" && ln -s ../outside "$tmp/www/outside" || return
	awk -v dir="$tmp" -v count="$opener_files" 'BEGIN {
		for (i = 1; i <= count; i++) {
			print "file " i >(dir "/www/inside/" i ".txt")
			print "file " i >(dir "/outside/" i ".txt")
			close(dir "/www/inside/" i ".txt")
			close(dir "/outside/" i ".txt")
		}
	}'
	sleep 3 # a file that has just been written is read again by each request
}

# The requests: a function of Lua that wrk calls. usage: opener_script cold|hot PLACE
opener_script() {
	case $1 in
	hot) echo "function request() return wrk.format('GET', '/$2/1.txt') end" ;;
	cold)
		cat <<-END
			local i = 0
			function request()
				i = i % $opener_files + 1
				return wrk.format('GET', '/$2/' .. i .. '.txt')
			end
		END
		;;
	esac
}

# Microseconds per request. usage: spend_on_opener cold|hot PLACE
spend_on_opener() {
	opener_script "$1" "$2" >"$tmp/script.lua"
	"$bin/spend" "$(cat "$tmp/skua-opener.pid")" "$tmp/cpu" timeout 30 \
		taskset -c "$client_cpu" wrk -t 1 -c 64 -d "$duration" -s "$tmp/script.lua" \
		"http://127.0.0.1:$(cat "$tmp/skua-opener.port")/" >"$tmp/wrk" 2>&1
	! grep -q 'Non-2xx\|Socket errors' "$tmp/wrk" || note "$1, $2: some requests have failed"
	awk -v cpu="$(cat "$tmp/cpu")" '/requests in/ { printf "%.2f", cpu / $1 }' "$tmp/wrk"
	empty_logs
}

has_opener() {
	for opener_pid in $(pgrep -P "$(pgrep -P "$(cat "$tmp/skua-opener.pid")" | head -n 1)"); do
		! grep -q opener "/proc/$opener_pid/cmdline" || return 0
	done
	return 1
}

run_opener() {
	command -v wrk >/dev/null || { note "the opener is left out: no wrk"; return; }
	command -v curl >/dev/null || { note "the opener is left out: no curl"; return; }
	note "the opener"
	prepare_opener || { failed=1; return; }
	duration=$(awk "BEGIN { print ($duration < 1 ? 1 : int($duration)) }")
	port=$("$bin/port")
	start_skua skua-opener 1 "$server_cpu" "$(tuned_log skua-opener)" || { failed=1; return; }
	# The first question starts the opener.
	curl -s -o "$tmp/first" "http://127.0.0.1:$port/outside/1.txt"
	if has_opener; then
		round=0
		while [ $((round += 1)) -le "$rounds" ]; do
			for opener_case in cold hot; do
				inside=$(spend_on_opener $opener_case inside)
				outside=$(spend_on_opener $opener_case outside)
				printf '%s\t%s\t%s\n' "$opener_case" "$inside" "$outside" >>"$opener_results"
			done
		done
	else
		note "the opener is left out: this kernel has no whole sandbox"
	fi
	stop_all
}

# A row for each case: the round with the median of the difference.
opener_medians() {
	awk -F '\t' -v OFS='\t' '{ print $0, sprintf("%.1f", $3 - $2) }' "$opener_results" |
		sort -t "$(printf '\t')" -k1,1 -k4,4n | awk -F '\t' -v OFS='\t' '
		{ lines[$1, ++n[$1]] = $0 }
		END {
			for (key in n)
				print lines[key, int((n[key] + 1) / 2)]
		}' | sort
}
