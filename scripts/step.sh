#!/bin/sh
# One step of `make check`: a line when it is well, everything it said when it is not.
name=$1
shift
if said=$("$@" 2>&1); then
  echo "  ok      $name"
else
  echo "  FAILED  $name"
  echo "$said" | sed 's/^/          /'
  exit 1
fi
