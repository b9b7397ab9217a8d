#!/bin/sh
# Installs a lock and our own package into an environment: `scripts/install-locked.sh .venv backend/requirements.lock`. Everything
# is checked against its hash, also setuptools, which builds our own package.
set -eu

environment=$1 lock=$2
setuptools=backend/installer/setuptools.lock
uv=.venv/bin/uv
if [ -x "$uv" ]; then
  VIRTUAL_ENV=$(pwd -P)/$environment
  export VIRTUAL_ENV
  "$uv" pip sync --quiet --require-hashes "$lock"
  "$uv" pip install --quiet --require-hashes --requirement "$setuptools"
  "$uv" pip install --quiet --no-deps --no-build-isolation --editable backend
else
  echo "  (with pip, for want of uv: this takes half a minute)"
  "$environment/bin/python" -m pip install --quiet --require-hashes --requirement "$lock" --requirement "$setuptools"
  "$environment/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable backend
fi
