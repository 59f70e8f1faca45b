"""The example workflows that come with Musegraph, in the words of a language.

In an installed package they lie in ``_workflows``; in a checkout, in its folder ``workflows``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from musegraph.texts import Texts, entries, workflow_texts
from musegraph.workflow import Workflow

FIRST = (
    "text_to_image",
    "image_to_image",
    "regional_prompts",
    "inpaint",
    "outpaint",
    "upscale_refine",
    "prompt_sheet",
)
"""What everybody begins with, in this order; what needs a model of one's own comes last."""


@dataclass(frozen=True)
class Template:
    """An example: its words, and a picture of what it makes if there is one."""

    id: str
    workflow: Workflow
    said: Texts
    picture: Path | None


def folder() -> Path | None:
    """Where the examples are; None if they were not installed."""
    here = Path(__file__).resolve().parent
    checkout = here.parents[1]
    places = [here / "_workflows"]
    if (checkout / "pyproject.toml").is_file():
        places.append(checkout / "workflows")
    return next((place for place in places if place.is_dir()), None)


def templates(language: str = "en") -> list[Template]:
    """All examples, those to begin with first; without a translation they are in English."""
    place = folder()
    if place is None:
        return []
    said = entries(place / "texts", language)
    found = []
    for file in place.glob("*.json"):
        workflow = Workflow.read(file)
        words = workflow_texts(file.stem, workflow, said)
        picture = place / "images" / f"{file.stem}.png"
        shown = picture if picture.is_file() else None
        found.append(Template(file.stem, workflow, words, shown))
    return sorted(found, key=_rank)


def _rank(one: Template) -> tuple[int, bool, str]:
    place = FIRST.index(one.id) if one.id in FIRST else len(FIRST)
    return place, one.picture is None, one.id
