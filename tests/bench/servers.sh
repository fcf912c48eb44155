# SPDX-License-Identifier: BSD-2-Clause
#
# How each server is configured and started: sourced by run. Every server serves
# $tmp/www on 127.0.0.1, writes its access log to $tmp/NAME.access, and is never told
# to end a connection by count. A server NAME leaves $tmp/NAME.pid (of the process
# above all of its processes) and $tmp/NAME.port.

# all_servers: in the order of the columns
all_servers="floor skua skua-buf nginx nginx-sf nginx-rw lighttpd h2o"

# Starts a command in a process group of its own, for an hour at most even if this
# script is killed, and waits until it listens on $port.
# usage: launch NAME CPU|any COMMAND...
launch() {
	launch_name=$1
	launch_cpu=$2
	shift 2
	[ "$launch_cpu" = any ] || set -- taskset -c "$launch_cpu" "$@"
	timeout -k 5 3600 "$@" >"$tmp/$launch_name.out" 2>&1 &
	echo $! >"$tmp/$launch_name.pid"
	echo "$port" >"$tmp/$launch_name.port"
	"$bin/port" "$port" $! && return
	note "$launch_name did not start, left out: $(last_words "$launch_name")"
	stop "$launch_name"
	return 1
}

last_words() {
	cat "$tmp/$1.out" "$tmp/$1.error" 2>/dev/null | grep . | tail -n 1 | grep . ||
		echo "it said nothing"
}

# timeout passes the signal on to its group, and kills what is left 5 s later.
stop() {
	[ -s "$tmp/$1.pid" ] || return 0
	stop_pid=$(cat "$tmp/$1.pid")
	rm -f "$tmp/$1.pid"
	kill "$stop_pid" 2>/dev/null
	wait "$stop_pid" 2>/dev/null
}

stop_all() {
	for stop_file in "$tmp"/*.pid; do
		[ -e "$stop_file" ] && stop "$(basename "$stop_file" .pid)"
	done
}

# The part of nginx's grammar that Skua shares.
# usage: nginx_like NAME WORKERS MAIN EVENTS HTTP LISTEN
nginx_like() {
	cat <<-END
		daemon off;
		worker_processes $2;
		worker_rlimit_nofile 16384;
		pid $tmp/$1.pidfile;
		error_log $tmp/$1.error;
		$3
		events {
			worker_connections ${worker_connections:-8192};
			$4
		}
		http {
			types { text/plain txt; }
			keepalive_requests 1000000000;
			$5
			server {
				listen 127.0.0.1:$port $6;
				root $tmp/www;
				${configured_rest-}
			}
		}
	END
}

# Where nginx would write below a directory that only root has.
nginx_paths="
	client_body_temp_path nginx-body;
	proxy_temp_path nginx-proxy;
	fastcgi_temp_path nginx-fastcgi;
	uwsgi_temp_path nginx-uwsgi;
	scgi_temp_path nginx-scgi;"

# Lines are written when 64 KiB of them have gathered or a second has passed.
tuned_log() {
	echo "access_log $tmp/$1.access combined buffer=64k flush=1s; log_not_found off;"
}

open_files="
	open_file_cache max=1000 inactive=60s;
	open_file_cache_valid 60s;
	open_file_cache_errors on;"

# usage: start_nginx NAME WORKERS CPU HTTP [EVENTS] [LISTEN]
start_nginx() {
	nginx_like "$1" "$2" "" "${5-}" "$nginx_paths $4" "${6-}" >"$tmp/$1.conf"
	launch "$1" "$3" nginx -p "$tmp" -c "$tmp/$1.conf" -e "$tmp/$1.error"
}

# usage: start_skua NAME WORKERS CPU HTTP [EVENTS] [LISTEN]
start_skua() {
	nginx_like "$1" "$2" "" "${5-}" "$4" "${6-}" >"$tmp/$1.conf"
	launch "$1" "$3" "$skua" -p "$tmp" -c "$tmp/$1.conf" -e "$tmp/$1.error"
}

# usage: start_lighttpd [NAME]; lighttpd_tls: more of its configuration
start_lighttpd() {
	lighttpd_name=${1:-lighttpd}
	cat >"$tmp/$lighttpd_name.conf" <<-END
		server.modules = ( "mod_accesslog" )
		server.bind = "127.0.0.1"
		server.port = $port
		server.document-root = "$tmp/www"
		server.errorlog = "$tmp/$lighttpd_name.error"
		server.max-fds = 16384
		server.max-connections = 8192
		server.max-keep-alive-requests = 65535
		accesslog.filename = "$tmp/$lighttpd_name.access"
		mimetype.assign = ( ".txt" => "text/plain" )
		${lighttpd_tls-}
	END
	launch "$lighttpd_name" "$server_cpu" lighttpd -D -f "$tmp/$lighttpd_name.conf"
}

# usage: start_h2o [NAME]; h2o_tls: more of its listener
start_h2o() {
	h2o_name=${1:-h2o}
	cat >"$tmp/$h2o_name.conf" <<-END
		num-threads: 1
		max-connections: 8192
		listen:
		  host: 127.0.0.1
		  port: $port${h2o_tls-}
		access-log: $tmp/$h2o_name.access
		error-log: $tmp/$h2o_name.error
		hosts:
		  default:
		    paths:
		      /:
		        file.dir: $tmp/www
	END
	launch "$h2o_name" "$server_cpu" h2o -c "$tmp/$h2o_name.conf"
}

# Its answers are fixed when it starts, so it starts anew for each case.
# usage: start_floor FILE|- keep|close
start_floor() {
	stop floor
	port=$("$bin/port")
	launch floor "$server_cpu" "$bin/floor" "$port" "$1" "$2"
}

# Whether there is the program of NAME or NAME-VARIANT; says so once if not.
available() {
	case $1 in
	floor*) return 0 ;;
	skua*) program=$skua ;;
	*) program=${1%%-*} ;;
	esac
	command -v "$program" >/dev/null && return
	case " $absent " in *" $program "*) return 1 ;; esac
	absent="$absent $program"
	note "${1%%-*} is left out: there is no $program"
	return 1
}
absent=

# Starts one of all_servers with one worker on the server's core; says why not.
start() {
	available "$1" || return 1
	port=$("$bin/port")
	case $1 in
	floor) ;; # by run_case
	skua) start_skua skua 1 "$server_cpu" "access_log $tmp/skua.access;" ;;
	skua-buf) start_skua skua-buf 1 "$server_cpu" "$(tuned_log skua-buf)" ;;
	nginx)
		start_nginx nginx 1 "$server_cpu" "sendfile on; tcp_nopush on;
			access_log $tmp/nginx.access;"
		;;
	nginx-sf)
		start_nginx nginx-sf 1 "$server_cpu" "sendfile on; tcp_nopush on;
			$open_files $(tuned_log nginx-sf)"
		;;
	nginx-rw)
		start_nginx nginx-rw 1 "$server_cpu" "sendfile off; output_buffers 2 128k;
			$open_files $(tuned_log nginx-rw)"
		;;
	lighttpd) start_lighttpd ;;
	h2o) start_h2o ;;
	*) note "$1: no such server; there are: $all_servers"; return 1 ;;
	esac
}
