#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A throw-away Ceph on loopback with a pool of RBD images: one monitor, one OSD that keeps its
# objects in memory. No systemd, no gateway, nothing outside DATA.
#
#   rbd.sh start DATA             starts it, prints the path of its ceph.conf; its pool is `one`,
#                                 its user client.market has the key in DATA/key, and may read
#   rbd.sh import DATA FILE NAME  makes the image one/NAME of the file's bytes
#   rbd.sh stop DATA              kills what was started, removes DATA
#
# Exit status 77: Ceph is not installed. A cluster nobody stops ends by itself: after MAX_LIFE
# seconds (3600), or when DATA is gone.
set -euo pipefail

action=$1
data=$(realpath -m "$2")
here=$(realpath "$0")
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
        pid=$(cat "$file" 2> /dev/null) || continue
        grep -qsF -- "$conf" "/proc/$pid/cmdline" && echo "$pid"
    done
    return 0
}

kill_daemons() {
    local pid
    for pid in $(daemons); do
        kill -KILL "$pid" 2> /dev/null || true
        while grep -qsF -- "$conf" "/proc/$pid/cmdline"; do sleep 0.02; done
    done
}

# Keys are asked for, so that CEPH_USER and CEPH_KEY mean something.
write_files() {
    cat > "$conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = [v2:127.0.0.1:$port]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind ipv6 = false
run dir = $sockets
admin socket = $sockets/\$name.\$pid.asok
log file = $data/log/\$name.log
log to stderr = false
crash dir = $data/crash
debug none = 0/0
mon data = $data/mon
osd data = $data/osd
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 2
osd pool default pgp num = 2
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail warn = 2
mon data avail crit = 1

[mon]
mon cluster log file = $data/log/cluster.log
# Changes of the map take effect at once, not once a second.
paxos propose interval = 0.02
paxos min wait = 0.01

[osd]
keyring = $data/keyring
osd objectstore = memstore
memstore device bytes = $((8 << 30))
osd op num shards = 2
osd op num threads per shard = 1
osd mclock skip benchmark = true
osd heartbeat grace = 600

[client]
objecter tick interval = 0.5

[client.admin]
keyring = $data/keyring
CONF
    ceph-authtool --create-keyring "$data/keyring" --gen-key -n mon. --cap mon 'allow *' > /dev/null
    ceph-authtool "$data/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
    ceph-authtool "$data/keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
    ceph-authtool "$data/keyring" --gen-key -n client.market --cap mon 'profile rbd' \
        --cap osd 'profile rbd-read-only pool=one'
    ceph-authtool "$data/keyring" -p -n client.market > "$data/key"
}

# launch NAME COMMAND...: in the background, in a session of its own.
launch() {
    local name=$1 preload; shift
    preload=$(ls /usr/lib/*/libeatmydata.so 2> /dev/null | head -n 1 || true)
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
            echo "rbd.sh: no $what" >&2
            tail -n 5 "$data"/log/*.out "$data"/log/*.log >&2 || true
            return 1
        fi
        sleep 0.05
    done
}

port_open() { (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

start_once() {
    local uuid
    rm -rf "$data"
    mkdir -p "$data"/{run,log,crash,mon,osd}
    # Names of UNIX sockets are limited to 107 bytes: they do not live in DATA.
    sockets=$(mktemp -d /tmp/rbd.XXXXXX)
    echo "$sockets" > "$data/sockets"
    port=$(free_port) launched=0
    write_files
    uuid=$(cat /proc/sys/kernel/random/uuid)
    monmaptool --create --clobber --fsid "$(sed -n 's/^fsid = //p' "$conf")" \
        --addv a "[v2:127.0.0.1:$port]" --set-min-mon-release 16 --enable-all-features \
        "$data/monmap" > "$data/log/monmap.out"
    ceph-mon --mkfs -i a --monmap "$data/monmap" --keyring "$data/keyring" > "$data/log/mkfs.out" 2>&1
    launch mon.a ceph-mon -i a; launched=1
    wait_for "monitor" port_open "$port"
    # One interpreter for all: a call of `ceph` costs a start of Python.
    printf '%s\n' "osd new $uuid 0" "osd set noscrub" "osd set nodeep-scrub" "osd pool create one 4" \
        "osd pool application enable one rbd" |
        ceph --connect-timeout 60 > "$data/log/init.out" 2>&1
    # A memstore is made by the process that serves it, and not kept.
    ceph-osd --mkfs -i 0 --osd-uuid "$uuid" --no-mon-config >> "$data/log/mkfs.out" 2>&1
    launch osd.0 ceph-osd -i 0; launched=2
    wait_for "OSD" grep -q 'osd.0 .* boot$' "$data/log/cluster.log"
    timeout 60 rbd pool init one
}

case $action in
start)
    for program in ceph-mon ceph-osd ceph-authtool ceph rbd; do
        command -v "$program" > /dev/null || { echo "rbd.sh: $program is not installed" >&2; exit 77; }
    done
    [ ! -e "$conf" ] || kill_daemons
    # A port somebody else took meanwhile: another.
    for try in 1 2 3; do
        if start_once; then break; fi
        kill_daemons
        [ "$try" != 3 ] || exit 1
    done
    # Who looks after it when nobody stops it.
    setsid bash "$here" watch "$data" < /dev/null > /dev/null 2>&1 &
    echo "$conf"
    ;;
import)
    if [ -s "$3" ]; then rbd import --no-progress "$3" "one/$4"; else rbd create --size 0 "one/$4"; fi
    ;;
watch)
    pids=$(daemons)
    end=$((SECONDS + ${MAX_LIFE:-3600}))
    while [ $SECONDS -lt $end ] && [ -e "$conf" ]; do sleep 2; done
    for pid in $pids; do
        ! grep -qsF -- "$conf" "/proc/$pid/cmdline" || kill -KILL "$pid"
    done
    ;;
stop)
    [ -e "$conf" ] || exit 0
    kill_daemons
    rm -rf "$(cat "$data/sockets")" "$data"
    ;;
*)
    sed -n '3,12s/^# \{0,1\}//p' "$here" >&2
    exit 2
    ;;
esac
