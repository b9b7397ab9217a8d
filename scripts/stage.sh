#!/bin/sh
# Runs one stage of the installation; see stage.py.
set -eu

# Until stage.py handles it: it asks make, too, whether Ctrl-C was pressed.
trap '' INT
root=$(cd "$(dirname "$0")/.." && pwd)
python=$("$root/scripts/python.sh")
exec "$python" "$root/scripts/stage.py" "$@"
