# SPDX-License-Identifier: BSD-2-Clause
#
# What HTTPS costs: sourced by run. The clients are wrk for requests, because it speaks TLS, h2load
# for their latency, because it can send at a given rate, and tls_clients.c for handshakes and for
# connections that lie idle. floor-own and floor-openssl (tls_floor.c) seal records as Skua does and
# as OpenSSL does, and do nothing else. All have one ECDSA certificate and TLS 1.3.

tls_servers=${TLS_SERVERS:-floor-own floor-openssl skua nginx lighttpd h2o}

build_tls() {
	command -v wrk >/dev/null || { note "HTTPS is left out: no wrk"; return 1; }
	command -v openssl >/dev/null || { note "HTTPS is left out: no openssl"; return 1; }
	$build_cc -I. -o "$bin/tls_floor" $here/tls_floor.c \
		$here/floor_tls.c modules/ssl/records.c modules/ssl/aead.c modules/ssl/hkdf.c -lssl -lcrypto &&
		$build_cc -o "$bin/tls_clients" $here/tls_clients.c -lssl -lcrypto && return
	note "HTTPS is left out: its programs could not be compiled"
	return 1
}

make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 2 \
		-keyout "$tmp/tls.key" -out "$tmp/tls.pem" 2>/dev/null
}

# usage: start_tls NAME FILE
start_tls() {
	available "$1" || return 1
	port=$("$bin/port")
	tls_http="ssl_certificate $tmp/tls.pem; ssl_certificate_key $tmp/tls.key;
		ssl_protocols TLSv1.2 TLSv1.3; sendfile on; tcp_nopush on; access_log $tmp/$1.access;"
	case $1 in
	floor-*) launch "$1" "$server_cpu" "$bin/tls_floor" "$port" "$2" "$tmp/tls.pem" "$tmp/tls.key" "${1#floor-}" ;;
	skua)
		nginx_like skua 1 "" "" "$tls_http" ssl >"$tmp/skua.conf"
		launch skua "$server_cpu" "$skua" -p "$tmp" -c "$tmp/skua.conf" -e "$tmp/skua.error"
		;;
	nginx)
		nginx_like nginx 1 "" "" "$nginx_paths $open_files $tls_http" ssl >"$tmp/nginx.conf"
		launch nginx "$server_cpu" nginx -p "$tmp" -c "$tmp/nginx.conf" -e "$tmp/nginx.error"
		;;
	lighttpd)
		lighttpd_tls="server.modules += ( \"mod_openssl\" )
			ssl.engine = \"enable\"
			ssl.pemfile = \"$tmp/tls.pem\"
			ssl.privkey = \"$tmp/tls.key\""
		start_lighttpd
		;;
	h2o)
		h2o_tls=$(printf '\n  ssl:\n    certificate-file: %s\n    key-file: %s' "$tmp/tls.pem" "$tmp/tls.key")
		start_h2o
		;;
	esac
}

# A row of results; nothing if the client has failed. usage: tls_row CASE SERVER FIGURE
tls_row() {
	[ -n "$3" ] || { note "$2, $1: no figure"; failed=1; return; }
	printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$tls_results"
}

# usage: measure_tls_requests SERVER SIZE
measure_tls_requests() {
	# 16 handshakes are in the figure of each server.
	"$bin/spend" "$(cat "$tmp/$1.pid")" "$tmp/cpu" timeout 60 taskset -c "$client_cpu" \
		wrk -t 1 -c 16 -d 1 "https://127.0.0.1:$(cat "$tmp/$1.port")/$2.txt" >"$tmp/wrk" 2>&1
	tls_row "$(($2 / 1024)) KiB, keep-alive, 16, CPU µs" "$1" "$(awk -v cpu="$(cat "$tmp/cpu")" \
		'/requests in/ { printf "%.2f", cpu / $1 }' "$tmp/wrk")"
	empty_logs
}

# usage: measure_handshakes SERVER full|resumed
measure_handshakes() {
	"$bin/spend" "$(cat "$tmp/$1.pid")" "$tmp/cpu" timeout 60 taskset -c "$client_cpu" \
		"$bin/tls_clients" "$(cat "$tmp/$1.port")" "$tls_handshakes" "$2" 0 >/dev/null 2>"$tmp/load.error" ||
		{ note "$1, handshakes, $2: $(cat "$tmp/load.error")"; failed=1; return; }
	tls_row "$2 handshake, CPU µs" "$1" \
		"$(awk -v cpu="$(cat "$tmp/cpu")" -v count="$tls_handshakes" 'BEGIN { printf "%.1f", cpu / count }')"
	empty_logs
}

