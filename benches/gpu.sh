#!/usr/bin/env bash
# Everything that a machine with a real GPU must show, as one script.
#
#   benches/gpu.sh pack FOLDER   builds, and puts stripped binaries, cases and this script into FOLDER
#   FOLDER/gpu.sh [SECONDS]      on the machine with the GPU: right first, then fast; tells what it measured
#
# It needs no network and no Rust there, and ends within ten minutes: what has no time left is stopped and counts as failed. What
# it prints belongs into benches/RESULTS.md with date, adapter, driver, commit; speeds.json is for `hanze bench --compare`.
set -uo pipefail

if [ "${1:-}" = pack ]; then
  set -e
  into=${2:?a folder}
  cd "$(dirname "$0")/.."
  mkdir -p "$into/scenarios"
  cargo build --release --locked
  binaries=$(cargo test --release --locked -p hanze-engine --test engine --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
  strip -o "$into/engine-tests" "$(grep -m 1 "/engine-[0-9a-f]*$" <<<"$binaries")"
  strip -o "$into/hanze" target/release/hanze
  cp scenarios/*.toml "$into/scenarios/"
  # A town whose vehicles must move in the same way there.
  data=${HANZE_DATA:-../shared/data}
  town=traffic/sumo/bologna_acosta
  mkdir -p "$into/data/$town"
  cp "$data/$town"/*.xml "$into/data/$town/"
  cp "$0" "$into/gpu.sh" 2>/dev/null || cp benches/gpu.sh "$into/gpu.sh"
  git rev-parse HEAD >"$into/commit"
  du -sh "$into"
  exit
fi

cd "$(dirname "$0")"
seconds=${1:-3}
limit=590
failed=0
part() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
must() {
  local left=$((limit - SECONDS))
  if [ "$left" -le 0 ]; then failed=1; echo "FAILED: no time was left for $*"; return; fi
  timeout "$left" "$@" || { failed=1; echo "FAILED: $*"; }
}
# A filter that fits no test any more must not pass.
tests() { must bash -c 'out=$("$@" 2>&1); code=$?; echo "$out"; [ $code = 0 ] && ! grep -q "^running 0 tests" <<<"$out"' _ "$@"; }
export HANZE_REQUIRE_GPU=1 RUST_BACKTRACE=0

part "machine"
date -u +%F
cat commit
nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,clocks.max.memory --format=csv 2>/dev/null
./hanze devices

part "every kernel against its twin"
tests ./engine-tests --test-threads 4 twins:: tiles::
must ./hanze validate runoff --device gpu --cheap
tests ./engine-tests heat::kernels_and_their_twins_agree island::
tests env HANZE_DATA="$PWD/data" ./engine-tests motion::both_devices
must env HANZE_DATA="$PWD/data" ./hanze validate traffic --only "motion: every" --device gpu
must env HANZE_DATA="$PWD/data" ./hanze validate traffic --only "motion: bologna" --device gpu

part "every model by stage, and its share of the copy bandwidth"
must ./hanze bench --all --device gpu --size large --seconds "$seconds" --json speeds.json

part "runoff by size: constant within 15 % from 256² to 4096²"
must ./hanze bench --device gpu --side 256,1024,4096,8192 --seconds "$seconds"

part "runoff, 5 % wet: under 12 % of the fully wet cost"
must ./hanze bench --device gpu --side 4096 --wet 5,100 --seconds "$seconds"

part "vehicles: 2e8 vehicle-steps/s wanted at a million"
must ./hanze bench --model motion --device gpu --streets 300 --vehicles 1000000 --until 1200

part "heat: sixteen million cells for a day that settles first (48 h in a minute wanted)"
sed -e 's/width_m = 1000, height_m = 1000, cell_m = 2/width_m = 4000, height_m = 4000, cell_m = 1/' \
  -e 's/^frame_minutes = .*/frame_minutes = 1440/' scenarios/heatwave.toml >scenarios/heat16.toml
time must ./hanze run scenarios/heat16.toml --device gpu --out heat16

part "what limits runoff: clocks and the use of memory while it runs"
timeout 60 ./hanze bench --device gpu --side 8192 --order 1 --seconds 12 >busy.txt &
busy=$!
sleep 8
nvidia-smi --query-gpu=utilization.gpu,utilization.memory,clocks.sm,clocks.mem,power.draw --format=csv 2>/dev/null
wait "$busy" || { failed=1; echo "FAILED: a bench of 12 s"; }
cat busy.txt

part "a thousand million cells, in strips"
must ./hanze bench --device gpu --side 32768 --order 1,2 --seconds "$seconds"

part "a whole storm on the demo city"
must ./hanze run scenarios/cloudburst.toml --device gpu --out storm

part "done"
exit $failed
