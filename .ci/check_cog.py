#!/usr/bin/env python3
"""Checks Cloud Optimized GeoTIFFs written by Hanze with tools that are not ours: rasterio and rio-cogeo.

    pip install rasterio rio-cogeo
    python3 .ci/check_cog.py [--epsg 28992] [--unit m] file.tif ...

Where `file.tif.f32` lies beside a file, it holds the expected samples: little-endian f32, row by row from the north-west.
"""

import argparse
import os
import sys
import warnings

import numpy
import rasterio
from rio_cogeo.cogeo import cog_validate

NODATA = -9999.0
TILE = 512


def faults_of(path, options):
    """What is wrong with a file, in words."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        valid, errors, warned = cog_validate(path, strict=True, quiet=True)
        faults = [*errors, *warned] + ([] if valid else ["rio-cogeo calls it invalid"])
        with rasterio.open(path) as data:
            faults += header_faults(data, options)
            faults += value_faults(data, path)
    known = rasterio.errors.NotGeoreferencedWarning
    return faults + [str(w.message) for w in caught if not issubclass(w.category, known)]


def header_faults(data, options):
    """Faults in what the file says of itself."""
    faults = []

    def expect(what, found, wanted):
        if found != wanted:
            faults.append(f"{what} is {found!r}, expected {wanted!r}")

    expect("band count", data.count, 1)
    expect("sample type", data.dtypes[0], "float32")
    expect("nodata", data.nodata, NODATA)
    expect("compression", data.profile.get("compress"), "deflate")
    expect("predictor", data.tags(ns="IMAGE_STRUCTURE").get("PREDICTOR"), "3")
    expect("layout", data.tags(ns="IMAGE_STRUCTURE").get("LAYOUT"), "COG")
    expect("block shape", data.block_shapes[0], (TILE, TILE))
    levels, side = [], max(data.width, data.height)
    while side > TILE:
        side = (side + 1) // 2
        levels.append(2 ** (len(levels) + 1))
    expect("overviews", data.overviews(1), levels)
    expect("cell shape", data.transform.a, -data.transform.e)
    if data.crs is not None:
        expect("CRS is projected", data.crs.is_projected, True)
        expect("AREA_OR_POINT", data.tags().get("AREA_OR_POINT"), "Area")
    if options.epsg is not None:
        expect("EPSG", data.crs.to_epsg() if data.crs else None, options.epsg or None)
    if options.unit is not None:
        expect("unit", data.units[0], options.unit or None)
    if options.described:
        expect("has a description", bool(data.descriptions[0]), True)
    return faults


def value_faults(data, path):
    """Faults in the samples, read at full size and at every overview."""
    faults = []
    values = data.read(1)
    sidecar = path + ".f32"
    if os.path.exists(sidecar):
        expected = numpy.fromfile(sidecar, "<f4")
        if expected.size != values.size:
            return [f"{values.size} samples, expected {expected.size}"]
        unlike = int((values.ravel() != expected).sum())
        if unlike:
            faults.append(f"{unlike} samples are unlike those in {sidecar}")
    if not numpy.isfinite(values).all():
        faults.append("a sample is no finite number")
    valid = values[values != NODATA]
    for index, level in enumerate(data.overviews(1)):
        with rasterio.open(path, overview_level=index) as small:
            seen = small.read(1)
            want = tuple(-(-n // level) for n in values.shape)
            if seen.shape != want:
                faults.append(f"overview {level} is {seen.shape}, expected {want}")
            seen = seen[seen != NODATA]
            if seen.size and (seen.min() < valid.min() or seen.max() > valid.max()):
                faults.append(f"overview {level} leaves the range of the values")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="file.tif")
    parser.add_argument("--epsg", type=int, help="code that every file must have; 0 for no CRS")
    parser.add_argument("--unit", help="unit that every file must have; empty for none")
    parser.add_argument("--described", action="store_true", help="every file must have a description")
    options = parser.parse_args()
    failed = 0
    for path in options.files:
        try:
            faults = faults_of(path, options)
        except (rasterio.errors.RasterioError, OSError, ValueError) as error:
            faults = [str(error)]
        failed += bool(faults)
        print(f"{path}: {'; '.join(faults) if faults else 'valid'}")
    print(f"{len(options.files) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
