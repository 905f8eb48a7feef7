#!/usr/bin/env bash
# Every benchmark, each with its peer or C floor in the same run: benchmarks/run.sh [NAME…]
# A bound that is missed does not keep the others from being measured; the exit code is 1 then.
set -euo pipefail
cd "$(dirname "$0")"
names=("$@")
if ((${#names[@]} == 0)); then
  for script in */run.sh; do names+=("${script%/run.sh}"); done
fi
missed=()
for name in "${names[@]}"; do
  [[ -x $name/run.sh ]] || { echo "bench: no benchmark named '$name'" >&2; exit 2; }
  printf '\n=== %s\n' "$name"
  "$name/run.sh" || missed+=("$name")
done
if ((${#missed[@]})); then
  printf '\nbench: a bound was missed in: %s\n' "${missed[*]}" >&2
  exit 1
fi
