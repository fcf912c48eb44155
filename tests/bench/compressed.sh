# SPDX-License-Identifier: BSD-2-Clause
#
# What text costs that is sent by a coding: sourced by run. Skua keeps what it has
# encoded, so its figures are those of a form that is there already; beside them stand
# the ready-made file, and nginx, which encodes for each request (gzip on) or sends the
# ready-made file (gzip_static). wrk is the client, because it reads chunks.

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

# The resident memory of a process and its children, in KiB.
memory_of() {
	for memory_pid in $(pgrep -P "$1") $(pgrep -P "$1" | while read -r child; do pgrep -P "$child"; done); do
		sed -n 's/^VmRSS:[ \t]*\([0-9]*\).*/\1/p' "/proc/$memory_pid/status"
	done | awk '{ sum += $1 } END { print sum }'
}

# One round against a server that runs. usage: measure_compressed SERVER SIZE
measure_compressed() {
	case $1 in
	*-br) accept=br ;;
	*-zstd) accept=zstd ;;
	*) accept=gzip ;;
	esac
	"$bin/spend" "$(cat "$tmp/$1.pid")" "$tmp/cpu" timeout 30 taskset -c "$client_cpu" \
		wrk -t 1 -c 64 -d "$duration" -H "Accept-Encoding: $accept" \
		"http://127.0.0.1:$(cat "$tmp/$1.port")/text-$2.txt" >"$tmp/wrk" 2>&1
	awk -v title="$(($2 / 1024)) KiB" -v server="$1" -v cpu="$(cat "$tmp/cpu")" \
		-v memory="$(memory_of "$(cat "$tmp/$1.pid")")" -v OFS='\t' '
		/requests in/ { printf "%s\t%s\t%.2f\t%s\n", title, server, cpu / $1, memory }' \
		"$tmp/wrk" >>"$compressed_results"
	empty_logs
}

run_compressed() {
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
	stop_all
}

# The median of each server's rounds.
compressed_medians() {
	sort -t "$(printf '\t')" -k1,1 -k2,2 -k3,3n "$compressed_results" | awk -F '\t' '
		{ lines[$1 FS $2, ++n[$1 FS $2]] = $0 }
		END { for (key in n) print lines[key, int((n[key] + 1) / 2)] }' | sort -t "$(printf '\t')" -k1,1n -k3,3n
}
