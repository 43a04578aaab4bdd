"""Hanze against AequilibraE (https://github.com/AequilibraE/aequilibrae), both on the processor of one machine, turn by turn.

    python3 -m venv scratch && scratch/bin/pip install aequilibrae==1.7.2
    scratch/bin/python benches/against_aequilibrae.py target/release/hanze DATA/traffic/tntp [TURNS [GAP]]

Both find the user equilibrium of Chicago Sketch (387 zones, 2950 links; a mile costs 0.04 and a cent of toll 0.02 minutes) to a
relative gap of 1e-6: AequilibraE by bi-conjugate Frank-Wolfe, the fastest of its algorithms. Seconds are by the clock and of the
assignment alone; Hanze's are those that `hanze bench` tells.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from aequilibrae.matrix import AequilibraeMatrix
from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass

WEIGHTS = {"length": 0.04, "toll": 0.02}


def rows(path):
    """Numbers of the lines after the metadata."""
    text = path.read_text().partition("<END OF METADATA>")[2]
    lines = (line.strip().rstrip(";").split() for line in text.splitlines())
    return [line for line in lines if line and not line[0].startswith("~")]


def network(folder):
    names = ["a_node", "b_node", "capacity", "length", "time", "b", "power", "speed", "toll", "type"]
    net = pd.DataFrame([list(map(float, row[:10])) for row in rows(folder / "ChicagoSketch_net.tntp")], columns=names)
    net = net.astype({"a_node": np.int64, "b_node": np.int64})
    net["link_id"] = np.arange(1, len(net) + 1)
    net["direction"] = 1
    net["id"] = net.link_id
    net["fixed"] = WEIGHTS["length"] * net.length + WEIGHTS["toll"] * net.toll
    # A time of nothing is none of which a delay could be a multiple.
    net["free_flow_time"] = net.time.clip(lower=1e-9)
    return net


def trips(folder, zones):
    table, origin = np.zeros((zones, zones)), 0
    text = (folder / "ChicagoSketch_trips.tntp").read_text().partition("<END OF METADATA>")[2]
    for line in text.splitlines():
        if line.strip().startswith("Origin"):
            origin = int(line.split()[1]) - 1
        for to, count in re.findall(r"(\d+)\s*:\s*([\d.eE+-]+)", line):
            table[origin, int(to) - 1] = float(count)
    np.fill_diagonal(table, 0.0)
    return table


def aequilibrae(folder, gap):
    zones = 387
    net = network(folder)
    graph = Graph()
    graph.cost = net.free_flow_time.values
    graph.network = net
    graph.prepare_graph(np.arange(1, zones + 1))
    graph.set_graph("free_flow_time")
    graph.set_skimming(["free_flow_time"])
    # Zones carry no through traffic.
    graph.set_blocked_centroid_flows(True)
    demand = AequilibraeMatrix()
    demand.create_empty(zones=zones, matrix_names=["cars"], memory_only=True)
    demand.index[:] = np.arange(1, zones + 1)
    demand.matrices[:, :, 0] = trips(folder, zones)
    demand.computational_view(["cars"])
    cars = TrafficClass("cars", graph, demand)
    cars.set_fixed_cost("fixed")
    assignment = TrafficAssignment()
    assignment.set_classes([cars])
    assignment.set_vdf("BPR")
    assignment.set_vdf_parameters({"alpha": "b", "beta": "power"})
    assignment.set_capacity_field("capacity")
    assignment.set_time_field("free_flow_time")
    assignment.set_algorithm("bfw")
    assignment.max_iter = 2000
    assignment.rgap_target = gap
    begun = time.perf_counter()
    assignment.execute(log_specification=False)
    seconds = time.perf_counter() - begun
    return seconds, assignment.assignment.rgap, assignment.assignment.iter


def hanze(program, folder, gap):
    command = [program, "bench", "--model", "traffic", "--network", str(folder / "ChicagoSketch_net.tntp")]
    command += ["--trips", str(folder / "ChicagoSketch_trips.tntp"), "--gap", f"{gap},1e-10"]
    command += ["--weights", f"{WEIGHTS['length']},{WEIGHTS['toll']}"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    cells = [[cell.strip() for cell in line.split("|")] for line in lines[-2:]]
    return [(float(row[7]), float(row[5])) for row in cells]


def main():
    program, folder = sys.argv[1], Path(sys.argv[2])
    turns = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    gap = float(sys.argv[4]) if len(sys.argv) > 4 else 1e-6
    for turn in range(turns):
        (own, reached), (tight, tightest) = hanze(program, folder, gap)
        theirs, their_gap, rounds = aequilibrae(folder, gap)
        print(
            f"turn {turn + 1}: Hanze {own:.2f} s to {reached:.1e}, {tight:.2f} s to {tightest:.1e}; "
            f"AequilibraE {theirs:.1f} s to {their_gap:.1e} in {rounds} rounds; ratio {own / theirs:.4f}"
        )


main()
