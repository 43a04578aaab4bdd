"""Opens the tables of a run as a GIS does, with geopandas: their plane, their units, their names, and no lost rows."""

import csv
import json
import sys
from pathlib import Path

import geopandas

folder = Path(sys.argv[1])
problems = []
UNITS = ("_m", "_m2", "_m3", "_min", "_percent", "_m3_per_s", "_m_per_s", "_c", "_h", "_w_per_m2", "_km", "_s", "_kg", "_g", "_db", "_k")
# Numbers that count or class have no unit.
PLAIN = {"class", "rank", "facade_cells", "buildings", "buildings_over_10_cm", "buildings_over_30_cm",
         "open_to_cars", "open_to_emergency_vehicles", "name", "lanes", "residents", "jobs", "before_too", "hour", "share",
         "stuck_at_the_end", "service_1_to_6", "trips", "arrived", "wait_to_set_out", "tropical_nights", "synthetic"}
for path in sorted(folder.glob("*.geojson")):
    frame = geopandas.read_file(path)
    with open(path.with_suffix(".csv"), newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    print(f"{path.name}: {len(frame)} rows, {frame.crs}, {frame.geom_type.unique().tolist()}, {list(frame.columns)}")
    if frame.crs is None or frame.crs.to_epsg() != 4326 or len(frame) != len(rows) - 1:
        problems.append(f"{path.name}: {frame.crs}, {len(frame)} rows of {len(rows) - 1}")
    for column in frame.columns.drop("geometry"):
        if not column.endswith(UNITS) and column not in PLAIN:
            problems.append(f"{path.name}: {column} has no unit")
    # Roads from lines are shapes of our own.
    if path.stem == "roads" and not frame.is_valid.all():
        problems.append(f"{path.name}: {int((~frame.is_valid).sum())} shapes cross themselves")
    if not frame.is_valid.all():
        print(f"  {int((~frame.is_valid).sum())} shapes cross themselves, as in their source")
# FlatGeobuf holds the same rows in the city's plane.
for path in sorted(folder.glob("*.fgb")):
    frame, same = geopandas.read_file(path), geopandas.read_file(path.with_suffix(".geojson"))
    print(f"{path.name}: {len(frame)} rows, {frame.crs}")
    if frame.crs is None or frame.crs.is_geographic or len(frame) != len(same) or set(frame.columns) != set(same.columns):
        problems.append(f"{path.name}: {frame.crs}, {len(frame)} rows of {len(same)}, {list(frame.columns)}")
    same = same.to_crs(frame.crs).set_index("name").geometry
    apart = frame.set_index("name").geometry.hausdorff_distance(same, align=True).max()
    # Two ways from a plane to degrees differ by a quarter of a metre.
    if not apart < 0.5:
        problems.append(f"{path.name}: lies {apart} m off the GeoJSON")
# What the record says of the city stands with every table and shape.
record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
told = {"synthetic": record["synthetic"], "attribution": record["attribution"]}
for path in sorted(folder.glob("*.geojson")):
    collection = json.loads(path.read_text(encoding="utf-8"))
    if {name: collection.get(name) for name in told} != told:
        problems.append(f"{path.name}: does not say {told}")
for path in sorted(folder.glob("*.csv")):
    with open(path, newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    if any(row[head.index("synthetic")] != str(int(told["synthetic"])) for row in rows):
        problems.append(f"{path.name}: synthetic is not {told['synthetic']}")
    metadata = json.loads(path.with_name(path.name + "-metadata.json").read_text(encoding="utf-8"))
    if metadata["url"] != path.name or metadata["notes"] != [told]:
        problems.append(f"{path.name}-metadata.json: {metadata['url']}, {metadata['notes']}")
    if [column["titles"] for column in metadata["tableSchema"]["columns"]] != head:
        problems.append(f"{path.name}-metadata.json: its columns are not those of the table")
    for column in head:
        if not column.endswith(UNITS) and column not in PLAIN:
            problems.append(f"{path.name}: {column} has no unit")
for wanted in sys.argv[2:]:
    name, _, value = wanted.partition("=")
    found = geopandas.read_file(folder / f"{name}.geojson")["name"].astype(str).tolist()
    if value not in found:
        problems.append(f"{name}: no {value} among {found[:5]}…")
print("\n".join(problems) or "fine")
sys.exit(1 if problems else 0)
