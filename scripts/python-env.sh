#!/bin/sh
# Makes or updates .venv from a lock, with hashes: by uv, or by pip where uv cannot be had. `scripts/python-env.sh` installs what
# runs Crosstalk; `scripts/python-env.sh dev` adds the tools of the tests, which stay: later runs keep both up to date.
# A stage of `make`: run by scripts/stage.sh.
set -eu

python=$(scripts/python.sh)
bin=.venv/bin
# The second is make's mark that the tools are there.
if [ "${1:-}" = dev ] || [ -f .venv/.installed-dev ]; then
  lock=backend/requirements-dev.lock packages="Python packages with the tools of the tests"
else
  lock=backend/requirements.lock packages="Python packages"
fi

# Only an environment that was complete, and whose Python still runs here, is updated. Another may lack any file.
if [ "${STAGE_WAS_DONE:-0}" = 0 ] || [ "$(scripts/moved.sh)" ]; then
  echo "→ a Python environment in .venv ($("$python" --version))"
  rm -rf .venv
  if ! "$python" -m venv .venv; then
    echo "crosstalk: $python cannot make environments; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
  fi
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_PROGRESS=1
[ -x "$bin/uv" ] || "$bin/python" -m pip install --quiet --require-hashes --requirement backend/installer/uv.lock 2>/dev/null || true
if ! "$bin/uv" --version >/dev/null 2>&1; then
  rm -f "$bin/uv"
fi
echo "→ $packages, as locked"
scripts/install-locked.sh .venv "$lock"
