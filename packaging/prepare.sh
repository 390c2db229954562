#!/bin/bash
# prepare.sh run|dev    makes the clone ready: system libraries (Debian, Ubuntu), .venv with the locked packages, BlinkQ, the compiled forms.
# Does nothing that is done already: a second call takes a tenth of a second.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
mode=${1:-run}
say() { printf '%s\n' "$*" >&2; }

# Ubuntu 24.04 and Debian 13 renamed some libraries for the 64-bit time_t: NAME or NAMEt64 will do.
installed() { dpkg-query -W -f '${Status}\n' "$1" "$1t64" 2> /dev/null | grep -q 'ok installed'; }
available() { apt-cache show "$1" > /dev/null 2>&1; }

system_packages() {
  command -v dpkg-query > /dev/null || return 0
  local name missing=() wanted=() root=()
  for name in $(sed 's/#.*//' packaging/linux/packages.txt); do installed "$name" || missing+=("$name"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || { say "BlinkQ needs these packages: ${missing[*]}. Install them as root, then start again."; exit 1; }
    root=(sudo)
  fi
  say "Installing system libraries${root:+ with sudo}: ${missing[*]}"
  "${root[@]}" apt-get update -q >&2
  for name in "${missing[@]}"; do if available "${name}t64"; then wanted+=("${name}t64"); else wanted+=("$name"); fi; done
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -q --no-install-recommends "${wanted[@]}" >&2
}

find_python() {
  local name
  for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    command -v "$name" > /dev/null && "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' && { echo "$name"; return; }
  done
  say "BlinkQ needs Python 3.11, 3.12 or 3.13; set PYTHON=/path/to/python3 if it is somewhere else."; exit 1
}

lock=requirements.lock; [ "$mode" = dev ] && lock=requirements-dev.lock
stamp=.venv/blinkq-$mode.stamp
state=$(cat requirements.lock "$lock" pyproject.toml packaging/linux/packages.txt | sha256sum; pwd)
if [ ! -e "$stamp" ] || [ "$(cat "$stamp")" != "$state" ]; then
  system_packages
  python=$(find_python)
  [ -x .venv/bin/python ] || { say "Making the virtual environment .venv"; "$python" -m venv .venv; }
  say "Installing the locked packages of $lock"
  .venv/bin/python -m pip install -q --disable-pip-version-check -r "$lock" >&2
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -e . >&2
  printf '%s\n' "$state" > "$stamp"
fi
.venv/bin/python -m blinkq.app.build_forms
