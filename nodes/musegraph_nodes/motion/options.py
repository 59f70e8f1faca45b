"""Inputs that several nodes of the pack have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from musegraph import Motion, Named

MOST_SECONDS = 3600.0

Seconds = Annotated[float, Field(ge=0, le=MOST_SECONDS, description="In seconds.")]
Contacts: TypeAlias = Annotated[dict[str, Any], Named("Contacts")]
Dancers = Annotated[
    list[Motion], Field(min_length=1, max_length=8, description="One figure, or several at once.")
]
Width = Annotated[int, Field(ge=64, le=4096, description="In pixels, an even number.")]
Height = Annotated[int, Field(ge=64, le=4096, description="In pixels, an even number.")]
Rate = Annotated[float, Field(ge=0, le=120, description="Frames a second; 0: those of the motion.")]
Side: TypeAlias = Literal["left hand", "right hand", "left foot", "right foot"]
