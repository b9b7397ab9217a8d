"""Stand-ins for Python's venv and pip, uv, Node and npm: each writes its files in steps, and any step can be the last one."""

import shutil
import sys
from pathlib import Path

# What the scripts call that is not a stand-in. Not the whole PATH: the machine's own Node must not be found.
SYSTEM = (
    "awk", "cat", "chmod", "cp", "dirname", "find", "grep", "head", "make", "mkdir", "mv", "rm", "sed", "sh", "sleep", "touch",
)  # fmt: skip

STEPS = """
# A file is half written before a step and whole after it.
step() {
  count=$(($(cat "$STEPS") + 1))
  echo "$count" >"$STEPS"
  [ "$count" != "$BREAK_AT" ] || interrupt
}
interrupt() {
  session=$(sed 's/.*) //' "/proc/$$/stat" | awk '{ print $4 }')
  # Ctrl-C reaches the group in the foreground, which is make's.
  kill -s "$SIGNAL" -- "-$session"
  [ "$SIGNAL" != KILL ] || kill -s KILL 0
  sleep 60
}
write() {
  mkdir -p "$(dirname "$1")"
  echo half >"$1"
  step
  echo whole >"$1"
}
tool() {
  write "$1.part"
  rm "$1.part"
  cp "$2" "$1"
  chmod +x "$1"
}
"""

PYTHON = """#!/bin/sh
. {bin}/steps
home=$(dirname "$(dirname "$0")")
case "$*" in
"-m venv "*)
  tool "$3/bin/python" "$0"
  write "$3/lib/pip"
  ;;
"-m pip install "*uv.lock*)
  [ ! -e {bin}/no-uv ] || exit 1
  tool "$home/bin/uv" {bin}/fake-uv
  ;;
"-m pip install "*node.lock*)
  tool "$home/bin/node" {bin}/fake-node
  tool "$home/bin/npm" {bin}/fake-npm
  ;;
"-m pip install "*editable*) {bin}/fake-uv pip install --editable ;;
"-m pip install "*) {bin}/fake-uv pip sync ;;
*) exec {python} "$@" ;;
esac
"""

UV = """#!/bin/sh
. {bin}/steps
case "$*" in
--version) echo uv ;;
"pip sync "* | "pip sync")
  # As uv and pip: what looks installed is left as it is.
  for name in flask gunicorn; do
    if [ ! -e ".venv/lib/$name/METADATA" ]; then
      echo named >".venv/lib/$name.new"
      mkdir -p ".venv/lib/$name"
      mv ".venv/lib/$name.new" ".venv/lib/$name/METADATA"
      write ".venv/lib/$name/code"
    fi
  done
  ;;
*--editable*)
  printf '#!%s/.venv/bin/python\\nprint("it runs")\\n' "$(pwd -P)" >.venv/bin/crosstalk
  step
  chmod +x .venv/bin/crosstalk
  ;;
esac
"""

NODE = """#!/bin/sh
[ "$1" != --version ] || echo v22.0.0
"""

NPM = """#!/bin/sh
. {bin}/steps
case "$*" in
ci*)
  rm -rf node_modules
  write node_modules/vite/index.js
  write node_modules/svelte/index.js
  ;;
run*build*)
  write node_modules/.page/index.html
  write node_modules/.page/assets/page.js
  ;;
esac
"""


def install_fakes(folder: Path) -> Path:
    """A folder for PATH with the stand-ins and nothing else that installs. Returns it; its `python` goes into PYTHON."""
    folder.mkdir()
    for name in SYSTEM:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    (folder / "steps").write_text(STEPS)
    for name, text in {"python": PYTHON, "fake-uv": UV, "fake-node": NODE, "fake-npm": NPM}.items():
        (folder / name).write_text(text.replace("{bin}", str(folder)).replace("{python}", sys.executable))
        (folder / name).chmod(0o755)
    return folder
