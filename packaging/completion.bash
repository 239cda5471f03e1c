# SPDX-License-Identifier: Apache-2.0
# Bash completion for onemarketctl and onemarket-downloader. What there is to complete it asks the
# program itself, with --help.

# _onemarket_help COMMAND...: its help, a line a word: "subcommand NAME", "option NAME" for one that
# stands alone, "value NAME" for one that takes a value, "positional NAME".
_onemarket_help() {
    "$@" --help 2> /dev/null < /dev/null | awk '
        /^[A-Za-z]+:[ \t]*$/ { group = tolower($1); next }
        group == "subcommands:" && /^  [^ ]/ { print "subcommand", $1 }
        group == "positionals:" && /^  [^ ]/ { print "positional", $1 }
        group ~ /^options:/ && /^ +-/ {
            kind = /^ +-[^ ]*(, +--[^ ]*)? [A-Z][A-Z]/ ? "value" : "option"
            text = $0
            sub(/^ +/, "", text); sub(/, +--/, ",--", text); sub(/ .*/, "", text)
            count = split(text, names, ",")
            for (i = 1; i <= count; ++i) print kind, names[i]
        }'
}

# The marketplaces the driver has seen, for whoever may look.
_onemarket_markets() {
    local var=/var/lib/one
    [ -z "${ONE_LOCATION:-}" ] || var=$ONE_LOCATION/var
    ls "$var/onemarketd/markets" 2> /dev/null
}

_onemarket_complete() {
    local current=${COMP_WORDS[COMP_CWORD]} command=("$1") help word at words= expects=
    COMPREPLY=()
    help=$(_onemarket_help "${command[@]}")
    for ((at = 1; at < COMP_CWORD; ++at)); do
        word=${COMP_WORDS[at]}
        if [ -n "$expects" ]; then
            expects=
        elif grep -qxF -- "value $word" <<< "$help"; then
            expects=$word
        elif grep -qxF -- "subcommand $word" <<< "$help"; then
            command+=("$word")
            help=$(_onemarket_help "${command[@]}")
        fi
    done
    if [ -z "$expects" ]; then
        case $current in
        -*) words=$(sed -n 's/^\(option\|value\) //p' <<< "$help") ;;
        *)
            words=$(sed -n 's/^subcommand //p' <<< "$help")
            ! grep -qxF 'positional MARKET' <<< "$help" || words+=" $(_onemarket_markets)"
            ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    # A value or a positional may be a file, but for an app's id.
    if [ -n "$expects" ] || { [[ $current != -* ]] && grep '^positional ' <<< "$help" | grep -qvx 'positional APP'; }; then
        local files
        mapfile -t files < <(compgen -f -- "$current")
        COMPREPLY+=("${files[@]}")
        compopt -o filenames 2> /dev/null
    fi
}

complete -F _onemarket_complete onemarketctl onemarket-downloader
