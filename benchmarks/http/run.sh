#!/bin/sh
# Measures the HTTP client against a C program on libcurl, both against the same loopback server, in
# turns, five times; prints the medians and whether the targets are met. Exit 1 when one is not.
set -eu
cd "$(dirname "$0")/.."
rounds=${ROUNDS:-5}
work=$(mktemp -d)
server=
trap 'exec 3>&-; [ -z "$server" ] || wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

cc -O2 -Wall -Wextra -o "$work/server" http/server.c
cc -O2 -Wall -Wextra -o "$work/floor" http/floor.c -lcurl
swift build -c release --product http-benchmark >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
ours="$(swift build -c release --show-bin-path)/http-benchmark"

# The server ends with its standard input, which is this shell's descriptor 3.
mkfifo "$work/life"
"$work/server" <"$work/life" >"$work/port" &
server=$!
exec 3>"$work/life"
while [ ! -s "$work/port" ]; do sleep 0.05; done
port=$(cat "$work/port")

median() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }

status=0
# measure NAME MODE COUNT UNIT: fills $floor_value and $our_value with the medians.
measure() {
  : >"$work/a"; : >"$work/b"
  i=0
  while [ $i -lt "$rounds" ]; do
    "$work/floor" "$port" "$1" "$2" >>"$work/a" || { echo "floor failed: $1" >&2; exit 1; }
    "$ours" "$port" "$1" "$2" >>"$work/b" || { echo "http-benchmark failed: $1" >&2; exit 1; }
    i=$((i + 1))
  done
  floor_value=$(median <"$work/a")
  our_value=$(median <"$work/b")
}
# report NAME UNIT RELATION LIMIT: relation `ratio` wants ours/floor >= limit, `added` ours-floor <= limit.
report() {
  awk -v name="$1" -v unit="$2" -v relation="$3" -v limit="$4" -v floor="$floor_value" -v ours="$our_value" '
    BEGIN {
      if (relation == "ratio") { value = ours / floor; met = value >= limit; shown = sprintf("%.2f x (>= %s)", value, limit) }
      else { value = ours - floor; met = value <= limit; shown = sprintf("%+.2f us (<= %s)", value, limit) }
      printf "%-34s %12s %12s  %-10s %-22s %s\n", name, floor, ours, unit, shown, met ? "met" : "MISSED"
      exit !met
    }' || status=1
}

printf '%-34s %12s %12s  %-10s %-22s\n' "HTTP client, loopback" "C libcurl" "ours" "" "ours against C"
measure sequential 20000; report "sequential POST" "requests/s" ratio 0.7
measure concurrent 40000; report "16 at a time" "requests/s" ratio 0.7
measure burst 100000; report "100,000 tiny chunks" "us/chunk" added 50
measure paced 1000; report "delay of chunks 500 us apart" "us/chunk" added 50
exit $status
