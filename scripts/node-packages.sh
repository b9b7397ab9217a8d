#!/bin/sh
# Installs the JavaScript packages of a folder, as locked: `scripts/node-packages.sh frontend`. Run by scripts/stage.sh.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
folder=$1
export folder root
"$root/scripts/with-node.sh" sh -c '
  echo "→ JavaScript packages in $folder, as locked (Node $(node --version))"
  cd "$root/$folder"
  npm ci --loglevel=error --no-audit --no-fund --no-progress >/dev/null
'
