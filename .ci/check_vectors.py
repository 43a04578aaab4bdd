"""Reads the vectors of `hanze demo` with GDAL: their plane, their number, and whether the roads hang together."""

import sys
from pathlib import Path

import pyogrio

folder = Path(sys.argv[1])
problems = []
for name, shape, least in [
    ("roads", "LineString", 300),
    ("trees", "Point", 500),
    ("neighbourhoods", "Polygon", 6),
    ("railways", "LineString", 1),
]:
    info = pyogrio.read_info(folder / f"{name}.geojson")
    print(f"{name}: {info['features']} × {info['geometry_type']}, {info['crs']}, {list(info['fields'])}")
    if info["crs"] != "EPSG:28992" or info["geometry_type"] != shape or info["features"] < least:
        problems.append(f"{name}: {info}")
_, _, _, fields = pyogrio.raw.read(folder / "roads.geojson", columns=["from", "to"])
parts = {}


def root(node):
    while parts.setdefault(node, node) != node:
        node = parts[node]
    return node


for a, b in zip(*fields):
    parts[root(a)] = root(b)
count = len({root(node) for node in list(parts)})
if count != 1:
    problems.append(f"the roads fall apart into {count} parts")
print("\n".join(problems) or "fine")
sys.exit(1 if problems else 0)
