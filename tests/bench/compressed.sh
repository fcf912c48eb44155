# SPDX-License-Identifier: BSD-2-Clause
#
# What text costs that is sent by a coding: sourced by run. Skua keeps what it has
# encoded, so its figures are those of the best form, which the compressor has made. "same
# length" is a plain file of that length from the same server, asked for in turn. Beside them
# stand the ready-made file, and nginx, which encodes for each request (gzip on) or sends the
# ready-made file (gzip_static). wrk is the client, because it reads chunks.
#
# Then: how long other clients wait for small files (99th percentile) while a crowd asks for a
# thousand texts, each for the first time.

# Words of a small language, the same each time. The files are old, as most files are.
prepare_texts() {
	for size in 10240 102400; do
		awk -v size="$size" 'BEGIN {
			srand(1)
			for (i = 0; i < 600; i++)
				for (len = 2 + int(rand() * 8); len > 0; len--)
					words[i] = words[i] substr("etaoinshrdlucmfw", 1 + int(rand() * 16), 1)
			while (length(text) < size)
				text = text words[int(rand() * 600)] (rand() < 0.1 ? "\n" : " ")
			printf "%s", substr(text, 1, size)
		}' >"$tmp/www/text-$size.txt"
		gzip -1 -c "$tmp/www/text-$size.txt" >"$tmp/www/text-$size.txt.gz"
		touch -t 202001010000 "$tmp/www/text-$size.txt" "$tmp/www/text-$size.txt.gz"
	done
}

compressed_servers="skua-gzip skua-br skua-zstd skua-ready nginx-gzip nginx-ready"

# usage: start_compressed NAME
start_compressed() {
	available "$1" || return 1
	port=$("$bin/port")
	case $1 in
	skua-ready) start_skua "$1" 1 "$server_cpu" "gzip_static on; $(tuned_log "$1")" ;;
	skua-*) start_skua "$1" 1 "$server_cpu" "compress on; $(tuned_log "$1")" ;;
	nginx-gzip) start_nginx "$1" 1 "$server_cpu" "gzip on; gzip_types text/plain; $(tuned_log "$1") $open_files" ;;
	nginx-ready) start_nginx "$1" 1 "$server_cpu" "gzip_static on; $(tuned_log "$1") $open_files" ;;
	esac
}

# Waits until the best form is there, and makes a plain file of its length.
# usage: prepare_same_length SERVER SIZE
prepare_same_length() {
	same=same-$1-$2.bin
	[ ! -s "$tmp/www/$same" ] || return 0
	for same_try in $(seq 600); do
		curl -s -D "$tmp/head" -o "$tmp/www/$same" -H "Accept-Encoding: $accept" \
			"http://127.0.0.1:$(cat "$tmp/$1.port")/text-$2.txt"
		! grep -iq '^etag.*-\(gz9\|br11\|zst19\)\.' "$tmp/head" || break
		sleep 0.1
	done
	[ "$same_try" -lt 600 ] || note "$1 has made no best form of $2 bytes"
	touch -t 202001010000 "$tmp/www/$same"
	sleep 3 # a file that has just been written is read again and again
}

# CPU microseconds per request. usage: spend_on SERVER PATH
spend_on() {
	"$bin/spend" "$(cat "$tmp/$1.pid")" "$tmp/cpu" timeout 30 taskset -c "$client_cpu" \
		wrk -t 1 -c 64 -d "$duration" -H "Accept-Encoding: $accept" \
		"http://127.0.0.1:$(cat "$tmp/$1.port")/$2" >"$tmp/wrk" 2>&1
	awk -v cpu="$(cat "$tmp/cpu")" '/requests in/ { printf "%.2f", cpu / $1 }' "$tmp/wrk"
}

# The resident memory of the children of a process, or of itself if it has none, in KiB; what they
# share counts once.
memory_of() {
	memory_children=$(pgrep -P "$1")
	for memory_pid in ${memory_children:-"$1"} $(pgrep -P "$1" | while read -r child; do pgrep -P "$child"; done); do
		sed -n 's/^Pss:[ \t]*\([0-9]*\).*/\1/p' "/proc/$memory_pid/smaps_rollup"
	done | awk '{ sum += $1 } END { print sum }'
}

# One round against a server that runs. usage: measure_compressed SERVER SIZE
measure_compressed() {
	case $1 in
	*-br) accept=br ;;
	*-zstd) accept=zstd ;;
	*) accept=gzip ;;
	esac
	same_cost=
	case $1 in
	skua-gzip | skua-br | skua-zstd)
		prepare_same_length "$1" "$2"
		same_cost=$(spend_on "$1" "$same")
		;;
	esac
	cost=$(spend_on "$1" "text-$2.txt")
	awk -v title="$(($2 / 1024)) KiB" -v server="$1" -v cpu="$cost" -v same="$same_cost" \
		-v memory="$(memory_of "$(cat "$tmp/$1.pid")")" -v OFS='\t' 'BEGIN {
		print title, server, cpu, same ? same : "-", same ? sprintf("%.2f", cpu / same) : "-", memory
	}' >>"$compressed_results"
	empty_logs
}

