#!/bin/sh
# Writes the locks anew from backend/pyproject.toml, with hashes and without any registry's address: what is locked stays
# as it is where it still fits; `scripts/lock.sh --upgrade` takes the newest.
set -eu

cd "$(dirname "$0")/../backend"
mkdir -p locks

lock() {
  extra=$1 file=$2
  shift 2
  ../.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --custom-compile-command scripts/lock.sh --extra "$extra" "$@" pyproject.toml -o "$file"
}

lock dev requirements.lock "$@"

# The same versions everywhere, but for gunicorn, which has an eventlet worker in old versions only.
same=../var/same-versions.txt
mkdir -p ../var
trap 'rm -f "$same"' EXIT
sed -n '/^gunicorn==/d; s/^\([a-z][^ ]*==.*\) \\$/\1/p' requirements.lock >"$same"
for extra in gevent gevent-websocket eventlet uwsgi asgi; do
  lock "$extra" "locks/$extra.lock" --constraint "$same" --no-annotate "$@"
done
