#!/usr/bin/env bash
# How long `memfun analyze` takes on a generated tree of 5,000 files and 1 M lines, against `ctags -R` on the
# same tree in the same run; and whether time grows with lines. Bounds: cold 2 × ctags, warm 0.2 × cold,
# memory 400 MB. usage: run.sh [--driver]   (--driver measures the library alone, without the report)
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ ${1:-} == --driver ]]; then
  swift build -c release --static-swift-stdlib --package-path benchmarks --product codemap-benchmark >/dev/null
  program=(benchmarks/.build/release/codemap-benchmark)
  cached=(--cache "$work/cache/memfun")
else
  make --no-print-directory release >/dev/null
  program=(.build/release/memfun analyze --json)
  cached=()
fi
export XDG_CACHE_HOME=$work/cache

for size in 250000 500000 1000000; do
  /usr/bin/python3 benchmarks/codemap/generate.py "$work/$size" --files $((size / 200)) --lines "$size" >/dev/null
done

/usr/bin/python3 - "$work" "${#cached[@]}" "${program[@]}" "${cached[@]}" <<'PYTHON'
import os, shutil, statistics, subprocess, sys, tempfile, time

work, command = sys.argv[1], sys.argv[3:]
rounds = 5


def run(arguments):
    """Seconds, and the peak memory in MB of the program or of its largest child, whichever is more."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=errors)
        # Waiting, not looking again and again: that would round a fifth of a second up by a tenth of it.
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            errors.seek(0)
            sys.exit(f"{arguments[0]} failed ({child.returncode}): {errors.read().decode()[-500:]}")
    return seconds, usage.ru_maxrss // 1024


def measure(tree):
    ctags, cold, warm, peak = [], [], [], 0
    for _ in range(rounds):
        ctags.append(run(["ctags", "-R", "-f", f"{work}/tags", tree])[0])
        shutil.rmtree(f"{work}/cache", ignore_errors=True)
        seconds, own = run(command + [tree])
        cold.append(seconds)
        peak = max(peak, own)
        seconds, own = run(command + [tree])
        warm.append(seconds)
        peak = max(peak, own)
    return statistics.median(ctags), statistics.median(cold), statistics.median(warm), peak


print(f"{'lines':>9}  {'ctags -R':>9}  {'cold':>7}  {'ratio':>6}  {'warm':>7}  {'of cold':>7}  {'peak':>7}")
rows = []
for lines in (250_000, 500_000, 1_000_000):
    ctags, cold, warm, peak = measure(f"{work}/{lines}")
    rows.append((lines, ctags, cold, warm, peak))
    print(f"{lines:>9}  {ctags:>7.2f} s  {cold:>5.2f} s  {cold / ctags:>6.2f}  {warm:>5.2f} s  "
          f"{warm / cold:>7.2f}  {peak:>4} MB", flush=True)
lines, ctags, cold, warm, peak = rows[-1]
growth = (cold / rows[0][2]) / (lines / rows[0][0])
print(f"bounds: cold 2.00 × ctags, warm 0.20 × cold, peak 400 MB; cost per line at 4 × the lines: {growth:.2f} ×")
sys.exit(cold > 2 * ctags or warm > 0.2 * cold or peak > 400)
PYTHON
