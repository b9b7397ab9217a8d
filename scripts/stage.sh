#!/bin/sh
# Runs one stage of the installation; see stage.py.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
python=$("$root/scripts/python.sh")
exec "$python" "$root/scripts/stage.py" "$@"
