"""How other models want to be told something, as `rules.json` has it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

BETWEEN = "***"
"""Stands between two songs."""


@dataclass(frozen=True)
class Manner:
    """How a kind of model wants to be told something.

    A model made for conversations is given the rules; one that only goes on with texts is given the
    examples, pairs of an idea and what was made of it, and writes the next.
    """

    rules: str
    examples: tuple[tuple[str, str], ...]

    def shown(self, idea: str) -> str:
        """The examples, and the idea whose prompt is to be written."""
        pairs = "".join(f"Idea: {given}\nPrompt: {made}\n\n" for given, made in self.examples)
        return f"{pairs}Idea: {' '.join(idea.split())}\nPrompt:"


@cache
def _texts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
    return found


def manner(name: str) -> Manner:
    """The rules and examples of one kind of model."""
    told = _texts()["prompts"][name]
    return Manner(told["rules"], tuple((e["idea"], e["prompt"]) for e in told["examples"]))


def lyrics_rules() -> str:
    """What a model made for conversations is told of lyrics."""
    return str(_texts()["lyrics"]["rules"])


def song_before(asked: str) -> str:
    """A song as an example, and what is asked of the next, whose first bracket is open."""
    example = _texts()["lyrics"]["example"]
    lines = [*example["asked"], "", *example["song"], "", BETWEEN, "", asked, "["]
    return "\n".join(lines)
