# SPDX-License-Identifier: Apache-2.0
# What runs on a bridge host: serves the marketplace driver over its stdin and stdout, and nothing
# else. It is always this text; values come as lines of stdin, are never evaluated, and hold no
# newline. POSIX shell, GNU coreutils and findutils, util-linux. It is passed between single quotes,
# so it has none.
#
# A request is a line of words; values follow on lines of their own. A reply is a line
# "ok[ WORDS]" or "no REASON". When stdin ends the temporary that was not linked is removed, an
# export is killed, and the logical volume is deactivated if nobody else uses it who came by here.
#
# Descriptors: 3 what is read, 4 stdout, 5 stdin, 8 the lock of a volume, 9 the temporary.
LC_ALL=C; export LC_ALL
umask 077
exec 4>&1 # for bytes, where stdout is a complaint
exec 5<&0 # for a job, whose stdin is /dev/null
temporary="" file="" seen="" path="" name="" user="" key="" conf="" volume="" lock="" job=""

drop() {
    trap "" HUP INT TERM PIPE
    [ -z "$job" ] || stop_job
    [ -z "$temporary" ] || rm -f "./$temporary"
    [ -n "$volume" ] || return 0
    exec 3<&- # or it would be in use
    deactivate > /dev/null 2>&1
}
trap drop EXIT
trap "exit 1" HUP INT TERM PIPE

ok() { printf "ok%s\n" "${1:+ $1}"; }
no() { printf "no %s\n" "$(printf "%s" "$1" | tr "\n\r" "  ")"; }
value() { IFS= read -r "$1" || exit 1; } # half a name is none
# Answers with the outcome of a command whose output is its complaint.
tell() { if complaint=$("$@" 2>&1); then ok; else no "$complaint"; fi; }

piece() { dd bs=64k if=/dev/fd/$file iflag=skip_bytes,count_bytes skip="$1" count="$2" status=none; }

# Who else may write to the folder can put another file, or a link, in the place of a name. So the
# temporary is used by its descriptor, and what a name leads to is compared.
same() { id=$(stat -L -c %d:%i "/dev/fd/$2") && [ "$(stat -c %d:%i -- "$1")" = "$id" ]; } # NAME FD
complete() { # BYTES SIZE
    [ "$(stat -L -c %s /dev/fd/9)" = "$1" ] || { echo "bytes are missing"; return 1; }
    truncate -s "$2" /dev/fd/9 && chmod 0644 /dev/fd/9 && sync /dev/fd/9 &&
        stat -L -c %d:%i /dev/fd/9
}
publish() { # NAME
    ln -T "./$temporary" "./$1" || return 1
    if ! same "./$1" 9; then
        rm -f "./$1"
        echo "somebody put another file in its place"
        return 1
    fi
    rm -f "./$temporary"
    sync . || { rm -f "./$1"; return 1; }
}
remove() { # NAME
    rm -f "./$1" || return 1
    sync . || : # whatever that says, the name has gone for all who look
}
retract() { # ID TEMPORARY NAME
    rm -f "./$2" || return 1 # first: without it no other script can make the link any more
    [ "$(stat -c %d:%i "./$3" 2> /dev/null)" != "$1" ] || { rm -f "./$3" && sync .; }
}

# Removes the temporaries of an app: counts them, and complains of those of ours that stay. One that
# cannot be locked is held, or is of somebody else, as is one that only its owner may remove.
clean() { # APP
    count=0 complaint=""
    for name in ./.onemarketd-"$1"-*; do
        { [ -f "$name" ] && [ ! -L "$name" ]; } || continue
        said=$(flock -n -E 75 "$name" rm -f "$name" 2>&1)
        case $? in
        0) count=$((count + 1)) ;;
        66 | 75) ;; # it cannot be opened; it is held
        *) [ "$(stat -c %u "$name")" != "$(id -u)" ] ||
            complaint=${said:-$name: it cannot be removed} ;;
        esac
    done
}

# Tells one state of the open file from another.
state() { [ ! -f /dev/fd/3 ] || stat -L -c "%s %y" /dev/fd/3; }

# A small file of one line, in the place of what has that name.
line() { # TEMPORARY NAME TEXT
    set -C
    exec 7> "./$1" # fails for good where there is one
    set +C
    if printf "%s\n" "$3" >&7 && chmod 0644 /dev/fd/7 && sync /dev/fd/7 && mv -fT "./$1" "./$2"; then
        same "./$2" 7 && return
        rm -f "./$2"
        echo "somebody put another file in its place"
    fi
    rm -f "./$1"
    return 1
}

