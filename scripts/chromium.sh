#!/bin/sh
# Prints the path of a Chromium that runs; installs one when there is none. What it does meanwhile goes to stderr.
set -eu

runs() { [ -n "$1" ] && "$1" --version >/dev/null 2>&1; }

found() {
  if runs "$1"; then
    echo "$1"
    exit 0
  fi
}

# The shell has no windows and needs half the CPU time for a test.
on_path() {
  for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    found "$(command -v "$name" || true)"
  done
}

# Playwright's own download, where one is in its cache.
of_playwright() {
  found "$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)' 2>/dev/null || true)"
}

if [ -n "${CROSSTALK_CHROMIUM:-}" ]; then
  found "$CROSSTALK_CHROMIUM"
  echo "crosstalk: CROSSTALK_CHROMIUM=$CROSSTALK_CHROMIUM does not run; name the path of a Chromium, or leave it unset" >&2
  exit 1
fi

log=var/log/chromium.log
mkdir -p var/log
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1; }

if may_install && ! command -v chromium-headless-shell >/dev/null && apt-cache show chromium-headless-shell >/dev/null 2>&1; then
  echo "→ Chromium without windows for the end-to-end tests: Debian's package" >&2
  install chromium-headless-shell fonts-liberation || true
fi
on_path
of_playwright

if may_install; then
  echo "→ Chromium for the end-to-end tests: Debian's package" >&2
  { apt-get update >>"$log" 2>&1 && install chromium-headless-shell fonts-liberation; } || true
  on_path
fi
echo "→ Chromium for the end-to-end tests: Playwright's download" >&2
if .venv/bin/playwright install chromium >>"$log" 2>&1; then
  of_playwright
fi
if may_install; then
  echo "→ not to be had; the system's package" >&2
  install chromium fonts-liberation || true
  on_path
fi
echo "crosstalk: no Chromium can be had for the end-to-end tests (see $log); install one, or name it with CROSSTALK_CHROMIUM=/path" >&2
exit 1
