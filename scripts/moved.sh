#!/bin/sh
# Prints "moved" when .venv was made in another folder or its Python does not run any more: its commands would not start.
set -eu

if [ -e .venv/bin/crosstalk ] && { ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  ! head -n 2 .venv/bin/crosstalk | grep -qF -e "$(pwd -P)/.venv/bin/python" -e "$(pwd)/.venv/bin/python"; }; then
  echo moved
fi