# A file or block device becomes descriptor 3; answers with its size.
open_path() {
    if ! complaint=$(stat -L -- "$path" 2>&1 > /dev/null); then
        no "$complaint"
    elif [ ! -f "$path" ] && [ ! -b "$path" ]; then # a FIFO would wait for ever
        no "$path: not a regular file"
    elif ! complaint=$({ : < "$path"; } 2>&1); then
        no "$complaint"
    else
        exec 3< "$path"
        file=3
        seen=$(state)
        if [ "$request" = published ] && ! same "$path" 3; then # a link
            exec 3<&-
            no "not a regular file"
        elif [ -f /dev/fd/3 ]; then
            ok "$(stat -L -c %s /dev/fd/3)"
        else
            ok "$(blockdev --getsize64 /dev/fd/3)"
        fi
    fi
}

# What RBD or LVM said last, without its time stamps and thread numbers.
last_words() { printf "%s" "$1" | sed "s/^[-0-9T:.+]* [0-9a-f]* *-1 //; s/^ *//" | tail -n 2; }

# Those who use a volume share a lock. Its file holds the id of this boot if it was one of them that
# activated the volume; then the last of them deactivates it.
hold() {
    locks=/tmp/onemarketd-$(id -u)
    mkdir "$locks" 2> /dev/null
    if [ "$(stat -c "%F %u %a" "$locks")" != "directory $(id -u) 700" ]; then
        complaint="$locks is not a folder of this user alone"
        return 1
    fi
    volume=$name
    lock=$locks/$(printf "%s" "$name" | tr / :)
    while :; do
        exec 8>> "$lock"
        flock -s -w 60 8 || { complaint="$lock: still locked after 60 s"; return 1; }
        ! same "$lock" 8 2> /dev/null || return 0 # else the last one has just removed it
    done
}
boot_id() { cat /proc/sys/kernel/random/boot_id; }
activate() {
    boot_id > "$lock"
    sudo -n lvchange -ay "$volume" 8>&-
}
deactivate() {
    flock -x -n 8 || return 0 # somebody else uses it
    status=0
    # In a session of its own: a kill of this group must not leave it half done.
    [ "$(cat "$lock")" != "$(boot_id)" ] || [ ! -e "/dev/$volume" ] ||
        setsid sudo -n lvchange -an "$volume" < /dev/null || status=$?
    rm -f "$lock"
    return $status
}
is_volume() { [ "$(lsblk -dnro TYPE -- "$path" 2> /dev/null)" = lvm ]; }

stop_job() { kill -s KILL -- "-$job" 2> /dev/null || kill -s KILL "$job" 2> /dev/null; }

# Becomes a command of Ceph, as the user that was named.
ceph() {
    [ -z "$conf" ] || set -- "$@" "--conf=$conf"
    [ -z "$user" ] || set -- "$@" "--id=$user"
    [ -z "$key" ] || set -- "$@" "--keyfile=$key"
    exec "$@"
}

