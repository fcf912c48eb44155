# SPDX-License-Identifier: BSD-2-Clause
#
# What HTTP/2 costs: sourced by run. The client is h2load: 8 connections with 10 streams at a
# time each, with prior knowledge (h2c) and over TLS 1.3 (h2). The floor (http2_floor.c) sends
# preformed frames, sealed as Skua seals them. Memory is that of connections over TLS that have
# had one request each, and lie idle. nghttpd writes no access log; all others but the floor do.

http2_servers=${HTTP2_SERVERS:-floor skua nginx h2o lighttpd nghttpd}
http2_sizes=${HTTP2_SIZES:-1024 102400 10485760}

build_http2() {
	command -v h2load >/dev/null || { note "HTTP/2 is left out: no h2load"; return 1; }
	command -v openssl >/dev/null || { note "HTTP/2 is left out: no openssl"; return 1; }
	$build_cc -I. -o "$bin/http2_floor" $here/http2_floor.c $here/floor_tls.c \
		modules/ssl/records.c modules/ssl/aead.c modules/ssl/hkdf.c -lssl -lcrypto &&
		$build_cc -o "$bin/tls_clients" $here/tls_clients.c -lssl -lcrypto && return
	note "HTTP/2 is left out: its programs could not be compiled"
	return 1
}

# Starts SERVER-SCHEME, such as nginx-https. usage: start_http2 SERVER SCHEME FILE
start_http2() {
	available "$1" || return 1
	port=$("$bin/port")
	http2_name=$1-$2 http2_listen=http2 http2_tls= http2_certificate= http2_key=--no-tls
	if [ "$2" = https ]; then
		http2_listen="ssl http2" http2_certificate="$tmp/tls.pem $tmp/tls.key"
		http2_key="$tmp/tls.key $tmp/tls.pem"
		http2_tls="ssl_certificate $tmp/tls.pem; ssl_certificate_key $tmp/tls.key;
			ssl_protocols TLSv1.3;"
		h2o_tls=$(printf '\n  ssl:\n    certificate-file: %s\n    key-file: %s' "$tmp/tls.pem" "$tmp/tls.key")
		lighttpd_tls="server.modules += ( \"mod_openssl\" )
			ssl.engine = \"enable\"
			ssl.pemfile = \"$tmp/tls.pem\"
			ssl.privkey = \"$tmp/tls.key\""
	fi
	http2_http="sendfile on; tcp_nopush on; access_log $tmp/$http2_name.access; $http2_tls"
	case $1 in
	# shellcheck disable=SC2086 # no word or two
	floor) launch "$http2_name" "$server_cpu" "$bin/http2_floor" "$port" "$3" $http2_certificate ;;
	skua) start_skua "$http2_name" 1 "$server_cpu" "$http2_http" "" "$http2_listen" ;;
	nginx) start_nginx "$http2_name" 1 "$server_cpu" "$open_files $http2_http" "" "$http2_listen" ;;
	lighttpd) start_lighttpd "$http2_name" ;;
	h2o) start_h2o "$http2_name" ;;
	nghttpd)
		# shellcheck disable=SC2086 # one word or two
		launch "$http2_name" "$server_cpu" nghttpd -a 127.0.0.1 -d "$tmp/www" "$port" $http2_key
		;;
	esac
	http2_status=$?
	unset h2o_tls lighttpd_tls
	return $http2_status
}

# How many requests are measured at a time, and how often in a round. Memory of a machine that
# others share can be slower for some seconds. Where much is copied, that counts more than what a
# server does; so the turns are short there.
http2_requests() {
	case $1 in
	1024) http2_turns=1 http2_count=${HTTP2_SHORT:-60000} ;;
	102400) http2_turns=3 http2_count=$((${HTTP2_SHORT:-60000} / 24)) ;;
	*) http2_turns=3 http2_count=$((${HTTP2_SHORT:-60000} / 1200)) ;;
	esac
	# h2load wants as many as it has connections.
	[ "$http2_count" -ge 8 ] || http2_count=8
}

# usage: measure_http2 SERVER SCHEME SIZE
measure_http2() {
	http2_case="$2, $(($3 / 1024)) KiB, CPU µs"
	"$bin/spend" "$(cat "$tmp/$1-$2.pid")" "$tmp/cpu" timeout 120 taskset -c "$client_cpu" \
		h2load -c 8 -m 10 -n "$http2_count" \
		"$2://127.0.0.1:$(cat "$tmp/$1-$2.port")/$3.txt" >"$tmp/h2load" 2>&1
	if grep -q " $http2_count succeeded, 0 failed" "$tmp/h2load" &&
		grep -q "status codes: $http2_count 2xx" "$tmp/h2load"; then
		printf '%s\t%s\t%s\n' "$http2_case" "$1" \
			"$(awk -v cpu="$(cat "$tmp/cpu")" -v count="$http2_count" \
				'BEGIN { printf "%.2f", cpu / count }')" >>"$http2_results"
	else
		note "$1, $http2_case: $(grep 'requests:\|rror' "$tmp/h2load" | tr '\n' ' ')"
		failed=1
	fi
	empty_logs
}

# usage: measure_http2_idle SERVER
measure_http2_idle() {
	http2_per_conn=$(idle_memory "$1-https" "$http2_idle" hold2)
	[ -n "$http2_per_conn" ] || { note "$1, idle connections: no figure"; failed=1; return; }
	printf '%s\t%s\t%s\n' "https, idle connection, KiB" "$1" "$http2_per_conn" >>"$http2_results"
	empty_logs
}

run_http2() {
	build_http2 || return
	note "HTTP/2"
	http2_idle=1000
	[ "${QUICK:-}" != 1 ] || { http2_idle=300; HTTP2_SHORT=${HTTP2_SHORT:-8000}; }
	make_certificate
	for scheme in ${HTTP2_SCHEMES:-http https}; do
		for size in $http2_sizes; do
			http2_running=
			for server in $http2_servers; do
				start_http2 "$server" $scheme "$tmp/www/$size.txt" &&
					http2_running="$http2_running $server"
			done
			[ "$scheme-$size" != https-1024 ] ||
				for server in $http2_running; do measure_http2_idle "$server"; done
			http2_requests "$size"
			turn=0
			while [ $((turn += 1)) -le $((rounds * http2_turns)) ]; do
				for server in $http2_running; do
					measure_http2 "$server" "$scheme" "$size"
				done
			done
			stop_all
		done
	done
}
