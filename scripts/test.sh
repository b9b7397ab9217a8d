#!/usr/bin/env bash
# Runs the parts of `make test` one after the other, all of them, and fails when any has failed.
set -u

started=$SECONDS
results=()
failed=0

for part in check test-backend test-servers-short test-frontend test-e2e; do
  printf '\n━━━ %s ━━━\n' "$part"
  began=$SECONDS
  if "${MAKE:-make}" --no-print-directory "$part"; then
    verdict=ok
  else
    verdict=FAILED
    failed=1
  fi
  results+=("$(printf '%-19s %-6s %4d s' "$part" "$verdict" $((SECONDS - began)))")
done

printf '\n━━━ result ━━━\n'
printf '%s\n' "${results[@]}"
printf '%-19s %-6s %4d s\n' total "$([ $failed = 0 ] && echo ok || echo FAILED)" $((SECONDS - started))
exit $failed
