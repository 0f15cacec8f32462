# shellcheck shell=sh
# Becomes the command: says who it is, so that it can be ended, then gives way.

dir=$1
command=$2
read -r stat <"/proc/$$/stat"
# shellcheck disable=SC2086
set -- ${stat##*) }
shift 19
printf '%s %s\n' "$$" "$1" 1<>"$dir/pid.new" && mv -f "$dir/pid.new" "$dir/pid" || exit 126
[ -e "$dir/stop" ] && exit 143
[ -e "$dir/late" ] && exit 143
exec "${SHELL:-/bin/sh}" -c "$command"
