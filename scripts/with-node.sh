#!/bin/sh
# Runs a command in frontend/ with Node on the PATH: the one that is there if it is new enough, else one from PyPI.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
fits='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'

if ! { command -v npm && node -e "$fits"; } >/dev/null 2>&1; then
  if ! "$root/.node/bin/node" -e "$fits" >/dev/null 2>&1; then
    echo "→ Node.js from a Python package into .node (none from 20.19 up is on the PATH)"
    "$root/.venv/bin/python" -m venv --clear "$root/.node"
    "$root/.node/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
      --requirement "$root/backend/installer/node.lock"
  fi
  PATH=$root/.node/bin:$PATH
  export PATH
fi

cd "$root/frontend"
exec "$@"
