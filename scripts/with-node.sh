#!/bin/sh
# Runs a command in frontend/ with Node on the PATH: the one that is there if it is new enough, else one from PyPI.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
fits='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'

if ! { command -v npm && node -e "$fits"; } >/dev/null 2>&1; then
  if [ ! -f "$root/.node/.installed" ] || [ "$root/backend/installer/node.lock" -nt "$root/.node/.installed" ] ||
    ! "$root/.node/bin/node" -e "$fits" >/dev/null 2>&1; then
    "$root/scripts/stage.sh" "$root/.node/.installed" -- "$root/scripts/node-env.sh"
  fi
  PATH=$root/.node/bin:$PATH
  export PATH
fi

# Some tools color what they write into files, too.
if [ ! -t 1 ]; then
  NO_COLOR=1
  export NO_COLOR
fi

cd "$root/frontend"
exec "$@"