echo "onemarketd bridge 1"
while read -r request one two; do
    case $request in
    folder) # PATH: where all names below are
        value path
        if complaint=$(ls -d -- "$path/." 2>&1 > /dev/null && cd -- "$path" 2>&1); then
            cd -- "$path" && ok
        else
            no "$complaint"
        fi ;;
    usage) # size, used and free bytes of the folder
        if sizes=$(df -B1 --output=size,used,avail . 2>&1); then
            ok "$(printf "%s" "$sizes" | tail -n 1)"
        else
            no "$sizes"
        fi ;;
    clean) # APP: temporaries of its imports that no live one holds; how many
        clean "$one"
        if [ -z "$complaint" ]; then ok $count; else no "$complaint"; fi ;;
    create) # NAME: the temporary
        value name
        set -C
        if { command exec 9> "./$name"; } 2> /dev/null; then
            temporary=$name file=9
            flock -n 9
            ok
        else
            no "$({ : > "./$name"; } 2>&1)"
        fi
        set +C ;;
    put) # OFFSET COUNT, then so many bytes; answered only when it fails
        complaint=$(dd bs=256k iflag=fullblock,count_bytes count="$two" of=/dev/fd/9 conv=notrunc \
            oflag=seek_bytes seek="$one" status=none 2>&1) || { no "$complaint"; exit 1; }
        ;;
    complete) # BYTES SIZE: all was put, the file has SIZE bytes with the hole at its end; its id
        if complaint=$(complete "$one" "$two" 2>&1); then
            ok "$complaint"
        else
            no "$complaint"
        fi ;;
    publish) # NAME: what is complete is seen there
        value name
        if complaint=$(publish "$name" 2>&1); then
            temporary=""
            ok
        else
            no "$complaint"
        fi ;;
    retract) # ID, TEMPORARY, NAME of a file that another script may be publishing: it is not now
        value name && value path
        tell retract "$one" "$name" "$path" ;;
    sync) # NAME: it is durable, with its name
        value name
        tell sync "./$name" . ;;
    remove) # NAME
        value name
        if [ ! -e "./$name" ] && [ ! -L "./$name" ]; then
            no "No such file or directory"
        elif [ -L "./$name" ] || [ ! -f "./$name" ]; then
            no "$name: not a regular file"
        else
            tell remove "$name"
        fi ;;
    line) # TEMPORARY, NAME, TEXT: that file, public; durable after the next publish
        value name && value public && value text
        tell line "$name" "$public" "$text" ;;
    list) # so many bytes, then the regular files, each a line: SIZE, TIME of its change, NAME
        if files=$(find . -ignore_readdir_race -mindepth 1 -maxdepth 1 -type f ! -name "*
*" -printf "%s %T@ %f\n" 2>&1 && echo .); then
            files=${files%.}
            ok ${#files}
            printf "%s" "$files"
        else
            no "$files"
        fi ;;
    held) # TEMPORARY: whether a live import holds it
        value name
        if [ -f "./$name" ] && [ ! -L "./$name" ] && flock -n "./$name" true; then
            ok no
        else
            ok yes
        fi ;;
    drop) # TEMPORARY: removed, unless a live import holds it
        value name
        if [ ! -f "./$name" ] || [ -L "./$name" ]; then
            no "No such file or directory"
        elif ! flock -n "./$name" true; then
            no "it is in use"
        else
            tell flock -n "./$name" rm -f "./$name"
        fi ;;
    open) # PATH of a file or block device; its size
        value path
        open_path ;;
    published) # NAME of a file of the folder; its size
        value name
        path=./$name
        open_path ;;
    volume) # VG/LV: opened like a path, and activated before where it is not
        value name
        path=/dev/$name
        if ! hold; then
            no "$complaint"
        elif [ ! -e "$path" ] && ! complaint=$(activate 2>&1); then
            no "$(last_words "$complaint")"
        elif [ -e "$path" ] && ! is_volume; then
            no "$path: not a logical volume"
        else
            open_path
        fi ;;
    release) # the volume: not used any more; why it stays active, if that was not to be
        exec 3<&-
        file=""
        if complaint=$(deactivate 2>&1); then complaint=""; else
            complaint=${complaint:-lvchange failed}
        fi
        exec 8>&-
        volume=""
        ok "$(last_words "$complaint" | tr "\n" " ")" ;;
    get) # OFFSET COUNT: in base64, fewer bytes only at the end
        if complaint=$(piece "$one" "$two" 2>&1 > /dev/null); then
            ok "$(piece "$one" "$two" | base64 -w 0)"
        else
            no "$complaint"
        fi ;;
    send) # COUNT: so many bytes from the begin of what is open, and a reply when they were all,
        # which says whether it was written to since it was opened
        ok
        complaint=$(dd bs=1M iflag=count_bytes count="$one" if=/dev/fd/$file 2>&1 >&4) ||
            { last_words "$complaint" >&2; exit 1; }
        case $complaint in
        *"
$one byte"*) if [ "$(state)" = "$seen" ]; then ok; else ok changed; fi ;;
        *) exit 0 ;; # it has become shorter: there is less than was asked for, then the end
        esac ;;
    rbd) # IMAGE, and USER, KEYFILE, CONF of Ceph, each may be empty; its size
        value name && value user && value key && value conf
        # A cluster that is down is waited for five minutes, unless told otherwise.
        if complaint=$(ceph timeout 60 rbd info --format=json "$name" 2>&1); then
            ok "$(printf "%s" "$complaint" | sed -n "s/.*\"size\":\([0-9]*\).*/\1/p")"
        else
            no "$(last_words "${complaint:-rbd info: no answer within 60 s}")"
        fi ;;
    export) # that image, up to the end of stdout; the exit status tells whether it was all
        ok
        ceph setsid rbd export --no-progress "$name" - < /dev/null 4>&- &
        job=$!
        # One that waits for its cluster does not notice that nobody listens any more.
        { while read -r one; do :; done; stop_job; } <&5 > /dev/null 2>&1 4>&- &
        watch=$!
        wait "$job"
        status=$?
        job=""
        kill "$watch" 2> /dev/null
        exit $status ;;
    *) no "unknown request" ;;
    esac
done