# --- first requests -----------------------------------------------------------------

prepare_first() {
	mkdir -p "$tmp/www/first"
	for first in $(seq 1000); do
		{ echo "$first"; cat "$tmp/www/text-10240.txt"; } >"$tmp/www/first/$first.txt"
	done
	echo small >"$tmp/www/small.html"
	cat >"$tmp/first.lua" <<-'END'
		local i = 0
		request = function()
			i = i % 1000 + 1
			return wrk.format("GET", "/first/" .. i .. ".txt")
		end
	END
}

# The 99th percentile for small files, in milliseconds. usage: measure_first CODING
# "": there is no crowd; identity: it asks for plain files.
measure_first() {
	first_url=http://127.0.0.1:$(cat "$tmp/skua-gzip.port")
	find "$tmp/www/first" -name '*.txt' -exec touch {} +
	if [ "$1" ]; then
		timeout 30 taskset -c "$client_cpu" wrk -t 1 -c 64 -d "$duration" -s "$tmp/first.lua" \
			-H "Accept-Encoding: $1" "$first_url" >/dev/null 2>&1 &
		crowd_pid=$!
	fi
	timeout 30 taskset -c "$client_cpu" wrk -t 1 -c 8 -d "$duration" --latency \
		"$first_url/small.html" >"$tmp/wrk" 2>&1
	[ -z "$1" ] || wait "$crowd_pid"
	awk '$1 == "99%" {
		unit = $2
		sub(/^[0-9.]*/, "", unit)
		printf "%.2f", $2 * (unit == "us" ? 0.001 : unit == "s" ? 1000 : 1)
	}' "$tmp/wrk"
}

run_first() {
	note "first requests for a thousand texts"
	prepare_first
	round=0
	while [ $((round += 1)) -le "$rounds" ]; do
		quiet=$(measure_first "")
		plain=$(measure_first identity)
		for coding in gzip br zstd; do
			awk -v coding="$coding" -v quiet="$quiet" -v plain="$plain" \
				-v first="$(measure_first "$coding")" -v OFS='\t' 'BEGIN {
				larger = quiet > plain ? quiet : plain
				print coding, quiet, plain, first, sprintf("%.2f", larger ? first / larger : 0)
			}' >>"$first_results"
		done
	done
	empty_logs
}

# The row with the median of the last column, for each coding.
first_medians() {
	sort -t "$(printf '\t')" -k1,1 -k5,5n "$first_results" | awk -F '\t' '
		{ lines[$1, ++n[$1]] = $0 }
		END { for (key in n) print lines[key, int((n[key] + 1) / 2)] }' | sort
}

run_compressed() {
	command -v curl >/dev/null || { note "texts by codings are left out: no curl"; return; }
	command -v wrk >/dev/null || { note "texts by codings are left out: no wrk"; return; }
	note "texts by codings"
	duration=$(awk "BEGIN { print ($duration < 1 ? 1 : int($duration)) }")
	prepare_texts
	running=
	for server in $compressed_servers; do
		start_compressed "$server" && running="$running $server"
	done
	round=0
	while [ $((round += 1)) -le "$rounds" ]; do
		for size in 10240 102400; do
			for server in $running; do
				measure_compressed "$server" "$size"
			done
		done
	done
	case $running in *skua-gzip*) run_first ;; esac
	stop_all
}

# The median of each column over the rounds of a server, and the ratio of the medians.
compressed_medians() {
	awk -F '\t' -v OFS='\t' '
		function median(column, key,    i, j, value) {
			for (i = 1; i <= n[key]; i++) {
				value = rows[key, i, column]
				for (j = i - 1; j > 0 && sorted[j] > value; j--)
					sorted[j + 1] = sorted[j]
				sorted[j + 1] = value
			}
			return sorted[int((n[key] + 1) / 2)]
		}
		{
			key = $1 OFS $2
			n[key]++
			for (i = 3; i <= 6; i++)
				rows[key, n[key], i] = $i == "-" ? "-" : $i + 0
		}
		END {
			for (key in n) {
				cpu = median(3, key)
				same = median(4, key)
				print key, cpu, same, same == "-" ? "-" : sprintf("%.2f", cpu / same), median(6, key)
			}
		}' "$compressed_results" | sort -t "$(printf '\t')" -k1,1n -k3,3n
}
