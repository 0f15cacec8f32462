# shellcheck shell=sh disable=SC2154
# Serves one worker that asks about one operation: starts it where that is wanted and was not done, then sends
# what it writes until it ends. Set by who sent it: want operation fence mark out_at err_at sent_ago keeper.
# What is said begins with the mark, which the command can't know. Descriptor 5 is the worker's error stream.

say() {
    printf '%s %s\n' "$mark" "$*"
}

answer() {
    say "$@"
    exit 0
}

main() {
    exec 5>&2 2>/dev/null
    say hello
    say hello >&5
    equipped
    [ "$want" = release ] && [ ! -d "$dir" ] && answer released
    hold || answer unsupported folder
    permitted
    case $want in
    release) release ;;
    attach) [ -e "$dir/started" ] || { certain && never; } ;;
    start) [ -e "$dir/started" ] || { certain && overtake && start; } ;;
    esac
    exec 8>&-
    serve
}

equipped() {
    for tool in base64 cat flock head mkfifo setsid sleep tail wc; do
        command -v "$tool" >/dev/null || answer unsupported "$tool"
    done
    # A printf that is a program of its own would show what it prints in the list of processes.
    [ "$(command -v printf)" = printf ] || answer unsupported printf
    [ -r /proc/self/stat ] || answer unsupported proc
}

# Take the lock on all folders; where it has been removed meanwhile, the new one.
hold() {
    tries=0
    while [ "$tries" -lt 20 ]; do
        tries=$((tries + 1))
        [ -d "$root" ] || { mkdir -p "${home%/*}"; mkdir -m 700 "$home"; mkdir -m 700 "$root"; }
        command exec 8>>"$root/.lock" && flock -x 8 && [ "$root/.lock" -ef /proc/self/fd/8 ] && return 0
    done
    return 1
}

# Only the latest holder of an operation may do something about it. The fence is written before anything else,
# so that a request that was overtaken on its way finds it.
permitted() {
    [ -e "$dir/released" ] && answer gone
    highest=0
    read -r highest <"$dir/fence"
    [ "$fence" -lt "${highest:-0}" ] && answer superseded
    [ "$fence" = "$highest" ] && return
    [ -d "$dir" ] || mkdir -m 700 "$dir"
    # Where the disk is full, what has begun is guarded by that, and its result is still wanted.
    put fence "$fence" || [ -e "$dir/started" ] || give_up room
}

give_up() {
    [ -e "$dir/contested" ] || clear_away
    answer unsupported "$1"
}

# A folder that is not there may have been lost with the memory of a target that was restarted since.
certain() {
    [ -n "$sent_ago" ] || return 0
    read -r up rest </proc/uptime
    [ "${up%%.*}" -ge "$sent_ago" ] || answer lost restarted
}

# Whoever hears this may start it again.
never() {
    contest
    answer never
}

# An earlier holder's request to start may still be on its way.
overtake() {
    [ "$fence" -eq 1 ] || contest
}

# What is contested leaves a mark when it is released, so that a late request stays harmless for good.
contest() {
    true >"$dir/contested" || give_up room
}

# The keeper forks away as setsid does when it finds itself leading a session: with "&" the command would run
# with the keyboard's signals ignored. It holds the lock, too, until it has begun or given up.
start() {
    printf '%s\n' "$keeper" | setsid setsid sh -s >/dev/null 5>&- 8>&8
    exec 8>&-
    hold || answer unsupported folder
    [ -e "$dir/started" ] || give_up room
}

release() {
    if [ -e "$dir/started" ] && [ ! -e "$dir/rc" ]; then
        flock -n "$dir/alive" true || answer busy
        command_lives && answer busy
    fi
    clear_away
    answer released
}

clear_away() {
    if [ -e "$dir/contested" ]; then
        true >"$dir/released"
        find "$dir" -mindepth 1 ! -name released -exec rm -f '{}' +
    else
        rm -rf "$dir"
    fi
    set -- "$root"/*
    [ -e "$1" ] && return
    rm -f "$root/.lock"
    rmdir "$root" "$home"
}

serve() {
    say started
    attend &
    attending=$!
    while read -r verb first second; do
        case $verb in
        stop) stop "$first" & ;;
        rest) rest "$first" "$second"; exit 0 ;;
        esac
    done
    kill "$attending"
}

# Output as it comes, as far as that goes; `rest` sends exactly what was missing.
attend() {
    tails='' waiting=''
    trap 'kill -KILL $tails $waiting; exit 0' TERM
    if [ ! -e "$dir/rc" ]; then
        tail -c "+$((out_at + 1))" -f "$dir/out" &
        tails=$!
        tail -c "+$((err_at + 1))" -f "$dir/err" >&5 &
        tails="$tails $!"
        flock -s "$dir/alive" true &
        waiting=$!
        wait "$waiting"
        # KILL, as a child that has not become tail yet still has our own way with TERM, and would outlive it.
        # shellcheck disable=SC2086
        { kill -KILL $tails; wait $tails; }
    fi
    say ended
    say ended >&5
}

# stop TENTHS
stop() {
    read -r highest <"$dir/fence"
    [ "$fence" -lt "$highest" ] && return
    true >"$dir/stop"
    end_command "$1"
}

# rest OUT ERR: how many bytes of each have arrived
rest() {
    [ -d "$dir" ] || answer gone
    code='' why='' whole='' outs='' errs='' hashes=''
    read -r code why whole outs errs hashes <"$dir/rc"
    [ -n "$hashes" ] || lost
    [ "$outs" -le "$1" ] || tail -c "+$(($1 + 1))" "$dir/out" | head -c "$((outs - $1))"
    [ "$errs" -le "$2" ] || tail -c "+$(($2 + 1))" "$dir/err" | head -c "$((errs - $2))" >&5
    say over >&5
    say over "$code" "$why" "$whole" "$outs" "$errs" "$hashes"
}

lost() {
    read -r boot <"$dir/started"
    [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || answer lost restarted
    command_lives && answer lost running
    answer lost killed
}
