"""The JSON types of ports, as annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field


@dataclass(frozen=True, slots=True)
class Named:
    """Put into ``Annotated`` to give a JSON type a name of its own."""

    name: str


Text = str
Integer = int
Number = float
Boolean = bool
Json = Any

MAX_SEED = 2**53 - 1

Seed = Annotated[int, Field(ge=0, le=MAX_SEED), Named("Seed")]
"""The start of a random sequence; the document always holds the one that ran."""

ModelSource = Annotated[str, Field(min_length=1), Named("ModelSource")]
"""Where a model is: a name (``starter/scenes``), a folder or a file. It counts by the digest of the
files behind it, not by its spelling. A port that takes models of some kinds alone says so, for the
menu on the canvas: ``Field(json_schema_extra={"models": ["lora"]})``; the kinds are those of
:data:`musegraph.library.kinds.Kind`."""
