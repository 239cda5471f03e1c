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
. "$(dirname "$(realpath "$0")")/ceph_cluster.sh"

# Keys are asked for, so that CEPH_USER and CEPH_KEY mean something.
make_keys() {
    cat >> "$conf" <<CONF

[client.admin]
keyring = $data/keyring

[osd.0]
keyring = $data/keyring
CONF
    ceph-authtool --create-keyring "$data/keyring" --gen-key -n mon. --cap mon 'allow *' > /dev/null
    ceph-authtool "$data/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
    ceph-authtool "$data/keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
    ceph-authtool "$data/keyring" --gen-key -n client.market --cap mon 'profile rbd' \
        --cap osd 'profile rbd-read-only pool=one'
    ceph-authtool "$data/keyring" -p -n client.market > "$data/key"
}

start_once() {
    make_folder
    make_keys
    start_cluster --keyring "$data/keyring" -- "osd pool create one 4" "osd pool application enable one rbd" || return
    timeout 60 rbd pool init one
}

case $action in
start)
    need ceph-mon ceph-osd ceph-authtool ceph rbd
    start_surely start_once
    echo "$conf"
    ;;
import)
    if [ -s "$3" ]; then rbd import --no-progress "$3" "one/$4"; else rbd create --size 0 "one/$4"; fi
    ;;
watch) watch_cluster "${@:3}" ;;
stop) stop_cluster ;;
*)
    sed -n '3,12s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
