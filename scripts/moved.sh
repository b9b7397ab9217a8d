#!/bin/sh
# Prints "moved" when the commands of .venv would not start: it was made in another folder, its Python is gone, or a part is missing.
set -eu

if [ -e .venv ] && { ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  ! head -n 2 .venv/bin/crosstalk 2>/dev/null | grep -qF -e "$(pwd -P)/.venv/bin/python" -e "$(pwd)/.venv/bin/python"; }; then
  echo moved
fi
