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

on_path() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
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

on_path
of_playwright

log=var/log/chromium.log
mkdir -p var/log
echo "→ Chromium for the end-to-end tests: Playwright's download" >&2
if .venv/bin/playwright install chromium >"$log" 2>&1; then
  of_playwright
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "→ not to be had; Debian's package" >&2
  if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-liberation; } >>"$log" 2>&1; then
    on_path
  fi
fi
echo "crosstalk: no Chromium can be had for the end-to-end tests (see $log); install one, or name it with CROSSTALK_CHROMIUM=/path" >&2
exit 1
