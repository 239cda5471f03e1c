# SPDX-License-Identifier: Apache-2.0
# Sourced by ./demo and ./check: installs what is missing, on Debian and its kin.

# The default version of Boost is used where it is recent enough, else the newer one beside it.
boost_packages() {
    local default
    default=$(apt-cache policy libboost-dev 2>/dev/null | awk '/Candidate:/ {print $2}')
    if [ -n "$default" ] && [ "$default" != "(none)" ] && dpkg --compare-versions "$default" ge 1.75; then
        echo libboost-dev libboost-filesystem-dev libboost-system-dev
    else
        echo libboost1.81-dev libboost-filesystem1.81-dev libboost-system1.81-dev
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages NAME...: those of them that are not installed yet.
install_packages() {
    command -v apt-get >/dev/null || {
        echo "This is no Debian: install the libraries named in CONTRIBUTING.md by hand." >&2
        return 0
    }
    local missing=() name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null)" = "ii " ] || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    echo "installing: ${missing[*]}"
    # Package lists that are too old name files that are gone: then once more with new ones.
    apt_install "${missing[@]}" >/dev/null 2>&1 || { as_root apt-get update -q >/dev/null; apt_install "${missing[@]}" >/dev/null; }
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

install_build_packages() {
    if command -v apt-get >/dev/null && [ -z "$(apt-cache policy libcli11-dev 2>/dev/null)" ]; then
        as_root apt-get update -q >/dev/null
    fi
    # shellcheck disable=SC2046
    install_packages cmake g++ ninja-build libssl-dev libcurl4-openssl-dev libtinyxml2-dev libspdlog-dev libcli11-dev \
        libarchive-dev zlib1g-dev liblzma-dev libgtest-dev libgmock-dev python3 $(boost_packages)
}

# download NAME: the package's file, into this folder.
download() {
    apt-get download -q "$1" >/dev/null 2>&1 || { as_root apt-get update -q >/dev/null; apt-get download -q "$1" >/dev/null; }
}

# Of Debian's prometheus the one program that looks at metrics and rules, into build-tools/: the package
# would start a service.
fetch_promtool() {
    command -v promtool >/dev/null && return 0
    [ -x build-tools/promtool ] && return 0
    command -v apt-get >/dev/null || return 0
    echo "fetching: promtool, of the package prometheus"
    local to=$PWD/build-tools folder
    folder=$(mktemp -d)
    mkdir -p "$to"
    (cd "$folder" && download prometheus && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xf - ./usr/bin/promtool &&
        mv usr/bin/promtool "$to/") || echo "WITHOUT PROMTOOL THE TESTS OF METRICS ARE SKIPPED" >&2
    rm -rf "$folder"
}

install_test_packages() {
    install_packages qemu-utils nginx-light curl procps util-linux openssl rclone tinyproxy-bin openssh-server openssh-client bzip2 xz-utils zstd
    # For the tests of the package.
    install_packages debootstrap lintian man-db systemd dpkg-dev
    # A release that has no Ceph has no real S3 gateway to test with.
    install_packages radosgw ceph-mon ceph-osd ceph-common libeatmydata1 ||
        echo "WITHOUT CEPH'S PACKAGES THE TESTS ON A REAL S3 GATEWAY ARE SKIPPED" >&2
}

# For the presets with sanitizers: clang, what names the places in a report, and the libraries the sanitizers and
# libFuzzer are, which releases have in a package that is named by the version, or in that of clang.
install_clang() {
    install_packages clang llvm
    local runtime
    runtime=libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev
    [ -z "$(apt-cache policy "$runtime" 2>/dev/null)" ] || install_packages "$runtime"
}
