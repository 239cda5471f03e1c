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
here=$(realpath "$0")
# Names of UNIX sockets are limited to 107 bytes: they do not live in DATA.
conf=$data/ceph.conf
export CEPH_CONF=$conf
unset CEPH_ARGS

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The pids of our daemons: those whose command line names our configuration.
daemons() {
    local file pid
    for file in "$data"/run/*.pid; do
        pid=$(cat "$file" 2>/dev/null) || continue
        grep -qsF -- "$conf" "/proc/$pid/cmdline" && echo "$pid"
    done
    return 0
}

kill_daemons() {
    local pid
    for pid in $(daemons); do
        kill -KILL "$pid" 2>/dev/null || true
        while grep -qsF -- "$conf" "/proc/$pid/cmdline"; do sleep 0.02; done
    done
}

write_conf() {
    local run=$1
    cat > "$conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = [v2:127.0.0.1:$mon_port]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
run dir = $run
admin socket = $run/\$name.asok
log file = $data/log/\$name.log
log to stderr = false
crash dir = $data/crash
debug none = 0/0
mon data = $data/mon
osd data = $data/osd
rgw data = $data/rgw
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 2
osd pool default pgp num = 2
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon max pg per osd = 1000
mon allow pool size one = true
mon data avail warn = 2
mon data avail crit = 1

[mon]
mon cluster log file = $data/log/cluster.log
# Changes of the map take effect at once, not once a second.
paxos propose interval = 0.02
paxos min wait = 0.01

[osd]
osd objectstore = memstore
memstore device bytes = $((8 << 30))
osd op num shards = 2
osd op num threads per shard = 1
osd mclock skip benchmark = true
osd heartbeat grace = 600

[client]
objecter tick interval = 0.5
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
}

# launch NAME COMMAND...: in the background, in a session of its own.
launch() {
    local name=$1 preload; shift
    preload=$(ls /usr/lib/*/libeatmydata.so 2>/dev/null | head -n 1 || true)
    (
        ulimit -c 0
        export MALLOC_ARENA_MAX=2 LD_PRELOAD=$preload
        exec setsid "$@" -f --conf "$conf" < /dev/null >> "$data/log/$name.out" 2>&1
    ) &
    echo $! > "$data/run/$name.pid"
}

# wait_for WHAT COMMAND...: until it succeeds, 120 s at most, and as long as our daemons live.
wait_for() {
    local what=$1 end=$((SECONDS + 120)); shift
    until "$@" > /dev/null 2>&1; do
        if [ $SECONDS -ge $end ] || [ "$(daemons | wc -l)" -lt "$launched" ]; then
            echo "radosgw.sh: no $what" >&2
            tail -n 5 "$data"/log/*.out "$data"/log/*.log >&2 || true
            return 1
        fi
        sleep 0.05
    done
}

port_open() { (: < "/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_once() {
    local run osd_uuid
    rm -rf "$data"
    mkdir -p "$data"/{run,log,crash,mon,osd,rgw}
    run=$(mktemp -d /tmp/radosgw.XXXXXX)
    echo "$run" > "$data/sockets"
    mon_port=$(free_port) http_port=$(free_port) tls_port=$(free_port) launched=0
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -addext "subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1" \
        -keyout "$data/tls.key" -out "$data/tls.crt" 2> "$data/log/openssl.out"
    write_conf "$run"
    osd_uuid=$(cat /proc/sys/kernel/random/uuid)
    monmaptool --create --clobber --fsid "$(sed -n 's/^fsid = //p' "$conf")" \
        --addv a "[v2:127.0.0.1:$mon_port]" --set-min-mon-release 16 --enable-all-features \
        "$data/monmap" > "$data/log/monmap.out"
    ceph-mon --mkfs -i a --monmap "$data/monmap" > "$data/log/mkfs.out" 2>&1
    launch mon.a ceph-mon -i a; launched=1
    wait_for "monitor" port_open "$mon_port"
    # One interpreter for all: a call of `ceph` costs a start of Python.
    printf '%s\n' "osd new $osd_uuid 0" "osd set noscrub" "osd set nodeep-scrub" |
        ceph --connect-timeout 60 > "$data/log/init.out" 2>&1
    # A memstore is made by the process that serves it, and not kept.
    ceph-osd --mkfs -i 0 --osd-uuid "$osd_uuid" --no-mon-config >> "$data/log/mkfs.out" 2>&1
    launch osd.0 ceph-osd -i 0; launched=2
    wait_for "OSD" grep -q 'osd.0 .* boot$' "$data/log/cluster.log"
    timeout 120 radosgw-admin user create --uid=market --display-name=market \
        --access-key="$access" --secret-key="$secret" >> "$data/log/init.out" 2>&1
    launch client.rgw radosgw -n client.rgw; launched=3
    wait_for "gateway" curl -sf -o /dev/null "http://127.0.0.1:$http_port/"
    wait_for "gateway over https" port_open "$tls_port"
}

case $action in
start)
    for program in ceph-mon ceph-osd ceph radosgw radosgw-admin openssl curl; do
        command -v "$program" > /dev/null || { echo "radosgw.sh: $program is not installed" >&2; exit 77; }
    done
    access=testaccesskey
    secret=test/secret+key=$RANDOM$RANDOM
    [ ! -e "$conf" ] || kill_daemons
    # A port somebody else took meanwhile: others.
    for try in 1 2 3; do
        if start_once; then break; fi
        kill_daemons
        [ "$try" != 3 ] || exit 1
    done
    cat > "$data/env.new" <<ENV
S3_ENDPOINT=http://127.0.0.1:$http_port
S3_TLS_ENDPOINT=https://127.0.0.1:$tls_port
S3_CA_FILE=$data/tls.crt
S3_ACCESS_KEY=$access
S3_SECRET_KEY=$secret
CEPH_CONF=$conf
ENV
    mv "$data/env.new" "$data/env"
    # Who looks after it when nobody stops it.
    setsid bash "$here" watch "$data" < /dev/null > /dev/null 2>&1 &
    cat "$data/env"
    ;;
watch)
    pids=$(daemons)
    end=$((SECONDS + ${MAX_LIFE:-3600}))
    while [ $SECONDS -lt $end ] && [ -e "$data/env" ]; do sleep 2; done
    for pid in $pids; do
        ! grep -qsF -- "$conf" "/proc/$pid/cmdline" || kill -KILL "$pid"
    done
    ;;
quota)
    bucket=(--quota-scope=bucket --uid=market --bucket="$3")
    if [ "$4" = off ]; then
        radosgw-admin quota disable "${bucket[@]}" > /dev/null
    else
        radosgw-admin quota set "${bucket[@]}" --max-size="$4" > /dev/null
        radosgw-admin quota enable "${bucket[@]}" > /dev/null
    fi
    ;;
stop)
    [ -e "$conf" ] || exit 0
    kill_daemons
    rm -rf "$(cat "$data/sockets")" "$data"
    ;;
*)
    sed -n '3,18s/^# \{0,1\}//p' "$here" >&2
    exit 2
    ;;
esac
