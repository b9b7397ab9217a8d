#!/usr/bin/env bash
# Runs the parts of `make test`, all of them, and fails when any has failed. Parts on one line run side by side: the second
# mostly waits, and the first does not.
set -u

outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT
results=()
failed=0

run() {
  local began=$SECONDS verdict=ok
  printf '\n━━━ %s ━━━\n' "$1"
  "${MAKE:-make}" --no-print-directory "$1" </dev/null || verdict=FAILED
  printf '%-19s %-6s %4d s\n' "$1" "$verdict" $((SECONDS - began)) >"$outputs/$1.result"
}

while read -r part beside; do
  [ -z "$beside" ] || run "$beside" >"$outputs/$beside" 2>&1 &
  run "$part"
  wait
  [ -z "$beside" ] || cat "$outputs/$beside"
  for one in $part $beside; do
    results+=("$(cat "$outputs/$one.result")")
    grep -q ' ok ' "$outputs/$one.result" || failed=1
  done
done <<'PARTS'
check test-tools
test-backend test-proxies
test-frontend test-servers-short
test-e2e
PARTS

printf '\n━━━ result ━━━\n'
printf '%s\n' "${results[@]}"
printf '%-19s %-6s %4d s\n' total "$([ $failed = 0 ] && echo ok || echo FAILED)" "$SECONDS"
exit $failed
