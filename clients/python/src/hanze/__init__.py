"""A thin client of the Hanze job server: scenarios in, numpy arrays out."""

from __future__ import annotations

import csv
import io
import ipaddress
import json
import os
import time
import tomllib
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.io import MemoryFile

__all__ = ["Hanze", "HanzeError", "Job", "Raster"]
Scenario = str | Path | Mapping[str, Any]


class HanzeError(Exception):
    """What the server refused, in its own words, or how a job failed."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(_shown(message))
        self.status = status


def _shown(text: str) -> str:
    """A text with what drives a terminal written out, such as \\x1b; ends of lines and tabs stay."""

    def is_control(c: str) -> bool:
        # Also what turns the direction of writing, and halves of characters.
        turns = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        return c in turns or unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")

    return "".join(c.encode("unicode_escape").decode() if is_control(c) and c not in "\n\t" else c for c in text)


def _is_own(url: str) -> bool:
    """Whether a URL leads to this machine itself."""
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _serves(lines: list[str], host: str, port: int) -> bool:
    """Whether a server that has left these lines (address, port, process) is at a host and a port, and still runs."""
    if len(lines) < 3 or lines[1].strip() != str(port) or not lines[2].strip().isdecimal():
        return False
    try:
        listens = ipaddress.ip_address(lines[0].strip())
        asked = None if host == "localhost" else ipaddress.ip_address(host)
    except ValueError:
        return False
    if asked is None:
        is_host = listens.is_loopback or listens.is_unspecified
    else:
        is_host = listens == asked or (listens.is_unspecified and listens.version == asked.version)
    processes = Path("/proc")
    return is_host and (not processes.joinpath("self").exists() or processes.joinpath(lines[2].strip()).exists())


def _token(url: str) -> str | None:
    """The key that a server of this user on this machine has left for its owner's programs."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not _is_own(url):
        return None
    host, port = parts.hostname or "", parts.port or 80
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    folders = [folder for folder in (os.environ.get("XDG_RUNTIME_DIR"), state) if folder]
    for folder in folders:
        lines = _lines(Path(folder) / "hanze" / "servers" / str(port))
        if lines and lines[0].startswith("hanze_") and _serves(lines[1:], host, port):
            return lines[0].strip()
    # The folder that a server has where none is named.
    lines = _lines(Path("hanze-data") / "token")
    if lines and lines[0].startswith("hanze_") and _serves(_lines(Path("hanze-data") / "serving"), host, port):
        return lines[0].strip()
    return None


def _lines(file: Path) -> list[str]:
    """The lines of a file; none, where it cannot be read."""
    try:
        return file.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _path(href: str) -> str:
    """The path of a link on the server: links are whole URLs, and the key goes to the server that was named and to no other."""
    for root in ("/v1/", "/maps/"):
        if root in href:
            return root + href.partition(root)[2]
    raise HanzeError(f"the server names a link {href!r}, which is not followed")


@dataclass(frozen=True)
class Raster:
    """A layer: values (rows from the north, NaN for none), the transform from cells to metres, the CRS."""

    values: npt.NDArray[np.float32]
    transform: Any
    crs: Any


