"""Hanze against itzi (Courty and others, https://www.itzi.org), both on the CPU of one machine.

    python3 -m venv scratch && scratch/bin/pip install itzi==25.8 rasterio
    scratch/bin/python benches/against_itzi.py steps target/release/hanze    # 1000 × 1000 wet cells, in turns
    scratch/bin/python benches/against_itzi.py storm DATA/terrain/hoekschewaard_3di_rastergroup [MINUTES]

`steps` prints million cell-steps a second of both programs, turn by turn, and the ratios of the best turns. `storm` runs
scenarios/hoeksche-waard.toml with itzi and prints its steps, wall and processor seconds as it goes; run the scenario with
`/usr/bin/time hanze run` for the same figures of Hanze. itzi's parameters are its
defaults but for the limit of its balance error; its maps stay in memory, and it writes none but at the end.
"""

import os
import resource
import subprocess
import sys
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

# Threads that wait must not spin, or their waiting is counted as work.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
from itzi.rasterdomain import DomainData
from itzi.simulation_factories import create_memory_simulation

# With max_error at its default itzi stops in the storm's second minute, its own balance being off by 32 %.
DEFAULTS = dict(
    max_error=1e9, hmin=0.005, cfl=0.7, theta=0.9, g=9.80665, vrouting=0.1, dtmax=5.0, slmax=0.1, dtinf=60.0
)


def simulation(dem, cell, minutes, infiltration):
    """An itzi simulation of closed edges; cells of NaN are outside."""
    rows, cols = dem.shape
    start = datetime(2026, 1, 1)
    end = start + timedelta(minutes=minutes)
    times = SimpleNamespace(start=start, end=end, record_step=end - start, temporal_type="relative")
    domain = DomainData(north=rows * cell, south=0.0, east=cols * cell, west=0.0, rows=rows, cols=cols)
    made = create_memory_simulation(
        sim_times=times,
        output_maps={"water_depth": "water_depth"},
        sim_param=dict(DEFAULTS, inf_model="constant" if infiltration else "null"),
        drainage_params={"swmm_inp": None, "output": None},
        domain_data=domain,
        arr_mask=np.isnan(dem),
    )
    made.set_array("dem", dem.astype(np.float32))
    return made


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def itzi_turn(seconds):
    """Million cell-steps a second of itzi on the water that `hanze bench --side 1000 --wet 100` steps."""
    side = 1000
    col, row = np.meshgrid(np.arange(side), np.arange(side))
    made = simulation(0.2 * np.sin(0.05 * col) * np.cos(0.07 * row), 1.0, 1000, False)
    made.set_array("friction", np.full((side, side), 0.03, np.float32))
    made.set_array("water_depth", np.where(col < side // 2, 1.0, 0.5).astype(np.float32))
    made.set_array("rain", np.full((side, side), 2e-5, np.float32))
    made.initialize()
    for _ in range(10):
        made.update()
    begun, steps = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        made.update()
        steps += 1
    return steps * side * side / (time.perf_counter() - begun) / 1e6


def hanze_turn(hanze, order, seconds):
    command = [hanze, "bench", "--device", "cpu", "--side", "1000", "--order", str(order), "--seconds", str(seconds)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return float(lines[-1].split("|")[5])


def steps(hanze):
    turns = {"itzi": [], "order 1": [], "order 2": []}
    for turn in range(5):
        turns["itzi"].append(itzi_turn(8))
        turns["order 1"].append(hanze_turn(hanze, 1, 8))
        turns["order 2"].append(hanze_turn(hanze, 2, 8))
        told = ", ".join(f"{name} {values[-1]:.1f}" for name, values in turns.items())
        print(f"turn {turn + 1}: {told} million cell-steps/s", flush=True)
    best = {name: max(values) for name, values in turns.items()}
    for order in ["order 1", "order 2"]:
        ratios = sorted(a / b for a, b in zip(turns[order], turns["itzi"]))
        print(f"{order}: {best[order] / best['itzi']:.2f} times itzi (best turns), {ratios[2]:.2f} (median of the turns)")


def storm(folder, minutes):
    import rasterio

    def read(name):
        with rasterio.open(os.path.join(folder, name)) as source:
            return source.read(1, masked=True).astype(np.float64).filled(np.nan), source.transform.a

    dem, cell = read("dem.tif")
    made = simulation(dem, cell, minutes, True)
    friction, sinks = read("friction.tif")[0], read("infiltration.tif")[0]
    made.set_array("friction", np.nan_to_num(friction, nan=0.03).astype(np.float32))
    made.set_array("infiltration", (np.nan_to_num(sinks, nan=0.0) * 1e-3 / 86400).astype(np.float32))
    rain = np.full(dem.shape, 0.07 / 3600, np.float32)
    made.set_array("rain", rain)
    made.initialize()
    begun, count, told, raining = time.perf_counter(), 0, 0, True
    while made.sim_time < made.end_time:
        if raining and made.sim_time >= made.start_time + timedelta(minutes=60):
            made.set_array("rain", 0 * rain)
            raining = False
        made.update()
        count += 1
        passed = (made.sim_time - made.start_time).total_seconds()
        if passed >= told:
            wall, used = time.perf_counter() - begun, processor_seconds()
            depth = made.get_array("water_depth")
            volume = float(np.nansum(np.where(np.isnan(dem), 0.0, depth), dtype=np.float64)) * cell * cell
            print(
                f"{passed / 60:6.1f} min: {count} steps, {wall:.0f} s on the clock, {used:.0f} s of processor, "
                f"{count * dem.size / wall / 1e6:.1f} million cell-steps/s, {volume:.0f} m³ stand, deepest {np.nanmax(depth):.2f} m",
                flush=True,
            )
            told += 60
    made.finalize()


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("steps", "storm"):
        sys.exit(__doc__)
    if sys.argv[1] == "steps":
        steps(sys.argv[2])
    else:
        storm(sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 120.0)
