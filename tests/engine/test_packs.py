"""Packs: from files and folders, broken ones, clashes, versions."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TypeVar

import pytest
import torch
import toys
from pydantic import BaseModel

from musegraph import (
    Engine,
    Image,
    InvalidNode,
    InvalidWorkflow,
    Model,
    MusegraphError,
    Pack,
    Registry,
    Store,
    load_registry,
    node,
)
from musegraph.pack import pack_at

ONE = '''
from musegraph import node

@node
def shout(text: str, times: int = 1) -> str:
    """Say it loud."""
    return text.upper() + "!" * times
'''


def test_one_file_with_one_function_is_a_pack_named_after_the_file(tmp_path: Path) -> None:
    file = tmp_path / "loud.py"
    file.write_text(ONE)
    registry = load_registry([file])
    found = registry.get("loud.shout")
    assert found is not None
    assert found.text == "Say it loud."
    assert str(found.inputs["times"].type) == "Integer"


def test_an_edit_of_the_source_changes_the_version_of_nodes_that_promise_none(
    tmp_path: Path,
) -> None:
    file = tmp_path / "loud.py"
    file.write_text(ONE)
    before = pack_at(file).types["loud.shout"].version
    assert before == pack_at(file).types["loud.shout"].version
    file.write_text(ONE.replace("!", "?"))
    assert pack_at(file).types["loud.shout"].version != before


def test_an_edit_within_a_second_that_is_as_long_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "mine.py"
    said = []
    for loud in ("it loud", "it LOUD"):
        file.write_text(ONE.replace("it loud", loud))
        os.utime(file, (1_000_000_000, 1_000_000_000))
        said.append(pack_at(file).types["mine.shout"].text)
    assert said == ["Say it loud.", "Say it LOUD."]


def test_a_folder_with_several_modules_is_a_pack(tmp_path: Path) -> None:
    folder = tmp_path / "duo"
    folder.mkdir()
    (folder / "words.py").write_text(ONE)
    (folder / "__init__.py").write_text(
        "from musegraph import Pack\nfrom .words import shout\npack = Pack('duo', [shout])\n"
    )
    assert list(pack_at(folder).types) == ["duo.shout"]


def test_a_broken_pack_is_reported_and_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(ONE)
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "bare.py").write_text("x = 1\n")
    registry = load_registry([tmp_path / "broken.py", tmp_path / "fine.py", tmp_path / "bare.py"])
    assert registry.get("fine.shout") is not None
    assert "nothing_of_this_name" in registry.failures["broken"]
    assert "broken.py, line 1" in registry.failures["broken"]
    assert "defines no node" in registry.failures["bare"]


def test_two_packs_of_one_name_are_refused() -> None:
    registry = Registry.of(toys.pack())
    with pytest.raises(InvalidNode, match="two packs named 'toy'"):
        registry.add(toys.pack())


def test_a_parameter_without_annotation_is_refused_where_it_is_defined() -> None:
    with pytest.raises(InvalidNode, match="the parameter 'b' has no annotation"):

        @node
        def half(a: int, b) -> int:  # type: ignore[no-untyped-def]
            return a


def test_a_type_that_cannot_travel_is_refused_with_the_port_named() -> None:
    with pytest.raises(InvalidNode, match="port 'a'"):

        @node
        def odd(a: Path) -> int:
            return 1


class Camera(BaseModel):
    zoom: float = 1.0


def test_a_default_that_no_workflow_file_can_hold_is_refused_where_it_is_declared() -> None:
    with pytest.raises(
        InvalidNode, match=r"port 'by' has a default of type Camera.*\| None = None"
    ):

        @node
        def shoot(by: Camera = Camera()) -> float:  # noqa: B008
            return by.zoom

    with pytest.raises(InvalidNode, match="port 'image' has a default of type Image"):

        @node
        def show(image: Image = Image(torch.zeros(1, 1, 1, 3))) -> int:  # noqa: B008
            return 1


def test_a_reference_as_a_default_is_what_the_node_is_called_with() -> None:
    usual = Model(loader="toy.loader", source="usual")

    @node(version="1")
    def source(model: Model = usual) -> str:
        return model.source

    work = toys.document({"s": {"type": "source"}}, outputs={"out": "s.out"})
    with Engine(Registry.of(Pack("toy", [source])), Store()) as engine:
        assert toys.go(work, engine).outputs() == {"out": "usual"}


def test_a_default_that_its_own_port_refuses_is_a_problem_of_the_workflow() -> None:
    @node(version="1")
    def total(values: list[float] = ["two"]) -> float:  # type: ignore[list-item]  # noqa: B006
        return sum(values)

    fine = {"t": {"type": "total", "values": {"values": [2.0]}}}
    with Engine(Registry.of(Pack("toy", [total])), Store()) as engine:
        with pytest.raises(InvalidWorkflow, match="'two'"):
            engine.plan(toys.document({"t": {"type": "total"}}))
        assert toys.go(toys.document(fine), engine).ok


def test_a_node_function_stays_an_ordinary_function() -> None:
    assert toys.add(1, 2) == 3


def test_a_node_id_of_another_pack_is_refused() -> None:
    @node(id="other.thing")
    def thing(a: int) -> int:
        return a

    with pytest.raises(InvalidNode, match="does not belong in pack mine"):
        Registry.of(Pack("mine", [thing]))


def test_a_pack_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(MusegraphError, match="there is no pack at"):
        pack_at(tmp_path / "gone.py")


def test_the_project_of_a_pack_in_the_place_of_its_package_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    with pytest.raises(MusegraphError, match="the project of one: name its package, or install"):
        pack_at(tmp_path)


T = TypeVar("T")


def test_generic_ports_take_the_type_of_what_is_linked() -> None:
    @node(version="1")
    def same(value: T) -> T:
        return value

    registry = Registry.of(Pack("gen", [same]), toys.pack())
    from musegraph import Engine, Store

    engine = Engine(registry, Store())
    work = toys.document(
        {
            "a": {"type": "add", "values": {"a": 1}},
            "s": {"type": "gen.same", "links": {"value": "a.out"}},
            "b": {"type": "label", "links": {"text": "s.out"}},
        }
    )
    from musegraph import InvalidWorkflow

    with pytest.raises(InvalidWorkflow, match="takes Text and is given Number"):
        engine.plan(work)
