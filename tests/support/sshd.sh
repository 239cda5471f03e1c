#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A throw-away sshd on loopback that plays other hosts, for tests of bridges.
#
#   sshd.sh start DATA         starts it on a free port, prints the folder of an `ssh` that knows
#                                bridge1 bridge2 bridge3   the account that runs this
#                                down                      nobody listens there
#                                stranger                  has another host key than is known
#                                refused                   takes no key of ours
#                              DATA/config is that ssh's configuration; programs in DATA/host come
#                              first in the hosts' PATH
#   sshd.sh connections DATA   how many processes serve connections now
#   sshd.sh drop DATA          kills the connections; the programs they started stay alone
#   sshd.sh freeze DATA        stops them: they are there and say nothing; thaw DATA: go on
#   sshd.sh stop DATA          kills it and all its connections, removes DATA
#
# By hand:  bin=$(tests/support/sshd.sh start /tmp/hosts)
#           sed 's|@PUBLIC_DIR@|/tmp|; s|@BASE_URL@|http://h|; s|@BRIDGE_LIST@|bridge1 bridge2|' \
#               tests/fixtures/messages/monitor-http-bridge.xml | PATH=$bin:$PATH build/onemarketctl monitor -
#           tests/support/sshd.sh stop /tmp/hosts
#
# Exit status 77: OpenSSH is not installed. A server nobody stops ends by itself when DATA is gone,
# or after MAX_LIFE seconds (3600).
set -euo pipefail

action=$1
data=$(realpath -m "$2")
here=$(realpath "$0")
sshd=$(PATH=/usr/sbin:/usr/bin:/sbin:$PATH command -v sshd || true)

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Our sshd and its connections: those that descend from it.
pids() {
    local top
    top=$(cat "$data/pid" 2> /dev/null) || return 0
    grep -qsF -- "$data/sshd_config" "/proc/$top/cmdline" || return 0
    python3 - "$top" <<'PY'
import pathlib, sys
parents = {}
for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
    try:
        fields = stat.read_text(errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        continue
    parents[int(stat.parent.name)] = int(fields[1])
found = [int(sys.argv[1])]
for pid in found:
    found += [child for child, parent in parents.items() if parent == pid]
print(*found, sep="\n")
PY
}

# To the connections' own processes, not to what they run.
signal_connections() {
    local pid
    for pid in $(pids | tail -n +2); do
        ! grep -qsE '^sshd' "/proc/$pid/comm" || kill -"$1" "$pid" 2> /dev/null || true
    done
}

# Waits until a server with our key listens; fails when ours has died, whoever has its port then.
is_up() {
    local end=$((SECONDS + 30)) key
    key=$(cut -d' ' -f2 "$data/host_key.pub")
    until ssh-keyscan -T 5 -t ed25519 -p "$port" 127.0.0.1 2> /dev/null | grep -qF "$key"; do
        if [ $SECONDS -ge $end ] || { [ -e "$data/pid" ] && [ -z "$(pids)" ]; }; then return 1; fi
        sleep 0.02
    done
}

write_files() {
    # A home of its own: what the tester's start-up files do is nobody's business.
    mkdir -p "$data/bin" "$data/host" "$data/home"
    for key in host_key other_host_key id other_id; do
        ssh-keygen -q -t ed25519 -N '' -C test -f "$data/$key"
    done
    cp "$data/id.pub" "$data/authorized_keys"
    chmod 755 "$data"
    cat > "$data/sshd_config" <<CONF
ListenAddress 127.0.0.1
Port $port
HostKey $data/host_key
PidFile none
AuthorizedKeysFile $data/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
MaxStartups 200
SetEnv PATH=$data/host:/usr/sbin:/usr/bin:/sbin:/bin HOME=$data/home
LogLevel ERROR
CONF
    for host in bridge1 bridge2 bridge3 refused; do
        echo "$host $(cut -d' ' -f1,2 "$data/host_key.pub")"
    done > "$data/known_hosts"
    echo "stranger $(cut -d' ' -f1,2 "$data/other_host_key.pub")" >> "$data/known_hosts"
    for host in bridge1 bridge2 bridge3 stranger down refused; do
        printf 'Host %s\n    HostKeyAlias %s\n' $host $host
        [ $host != down ] || echo "    Port 1"
        [ $host != refused ] || echo "    IdentityFile $data/other_id"
    done > "$data/config"
    cat >> "$data/config" <<CONF
Host * !refused
    IdentityFile $data/id
Host *
    HostName 127.0.0.1
    Port $port
    IdentitiesOnly yes
    UserKnownHostsFile $data/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
CONF
    printf '#!/bin/sh\nexec %s -F "%s" "$@"\n' "$(command -v ssh)" "$data/config" > "$data/bin/ssh"
    chmod +x "$data/bin/ssh"
}

case $action in
start)
    if [ -z "$sshd" ] || ! command -v ssh > /dev/null; then
        echo "sshd.sh: OpenSSH is not installed" >&2
        exit 77
    fi
    rm -rf "$data"
    mkdir -p "$data"
    [ "$(id -u)" != 0 ] || mkdir -p /run/sshd
    port=$(free_port)
    write_files
    for try in 1 2 3 4 5; do
        setsid bash "$here" serve "$data" < /dev/null > /dev/null 2>&1 &
        if is_up; then
            echo "$data/bin"
            exit 0
        fi
        # A port somebody else took meanwhile: another one. Who looked after the last one goes.
        rm -f "$data/pid"
        before=$port port=$(free_port)
        sed -i "s/Port $before\$/Port $port/" "$data/sshd_config" "$data/config"
    done
    echo "sshd.sh: does not start" >&2
    cat "$data/log" >&2
    exit 1
    ;;
connections)
    echo $(($(pids | wc -l) - 1))
    ;;
drop) signal_connections KILL ;;
freeze) signal_connections STOP ;;
thaw) signal_connections CONT ;;
serve)
    # It dies with this process: who looks for what a test has left finds no trace of the test in
    # sshd, which writes over its environment. sshd wants its absolute path.
    setpriv --pdeathsig KILL "$sshd" -D -f "$data/sshd_config" -E "$data/log" &
    echo $! > "$data/pid"
    end=$((SECONDS + ${MAX_LIFE:-3600}))
    before=
    while [ $SECONDS -lt $end ] && [ -e "$data/pid" ]; do
        before=$(pids)
        sleep 2
    done
    for pid in $before $(pids); do
        ! grep -qsF -- "$data/sshd_config" "/proc/$pid/cmdline" || kill -KILL "$pid" 2> /dev/null || true
    done
    ;;
stop)
    for pid in $(pids); do kill -KILL "$pid" 2> /dev/null || true; done
    rm -rf "$data"
    ;;
*)
    sed -n '3,24s/^# \{0,1\}//p' "$here" >&2
    exit 2
    ;;
esac
