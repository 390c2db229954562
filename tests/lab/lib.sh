# Helpers of the lab's scripts. A component file comp/NAME.sh defines NAME_up and, where needed, NAME_down.
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

say() { printf '%s\n' "$*" >&2; }
die() { say "lab: $*"; exit 1; }

lab_run() {   # take or make the run directory
  [ -n "${LAB_RUN-}" ] || LAB_RUN=$(mktemp -d "${TMPDIR:-/tmp}/lab.XXXXXX")
  mkdir -p "$LAB_RUN"/{pid,log,wav,tmp}
  LAB_RUN=$(cd "$LAB_RUN" && pwd); export LAB_RUN
}

render() {   # render TEMPLATE OUT: @NAME@ becomes $NAME
  perl -pe 's/\@([A-Z][A-Z0-9_]*)\@/defined $ENV{$1} ? $ENV{$1} : die "render: no $1\n"/ge' "$1" > "$2.new" && mv "$2.new" "$2"
}

birth() { local s; s=$(cat "/proc/$1/stat" 2>/dev/null) || return 1; set -- ${s##*) }; [ "$1" != Z ] && echo "${20}"; }

pid_of() {   # the pid of a component's process if it is still the one that was started
  local p b; read -r p b 2>/dev/null < "$LAB_RUN/pid/$1" && [ "$(birth "$p")" = "$b" ] && echo "$p"
}
alive() { pid_of "$1" > /dev/null; }

spawn() {   # spawn NAME CMD...: in the background, its own session, log and pidfile
  local n=$1 p; shift
  alive "$n" && return 0
  setsid "$@" 0<> "${SPAWN_IN:-/dev/null}" > "$LAB_RUN/log/$n.log" 2>&1 &
  p=$!
  echo "$p $(birth "$p")" > "$LAB_RUN/pid/$n"
}

stop() {   # end a spawned process and its session's process group, by pid
  local p i; p=$(pid_of "$1") || { rm -f "$LAB_RUN/pid/$1"; return 0; }
  kill -TERM -- "-$p" 2>/dev/null || kill -TERM "$p" 2>/dev/null
  for i in $(seq 200); do alive "$1" || break; sleep 0.1; done
  kill -KILL -- "-$p" 2>/dev/null
  for i in $(seq 50); do alive "$1" || break; sleep 0.1; done
  rm -f "$LAB_RUN/pid/$1"
}

wait_for() {   # wait_for SECONDS CMD...
  local i n=$1; shift
  for i in $(seq $((n * 5))); do "$@" > /dev/null 2>&1 && return 0; sleep 0.2; done
  return 1
}
tcp_open() { (exec 3<> "/dev/tcp/$1/$2") 2> /dev/null; }
logged() { grep -q -- "$2" "$LAB_RUN/log/$1.log"; }
taken() { tcp_open "$LAB_IP" "$1" && say "lab: port $1 is in use: set LAB_BASE or stop its owner"; }
ready() {   # ready NAME SECONDS CMD...: or say why not
  local i n=$1 s=$2; shift 2
  for i in $(seq $((s * 5))); do
    alive "$n" || break
    "$@" > /dev/null 2>&1 && return 0
    sleep 0.2
  done
  say "lab: $n did not start:"; tail -n 15 "$LAB_RUN/log/$n.log" >&2; stop "$n"; return 1
}
py() { "$LAB_PYTHON" "$LAB_DIR/tools/$1" "${@:2}"; }
lab_env() {   # lab_env NAME VALUE: export it and keep it in $LAB_RUN/env for programs under test
  export "$1=$2"; touch "$LAB_RUN/env"
  { grep -v "^export $1=" "$LAB_RUN/env"; echo "export $1=$2"; } > "$LAB_RUN/env.new"; mv "$LAB_RUN/env.new" "$LAB_RUN/env"
}
registered() { kamcmd -s "unix:$LAB_RUN/kamailio/ctl" ul.lookup location "$1" 2>/dev/null | grep -q Address; }
