#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A throw-away nginx on loopback.
#
#   nginx.sh start DATA ROOT    serves the folder ROOT; prints its address (a free port)
#   nginx.sh stop DATA
set -euo pipefail
data=$2
case $1 in
start)
    root=$3
    mkdir -p "$data/tmp"
    # Workers run as whoever starts it, so that they can read his files.
    user=""; [ "$(id -u)" != 0 ] || user="user $(id -un);"
    for try in 1 2 3 4 5; do
        port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        cat > "$data/nginx.conf" <<CONF
$user
worker_processes 1;
pid $data/nginx.pid;
error_log $data/error.log;
events { worker_connections 64; }
http {
    access_log off;
    default_type application/octet-stream;
    client_body_temp_path $data/tmp; proxy_temp_path $data/tmp; fastcgi_temp_path $data/tmp;
    uwsgi_temp_path $data/tmp; scgi_temp_path $data/tmp;
    sendfile on;
    server { listen 127.0.0.1:$port; root "$root"; }
}
CONF
        nginx=$(PATH=$PATH:/usr/sbin:/sbin command -v nginx)
        # A port somebody else took meanwhile: another one.
        if "$nginx" -c "$data/nginx.conf" -e "$data/error.log" 2> "$data/start.log"; then
            echo "http://127.0.0.1:$port"
            exit 0
        fi
    done
    cat "$data/start.log" >&2
    exit 1
    ;;
stop)
    pid=$(cat "$data/nginx.pid" 2>/dev/null) || exit 0
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    ;;
esac
