#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A throw-away server of catalogues on loopback: nginx, over http and https, with a certificate of
# its own, and with addresses where something is wrong. And a proxy that asks for credentials.
#
#   catalogue.sh start DATA ROOT   serves the folder ROOT; writes DATA/env:
#                                  HTTP_URL HTTPS_URL CA_FILE
#   catalogue.sh proxy DATA        starts tinyproxy too; prints http://tenant:hunter2hunter2@host:port
#   catalogue.sh stop DATA
#
# Both end with what keeps them: a process with the caller's environment, by which the sessions find what
# they have started (nginx writes its title over its own), and which ends after an hour.
# Below both addresses, besides ROOT itself:
#   /moved/…       redirected to /…             /twice/…   the same by way of /moved/…
#   /round/…       redirected to itself         /plain/…   redirected to http
#   /status/NNN/…  that status                  /slow/…    100 bytes a second
#   /packed/…      the file with .gz behind its name, which has to be there
#   /page/…        status 200, a page of HTML   /agent/…   only for OpenNebula 7.0.0 CE
# DATA/access.log has a line a request: status, path, If-None-Match, User-Agent.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin
data=$(realpath -m "$2")

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

kept() {
    exec timeout 3600 setpriv --pdeathsig TERM "$@"
}

# listens PID PORT: true once the process does, false when it has ended.
listens() {
    while kill -0 "$1" 2>/dev/null; do
        (exec 3<> "/dev/tcp/127.0.0.1/$2") 2>/dev/null && return 0
        sleep 0.02
    done
    return 1
}

end() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 0
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}

case $1 in
start)
    mkdir -p "$data/tmp" "$3"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$data/key" -out "$data/crt" 2>/dev/null
    # Workers run as whoever starts it, so that they can read his files.
    user=""; [ "$(id -u)" != 0 ] || user="user $(id -un);"
    for try in 1 2 3 4 5; do
        port=$(free_port) tls=$(free_port)
        cat > "$data/nginx.conf" <<CONF
$user
worker_processes 1;
daemon off;
pid $data/nginx.pid;
error_log $data/error.log;
events { worker_connections 512; }
http {
    log_format asked '\$status \$request_uri \$http_if_none_match \$http_user_agent';
    access_log $data/access.log asked;
    default_type application/json;
    client_body_temp_path $data/tmp; proxy_temp_path $data/tmp; fastcgi_temp_path $data/tmp;
    uwsgi_temp_path $data/tmp; scgi_temp_path $data/tmp;
    sendfile on;
    gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any;
    server {
        listen 127.0.0.1:$port;
        listen 127.0.0.1:$tls ssl;
        ssl_certificate $data/crt; ssl_certificate_key $data/key;
        root "$3";
        absolute_redirect off;
        location ~ ^/moved(/.*)$  { return 302 \$1; }
        location ~ ^/twice(/.*)$  { return 307 /moved\$1; }
        location ~ ^/round(/.*)$  { return 301 /round\$1; }
        location ~ ^/plain(/.*)$  { return 301 http://127.0.0.1:$port\$1; }
        location ~ ^/status/401/ { return 401; }
        location ~ ^/status/404/ { return 404; }
        location ~ ^/status/500/ { return 500; }
        location ~ ^/status/503/ { return 503; }
        location ~ ^/status/204/ { return 204; }
        location ~ ^/slow(/.*)$   { gzip off; limit_rate 100; try_files \$1 =404; }
        location /packed/ { alias "$3/"; gzip_static always; }
        location ~ ^/page/        { default_type text/html; return 200 '<html><body>Sign in</body></html>'; }
        location ~ ^/agent(/.*)$  {
            if (\$http_user_agent != "OpenNebula 7.0.0 CE (Market Driver)") { return 403; }
            rewrite ^/agent(/.*)$ \$1 last;
        }
    }
}
CONF
        # A port somebody else took meanwhile: another one.
        kept nginx -c "$data/nginx.conf" -e "$data/error.log" > "$data/start.log" 2>&1 < /dev/null &
        if listens $! "$port"; then
            printf '%s\n' "HTTP_URL=http://127.0.0.1:$port" "HTTPS_URL=https://127.0.0.1:$tls" \
                "CA_FILE=$data/crt" > "$data/env"
            exit 0
        fi
    done
    cat "$data/start.log" >&2
    exit 1
    ;;
proxy)
    for try in 1 2 3 4 5; do
        port=$(free_port)
        printf '%s\n' "Port $port" "Listen 127.0.0.1" "Timeout 60" "MaxClients 20" "LogFile \"$data/proxy.log\"" "BasicAuth tenant hunter2hunter2" > "$data/proxy.conf"
        kept tinyproxy -d -c "$data/proxy.conf" > "$data/proxy.start" 2>&1 < /dev/null &
        if listens $! "$port"; then
            pgrep -P $! > "$data/proxy.pid"
            echo "http://tenant:hunter2hunter2@127.0.0.1:$port"
            exit 0
        fi
    done
    cat "$data/proxy.start" >&2
    exit 1
    ;;
stop)
    end "$data/proxy.pid"
    end "$data/nginx.pid"
    ;;
esac
