#!/usr/bin/env bash
# How long `memfun --version` takes, against /bin/true. Bounds: 15 ms median, 10 × /bin/true.
set -euo pipefail
cd "$(dirname "$0")/../.."
make --no-print-directory release >/dev/null
result=$(mktemp)
trap 'rm -f "$result"' EXIT
hyperfine --shell=none --warmup 10 --runs 100 --export-json "$result" --style none \
  '.build/release/memfun --version' '/bin/true' >/dev/null
/usr/bin/python3 - "$result" <<'PYTHON'
import json, sys
ours, floor = (r["median"] * 1000 for r in json.load(open(sys.argv[1]))["results"])
print(f"memfun --version  median {ours:.2f} ms")
print(f"/bin/true         median {floor:.2f} ms")
print(f"ratio             {ours / floor:.1f} (bound 10; and {ours:.2f} of 15 ms)")
sys.exit(ours > 15 or ours > 10 * floor)
PYTHON
