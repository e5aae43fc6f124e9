#!/bin/sh
# Builds a house out of the installed package alone, far from this checkout, and publishes it twice.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${1:-python3}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --constraint "$here/constraints.txt" "$(ls -t "$here"/dist/kith-*.whl | head -n 1)"
cd "$work"
PATH="$work/venv/bin:$PATH"
kith init house --title "Ana Ruiz"
cd house
kith check
kith publish | tee ../first
grep -q '1 submitted · 0 refused · 0 uncertain' ../first
kith publish | tee ../second
grep -q 'Nobody is told anything now' ../second
test -f build/site/index.html
ls build/outbox/*.eml >/dev/null
echo "The wheel makes a house, and the house publishes."
