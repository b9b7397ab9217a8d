#!/bin/sh
# Writes the locks anew from backend/pyproject.toml, with hashes and without any registry's address: what is locked stays
# as it is where it still fits; `scripts/lock.sh --upgrade` takes the newest.
set -eu

cd "$(dirname "$0")/../backend"
mkdir -p locks installer

compile() {
  ../.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --custom-compile-command scripts/lock.sh "$@"
}

# What `make run` and `make install` install, and the same with the tools of the tests.
compile pyproject.toml -o requirements.lock "$@"

# The same versions everywhere, but for gunicorn, which has an eventlet worker in old versions only.
same=../var/same-versions.txt
mkdir -p ../var
trap 'rm -f "$same"' EXIT
versions() { sed -n 's/^\([a-z][^ ]*==.*\) \\$/\1/p' "$@"; }

versions requirements.lock >"$same"
compile --extra dev pyproject.toml -o requirements-dev.lock --constraint "$same" --no-annotate "$@"

versions requirements-dev.lock | sed '/^gunicorn==/d' >"$same"
for extra in gevent gevent-websocket eventlet uwsgi asgi; do
  compile --extra "$extra" pyproject.toml -o "locks/$extra.lock" --constraint "$same" --no-annotate "$@"
done

# What installs: uv, what builds our own package, and Node for machines without one.
for tool in uv setuptools node; do
  compile --no-annotate "installer/$tool.in" -o "installer/$tool.lock" "$@"
done
