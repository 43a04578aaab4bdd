"""Checks what three.js found in town.glb against the raster, and that the picture shows something."""

import json
import sys

import numpy as np
import rasterio

picture, facts, terrain = sys.argv[1:]
facts = json.load(open(facts))
problems = []


def check(what, found, expected, tolerance):
    if not all(abs(a - b) <= tolerance for a, b in zip(found, expected, strict=True)):
        problems.append(f"{what}: {found}, not {expected}")


with rasterio.open(terrain) as file:
    heights, bounds, cell = file.read(1), file.bounds, file.res[0]
    extras = facts["asset"]["extras"]
    east, north, _ = extras["origin"]
    ground = facts["parts"]["terrain"]
    # x is east and z is south; the mesh reaches from the first to the last centre of a cell.
    half = cell / 2
    low = [bounds.left + half - east, float(heights.min()), north - bounds.top + half]
    high = [bounds.right - half - east, float(heights.max()), north - bounds.bottom - half]
    check("south-west and lowest", ground["min"], low, 0.11)
    check("north-east and highest", ground["max"], high, 0.11)
    for (x, z), height in zip([(0, 0), (0, 40)], facts["heights"], strict=True):
        row, col = file.index(east + x, north - z)
        around = heights[row - 1 : row + 2, col - 1 : col + 2]
        if not around.min() - 0.11 <= height <= around.max() + 0.11:
            problems.append(f"the ground at {x}, {z} is {height}, not {around}")
    if extras["crs"] != "EPSG:28992" or not extras["synthetic"]:
        problems.append(f"extras: {extras}")
for part in ["buildings", "bridges", "water", "trees"]:
    if part not in facts["parts"]:
        problems.append(f"no {part}")
if facts["parts"]["buildings"]["max"][1] < 30:
    problems.append("no church stands above the roofs")
with rasterio.open(picture) as file:
    pixels = file.read()[:3].reshape(3, -1).T
colours = len(np.unique(pixels, axis=0))
# Red roofs, green trees and blue water fill a good part of it.
red, green, blue = pixels.T.astype(int)
shares = [float(np.mean(mask)) for mask in (red > green + 40, (green > red) & (green > blue + 15), blue > red + 25)]
print(f"{colours} colours; red, green and blue: {[f'{share:.0%}' for share in shares]}")
if colours < 2000 or min(shares) < 0.02:
    problems.append("the picture shows no town")
print("\n".join(problems) or "fine")
sys.exit(1 if problems else 0)