@dataclass(frozen=True)
class Hanze:
    """A server. Without a key it is that of HANZE_KEY, or for a server of yours on this machine the one that it has made."""

    url: str = "http://127.0.0.1:8080"
    key: str | None = field(default=None, repr=False)
    _processes: list[dict[str, Any]] = field(default_factory=list, init=False, repr=False, compare=False)

    def submit(self, scenario: Scenario, *, idempotency_key: str | None = None) -> Job:
        """Submits a stored scenario by name, a dictionary, or a TOML file."""
        value: Any = scenario
        if isinstance(scenario, Path) or (isinstance(scenario, str) and scenario.endswith(".toml")):
            value = tomllib.loads(Path(scenario).read_text())
        headers = {"idempotency-key": idempotency_key} if idempotency_key else {}
        body = json.dumps({"inputs": {"scenario": value}}).encode()
        process = self._process(value)
        answer = json.loads(self.request("POST", f"/v1/processes/{process}/execution", body, headers))
        return Job(self, answer["id"])

    def process(self, id: str) -> dict[str, Any]:
        """The description of a process: its inputs, its outputs, its model, and the layer that shows how far a job is."""
        description: dict[str, Any] = json.loads(self.request("GET", f"/v1/processes/{id}"))
        return description

    def _process(self, scenario: Any) -> str:
        """The process of a scenario: the server names the model of each, which is its section, and the scenarios that it stores for it.

        What has no section of a model goes to the first process that takes scenarios, as the server says best what is wrong with it.
        """
        if not self._processes:
            listed = json.loads(self.request("GET", "/v1/processes"))["processes"]
            self._processes.extend(self.process(process["id"]) for process in listed)
        stored: list[str] = []
        takes: list[str] = []
        is_own = isinstance(scenario, Mapping)
        models = [description.get("hanze", {}).get("model") for description in self._processes]
        if is_own:
            asked = [scenario[model] for model in models if model in scenario]
            several = len(asked) > 1 or any(isinstance(one, list) and len(one) > 1 for one in asked)
            if (several or scenario.get("variant")) and any(own["id"] == "scenario" for own in self._processes):
                return "scenario"
        for description in self._processes:
            if "scenario" not in description["inputs"]:
                continue
            kinds = description["inputs"]["scenario"].get("schema", {}).get("oneOf", [])
            names = [name for kind in kinds for name in kind.get("enum", [])]
            model = description.get("hanze", {}).get("model")
            if model in scenario if is_own else scenario in names:
                return str(description["id"])
            stored += [name for name in names if name not in stored]
            takes.append(str(description["id"]))
        if is_own and takes:
            return takes[0]
        raise HanzeError(f"the server stores no scenario {scenario}; it stores {', '.join(stored)}")

    def upload(self, file: str | Path) -> str:
        """Brings a layer or a series; gives the name that a scenario can use."""
        file = Path(file)
        answer = json.loads(self.request("POST", "/v1/inputs", file.read_bytes()))
        ending = file.name.lower().partition(".")[2]
        return f"{answer['id']}.{ending}"

    def jobs(self) -> Iterator[dict[str, Any]]:
        """All jobs, the newest first."""
        path: str | None = "/v1/jobs?limit=200"
        while path:
            page = json.loads(self.request("GET", path))
            yield from page["jobs"]
            path = next((_path(link["href"]) for link in page["links"] if link["rel"] == "next"), None)

    def job(self, id: str) -> Job:
        """A job by its id."""
        return Job(self, id)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """The bytes of an answer; a problem becomes a HanzeError."""
        all_headers = {"accept": "application/json", "content-type": "application/json", **(headers or {})}
        key = self.key or os.environ.get("HANZE_KEY") or _token(self.url)
        if key:
            all_headers["authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url.rstrip("/") + path, body, all_headers, method=method)
        # No proxy stands between programs of one machine, and none gets their key.
        proxies = [urllib.request.ProxyHandler({})] if _is_own(self.url) else []
        try:
            with urllib.request.build_opener(*proxies).open(request, timeout=120) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            try:
                detail = json.loads(error.read())["detail"]
            except (ValueError, KeyError):
                detail = error.reason
            raise HanzeError(str(detail), error.code) from None
        except urllib.error.URLError as error:
            raise HanzeError(f"{self.url} does not answer: {error.reason}") from None


@dataclass(frozen=True)
class Job:
    """A job of a server."""

    server: Hanze
    id: str

    def status(self) -> dict[str, Any]:
        """How far it is."""
        status: dict[str, Any] = json.loads(self.server.request("GET", f"/v1/jobs/{self.id}"))
        return status

    def runs(self) -> dict[tuple[str | None, str], Job]:
        """The runs of a scenario with variants or several sections, by variant (None for today's city) and section."""
        runs = self.status().get("runs", [])
        return {(run["variant"], str(run["section"])): Job(self.server, str(run["jobID"])) for run in runs}

    def wait(self, tell: Callable[[str], None] | None = None, every: float = 1.0) -> Job:
        """Waits for the end; raises a HanzeError where that is none to be glad of."""
        said = ""
        while True:
            status = self.status()
            line = f"{status['progress']:3d} % {_shown(str(status['message']))}"
            if tell and line != said:
                tell(line)
                said = line
            if status["status"] == "successful":
                return self
            if status["status"] in ("failed", "dismissed"):
                raise HanzeError(f"the job is {status['status']}: {status['message']}")
            time.sleep(every)

    def dismiss(self) -> None:
        """Dismisses it, and its results."""
        self.server.request("DELETE", f"/v1/jobs/{self.id}")

    def files(self) -> dict[str, dict[str, Any]]:
        """Its files by name, such as max_depth.tif."""
        results = json.loads(self.server.request("GET", f"/v1/jobs/{self.id}/results"))
        return {link["name"]: link for link in results.values()}

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        files = self.files()
        if name not in files:
            raise HanzeError(f"there is no {name}; there are {', '.join(sorted(files))}")
        return self.server.request("GET", _path(files[name]["href"]))

    def raster(self, layer: str) -> Raster:
        """A layer with its place, such as max_depth or frames/depth_001800.000s."""
        with MemoryFile(self.read(f"{layer}.tif")) as memory, memory.open() as file:
            values = file.read(1, masked=True).astype(np.float32).filled(np.nan)
            return Raster(values, file.transform, file.crs)

    def array(self, layer: str) -> npt.NDArray[np.float32]:
        """The values of a layer, rows from the north, NaN for none."""
        return self.raster(layer).values

    def frames(self, layer: str | None = None) -> Iterator[tuple[float, npt.NDArray[np.float32]]]:
        """A layer in time: seconds and values. Without a name it is the one that shows how far a job is, such as depth."""
        if layer is None:
            layer = str(self.server.process(self.status()["processID"])["hanze"]["shows"])
        start, end = f"frames/{layer}_", "s.tif"
        for name in sorted(name for name in self.files() if name.startswith(start) and name.endswith(end)):
            yield float(name.removeprefix(start).removesuffix(end)), self.array(name.removesuffix(".tif"))

    def table(self, name: str) -> list[dict[str, str]]:
        """The rows of a table, such as spots."""
        return list(csv.DictReader(io.StringIO(self.read(f"{name}.csv").decode())))

    def series(self, layer: str, lon: float, lat: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """A quantity in time at a place: seconds, and values (NaN for none)."""
        answer = json.loads(self.server.request("GET", f"/maps/{self.id}/{layer}/series/{lon},{lat}"))
        return np.array(answer["seconds"], np.float64), np.array(answer["values"], np.float64)

    def statistics(self, layer: str, outline: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Statistics of a layer, of all or within a GeoJSON Feature or Polygon in degrees."""
        path = f"/maps/{self.id}/{layer}/statistics"
        if outline is None:
            band: dict[str, Any] = json.loads(self.server.request("GET", path))["b1"]
        else:
            feature = json.loads(self.server.request("POST", path, json.dumps(outline).encode()))
            band = feature["properties"]["statistics"]["b1"]
        return band

    def record(self) -> dict[str, Any]:
        """Inputs, settings, device, balance, and the story of the run."""
        record: dict[str, Any] = json.loads(self.read("run.json"))
        return record

    def save(self, folder: str | Path) -> Path:
        """Saves all files below a folder."""
        folder = Path(folder)
        for name, link in self.files().items():
            path = (folder / name).resolve()
            if not path.is_relative_to(folder.resolve()):
                raise HanzeError(f"the server names a file {name!r}, which is not written")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.server.request("GET", _path(link["href"])))
        return folder
