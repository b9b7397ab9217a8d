#!/bin/sh
# Builds the page beside frontend/dist and moves it there: a page is never half there. Run by scripts/stage.sh.
set -eu

cd "$(dirname "$0")/.."
# npm and the tools of the page leave node_modules alone.
built=frontend/node_modules/.page
echo "→ the page"
rm -rf "$built" "$built.old"
scripts/with-node.sh npm run --silent build -- --logLevel warn --outDir node_modules/.page --emptyOutDir
if [ -e frontend/dist ]; then
  mv frontend/dist "$built.old"
fi
mv "$built" frontend/dist
rm -rf "$built.old"
