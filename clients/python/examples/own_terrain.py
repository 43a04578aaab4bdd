"""Rain on a terrain of your own: python own_terrain.py dem.tif"""

import sys

import numpy as np
from hanze import Hanze

server = Hanze("http://localhost:8080")
terrain = server.upload(sys.argv[1])
job = server.submit({
    "title": "Rain on my own terrain",
    "city": {"terrain": terrain, "holes": "wall"},
    "runoff": {"end_minutes": 60, "frame_minutes": 10, "rain": {"mm_per_hour": 50}},
}).wait(print)
for seconds, depth in job.frames():
    land = depth[np.isfinite(depth)]  # holes of the terrain have no value
    print(f"{seconds / 60:4.0f} min: {(land > 0.05).mean():.1%} under more than 5 cm")
print("files in", job.save("results"))
