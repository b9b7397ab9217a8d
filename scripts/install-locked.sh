#!/bin/sh
# Installs a lock and our own package into an environment: `scripts/install-locked.sh .venv backend/requirements.lock`. Everything
# is checked against its hash, also setuptools, which builds our own package.
set -eu

environment=$1 lock=$2
setuptools=backend/installer/setuptools.lock
uv=.venv/bin/uv

by_uv() {
  VIRTUAL_ENV=$(pwd -P)/$environment
  # The certificates of the machine, as pip and browsers use them: a company's proxy may have its own.
  UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
  export VIRTUAL_ENV UV_SYSTEM_CERTS
  "$uv" pip sync --quiet --require-hashes "$lock" &&
    "$uv" pip install --quiet --require-hashes --requirement "$setuptools" &&
    "$uv" pip install --quiet --no-deps --no-build-isolation --editable backend
}

by_pip() {
  "$environment/bin/python" -m pip install --quiet --require-hashes --requirement "$lock" --requirement "$setuptools" &&
    "$environment/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable backend
}

if [ ! -x "$uv" ]; then
  echo "  (with pip, since uv is missing: this takes half a minute)"
  by_pip
elif ! said=$(by_uv 2>&1); then
  # pip has settings of its own: another index, a proxy.
  echo "  (uv failed; with pip, which takes half a minute)"
  by_pip || { echo "$said" >&2; exit 1; }
fi
