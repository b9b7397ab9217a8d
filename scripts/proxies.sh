#!/bin/sh
# Installs nginx and HAProxy for the tests of proxies where they are missing, and the openssl that makes a certificate for them.
set -eu

missing() {
  for name in nginx haproxy openssl; do
    PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$name" >/dev/null 2>&1 || echo "$name"
  done
}

if [ -z "$(missing)" ]; then
  exit 0
fi
log=var/log/proxies.log
mkdir -p var/log
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "→ nginx and HAProxy, for the tests of proxies"
  # The packages would start both as services of the system.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nginx-light haproxy openssl; } >"$log" 2>&1 || true
fi
if [ -n "$(missing)" ]; then
  echo "crosstalk: the tests of proxies need" $(missing) "(see $log); on Debian and Ubuntu: apt-get install nginx-light haproxy openssl" >&2
  exit 1
fi
