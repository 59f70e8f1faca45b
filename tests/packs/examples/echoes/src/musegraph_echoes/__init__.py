"""Pack `echoes`: its version 2 has another name and another unit for what version 1 saved."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from musegraph import Migration, Pack, node


@node(version="2")
def echo(
    text: Annotated[str, Field(max_length=1000, description="What is called.")],
    times: Annotated[int, Field(ge=0, le=20, description="How often it comes back.")] = 2,
    fading: Annotated[float, Field(ge=0, le=1, description="The share lost each time.")] = 0.5,
    between: Annotated[str, Field(max_length=20, description="Stands between them.")] = " … ",
) -> str:
    """Say a text again and again, each time less of it."""
    said = [text]
    for _ in range(times):
        left = round(len(said[-1]) * (1 - fading))
        said.append(said[-1][len(said[-1]) - left :])
    return between.join(part for part in said if part)


def share(per_cent: float) -> float:
    """Version 1 was given what is left, in per cent."""
    return 1 - per_cent / 100


pack = Pack(
    "echoes",
    nodes=[echo],
    title="Echoes",
    texts=Path(__file__).with_name("texts"),
    migrations=[
        Migration(
            "2.0.0",
            "repeat",
            renamed={"count": "times", "left": "fading"},
            changed={"fading": share},
            values={"between": " "},
            becomes="echo",
        )
    ],
)
