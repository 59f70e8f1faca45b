"""Inputs that are rarely set: marked by the author, told everywhere, folded away by the canvas."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field

from musegraph import Image, InvalidNode, Latent, Pack, Text, load_registry, node
from musegraph.cli import main
from musegraph.cli.pages import all_pages
from musegraph.node import node_type_of

Rare = Annotated[float, Field(ge=0, json_schema_extra={"advanced": True})]
LONG = 10
"""More inputs than this, and a node does not fit on a screen beside others."""


@node
def soften(
    image: Image,
    radius: float = 2.0,
    edge: Rare = 0.5,
    start: Rare | None = None,
    noise: Annotated[
        Latent | None,
        Field(description="What to begin with.", json_schema_extra={"advanced": True}),
    ] = None,
    name: Annotated[Text, Field(json_schema_extra={"advanced": False, "multiline": True})] = "soft",
) -> Image:
    """Soften a picture."""
    return image


def test_a_mark_is_in_the_schema_of_the_port_whether_its_type_is_json_or_not() -> None:
    kind = node_type_of(soften)
    assert [name for name, port in kind.inputs.items() if port.advanced] == [
        "edge",
        "start",
        "noise",
    ]
    inputs = kind.schema()["inputs"]
    assert inputs["edge"]["schema"] == {"advanced": True, "minimum": 0, "type": "number"}
    assert inputs["start"]["schema"]["advanced"] is True
    assert inputs["noise"]["schema"] == {"description": "What to begin with.", "advanced": True}
    assert inputs["name"]["schema"]["multiline"] is True
    assert "advanced" not in inputs["radius"]["schema"]


@pytest.mark.parametrize("told", ["yes", 1, None])
def test_a_mark_that_is_no_bool_is_refused_with_the_port_named(told: Any) -> None:
    def odd(edge: float = 1.0) -> float:
        return edge

    odd.__annotations__["edge"] = Annotated[float, Field(json_schema_extra={"advanced": told})]
    with pytest.raises(InvalidNode, match=r"port 'edge': 'advanced' is .*mark .* with True"):
        node(odd)


def test_an_input_that_has_to_be_set_cannot_be_folded_away() -> None:
    with pytest.raises(InvalidNode, match=r"port 'edge': an input that has to be set.*a default"):

        @node
        def odd(edge: Rare) -> float:
            return edge


def test_pages_and_the_command_line_say_what_is_rarely_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = all_pages([Pack("soft", [soften])], [])
    assert pages["en/nodes/soft.soften.html"].count(">advanced</span>") == 3
    assert pages["zh/nodes/soft.soften.html"].count(">高级</span>") == 3
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["nodes", "diffusion.sample"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert any("schedule" in row and "· advanced" in row for row in rows)
    assert not any("guidance " in row and "· advanced" in row for row in rows)


def test_of_the_nodes_that_come_along_what_is_usually_set_fits_on_a_screen() -> None:
    registry = load_registry()
    kinds = [kind for name in registry.names() for kind in registry.pack(name).types.values()]  # type: ignore[union-attr]
    long = {
        kind.id: shown
        for kind in kinds
        if not kind.generated
        and (shown := sum(not port.advanced for port in kind.inputs.values())) > LONG
    }
    assert len(kinds) > 300
    assert long == {}
