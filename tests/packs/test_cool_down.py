"""P04: libraries and packs that are too new, or named nearly as something else is, are refused."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import making
import pytest
import shell

from musegraph.errors import PackError
from musegraph.installed import Installed
from musegraph.packs.index import LIST, fetch, write_index
from musegraph.packs.install import held, offer
from musegraph.packs.libraries import Library
from musegraph.packs.names import known, near
from musegraph.packs.refuse import Known, check_near
from musegraph.packs.resolve import Resolved


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat().replace("+00:00", "Z")


class Shop(BaseHTTPRequestHandler):
    """An index of libraries in the form of PEP 691: wheels in a folder, and since when."""

    folder: Path
    since: dict[str, str | None]

    def do_GET(self) -> None:
        *_, name = [part for part in self.path.split("/") if part]
        if name.endswith(".whl"):
            self.answer("application/octet-stream", (self.folder / name).read_bytes())
            return
        files = []
        for file in sorted(self.folder.glob(f"{name.replace('-', '_')}-*.whl")):
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            one: dict[str, Any] = {"filename": file.name, "url": f"/files/{file.name}"}
            one["hashes"] = {"sha256": sha256}
            if since := self.since.get(file.name.split("-")[1]):
                one["upload-time"] = since
            files.append(one)
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
        self.answer("application/vnd.pypi.simple.v1+json", json.dumps(page).encode())

    def answer(self, kind: str, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class Silent(SimpleHTTPRequestHandler):
    """Serves a folder and prints nothing."""

    def log_message(self, *_: object) -> None:
        pass


def serving(handler: Any) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=partial(server.serve_forever, 0.02))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Shop]]:
    """An index that pip and the cool-down are set to, and nothing else."""

    class Own(Shop):
        folder, since = tmp_path / "libraries", {}

    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for address in serving(Own):
        monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
        yield Own


def offered(made: Any, packs: Path, **known: Any) -> dict[str, str]:
    """The versions of the libraries that would be added."""
    with held(packs) as listed:
        found = offer(made, "here", packs, listed, known=Known(**known)).resolved
    return {one.name: one.version for one in found.added()}


def test_p04_what_is_newer_than_the_cool_down_is_passed_over_for_what_others_have_looked_at(
    tmp_path: Path, packs: Path, shop: type[Shop]
) -> None:
    made = making.wheel(tmp_path, requires=["musegraph", "tune-lib>=1"])
    for version, days in (("1.0", 100.0), ("1.1", 7.1), ("1.2", 6.9), ("1.3", 0.1)):
        making.library(shop.folder, "tune-lib", version)
        shop.since[version] = ago(days)
    assert offered(made, packs) == {"tune-lib": "1.1"}
    assert offered(made, packs, recent=True) == {"tune-lib": "1.3"}


def test_p04_libraries_that_are_there_only_as_something_new_are_refused(
    tmp_path: Path, packs: Path, shop: type[Shop]
) -> None:
    names = {"new-lib": ago(2), "early-lib": ago(-5), "silent-lib": None}
    for number, (name, since) in enumerate(names.items(), 1):
        making.library(shop.folder, name, f"{number}.0")
        shop.since[f"{number}.0"] = since
    made = making.wheel(tmp_path, requires=["musegraph", *names])
    with pytest.raises(PackError) as told:
        offered(made, packs)
    new, early, silent = sorted(str(told.value).splitlines(), key=lambda line: line.split()[1])
    assert f"new-lib 1.0 is from {ago(2)[:10]}, and what is new is held back for 7 days" in new
    assert f"wait until {ago(-5)[:10]}, or say --recent if you know it" in new
    assert "early-lib 2.0 is from" in early
    assert "silent-lib 3.0 does not say since when it is there" in silent
    assert not packs.exists()


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("nunpy", "numpy"),
        ("reqeusts", "requests"),
        ("pi11ow", "pillow"),
        ("python-tqdm", "tqdm"),
        ("image-scikit", "scikit-image"),
        ("huggingface-hubb", "huggingface-hub"),
        ("sentencepeice", "sentencepiece"),
        ("trasnfromers", "transformers"),
    ],
)
def test_a_name_is_near_another_that_somebody_could_take_it_for(name: str, other: str) -> None:
    assert near(name, known()) == other


def test_no_well_known_name_is_a_misspelling_and_no_other_word_is_near_one() -> None:
    assert [one for one in known() if near(one, known())] == []
    words = (
        "tune-lib",
        "colour",
        "vapoursynth",
        "noise",
        "hsv",
        "one",
        "kaleido",
        "musegraph-loud",
    )
    assert [word for word in words if near(word, known())] == []


def test_p04_a_library_named_nearly_as_a_known_or_installed_one_is_refused_unless_it_is_meant(
    tmp_path: Path, packs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "libraries"))
    making.library(tmp_path / "libraries", "reqeusts", "1.0")
    made = making.wheel(tmp_path, requires=["reqeusts"])
    with pytest.raises(PackError) as told:
        offered(made, packs)
    assert str(told.value) == (
        "the library reqeusts that would be added is named nearly as requests is, and is another "
        "one; if it is what you mean, say --meant reqeusts"
    )
    assert not packs.exists()
    coming = Library("beautiful-musik", "1.0", (), "https://example.org/x.whl", "0" * 64)
    found = Resolved({coming.key: coming}, before={"beautifulmusic": "2.0"})
    with pytest.raises(PackError, match=r"beautiful-musik .* is named nearly as beautifulmusic is"):
        check_near(made, found, Installed(), packs)
    check_near(made, found, Installed(), packs, meant={"beautiful-musik"})


def test_a_pack_named_nearly_as_another_is_refused_unless_it_is_meant(
    tmp_path: Path, packs: Path
) -> None:
    place = str(making.wheel(tmp_path, "imgae").place)
    command = ("pack", "install", place, "--yes")
    run = {"MUSEGRAPH_PACKS": str(packs), "COLUMNS": "200"}
    done = shell.musegraph(tmp_path, *command, **run)
    assert done.returncode == 1
    assert "the pack 'imgae' is named nearly as image is, and is another one" in done.stderr
    assert not packs.exists()
    done = shell.musegraph(tmp_path, *command, "--meant", "imgae", **run)
    assert done.returncode == 0, done.stderr
    again = shell.musegraph(tmp_path, *command, **run)
    assert "there already" in again.stdout, "who agreed to it once is not asked again"


def test_an_index_of_somebody_else_holds_new_versions_of_packs_back(
    tmp_path: Path, packs: Path
) -> None:
    for version in ("1.0.0", "1.1.0"):
        making.wheel(tmp_path, version=version)
    place, _ = write_index(tmp_path / "wheels")
    listed = json.loads(place.read_text())
    newest, oldest = listed["packs"]["loud"]["versions"]
    run = {"MUSEGRAPH_PACKS": str(packs)}

    def dated(*days: float) -> None:
        newest["released"], oldest["released"] = map(ago, days)
        place.write_text(json.dumps(listed))

    assert fetch("loud", str(place), tmp_path).name.startswith("musegraph_loud-1.1.0"), "own files"
    for address in serving(partial(Silent, directory=str(tmp_path / "wheels"))):
        index = f"{address}/{LIST}"
        for wanted in ("loud", "loud==1.1.0"):
            with pytest.raises(PackError, match=r"loud 1.1.0 is from .* held back for 7 days"):
                fetch(wanted, index, tmp_path)
        dated(1, 30)
        install = ("pack", "install", "loud", "--index", index, "--yes")
        done = shell.musegraph(tmp_path, *install, **run)
        assert "loud 1.0.0 is installed" in done.stdout, done.stderr
        done = shell.musegraph(tmp_path, "pack", "update", "--yes", **run, COLUMNS="200")
        assert done.returncode == 0
        assert "loud 1.0.0 is the newest that is taken: loud 1.1.0 is from" in done.stdout
        done = shell.musegraph(tmp_path, "pack", "update", "--recent", "--yes", **run)
        assert "loud 1.0.0 is 1.1.0 now" in done.stdout, done.stderr


def test_an_index_that_is_written_anew_keeps_since_when_each_wheel_is_there(tmp_path: Path) -> None:
    making.wheel(tmp_path)
    place, _ = write_index(tmp_path / "wheels")
    listed = json.loads(place.read_text())
    listed["packs"]["loud"]["versions"][0]["released"] = "2026-01-02T03:04:05+00:00"
    place.write_text(json.dumps(listed))
    making.wheel(tmp_path, version="1.1.0")
    found = write_index(tmp_path / "wheels")[1].packs["loud"].versions
    assert found[1].released == "2026-01-02T03:04:05+00:00"
    assert found[0].released[:10] == datetime.now(UTC).isoformat()[:10]
