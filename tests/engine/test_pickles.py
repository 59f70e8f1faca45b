"""Whatever wraps it and whatever it is called, no pickle is opened by anything that reads files."""

from __future__ import annotations

import pickle  # noqa: TID251  to see that these are what they are said to be
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pickles import calls, wrapped

from musegraph import Engine, MusegraphError, Workflow, read_header
from musegraph.archive import Archive
from musegraph.pack import load_registry
from musegraph.plan import check
from musegraph.rows.sheet import read_sheet
from musegraph.values import decode
from musegraph.values.files import read
from musegraph.workers.media import describe

NAMES = ("m.safetensors", "m.pt", "m.ckpt", "m.bin", "m.pkl", "m.npy", "m.joblib", "m.gguf",
         "m.png", "m.wav", "m.json", "m.zip", "m.csv", "m.jsonl", "m")  # fmt: skip


def shapes(mark: Path) -> dict[str, bytes]:
    plain = calls(mark)
    return plain | wrapped(plain["os.system"])


def test_each_of_these_pickles_does_what_it_says_when_it_is_opened(tmp_path: Path) -> None:
    assert len(shapes(tmp_path / "mark")) >= 40
    for number, name in enumerate(calls(tmp_path)):
        mark = tmp_path / f"mark{number}"
        pickle.loads(calls(mark)[name])  # noqa: S301
        assert mark.exists() or mark.is_symlink(), name


@pytest.fixture(scope="module")
def engine() -> Any:
    with Engine(load_registry([])) as made:
        yield made


def members(place: Path) -> list[bytes]:
    with Archive(place) as archive:
        return [archive.read(name) for name in archive.sizes]


EMPTY = Workflow.parse({"musegraph": 1, "nodes": {}})


def loaders(engine: Engine, place: Path) -> dict[str, Callable[[], object]]:
    """All that reads a file: each has to refuse this one, or to take it for bytes and no more."""
    data, name = place.read_bytes(), place.name
    model = {"type": "diffusion.load", "values": {"source": str(place)}}
    picture = {"type": "image.load", "values": {"image": {"file": name}}}

    def problems(node: dict[str, Any]) -> None:
        document = Workflow.parse({"musegraph": 1, "nodes": {"a": node}})
        found = check(document, engine.registry, engine.models)
        if found:
            raise MusegraphError(str(found[0]))

    def ran(node: dict[str, Any]) -> None:
        file = place.with_name("it.workflow")
        file.write_text(Workflow.parse({"musegraph": 1, "nodes": {"a": node}}).text())
        result = engine.run(engine.plan(Workflow.read(file), ["a"]))
        if result.outcome.errors:
            raise MusegraphError(str(result.outcome.errors))

    return {
        "a header": lambda: read_header(place),
        "weights": lambda: engine.models.weights(str(place)),
        "weights in a folder": lambda: engine.models.weights(str(place.parent)),
        "a model in a workflow": lambda: problems(model),
        "a picture in a workflow": lambda: ran(picture),
        "a workflow": lambda: Workflow.read(place),
        "a bundle": lambda: members(place),
        "a table": lambda: read_sheet(place, EMPTY, engine.registry, []),
        "a picture": lambda: read("Image", data, "image/png", name),
        "a saved value": lambda: read("Image", data, "application/safetensors", "x.safetensors"),
        "a value": lambda: decode(bytearray(data)),
        "an upload": lambda: describe(place, "x.png"),
    }


def test_no_pickle_is_opened_by_anything_that_reads_files(tmp_path: Path, engine: Engine) -> None:
    mark = tmp_path / "mark"
    tried = 0
    for shape, data in shapes(mark).items():
        for name in NAMES:
            folder = tmp_path / "files"
            folder.mkdir(exist_ok=True)
            place = folder / name
            place.write_bytes(data)
            for what, load in loaders(engine, place).items():
                if name != NAMES[0] and what in ("a picture", "a value", "an upload"):
                    continue  # these see no more of the name than they are told
                try:
                    load()
                except MusegraphError:
                    pass
                except Exception as error:
                    if what != "a value":  # whoever decodes one says in words what is wrong
                        raise AssertionError(f"{what} of {shape} as {name}: {error!r}") from error
                assert not mark.exists(), (shape, name, what)
                tried += 1
            for left in folder.iterdir():
                left.unlink()
    assert tried > 40 * 100
