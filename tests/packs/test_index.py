"""A static index: a file beside wheels that says what they are, and packs by name from it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import making
import pytest
import shell

from musegraph.errors import PackError
from musegraph.packs.index import fetch, read_index, write_index


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder of wheels with its index."""
    for version in ("1.0.0", "1.10.0", "1.9.0", "2.0.0rc1"):
        making.wheel(tmp_path, version=version)
    making.wheel(tmp_path, "quiet")
    write_index(tmp_path / "wheels")
    return tmp_path / "wheels"


class Silent(SimpleHTTPRequestHandler):
    """Serves a folder and prints nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address(shop: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(shop)))
    thread = threading.Thread(target=partial(server.serve_forever, 0.02))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/index.json"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_index_says_what_the_wheels_are_newest_first(shop: Path) -> None:
    listed = read_index(str(shop / "index.json")).packs
    assert sorted(listed) == ["loud", "quiet"]
    assert [one.version for one in listed["loud"].versions] == [
        "2.0.0rc1",
        "1.10.0",
        "1.9.0",
        "1.0.0",
    ]
    assert listed["loud"].title["zh"] == "响亮"
    assert listed["loud"].versions[0].licence == "MIT"


def test_the_latest_final_version_is_taken_unless_another_is_named(
    shop: Path, address: str, tmp_path: Path
) -> None:
    for source in (str(shop / "index.json"), address):
        name = fetch("loud", source, tmp_path, recent=True).name
        assert name == "musegraph_loud-1.10.0-py3-none-any.whl"
        assert "1.9.0" in fetch("loud==1.9.0", source, tmp_path, recent=True).name
        with pytest.raises(PackError, match=r"has no version 3 of loud; it has: 2.0.0rc1, 1.10"):
            fetch("loud==3", source, tmp_path)
        with pytest.raises(PackError, match="has no pack 'gone'; it has: loud, quiet"):
            fetch("gone", source, tmp_path)


def test_a_pack_is_installed_by_its_name(shop: Path, tmp_path: Path, packs: Path) -> None:
    index = str(shop / "index.json")
    command = ("pack", "install", "loud", "--index", index, "--yes", "--json")
    done = shell.musegraph(tmp_path, *command, MUSEGRAPH_PACKS=str(packs))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["version"], told["outcome"]) == ("1.10.0", "installed")
    assert told["content"] == read_index(index).packs["loud"].versions[1].content


def test_a_wheel_that_is_not_the_one_of_the_index_is_refused(shop: Path, tmp_path: Path) -> None:
    place = shop / "musegraph_loud-1.10.0-py3-none-any.whl"
    place.write_bytes(place.read_bytes() + b"x")
    with pytest.raises(PackError, match=r"is not the file that .* its SHA-256 is another"):
        fetch("loud", str(shop / "index.json"), tmp_path)


@pytest.mark.parametrize(
    ("wheel", "said"),
    [
        ("../musegraph_loud-1.10.0-py3-none-any.whl", "led out of its folder|cannot be read"),
        ("http://example.org/loud-1-py3-none-any.whl", "packs come over https:// only"),
        ("file:///etc/loud-1-py3-none-any.whl", "packs come over https:// only"),
        ("..", "is no wheel of loud"),
        ("loud.whl\n", "is no wheel of loud"),
    ],
)
def test_an_index_leads_nowhere_else(shop: Path, tmp_path: Path, wheel: str, said: str) -> None:
    index = json.loads((shop / "index.json").read_text())
    index["packs"]["loud"]["versions"][1]["wheel"] = wheel
    (shop / "index.json").write_text(json.dumps(index))
    (shop.parent / "musegraph_loud-1.10.0-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(PackError, match=said):
        fetch("loud", str(shop / "index.json"), tmp_path / "wheels")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"musegraph-index": 2, "packs": {}}'])
def test_what_is_no_index_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    place = tmp_path / "index.json"
    place.write_text(text)
    with pytest.raises(PackError, match="is no index of packs"):
        read_index(str(place))


def test_an_address_that_does_not_answer_is_said_in_words(tmp_path: Path) -> None:
    for address in ("http://127.0.0.1:9/index.json", "http://example.org/index.json"):
        with pytest.raises(PackError, match=r"cannot be fetched: |is not fetched: packs come over"):
            read_index(address)
