#!/usr/bin/env bash
# Every benchmark, each with its peer or C floor in the same run: benchmarks/run.sh [NAME…]
set -euo pipefail
cd "$(dirname "$0")"
names=("$@")
if ((${#names[@]} == 0)); then
  for script in */run.sh; do names+=("${script%/run.sh}"); done
fi
for name in "${names[@]}"; do
  [[ -x $name/run.sh ]] || { echo "bench: no benchmark named '$name'" >&2; exit 2; }
  printf '\n=== %s\n' "$name"
  "$name/run.sh"
done
