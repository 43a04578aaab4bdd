"""The client against a real server: HANZE names the binary."""

import json
import os
import subprocess

import numpy as np
import pytest

import hanze
from hanze import Hanze, HanzeError


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    # The client finds the key that the server makes.
    os.environ["XDG_RUNTIME_DIR"] = str(data)
    command = [os.environ["HANZE"], "serve", "--port", "0", "--device", "cpu", "--data", str(data), "--max-hours", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield Hanze(process.stdout.readline().split()[2].removesuffix("/v1"))
    process.terminate()
    assert process.wait(timeout=30) == 0


def shower(minutes=2, **changes):
    return {
        "title": "Shower",
        "city": {"demo": {"seed": 3, "width_m": 240, "height_m": 200, "cell_m": 2}},
        "runoff": {"end_minutes": minutes, "frame_minutes": 1, "rain": {"mm_per_hour": 60}}, **changes,
    }


def test_the_common_path_gives_arrays(server, tmp_path):
    said = []
    job = server.submit(shower()).wait(said.append, every=0.1)
    assert said[-1].startswith("100 %")
    raster = job.raster("max_depth")
    assert raster.values.shape == (100, 120) and raster.values.dtype == np.float32
    assert raster.crs.to_epsg() == 28992 and raster.transform.a == 2
    assert np.nanmax(raster.values) > 0.05
    times = [seconds for seconds, depth in job.frames() if np.nanmax(depth) <= np.nanmax(raster.values)]
    assert times == [60.0, 120.0]
    # The same numbers, asked of the server for one place and for an outline.
    bounds = json.loads(server.request("GET", f"/maps/{job.id}/max_depth/info"))["bounds"]
    lon, lat = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    seconds, depths = job.series("depth", lon, lat)
    assert seconds.tolist() == [60.0, 120.0] and depths.shape == (2,)
    assert job.statistics("max_depth")["sum"] == pytest.approx(np.nansum(raster.values, dtype=np.float64))
    west, south, east, north = bounds[0] - 1, bounds[1] - 1, bounds[2] + 1, bounds[3] + 1
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    around = job.statistics("max_depth", {"type": "Polygon", "coordinates": [ring]})
    assert around["count"] == np.isfinite(raster.values).sum()
    assert job.record()["balance"]["relative_error"] < 1e-6
    assert isinstance(job.table("spots"), list)
    saved = job.save(tmp_path / "files")
    assert (saved / "frames" / "depth_000060.000s.tif").stat().st_size > 0
    assert job.id in [known["id"] for known in server.jobs()]


def test_files_and_uploads(server, tmp_path):
    (tmp_path / "shower.toml").write_text(
        'title = "T"\n[city]\ndemo = { seed = 1, width_m = 200, height_m = 200, cell_m = 4 }\n'
        "[runoff]\nend_minutes = 1\n[runoff.rain]\nmm_per_hour = 9\n")
    assert server.submit(tmp_path / "shower.toml").wait(every=0.1).array("max_depth").shape == (50, 50)
    rows = "\n".join(" ".join(f"{0.1 * row:.1f}" for _ in range(30)) for row in range(20))
    (tmp_path / "slope.asc").write_text(f"ncols 30\nnrows 20\nxllcorner 0\nyllcorner 0\ncellsize 2\n{rows}\n")
    name = server.upload(tmp_path / "slope.asc")
    job = server.submit(shower(city={"terrain": name, "epsg": 28992})).wait(every=0.1)
    assert job.array("max_depth").shape == (20, 30)


def test_variants_are_runs_of_a_whole(server):
    half = {"name": "Half", "set": [{"key": "runoff.rain.mm_per_hour", "times": 0.5}]}
    job = server.submit(shower(variant=[half])).wait(every=0.1)
    assert job.status()["processID"] == "scenario"
    runs = job.runs()
    assert set(runs) == {(None, "runoff"), ("Half", "runoff")}
    today, less = (np.nanmax(runs[key, "runoff"].array("max_depth")) for key in (None, "Half"))
    assert 0 < less < today


def test_stored_scenarios_go_to_their_process(server):
    for name, process in [("heatwave", "urban-heat"), ("ring-road-closure", "traffic")]:
        job = server.submit(name)
        assert job.status()["processID"] == process
        job.dismiss()
    with pytest.raises(HanzeError, match="cloudburst"):
        server.submit("nothing")


def test_problems_are_told_in_words(server):
    with pytest.raises(HanzeError) as told:
        Hanze(server.url, "hanze_nonsense").job("nothing").status()
    assert told.value.status == 401
    with pytest.raises(HanzeError, match="end_minutes") as told:
        server.submit(shower(-1))
    assert told.value.status == 400
    # A scenario of an earlier form: the server says how its keys are written now.
    old = {"title": "t", "model": "runoff", "city": {"demo": {"seed": 1}}, "time": {"end_minutes": 1}}
    with pytest.raises(HanzeError, match="instead of"):
        server.submit(old)
    with pytest.raises(HanzeError, match="no job"):
        server.job("nothing").status()
    job = server.submit(shower(600))
    job.dismiss()
    with pytest.raises(HanzeError, match="dismissed"):
        job.wait(every=0.1)
    with pytest.raises(HanzeError, match="does not answer"):
        list(Hanze("http://127.0.0.1:9").jobs())


def test_the_key_goes_to_its_server_only(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    # No proxy stands between.
    assert isinstance(list(server.jobs()), list)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "hanze-data"
    data.mkdir()
    (data / "token").write_text("hanze_1\n")
    at = "http://127.0.0.1:8080"
    assert hanze._token(at) is None
    for lines, asked, is_it in [
        (["127.0.0.1", "8080", str(os.getpid())], at, True),
        (["127.0.0.1", "8080", str(os.getpid())], "http://localhost:8080", True),
        (["127.0.0.1", "8080", str(os.getpid())], "http://127.0.0.1:8081", False),
        (["127.0.0.2", "8080", str(os.getpid())], at, False),
        (["0.0.0.0", "8080", str(os.getpid())], at, True),
        (["127.0.0.1", "8080", str(os.getpid())], "http://127.0.0.1.example.org:8080", False),
        (["127.0.0.1", "8080", str(os.getpid())], "https://127.0.0.1:8080", False),
    ]:
        (data / "serving").write_text("\n".join(lines) + "\n")
        assert hanze._token(asked) == ("hanze_1" if is_it else None), (lines, asked)
        left = tmp_path / "hanze" / "servers" / "8080"
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_text("\n".join(["hanze_2", *lines]) + "\n")
        assert hanze._token(asked) == ("hanze_2" if is_it else None), (lines, asked)
        left.unlink()


def test_nothing_that_is_told_drives_a_terminal(monkeypatch):
    title = "\x1b[2J\x1b]0;x\x07 caf\u00e9\u202e\x9b31m\tb\n"
    shown = "\\x1b[2J\\x1b]0;x\\x07 caf\u00e9\\u202e\\x9b31m\tb\n"
    assert str(HanzeError(title)) == shown
    monkeypatch.setattr(Hanze, "request", lambda *_: json.dumps(
        {"progress": 100, "message": title, "status": "successful"}).encode())
    said = []
    Hanze().job("x").wait(said.append)
    assert said == [f"100 % {shown}"]
