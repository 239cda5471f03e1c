# SPDX-License-Identifier: Apache-2.0
# A throw-away Ceph on loopback: one monitor, one OSD that keeps its objects in memory. No systemd, nothing outside
# DATA. For scripts to source, with `data` set: the folder, made absolute.
#
# A cluster nobody stops ends by itself: after MAX_LIFE seconds (3600), or when its ceph.conf is gone.

conf=$data/ceph.conf
program=$(basename "$0")
export CEPH_CONF=$conf
unset CEPH_ARGS

# need PROGRAM...: exit status 77 where one is not installed.
need() {
    local name
    for name in "$@"; do
        command -v "$name" > /dev/null || { echo "$program: $name is not installed" >&2; exit 77; }
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

port_open() { (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

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

# Also of one whose command line is still this script's.
all_live() {
    local file
    for file in "$data"/run/*.pid; do kill -0 "$(cat "$file")" 2> /dev/null || return 1; done
}

# wait_for WHAT COMMAND...: until it succeeds, 120 s at most, and as long as our daemons live.
wait_for() {
    local what=$1 end=$((SECONDS + 120)); shift
    until "$@" > /dev/null 2>&1; do
        if [ $SECONDS -ge $end ] || ! all_live; then
            echo "$program: no $what" >&2
            tail -n 5 "$data"/log/*.out "$data"/log/*.log >&2 || true
            return 1
        fi
        sleep 0.05
    done
}

# make_folder LINE...: an empty DATA and its ceph.conf, with these lines for all; more of [client], and more sections,
# may be added to it.
make_folder() {
    [ ! -e "$data/sockets" ] || rm -rf "$(cat "$data/sockets")"
    rm -rf "$data"
    mkdir -p "$data"/{run,log,crash,mon,osd}
    # Names of UNIX sockets are limited to 107 bytes: they do not live in DATA.
    mktemp -d "/tmp/${program%.sh}.XXXXXX" > "$data/sockets"
    mon_port=$(free_port)
    cat > "$conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = [v2:127.0.0.1:$mon_port]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms bind ipv6 = false
run dir = $(cat "$data/sockets")
admin socket = $(cat "$data/sockets")/\$name.\$pid.asok
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
mon max pg per osd = 1000
mon allow pool size one = true
mon data avail warn = 2
mon data avail crit = 1
$(printf '%s\n' "$@")

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
CONF
}

# start_cluster [OPTION...] [-- COMMAND...]: monitor and OSD. The options are for the monitor's `--mkfs`, the commands
# are for `ceph`.
start_cluster() {
    local options=() uuid
    while [ $# != 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
    uuid=$(cat /proc/sys/kernel/random/uuid)
    monmaptool --create --clobber --fsid "$(sed -n 's/^fsid = //p' "$conf")" \
        --addv a "[v2:127.0.0.1:$mon_port]" --set-min-mon-release 16 --enable-all-features \
        "$data/monmap" > "$data/log/monmap.out"
    ceph-mon --mkfs -i a --monmap "$data/monmap" "${options[@]}" > "$data/log/mkfs.out" 2>&1
    launch mon.a ceph-mon -i a
    wait_for "monitor" port_open "$mon_port" || return
    # One interpreter for all: a call of `ceph` costs a start of Python.
    printf '%s\n' "osd new $uuid 0" "osd set noscrub" "osd set nodeep-scrub" "${@:2}" |
        ceph --connect-timeout 60 > "$data/log/init.out" 2>&1
    # A memstore is made by the process that serves it, and not kept.
    ceph-osd --mkfs -i 0 --osd-uuid "$uuid" --no-mon-config >> "$data/log/mkfs.out" 2>&1
    launch osd.0 ceph-osd -i 0
    wait_for "OSD" grep -q 'osd.0 .* boot$' "$data/log/cluster.log" || return
}

# start_surely COMMAND: what starts it all, and returns where something does not start. A port that somebody else took
# meanwhile is another one the next time.
start_surely() {
    [ ! -e "$conf" ] || kill_daemons
    local try sockets pids
    for try in 1 2 3; do
        if "$1"; then break; fi
        kill_daemons
        [ "$try" != 3 ] || exit 1
    done
    # Who looks after it when nobody stops it.
    sockets=$(cat "$data/sockets")
    mapfile -t pids < <(daemons)
    setsid bash "$(realpath "$0")" watch "$data" "$sockets" "${pids[@]}" < /dev/null > /dev/null 2>&1 &
}

# watch_cluster SOCKETS PID...
watch_cluster() {
    local sockets=$1 pid end=$((SECONDS + ${MAX_LIFE:-3600})); shift
    while [ $SECONDS -lt $end ] && [ -e "$conf" ]; do sleep 2; done
    for pid in "$@"; do
        ! grep -qsF -- "$conf" "/proc/$pid/cmdline" || kill -KILL "$pid"
    done
    rm -rf "$sockets"
}

stop_cluster() {
    [ -e "$conf" ] || return 0
    kill_daemons
    rm -rf "$(cat "$data/sockets")" "$data"
}
