"""Nodes in a process of their own give what they would give here, and may ask what they may."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from musegraph.errors import Stopped
from musegraph.events import StepProgress
from musegraph.isolation.settings import Isolation
from musegraph.isolation.told import CONTEXT
from musegraph.node_context import UNSET, Context
from musegraph.pack import Registry
from musegraph.plan import Plan
from musegraph.run import Engine
from musegraph.values import Image
from musegraph.workflow import Workflow

NODES = '''
class Parts(NamedTuple):
    text: str
    image: Image

@node(version="1")
def add(a: int, b: Annotated[int, Field(ge=0, le=9, description="B.")] = 2) -> int:
    """Add two numbers."""
    return a + b

@node(version="1")
def half(image: Image, ctx: Context) -> Image:
    ctx.warn("half is little")
    ctx.note("by multiplication")
    for step in range(3):
        ctx.progress(step, 3, text="busy", preview=image)
    print("at work")
    return Image(image.data * 0.5)

@node(version="1")
def parts(text: str, image: Image) -> Parts:
    return Parts(text, image)

@node(version="1")
def maybe(some: bool) -> str:
    return "some" if some else UNSET

@node(version="1")
def deep(value: Any) -> Any:
    return {"was": value}

@node(version="1")
def several(images: list[Image]) -> list[Image]:
    return images[::-1]

@node(version="1")
def writes(image: Image) -> int:
    image.data.zero_()
    return int(image.data.sum())

@node(version="1")
def refuses(text: str) -> str:
    raise NodeError(f"{text} will not do; give another")

@node(version="1")
def broken(text: str) -> str:
    return text[10**6]

@node(version="1")
async def later(text: str) -> str:
    import asyncio
    await asyncio.sleep(0.001)
    return text + "!"

@node(version="1")
def remembers(image: Image) -> int:
    KEPT.append(image)
    return int(sum(kept.data.sum().item() for kept in KEPT))

@node(version="1", cache=False)
def waits(ctx: Context) -> int:
    for step in range(10_000):
        time.sleep(0.01)
        ctx.progress(step, 10_000)
    return 1

@node(version="1")
def huge() -> int:
    import torch
    return int(torch.ones(3 << 28).sum())

@node(version="1")
def secret(name: str, ctx: Context) -> str:
    return ctx.secret(name)

@node(version="1")
def model(source: str, ctx: Context) -> str:
    return (ctx.weights(source).path / "words.txt").read_text()

KEPT: list[Image] = []
pack = Pack("far", nodes=[add, half, parts, maybe, deep, several, writes, refuses, broken, later,
                          remembers, huge, waits, secret, model], title="Far")
'''


@pytest.fixture(scope="module")
def far(opens_once: Any) -> Registry:
    return opens_once(far=NODES)  # type: ignore[no-any-return]


def called(registry: Registry, node: str, context: Context | None = None, **inputs: Any) -> Any:
    kind = registry.get(node)
    assert kind is not None, registry.failures
    return kind.function(**inputs, **{CONTEXT: context or Context()})


def test_a_node_elsewhere_gives_what_it_would_give_here(far: Registry) -> None:
    image = Image(torch.rand(2, 300, 200, 3))
    assert called(far, "far.add", a=1, b=5) == 6
    assert torch.equal(called(far, "far.half", image=image).data, image.data * 0.5)
    small = Image(torch.rand(1, 4, 4, 3))
    assert torch.equal(called(far, "far.half", image=small).data, small.data * 0.5)
    made = called(far, "far.parts", text="é\ud800", image=small)
    assert (made.text, made.image.data.tolist()) == ("é\ud800", small.data.tolist())
    assert called(far, "far.maybe", some=False) is UNSET
    assert called(far, "far.deep", value={"a": [1, None]}) == {"was": {"a": [1, None]}}
    back = called(far, "far.several", images=[image, small])
    assert [one.data.shape for one in back] == [small.data.shape, image.data.shape]
    assert called(far, "far.later", text="so") == "so!"


def test_what_a_node_elsewhere_does_to_its_input_changes_nothing_here(far: Registry) -> None:
    image = Image(torch.ones(1, 300, 300, 3))
    assert called(far, "far.writes", image=image) == 0
    assert image.data.sum() == 270_000
    other = Image(torch.full((1, 300, 300, 3), 2.0))
    assert called(far, "far.remembers", image=image) == 270_000
    assert called(far, "far.remembers", image=other) == 270_000 * 3, "what it keeps stays as it was"


def test_a_result_does_not_change_when_the_next_one_is_made(far: Registry) -> None:
    first = called(far, "far.half", image=Image(torch.ones(1, 300, 300, 3)))
    called(far, "far.half", image=Image(torch.zeros(1, 300, 300, 3)))
    assert first.data.mean() == 0.5


def test_what_a_node_refuses_and_where_it_breaks_is_said_as_if_it_were_here(far: Registry) -> None:
    with pytest.raises(Exception, match=r"^this will not do; give another$"):
        called(far, "far.refuses", text="this")
    with pytest.raises(Exception, match=r"IndexError: .* \(pack_far.py, line \d+\)"):
        called(far, "far.broken", text="x")
    with pytest.raises(Exception, match=r"'b'.*9"):
        called(far, "far.add", a=1, b=10)
    assert called(far, "far.add", a=1, b=1) == 2, "none of these ends the process"


def test_the_schema_of_a_node_elsewhere_is_the_one_of_the_node(far: Registry) -> None:
    kind = far.get("far.add")
    assert kind is not None
    told = kind.schema()
    assert told["text"] == "Add two numbers."
    assert told["inputs"]["b"] == {
        "type": "Integer",
        "schema": {"description": "B.", "maximum": 9, "minimum": 0, "type": "integer"},
        "default": 2,
        "required": False,
    }
    assert kind.inputs["b"].help == "B."


def test_what_a_pack_says_of_itself_is_asked_once(opens: Any, tmp_path: Path) -> None:
    assert opens(far=NODES).get("far.add") is not None
    kept = tmp_path / "kept" / "far.nodes"
    before = kept.read_bytes()
    again = opens(far=NODES + "\nraise SystemExit('imported again')")
    assert again.get("far.add") is not None
    assert kept.read_bytes() == before
    kept.write_text("{damaged")
    asked = opens(far=NODES + "\nraise SystemExit('imported again')")
    assert asked.get("far.add") is None
    assert "imported again" in asked.failures["far"]


def planned(engine: Engine, **nodes: Any) -> Plan:
    return engine.plan(Workflow.parse({"musegraph": 1, "nodes": nodes}))


def test_a_run_has_progress_previews_warnings_and_logs_of_a_node_elsewhere(
    far: Registry, opens: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    events: list[Any] = []
    engine = opens.engine(far)
    kind = far.get("far.half")
    assert kind is not None
    site_image = Image(torch.ones(1, 8, 8, 3))

    class Told(Context):
        def progress(self, done: float, total: float = 1.0, **more: Any) -> None:
            events.append(StepProgress("half", done, total, more["text"], more["preview"]))

        def warn(self, text: str) -> None:
            events.append(text)

        def note(self, text: str) -> None:
            events.append(text)

    called(far, "far.half", Told(), image=site_image)
    assert events[:2] == ["half is little", "by multiplication"]
    assert [one.done for one in events[2:]] == [0, 1, 2]
    assert torch.equal(events[2].preview.data, site_image.data)
    result = engine.run(planned(engine, sum={"type": "far.add", "values": {"a": 1}}))
    assert result.outcome.errors == {}
    assert "[far] at work" in capfd.readouterr().err


def test_a_run_is_cancelled_in_a_node_elsewhere_whose_process_stays(
    far: Registry, opens: Any
) -> None:
    engine, cancel = opens.engine(far), threading.Event()

    def emit(event: Any) -> None:
        if isinstance(event, StepProgress) and event.done > 2:
            cancel.set()

    result = engine.run(planned(engine, one={"type": "far.waits"}), emit, cancel)
    assert result.cancelled
    assert called(far, "far.add", a=1, b=1) == 2


def test_a_tensor_that_finds_no_room_is_a_want_of_memory_and_the_process_stays(
    far: Registry,
) -> None:
    with pytest.raises(Stopped, match=r"took more than the 2\.00 GiB") as raised:
        called(far, "far.huge")
    assert raised.value.code == "out-of-memory"
    assert called(far, "far.add", a=1, b=1) == 2


def test_secrets_and_models_are_given_to_who_asked_for_them_in_the_manifest(
    opens: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "words.txt").write_text("weights")

    class There(Context):
        def secret(self, name: str) -> str:
            return "xyz"

        def weights(self, source: str) -> Any:
            from musegraph.node_context import Weights

            return Weights(folder, "digest", source)

    none = opens(far=NODES)
    with pytest.raises(Exception, match="did not ask for that"):
        called(none, "far.secret", There(), name="token")
    with pytest.raises(Exception, match="did not ask for that"):
        called(none, "far.model", There(), source="m")
    asked = {
        "secrets": {"names": ["token@example.org"], "reason": "r"},
        "files": {"read": ["models"], "reason": "r"},
    }
    some = opens(asked, far=NODES)
    assert called(some, "far.secret", There(), name="token") == "xyz"
    with pytest.raises(Exception, match="did not ask for that"):
        called(some, "far.secret", There(), name="other")
    assert called(some, "far.model", There(), source="m") == "weights"


def test_a_pack_with_loaders_is_told_why_it_cannot_be_isolated(opens: Any) -> None:
    code = 'from musegraph import Loader\npack = Pack("far", loaders={"x": Loader(print)})'
    registry = opens(far=code)
    assert registry.pack("far") is None
    assert "loaders of models (x)" in registry.failures["far"]


def test_the_defaults_of_isolation_are_less_than_three_gigabytes() -> None:
    assert Isolation().memory < 3 << 30
