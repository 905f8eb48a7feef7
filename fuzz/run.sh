#!/usr/bin/env bash
# Fuzzes every parser: fuzz/run.sh [SECONDS_EACH] [TARGET…]
#
# Inputs that widen the coverage stay in fuzz/.build/found/TARGET (not in the repository, whose small
# corpus in fuzz/corpus/TARGET is where each run begins). An input that crashes, leaks, or takes more
# than 10 s is written to fuzz/.build/crashes/ and makes the exit code 1.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "usage: fuzz/run.sh [SECONDS_EACH] [TARGET…]" >&2; exit 2; }
shift || true

# Optimised, but with the checks of a debug build and internals that can be imported.
swift build --scratch-path .build -Xswiftc -O -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld \
  -Xcc -fsanitize=address,fuzzer-no-link -Xcxx -fsanitize=address,fuzzer-no-link
program=$(swift build --scratch-path .build --show-bin-path)/memfun-fuzz

targets=("$@")
if ((${#targets[@]} == 0)); then
  mapfile -t targets < <(MEMFUN_FUZZ_TARGET=list "$program")
fi
((${#targets[@]})) || { echo "the fuzzer names no targets" >&2; exit 1; }

# A leak check needs ptrace, which containers often forbid; the memory limit finds leaks that matter.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"
# Swift's own crash report reads memory that AddressSanitizer forbids, and hides what happened.
export SWIFT_BACKTRACE=enable=no
mkdir -p .build/crashes
failed=()
for target in "${targets[@]}"; do
  found=.build/found/$target
  mkdir -p "$found" "corpus/$target"
  log=.build/crashes/$target.log
  echo "fuzzing $target for $seconds s"
  if MEMFUN_FUZZ_TARGET=$target "$program" "$found" "corpus/$target" -max_total_time="$seconds" \
    -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 \
    -artifact_prefix=".build/crashes/$target-" >"$log" 2>&1; then
    grep -E '^stat::number_of_executed_units|^stat::peak_rss' "$log" | sed 's/^stat::/  /'
  else
    tail -n 40 "$log" >&2
    failed+=("$target")
  fi
done

if ((${#failed[@]})); then
  echo "failed: ${failed[*]} (inputs and logs: fuzz/.build/crashes)" >&2
  exit 1
fi
