"""Nodes of texts, numbers and references."""

from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, Field

from musegraph import (
    UNSET,
    Boolean,
    Context,
    Integer,
    Json,
    Model,
    ModelSource,
    NodeError,
    Number,
    Seed,
    Text,
    node,
)

T = TypeVar("T")


class Style(BaseModel):
    """Settings that travel as one value."""

    name: str = "plain"
    weight: float = Field(default=0.5, ge=0, le=1)


class Parts(NamedTuple):
    """The two halves of a text."""

    before: str
    after: str


@node(version="1")
def greet(
    name: Annotated[Text, Field(description="Whom.", max_length=40)],
    mark: Annotated[Literal["!", "?"], Field(description="What ends it.")] = "!",
    times: Annotated[Integer, Field(ge=1, le=5, description="How often.")] = 1,
) -> Text:
    """Greet somebody.

    And nobody else.
    """
    if not name.strip():
        raise NodeError("there is nobody to greet; give a name")
    return " ".join(["Hello", name]) + mark * times


@node(id="half", version="2", title="Halve")
def half(value: Annotated[Number, Field(description="What.", le=1e9)] = 3.0) -> Number:
    """Halve a number."""
    return value / 2


@node(version="1")
def add(numbers: Annotated[list[float], Field(description="What to add.")]) -> float:
    """Add a list of numbers."""
    return float(sum(numbers))


@node(version="1")
def split(
    text: Annotated[str, Field(description="A text.")],
    at: Annotated[str, Field(description="Where.", min_length=1)] = ",",
) -> Parts:
    """Cut a text in two."""
    before, found, after = text.partition(at)
    return Parts(before, after if found else UNSET)


@node(version="1")
def swap(value: Annotated[T, Field(description="Anything.")]) -> T:
    """Hand on whatever it is."""
    return value


@node(version="1")
def pick(
    data: Annotated[Json, Field(description="An object.")],
    key: Annotated[str, Field(description="Which.")] = "a",
    otherwise: Annotated[str | None, Field(description="If there is none.")] = None,
) -> Any:
    """Take a member out of an object."""
    if not isinstance(data, dict):
        raise NodeError('it needs an object such as {"a": 1}')
    return data.get(key, otherwise)


@node(version="1")
def style(
    name: Annotated[str, Field(description="Its name.")] = "plain",
    weight: Annotated[float, Field(ge=0, le=1, description="How much.")] = 0.5,
) -> Style:
    """Make settings that travel as one value."""
    return Style(name=name, weight=weight)


@node(version="1")
def settings(style: Style, loud: Annotated[Boolean, Field(description="Loud.")] = False) -> str:
    """Say what a style is."""
    text = f"{style.name} {style.weight:g}"
    return text.upper() if loud else text


@node(version="1")
async def later(
    text: Annotated[str, Field(description="A text.")], ctx: Context, seed: Seed = 1
) -> str:
    """Answer without holding up anybody."""
    ctx.progress(1, 2, text="half")
    ctx.stream(text[:1])
    ctx.check()
    return f"{text} {seed % 7}"


@node(version="1", numeric=True, uses="device")
def measure(source: Annotated[ModelSource, Field(description="Which.")], ctx: Context) -> int:
    """Add up the numbers of a model, as its loader opens it."""
    found = ctx.weights(source)
    assert found.path.is_dir()
    assert found.digest
    with ctx.load(Model(source=source, loader="first.tiny")) as numbers:
        return sum(numbers)
