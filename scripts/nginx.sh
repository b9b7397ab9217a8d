#!/bin/sh
# Prints the path of an nginx; installs Debian's when there is none, with the openssl that makes a certificate for it. What it does meanwhile goes to stderr.
set -eu

PATH=$PATH:/usr/sbin:/usr/local/sbin

found() {
  if command -v openssl >/dev/null && command -v nginx; then
    exit 0
  fi
}

found
log=var/log/nginx.log
mkdir -p var/log
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "→ nginx for the tests of deploy/nginx.conf: Debian's package" >&2
  if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nginx-light openssl; } >"$log" 2>&1; then
    found
  fi
fi
echo "crosstalk: no nginx can be had for the tests of deploy/nginx.conf (see $log); install one" >&2
exit 1
