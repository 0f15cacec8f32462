# shellcheck shell=sh disable=SC2154
# What the attendant and the keeper both know. `operation` is set by who sent the script.

home=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/opsconductor
root=$home/ops
dir=$root/$operation

# put NAME TEXT: a file that is whole or not there
put() {
    printf '%s\n' "$2" >"$dir/$1.new" && mv -f "$dir/$1.new" "$dir/$1"
}

# born PID: the moment a process began, which tells it from a later one with the same id; fails for the dead
born() {
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    [ "$1" = Z ] && return 1
    shift 19
    printf '%s\n' "$1"
}

# command_lives: sets pid, which is also the id of the command's session
command_lives() {
    pid='' began=''
    read -r pid began <"$dir/pid" || return 1
    [ -n "$began" ] && [ "$(born "$pid")" = "$began" ]
}

# signal NAME: to all of the command's session, or at least its group
signal() {
    pkill "-$1" -s "$pid" 2>/dev/null || kill "-$1" "-$pid" 2>/dev/null
}

# end_command TENTHS: ask, then force after that time. Whoever finds no command has marked the operation
# before, and the starter looks at the mark after it has said who it is: none slips through.
end_command() {
    command_lives || return 0
    signal TERM
    waited=0
    while [ "$waited" -lt "$1" ] && signal 0; do
        sleep 0.1 2>/dev/null || { sleep 1; waited=$((waited + 9)); }
        waited=$((waited + 1))
    done
    signal KILL
}
