#!/bin/sh
# Prints a Python that Crosstalk runs on: the one named by PYTHON, python3, or a numbered one on the PATH.
set -eu

for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
  if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "$name"
    exit 0
  fi
done
if ! found=$("${PYTHON:-python3}" --version 2>&1); then
  found=missing
fi
echo "crosstalk: Python 3.11 or newer is needed and ${PYTHON:-python3} is $found; install it, or name one with PYTHON=/path/to/python3" >&2
exit 1
