"""A folder given at a media input is the list of the files in it."""

from pathlib import Path

import pytest
from PIL import Image as PilImage

import musegraph
from musegraph import Engine, File, Image, InvalidWorkflow, Pack, Registry, Store, node


@node
def level(image: Image) -> int:
    """The red of the first pixel, 0..255."""
    return round(float(image.data[0, 0, 0, 0]) * 255)


@node
def name(file: File) -> str:
    """The name of a file."""
    return file.name


@node
def echo(text: str) -> str:
    """The text."""
    return text


def given(type_: str, port: str, value: object) -> object:
    engine = Engine(Registry.of(Pack("toy", [level, name, echo])), Store())
    work = {
        "musegraph": 1,
        "inputs": {"given": {"to": [f"n.{port}"]}},
        "outputs": {"out": "n.out"},
        "nodes": {"n": {"type": f"toy.{type_}"}},
    }
    return musegraph.run(work, engine=engine, given=value)["out"]


def fill(folder: Path) -> None:
    for stem, red in (("10", 100), ("2", 20), ("1", 10), (".hidden", 250)):
        PilImage.new("RGB", (2, 2), (red, 0, 0)).save(folder / f"{stem}.png")
    (folder / "notes.txt").write_text("no picture")
    (folder / "deeper.png").mkdir()


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_is_its_pictures_in_natural_order(tmp_path: Path, kind: type) -> None:
    fill(tmp_path)
    assert given("level", "image", kind(tmp_path)) == [10, 20, 100]


def test_a_port_for_any_file_takes_all_that_are_not_hidden(tmp_path: Path) -> None:
    fill(tmp_path)
    assert given("name", "file", tmp_path) == ["1.png", "2.png", "10.png", "notes.txt"]


def test_a_folder_at_a_text_stays_a_text(tmp_path: Path) -> None:
    assert given("echo", "text", str(tmp_path)) == str(tmp_path)


def test_a_folder_without_pictures_is_a_problem_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(InvalidWorkflow) as caught:
        given("level", "image", tmp_path)
    (problem,) = caught.value.problems
    assert (problem.port, problem.code) == ("given", "input")
    assert f"the folder {tmp_path} holds no file for an input of type Image" in problem.message


def test_one_file_is_still_one_value(tmp_path: Path) -> None:
    fill(tmp_path)
    assert given("level", "image", tmp_path / "2.png") == 20
