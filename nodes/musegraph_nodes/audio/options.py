"""Inputs that several nodes of the pack have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from musegraph import Audio, Named, NodeError

MOST_SECONDS = 3600.0

Seconds = Annotated[float, Field(ge=0, le=MOST_SECONDS)]
Hertz = Annotated[float, Field(ge=10, le=40_000, description="In Hz.")]
Decibels = Annotated[float, Field(ge=-24, le=24, description="In decibels.")]
Wet = Annotated[float, Field(ge=0, le=1, description="How much of it is heard beside the sound.")]
Width = Annotated[int, Field(ge=128, le=8192, description="In pixels.")]
Height = Annotated[int, Field(ge=96, le=4096, description="In pixels.")]
Theme = Literal["light", "dark"]

OneSound = Annotated[Audio, Field(description="One sound; its channels are heard together.")]
Beats: TypeAlias = Annotated[dict[str, Any], Named("Beats")]


def times_of(beats: Beats | None) -> list[float]:
    """The seconds of beats; a sentence if somebody wrote them by hand and they are wrong."""
    if beats is None:
        return []
    times = beats.get("times")
    if not isinstance(times, list) or any(
        isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time < 1e6
        for time in times
    ):
        raise NodeError("the beats have no times in seconds; audio.beats makes them")
    return sorted(float(time) for time in times)
