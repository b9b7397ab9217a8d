#!/bin/sh
# Makes or updates the environments of the servers that .venv has no place for: `scripts/server-env.sh gevent uwsgi` makes
# .venvs/gevent from backend/locks/gevent.lock, and so on. What is there already and as locked costs nothing.
set -eu

cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_PROGRESS=1

# uWSGI is compiled here, and without OpenSSL's headers it would come out without WebSockets.
has_headers() { printf '#include <openssl/ssl.h>\n' | cc -E -o /dev/null - 2>/dev/null; }

ready_to_compile() {
  if has_headers; then
    return
  fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "→ a C compiler and OpenSSL's headers, for uWSGI"
    mkdir -p var/log
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gcc libc6-dev libssl-dev; } \
      >var/log/uwsgi.log 2>&1 || true
  fi
  if ! has_headers; then
    echo "crosstalk: uWSGI needs a C compiler and OpenSSL's headers; on Debian and Ubuntu: apt-get install gcc libc6-dev libssl-dev" >&2
    exit 1
  fi
}

speaks_websocket() { "$1/bin/uwsgi" --help | grep -q -e --http-websockets && [ -n "$("$1/bin/uwsgi" --cflags | tr ' ' '\n' | grep UWSGI_SSL)" ]; }

for name in "$@"; do
  lock=backend/locks/$name.lock
  environment=.venvs/$name
  stamp=$environment/.installed
  if [ ! -f "$lock" ]; then
    echo "crosstalk: there is no $lock; scripts/server-env.sh makes: $(cd backend/locks && ls | sed 's/\.lock$//' | tr '\n' ' ')" >&2
    exit 1
  fi
  # .venv is what .venvs are made with: a new Python there is a new one here. pyproject.toml says which packages are ours.
  if [ -x "$environment/bin/crosstalk" ] && [ "$stamp" -nt "$lock" ] && [ "$stamp" -nt .venv/pyvenv.cfg ] && [ "$stamp" -nt backend/pyproject.toml ] &&
    "$environment/bin/python" -c '' 2>/dev/null; then
    continue
  fi
  if [ "$name" = uwsgi ]; then
    ready_to_compile
  fi
  echo "→ the environment of $name, as locked, in $environment"
  rm -f "$stamp"
  rm -rf "$environment"
  .venv/bin/python -m venv "$environment"
  scripts/install-locked.sh "$environment" "$lock"
  if [ "$name" = uwsgi ] && ! speaks_websocket "$environment"; then
    echo "crosstalk: uWSGI was compiled without OpenSSL and has no WebSockets; see that gcc and libssl-dev are there, then: .venv/bin/uv cache clean uwsgi" >&2
    exit 1
  fi
  touch "$stamp"
done
