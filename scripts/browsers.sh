#!/bin/sh
# Installs what `make test-browsers` needs where it is missing: Firefox ESR, WebKitGTK with its driver, and a display in memory.
set -eu

has() { command -v "$1" >/dev/null 2>&1; }

if has xvfb-run && { has firefox-esr || has firefox; } && has WebKitWebDriver; then
  exit 0
fi

packages="firefox-esr webkit2gtk-driver xvfb xauth"
log=var/log/browsers.log
mkdir -p var/log
if [ "$(id -u)" = 0 ] && has apt-get; then
  echo "→ Debian's packages of Firefox and WebKitGTK" >&2
  if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1; then
    exit 0
  fi
  echo "crosstalk: Firefox and WebKitGTK could not be installed (see $log)" >&2
  exit 1
fi
echo "crosstalk: install Firefox, WebKitWebDriver with MiniBrowser, and xvfb-run (on Debian: apt-get install $packages)" >&2
exit 1
