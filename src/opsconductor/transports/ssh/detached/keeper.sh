# shellcheck shell=sh disable=SC2154
# Runs one command to its end, whoever listens. It is in a session of its own, and lives outside of any login.
# Set by who sent it: operation starter command stdin timeout blocks.
# Descriptor 8 is the lock on all folders, held until `started` is written; 9 is `alive`, held to the end by the
# keeper alone. Helpers close it by exec: of what only a redirection closes, dash keeps a copy.

keep() {
    exec 9>"$dir/alive"
    flock -x 9 && prepare || exit 1
    exec 8>&-
    collect out <"$dir/out.pipe" &
    out=$!
    collect err <"$dir/err.pipe" &
    err=$!
    watch &
    watching=$!
    late='' hurrying=''
    trap 'late=1' USR1
    run
    code=$?
    note
    exec 9>&-
    # shellcheck disable=SC2086
    { kill $watching $hurrying; wait $watching $hurrying; }
    exit 0
}

# Before anything runs, there is room on the disk to write how it ended.
prepare() {
    true >"$dir/out" && true >"$dir/err" && mkfifo "$dir/in.pipe" "$dir/out.pipe" "$dir/err.pipe" || return 1
    printf '%300s\n' ' ' >"$dir/rc.new" && printf '%60s\n' ' ' >"$dir/pid.new" || return 1
    cat /proc/sys/kernel/random/boot_id >"$dir/started" && return
    rm -f "$dir/started"
    return 1
}

# In a shell of its own, as a shell says "Killed" into the output of the command it waits for.
run() {
    input=/dev/null
    [ -z "$stdin" ] || { input=$dir/in.pipe; feed & }
    (exec setsid sh -c "$starter" sh "$dir" "$command" <"$input" >"$dir/out.pipe" 2>"$dir/err.pipe" 9>&-)
}

# What the command reads goes from memory to memory: printf is part of the shell, and a pipe has no disk.
feed() {
    exec 9>&-
    printf %s "$stdin" | base64 -d >"$dir/in.pipe"
}

# collect STREAM: a command whose output finds no room goes on; one that writes more than allowed is ended
collect() {
    exec 9>&-
    trap '' XFSZ
    (ulimit -f "$blocks"; exec cat) >>"$dir/$1" 2>/dev/null && return
    true >"$dir/cut"
    if [ "$(wc -c <"$dir/$1")" -ge $((blocks * 512)) ]; then
        true >"$dir/limit"
        end_command 20
    fi
    exec cat >/dev/null
}

watch() {
    exec 9>&-
    before=$!
    trap '[ "$!" = "$before" ] || { kill "$!"; wait; }; exit 0' TERM
    sweep
    sleep "$timeout" &
    wait "$!"
    trap - TERM
    true >"$dir/late"
    end_command 20
    hurry
}

# Wait no longer for output that a process outside of the session keeps open. Again and again, as the keeper
# may be just about to wait, and only while it certainly is the keeper that has this number.
hurry() {
    exec 9>&-
    turns=0
    sleep 1
    while [ "$turns" -lt 30 ] && [ -e "$dir/alive" ] && ! flock -n -s "$dir/alive" true; do
        kill -USR1 "$$"
        turns=$((turns + 1))
        sleep 1
    done
}

# Folders whose worker never came back for them.
sweep() {
    set -- "$root"/*
    [ "$#" -gt 1 ] || return 0
    command exec 8>>"$root/.lock" && flock -n -x 8 || return 0
    find "$root" -mindepth 1 -maxdepth 1 -type d -mtime +7 2>/dev/null | head -n 50 | while read -r old; do
        flock -n "$old/alive" rm -rf "$old"
    done
    exec 8>&-
}

# Say how it ended, with what is needed to tell whether all of the output has arrived.
note() {
    why='itself' whole='whole'
    [ -e "$dir/stop" ] && why=stop
    [ -e "$dir/late" ] && why=late
    [ -e "$dir/limit" ] && why=limit
    if [ "$why" != itself ]; then hurry & hurrying=$!; fi
    for collector in "$out" "$err"; do
        # Output that something in the background keeps open is waited for until the time is up.
        while [ -z "$late" ] && kill -0 "$collector" 2>/dev/null; do wait "$collector"; done
    done
    [ -z "$late" ] || [ "$why" != itself ] || whole='open'
    [ ! -e "$dir/cut" ] || whole='full'
    # shellcheck disable=SC2046
    set -- $(cd "$dir" && wc -c out err && sha256sum out err)
    printf '%s\n' "$code $why $whole $1 $3 ${7:--} ${9:--}" 1<>"$dir/rc.new"
    mv -f "$dir/rc.new" "$dir/rc"
}
