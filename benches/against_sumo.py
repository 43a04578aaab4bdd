"""Hanze against SUMO (https://eclipse.dev/sumo), both on the processor of one machine, turn by turn.

    python3 -m venv scratch && scratch/bin/pip install eclipse-sumo==1.28.0
    scratch/bin/python benches/against_sumo.py target/release/hanze [TURNS [VEHICLES [STREETS]]]

A square of 20 by 20 streets of 200 m with two lanes each way and lights at all junctions, as `netgenerate` makes it, and 10 000
vehicles from anywhere to anywhere within a quarter of an hour, on the routes that `duarouter` finds. Both read the same network,
lights and routes. SUMO counts its vehicle updates (UPS) without the time to load; so does `hanze bench`. SUMO's steps are of 1 s, its
default, with its default driver (Krauss) and with IDM; Hanze's are of 0.5 s.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import sumo


def run(*command):
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


def town(folder, streets, vehicles):
    net, routes = folder / "grid.net.xml", folder / "grid.rou.xml"
    programs = Path(sumo.SUMO_HOME) / "bin"
    shape = ["-g", "--grid.number", streets, "--grid.length", 200, "-L", 2, "-j", "traffic_light", "--no-turnarounds"]
    run(programs / "netgenerate", *shape, "-o", net)
    script = Path(sumo.SUMO_HOME) / "tools" / "randomTrips.py"
    times = ["-b", 0, "-e", 900, "-p", 900 / vehicles, "--seed", 42]
    run(sys.executable, script, "-n", net, "-o", folder / "trips.xml", "-r", routes, *times)
    return net, routes


def theirs(net, routes, model):
    kinds = net.parent / f"{model}.add.xml"
    kinds.write_text(f'<additional><vType id="DEFAULT_VEHTYPE" carFollowModel="{model}"/></additional>')
    told = run(
        *(Path(sumo.SUMO_HOME) / "bin" / "sumo", "-n", net, "-r", routes, "-a", kinds, "-b", 0, "-e", 7200),
        *("--duration-log.statistics", "--no-step-log", "--no-warnings", "--time-to-teleport", -1),
    )
    found = {name: float(re.search(rf"{name}: ([\d.]+)", told)[1]) for name in ("UPS", "Inserted", "Running")}
    return found["UPS"], found["Inserted"] - found["Running"]


def own(program, net, routes):
    command = [program, "bench", "--model", "motion", "--device", "cpu", "--network", net, "--routes", routes]
    row = [cell.strip() for cell in run(*command).splitlines()[-1].split("|")]
    return float(row[9]) * 1e6, float(row[6])


def main():
    os.environ["SUMO_HOME"] = sumo.SUMO_HOME
    program = sys.argv[1]
    turns, vehicles, streets = (int(sys.argv[k]) if len(sys.argv) > k else default for k, default in [(2, 3), (3, 10_000), (4, 20)])
    with tempfile.TemporaryDirectory() as folder:
        net, routes = town(Path(folder), streets, vehicles)
        for turn in range(turns):
            rate, arrived = own(program, net, routes)
            parts = [f"Hanze {rate / 1e6:.2f} million vehicle-steps/s, {arrived:.0f} arrived"]
            for model in ("Krauss", "IDM"):
                other, there = theirs(net, routes, model)
                parts.append(f"SUMO {model} {other / 1e3:.0f} thousand, {there:.0f} arrived, ratio {rate / other:.0f}")
            print(f"turn {turn + 1}: " + "; ".join(parts), flush=True)


main()
