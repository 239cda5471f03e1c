#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A throw-away Ceph on loopback: one monitor, one OSD that keeps its objects in memory, and radosgw,
# the S3 gateway, over http and https. No systemd, no cephx, nothing outside DATA.
#
#   radosgw.sh start DATA                   starts it on free ports, prints the file DATA/env:
#                                           S3_ENDPOINT S3_TLS_ENDPOINT S3_CA_FILE S3_ACCESS_KEY
#                                           S3_SECRET_KEY CEPH_CONF
#   radosgw.sh quota DATA BUCKET BYTES|off  what the bucket may hold
#   radosgw.sh stop DATA                    kills what was started, removes DATA
#
# By hand:  tests/support/radosgw.sh start /tmp/gateway; . /tmp/gateway/env
#           sed "s|@ENDPOINT@|$S3_ENDPOINT|; s|@ACCESS_KEY@|$S3_ACCESS_KEY|; s|@SECRET_KEY@|$S3_SECRET_KEY|
#               s|@BUCKET@|apps|" tests/fixtures/messages/monitor-s3.xml | build/onemarketctl monitor -
#           tests/support/radosgw.sh stop /tmp/gateway
#
# Exit status 77: Ceph is not installed. A gateway nobody stops ends by itself: after MAX_LIFE
# seconds (3600), or when DATA is gone.
set -euo pipefail

action=$1
data=$(realpath -m "$2")
. "$(dirname "$(realpath "$0")")/ceph_cluster.sh"

start_once() {
    make_folder "auth cluster required = none" "auth service required = none" "auth client required = none" \
        "rgw data = $data/rgw"
    mkdir "$data/rgw"
    http_port=$(free_port) tls_port=$(free_port)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -addext "subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1" \
        -keyout "$data/tls.key" -out "$data/tls.crt" 2> "$data/log/openssl.out"
    cat >> "$conf" <<CONF
# An encrypted link to the monitor needs cephx.
ms mon client mode = crc
rgw dns name = localhost
# Without tcp_nodelay each small answer waits 40 ms for an acknowledgement.
rgw frontends = beast endpoint=127.0.0.1:$http_port tcp_nodelay=1 ssl_endpoint=127.0.0.1:$tls_port ssl_certificate=$data/tls.crt ssl_private_key=$data/tls.key
rgw thread pool size = 16
rgw rados pool pg num min = 1
rgw enable usage log = false
rgw enable ops log = false
rgw run sync thread = false
rgw dynamic resharding = false
rgw enable quota threads = false
rgw enable lc threads = false
rgw override bucket index max shards = 1
rgw num control oids = 1
rgw gc max objs = 2
rgw lc max objs = 1
# What is deleted is freed at once.
rgw gc obj min wait = 0
rgw gc processor period = 2
rgw data log num shards = 1
rgw md log max shards = 1
rgw objexp hints num shards = 1
rgw user max buckets = 10000
# A quota counts what is there now.
rgw bucket quota ttl = 0
CONF
    start_cluster || return
    timeout 120 radosgw-admin user create --uid=market --display-name=market \
        --access-key="$access" --secret-key="$secret" >> "$data/log/init.out" 2>&1
    launch client.rgw radosgw -n client.rgw
    wait_for "gateway" curl -sf -o /dev/null "http://127.0.0.1:$http_port/" || return
    wait_for "gateway over https" port_open "$tls_port" || return
}

case $action in
start)
    need ceph-mon ceph-osd ceph radosgw radosgw-admin openssl curl
    access=testaccesskey
    secret=test/secret+key=$RANDOM$RANDOM
    start_surely start_once
    cat > "$data/env.new" <<ENV
S3_ENDPOINT=http://127.0.0.1:$http_port
S3_TLS_ENDPOINT=https://127.0.0.1:$tls_port
S3_CA_FILE=$data/tls.crt
S3_ACCESS_KEY=$access
S3_SECRET_KEY=$secret
CEPH_CONF=$conf
ENV
    mv "$data/env.new" "$data/env"
    cat "$data/env"
    ;;
watch) watch_cluster "${@:3}" ;;
quota)
    bucket=(--quota-scope=bucket --uid=market --bucket="$3")
    if [ "$4" = off ]; then
        radosgw-admin quota disable "${bucket[@]}" > /dev/null
    else
        radosgw-admin quota set "${bucket[@]}" --max-size="$4" > /dev/null
        radosgw-admin quota enable "${bucket[@]}" > /dev/null
    fi
    ;;
stop) stop_cluster ;;
*)
    sed -n '3,18s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
