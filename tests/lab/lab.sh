#!/bin/bash
# lab.sh [-r RUNDIR] up [COMPONENT...]      start (default: kamailio dns pulse bob carol); prints LAB_RUN=...
# lab.sh [-r RUNDIR] down [COMPONENT...]    stop these, or everything that was started there
# lab.sh [-r RUNDIR] status | env           pids; all settings, and what a program under test should export
# lab.sh [-r RUNDIR] fg [COMPONENT...]      up, show the logs, down on Ctrl-C
# lab.sh [-r RUNDIR] reset COMPONENT...     down and up
# Components: kamailio dns turn pulse bob carol desktop. RUNDIR: $LAB_RUN or -r.
. "$(dirname "$(readlink -f "$0")")/lib.sh"
for f in "$LAB_DIR"/comp/*.sh; do . "$f"; done
DEFAULT="kamailio dns pulse bob carol"

up() { local c r=0; for c; do
  declare -F "${c}_up" > /dev/null || die "no component $c"
  if "${c}_up"; then say "$c up"; else say "$c FAILED"; r=1; fi; done; return $r; }
down() { local c; for c; do
  if declare -F "${c}_down" > /dev/null; then "${c}_down"; else stop "$c"; fi; done; }
everything() { local p l=; for p in $(ls -tr "$LAB_RUN/pid"); do l="$p $l"; done; echo $l; }

[ "${1-}" = -r ] && { LAB_RUN=$2; shift 2; }
cmd=${1-}; shift || true
case $cmd in
  up) lab_run; up ${*:-$DEFAULT}; r=$?; echo "LAB_RUN=$LAB_RUN"; exit $r ;;
  fg) lab_run; trap 'down $(everything)' EXIT; trap 'exit 0' INT TERM
      up ${*:-$DEFAULT} || exit 1
      echo "LAB_RUN=$LAB_RUN"; tail -qn 0 -F "$LAB_RUN"/log/*.log & t=$!
      trap 'kill $t; exit 0' INT TERM; wait $t ;;
  down|status|env|reset)
    [ -d "${LAB_RUN-}/pid" ] || die "set LAB_RUN to a run directory, or give -r"
    lab_run; [ -e "$LAB_RUN/env" ] && . "$LAB_RUN/env"
    case $cmd in
      down) down ${*:-$(everything)} ;;
      reset) down "$@"; up "$@" ;;
      status) for p in $(ls "$LAB_RUN/pid"); do printf '%-10s %s\n' "$p" "$(pid_of "$p" || echo dead)"; done ;;
      env) env | grep ^LAB_ | sort | sed 's/^/# /'; echo "export LAB_RUN=$LAB_RUN"; cat "$LAB_RUN/env" 2> /dev/null ;;
    esac ;;
  *) sed -n '2,7s/^# //p' "$0"; exit 2 ;;
esac
