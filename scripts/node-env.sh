#!/bin/sh
# Makes .node, Node.js from a Python package, for machines without one. Run by scripts/stage.sh.
set -eu

cd "$(dirname "$0")/.."
echo "→ Node.js from a Python package, in .node (there is none from 20.19 up on the PATH)"
rm -rf .node
"$(scripts/python.sh)" -m venv .node
.node/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement backend/installer/node.lock
