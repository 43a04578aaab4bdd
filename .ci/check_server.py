"""Drives `hanze serve` as other people's programs do: OWSLib submits, rasterio reads a COG in ranges, schemathesis tries
every operation of the OpenAPI document."""

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import rasterio
from owslib.ogcapi.processes import Processes

hanze, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
log = open(folder / "log.jsonl", "w")
server = subprocess.Popen(
    [hanze, "serve", "--port", "0", "--device", "cpu", "--data", folder, "--max-queue", "5", "--max-hours", "0.05"],
    stdout=subprocess.PIPE, stderr=log, text=True)
problems = []


def get(path):
    with urllib.request.urlopen(base + path, timeout=60) as answer:
        return answer.read()


try:
    base = server.stdout.readline().split()[2].removesuffix("/v1")
    print(base)
    (folder / "openapi.json").write_bytes(get("/v1/openapi.json"))
    service = Processes(base + "/v1/")
    names = [process["id"] for process in service.processes()]
    print("OWSLib:", names, service.process("rainfall-runoff")["title"])
    if "rainfall-runoff" not in names:
        problems.append(f"processes: {names}")
    echoed = service.execute("echo", {"message": "hello"})
    if echoed != {"message": "hello"}:
        problems.append(f"echo: {echoed}")
    scenario = {
        "title": "Shower", "model": "runoff",
        "city": {"demo": {"seed": 2, "width_m": 700, "height_m": 600, "cell_m": 1}},
        "time": {"end_minutes": 3, "frame_minutes": 1}, "rain": {"mm_per_hour": 70},
    }
    service.execute("rainfall-runoff", {"scenario": scenario}, async_=True)
    job = json.loads(get("/v1/jobs"))["jobs"][0]["id"]
    for _ in range(600):
        status = json.loads(get(f"/v1/jobs/{job}"))
        if status["status"] not in ("accepted", "running"):
            break
        time.sleep(0.2)
    print(status["status"], status["message"])
    results = json.loads(get(f"/v1/jobs/{job}/results"))
    link = results["max_depth-tif"]
    whole = get(link["href"])
    if hashlib.sha256(whole).hexdigest() != link["sha256"]:
        problems.append("max_depth is not what its checksum says")
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
        with rasterio.open("/vsicurl/" + base + link["href"]) as remote:
            corner = remote.read(1, window=((0, 64), (0, 64)))
            far = remote.read(1)
    (folder / "max_depth.tif").write_bytes(whole)
    with rasterio.open(folder / "max_depth.tif") as local:
        near = local.read(1)
    print("rasterio over HTTP:", far.shape, "highest depth", float(np.nanmax(far)))
    if not (np.array_equal(far, near) and np.array_equal(corner, near[:64, :64])):
        problems.append("what rasterio reads over HTTP is not the file")
    with open(folder / "log.jsonl") as lines:
        ranged = sum('"status":206' in line for line in lines)
    print(ranged, "answers were ranges")
    if ranged == 0:
        problems.append("rasterio read no range")
    schemathesis = Path(sys.executable).parent / "schemathesis"
    tried = subprocess.run(
        [schemathesis, "run", base + "/v1/openapi.json", "--checks",
         "not_a_server_error,status_code_conformance,content_type_conformance", "--exclude-path-regex", "events",
         "--max-examples", "20", "--phases", "examples,coverage,fuzzing", "--no-color", "--url", base + "/v1"],
        env={**os.environ, "COLUMNS": "160"})
    if tried.returncode != 0:
        problems.append("schemathesis found faults")
finally:
    server.terminate()
    if server.wait(timeout=30) != 0:
        problems.append("the server did not end well")
print("\n".join(problems) or "fine")
sys.exit(1 if problems else 0)
