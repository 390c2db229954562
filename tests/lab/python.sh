#!/bin/bash
# python.sh [PYTHON]   not as root: the lab's peers that are written in Python (requirements.txt), in .venv-lab. Where the package index cannot
# be reached, it says so and the tests that want them are skipped.
set -u
cd "$(dirname "$(readlink -f "$0")")/../.."
list=tests/lab/requirements.txt
stamp=.venv-lab/requirements.stamp
state=$(sha256sum < $list; pwd)
[ -e $stamp ] && [ "$(cat $stamp)" = "$state" ] && exit 0
echo "Installing the lab's Python peers into .venv-lab" >&2
if "${1:-python3}" -m venv .venv-lab && .venv-lab/bin/python -m pip install -q --disable-pip-version-check -r $list >&2; then
  printf '%s\n' "$state" > $stamp
else
  echo "The lab's Python peers cannot be installed: their tests will be skipped." >&2
fi
