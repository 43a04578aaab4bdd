"""Hanze against solweig (https://github.com/UMEP-dev/solweig), both on the CPU of one machine, turn by turn.

    python3 -m venv scratch && scratch/bin/pip install --pre solweig==0.1.0b96
    scratch/bin/python benches/against_solweig.py target/release/hanze DATA/heat/umep_golden_athens400 [TURNS]

Both look around from 400 × 400 cells of Athens with its trees, towards 153 patches of the sky, and then compute mean radiant
temperature for eight hours of a day under an anisotropic sky. Processor seconds are those of the whole process of Hanze, start and
reading included; of solweig, those of the two calls alone. Pixel-hours a second are by the clock.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime

import numpy as np
import rasterio
import solweig
from rasterio.transform import from_origin

HOURS = 8


def processor_seconds(whose=resource.RUSAGE_SELF):
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def solweig_turn(dsm, trees, folder):
    """Processor seconds of looking around, and pixel-hours a second of anisotropic and isotropic skies."""
    surface = solweig.SurfaceData(dsm=dsm, cdsm=trees, pixel_size=1.0)
    surface.preprocess()
    begun = processor_seconds()
    surface.compute_svf()
    look = processor_seconds() - begun
    place = solweig.Location(latitude=52.5, longitude=6.1, utc_offset=0)
    weather = [
        solweig.Weather(datetime=datetime(2019, 7, 25, 8 + hour), ta=30, rh=40, global_rad=800, ws=2)
        for hour in range(HOURS)
    ]
    speeds = []
    for anisotropic in (True, False):
        run = dict(surface=surface, location=place, use_anisotropic_sky=anisotropic, output_dir=folder)
        # What it makes once is no part of an hour.
        solweig.calculate(weather=weather[:1], **run)
        begun = time.perf_counter()
        solweig.calculate(weather=weather, **run)
        speeds.append(dsm.size * HOURS / (time.perf_counter() - begun))
    return look, speeds


def hanze_turn(hanze, scenario):
    """The same of Hanze."""
    command = [hanze, "bench", "--model", "heat", "--device", "cpu", "--scenario", scenario]
    begun = processor_seconds(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "--hours", "0"], check=True, capture_output=True)
    look = processor_seconds(resource.RUSAGE_CHILDREN) - begun
    said = subprocess.run([*command, "--hours", str(HOURS)], check=True, capture_output=True, text=True).stdout
    return look, float(re.split(r"\s*\|\s*", said.splitlines()[-1])[5]) * 1e6


def main(hanze, data, turns):
    solweig.disable_gpu()
    dsm, crown = (np.load(os.path.join(data, f"input_{name}.npy")).astype(np.float32) for name in ("dsm", "cdsm"))
    trees = np.where(crown > dsm, crown - dsm, 0).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        for name, values in (("ground", dsm), ("trees", trees)):
            profile = dict(driver="GTiff", width=400, height=400, count=1, dtype="float32", crs="EPSG:28992")
            transform = from_origin(200_000, 500_400, 1, 1)
            with rasterio.open(f"{folder}/{name}.tif", "w", transform=transform, **profile) as out:
                out.write(values, 1)
        scenario = os.path.join(folder, "athens.toml")
        with open(scenario, "w") as out:
            out.write('title = "Athens"\n[city]\nterrain = "ground.tif"\ncanopy_m = "trees.tif"\n')
            out.write('[heat]\nend_minutes = 60\nweather = "none.csv"\ndate = "2019-07-25"\n')
        best = [np.inf, 0.0, 0.0, np.inf, 0.0]
        for turn in range(turns):
            look, (anisotropic, isotropic) = solweig_turn(dsm, trees, folder)
            own_look, own = hanze_turn(hanze, scenario)
            print(
                f"turn {turn + 1}: looking around {look:.1f} and {own_look:.1f} processor seconds; "
                f"{anisotropic:.0f} (isotropic {isotropic:.0f}) and {own:.0f} pixel-hours/s",
                flush=True,
            )
            pairs = zip(best, (look, anisotropic, isotropic, own_look, own))
            best = [min(old, new) if old == np.inf or k in (0, 3) else max(old, new) for k, (old, new) in enumerate(pairs)]
        print(f"best: looking around in {best[3] / best[0]:.2f} of solweig's processor seconds (at most 0.33 is wanted), ", end="")
        print(f"{best[4] / best[1]:.1f} times its anisotropic pixel-hours/s (at least 4 are wanted)")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 3)
