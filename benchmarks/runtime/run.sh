#!/usr/bin/env bash
# Tier T1 against plain C on the same disk, in turns: benchmarks/runtime/run.sh [SECONDS] [NORMAL|FULL]
# Prints operations per second of both and ours as a share of C's; the best of three turns counts.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-1} level=${2:-NORMAL}
work=$(mktemp -d "${TMPDIR:-/tmp}/memfun-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
swift build -c release --package-path .. --product runtime-benchmark >&2
ours=$(swift build -c release --package-path .. --show-bin-path)/runtime-benchmark
gcc -O2 -o "$work/floor" floor.c -lsqlite3
for _ in 1 2 3; do
  for who in floor ours; do
    mkdir "$work/data"
    if [[ $who == floor ]]; then program=$work/floor; else program=$ours; fi
    "$program" "$work/data" "$seconds" "$level" | sed "s/^/$who /" >>"$work/rates"
    rm -rf "$work/data"
  done
done
printf '%-16s %12s %12s %7s   (%s)\n' operation 'C /s' 'ours /s' share "$level"
awk '
  { if ($3 > best[$1 " " $2]) best[$1 " " $2] = $3; if (!($2 in seen)) { seen[$2] = 1; order[++n] = $2 } }
  END { for (i = 1; i <= n; i++) { f = best["floor " order[i]]; o = best["ours " order[i]]
    printf "%-16s %12d %12d %6.0f%%\n", order[i], f, o, 100 * o / f } }' "$work/rates"