# What an idle connection of a running server takes, in KiB; nothing if the client has failed.
# usage: idle_memory NAME COUNT hold|hold2
idle_memory() {
	# What a process allocates once is there then.
	"$bin/tls_clients" "$(cat "$tmp/$1.port")" 50 "full${3#hold}" 0 >/dev/null || return
	before=$(memory_of "$(cat "$tmp/$1.pid")")
	mkfifo "$tmp/hold" 2>/dev/null
	rm -f "$tmp/held"
	"$bin/tls_clients" "$(cat "$tmp/$1.port")" "$2" "$3" 0 <"$tmp/hold" >"$tmp/held" &
	holder=$!
	exec 3>"$tmp/hold"
	for _ in $(seq 300); do
		[ ! -s "$tmp/held" ] || break
		sleep 0.1
	done
	if [ -s "$tmp/held" ]; then
		awk -v before="$before" -v after="$(memory_of "$(cat "$tmp/$1.pid")")" \
			-v count="$2" 'BEGIN { printf "%.1f", (after - before) / count }'
	else
		note "$1: $2 connections were not open after 30 seconds"
	fi
	exec 3>&-
	wait $holder
}

# usage: measure_idle SERVER
measure_idle() {
	tls_row "idle connection, KiB" "$1" "$(idle_memory "$1" "$tls_idle" hold)"
	empty_logs
}

# The latency of 16 clients, each with 200 requests a second, beside 200 handshakes a second. Both
# sorts of clients share a core, where those that make handshakes run only when the others do not:
# else these would wait for the client's half of a handshake. usage: measure_beside SERVER
measure_beside() {
	taskset -c "$client_cpu" chrt --idle 0 "$bin/tls_clients" "$(cat "$tmp/$1.port")" \
		$((200 * tls_seconds)) full 200 >"$tmp/beside" 2>/dev/null &
	beside=$!
	rm -f "$tmp/latencies"
	timeout 60 taskset -c "$client_cpu" h2load --h1 -c 16 --rps 200 -D "$tls_seconds" \
		--log-file="$tmp/latencies" "https://127.0.0.1:$(cat "$tmp/$1.port")/1024.txt" >/dev/null 2>&1
	wait $beside
	tls_row "p99 beside 200 handshakes a second, ms" "$1" "$(awk '$2 == 200 { print $3 }' "$tmp/latencies" |
		sort -n | awk '{ us[NR] = $1 } END { if (NR > 1000) printf "%.3f", us[int(NR * 0.99)] / 1000 }')"
	# The client makes one handshake after the other: a slow server gets fewer than 200.
	[ "$(cat "$tmp/beside")" -ge 190 ] || note "$1: $(cat "$tmp/beside") handshakes a second, not 200"
	empty_logs
}

# The servers take turns, since some hundred handshakes take less than a second of CPU time.
handshake_round() {
	turn=0
	while [ $((turn += 1)) -le 4 ]; do
		for server in $tls_running; do
			measure_handshakes "$server" full
			case $server in floor-*) ;; *) measure_handshakes "$server" resumed ;; esac
		done
	done
	command -v h2load >/dev/null || return 0
	for server in $tls_running; do
		case $server in floor-*) ;; *) measure_beside "$server" ;; esac
	done
}

run_tls() {
	build_tls || return
	note "HTTPS"
	command -v h2load >/dev/null || note "latency beside handshakes is left out: no h2load"
	tls_seconds=2 tls_handshakes=300 tls_idle=1000
	[ "${QUICK:-}" != 1 ] || tls_handshakes=100 tls_idle=300
	make_certificate
	for size in 1024 102400; do
		tls_running=
		for server in $tls_servers; do
			start_tls "$server" "$tmp/www/$size.txt" && tls_running="$tls_running $server"
		done
		[ $size != 1024 ] || for server in $tls_running; do measure_idle "$server"; done
		round=0
		while [ $((round += 1)) -le "$rounds" ]; do
			for server in $tls_running $tls_running; do measure_tls_requests "$server" $size; done
			[ $size != 1024 ] || handshake_round
		done
		stop_all
	done
	unset lighttpd_tls h2o_tls
}
