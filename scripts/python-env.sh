#!/bin/sh
# Makes or updates .venv from a lock, with hashes: by uv, or by pip where uv cannot be had. `scripts/python-env.sh` installs what
# runs Crosstalk; `scripts/python-env.sh dev` adds the tools of the tests, which stay: later runs keep both up to date.
set -eu

python=""
for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
  if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    python=$name
    break
  fi
done
if [ -z "$python" ]; then
  echo "crosstalk: Python 3.11 or newer is needed and python3 is $(python3 --version 2>&1 || echo missing); install it, or name one with PYTHON=/path/to/python3" >&2
  exit 1
fi

bin=.venv/bin
# The second is make's mark that the tools are there.
if [ "${1:-}" = dev ] || [ -f .venv/.installed-dev ]; then
  lock=backend/requirements-dev.lock packages="Python packages with the tools of the tests"
else
  lock=backend/requirements.lock packages="Python packages"
fi

if ! "$bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
  echo "→ a Python environment in .venv ($("$python" --version))"
  if ! "$python" -m venv --clear .venv; then
    echo "crosstalk: $python cannot make environments; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
  fi
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_PROGRESS=1
[ -x "$bin/uv" ] || "$bin/python" -m pip install --quiet --require-hashes --requirement backend/installer/uv.lock 2>/dev/null || true
echo "→ $packages, as locked"
scripts/install-locked.sh .venv "$lock"
