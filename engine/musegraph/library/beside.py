"""What a model's maker says of it: in its header, and in the files that lie beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREVIEWS = (".preview.png", ".preview.jpg", ".preview.jpeg", ".preview.webp")
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
NOTES = (".civitai.info",)
"""What other programs keep beside a model, as JSON."""

CARD = "README.md"
_LONGEST = 200
_MOST = 1 << 20
_MOST_TRIGGERS = 12
_LICENCES = (
    ("Apache License", "apache-2.0"), ("MIT License", "mit"), ("OpenRAIL++", "openrail++"),
    ("RAIL-M", "openrail"), ("FLUX.1 [dev] Non-Commercial", "flux-1-dev-non-commercial-license"),
    ("Stability AI Community", "stability-ai-community"), ("GNU GENERAL PUBLIC", "gpl-3.0"),
)  # fmt: skip
_REPEATED = re.compile(r"\d+_(.+)")
"""How a folder of training pictures is named: how often it is gone through, and for which word."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a model; anybody may have written it."""

    title: str = ""
    author: str = ""
    licence: str = ""
    source: str = ""
    """A page, or what it was made from."""
    triggers: tuple[str, ...] = ()


def said_by(place: Path, metadata: Mapping[str, Any]) -> Said:
    """What is said of a model in its header, and beside it if it does not tell."""
    notes = _notes(place)
    own = notes.get("model")
    card = _card(place)
    return Said(
        title=_first(
            metadata.get("modelspec.title"), metadata.get("general.name"),
            own.get("name") if isinstance(own, dict) else "", card.get("title"),
            metadata.get("ss_output_name"),
        ),
        author=_first(
            metadata.get("modelspec.author"), metadata.get("general.author"), card.get("author")
        ),
        licence=_first(
            metadata.get("modelspec.license"), metadata.get("general.license"),
            card.get("license_name"), card.get("license"), _licence(place),
        ),
        source=_first(
            metadata.get("general.source.url"), metadata.get("general.url"),
            metadata.get("modelspec.merged_from"), card.get("base_model"),
        ),
        triggers=tuple(_triggers(metadata, notes)),
    )  # fmt: skip


def _first(*texts: Any) -> str:
    """The first text that says something, as one short line that a terminal may be shown."""
    for text in texts:
        if isinstance(text, str) and (line := _line(text)):
            return line
    return ""


def _line(text: str) -> str:
    line = " ".join(text[: 4 * _LONGEST].split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:_LONGEST]


def _triggers(metadata: Mapping[str, Any], notes: Mapping[str, Any]) -> Iterator[str]:
    """The words that call up what the model was trained on, each once."""
    seen: set[str] = set()
    for word in _words(metadata, notes):
        if (line := _line(word).strip(" ,")) and line not in seen and len(seen) < _MOST_TRIGGERS:
            seen.add(line)
            yield line


def _words(metadata: Mapping[str, Any], notes: Mapping[str, Any]) -> Iterator[str]:
    phrase = metadata.get("modelspec.trigger_phrase")
    if isinstance(phrase, str):
        yield from phrase.split(",")
    listed = notes.get("trainedWords")
    for word in listed if isinstance(listed, list) else ():
        if isinstance(word, str):
            yield word
    counted = _json(metadata.get("ss_tag_frequency"))
    for folder in counted:
        if found := _REPEATED.fullmatch(folder):
            yield found[1].replace("_", " ")


def _json(text: Any) -> Mapping[str, Any]:
    if not isinstance(text, str) or len(text) > 4 * _MOST:
        return {}
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def stem_of(place: Path) -> Path:
    """The path of a model without what says that it is one."""
    return place.with_suffix("") if place.is_file() else place


def _notes(place: Path) -> Mapping[str, Any]:
    if not place.is_file():
        return {}
    return _json(_small(place.with_suffix(NOTES[0])))


def _card(place: Path) -> dict[str, str]:
    """The head of the card of a model that is a folder: plain lines between two of dashes."""
    if not place.is_dir():
        return {}
    head, marks = _small(place / CARD).split("\n"), {}
    if head[0].strip() != "---":
        return {}
    for line in head[1:200]:
        if line.strip() == "---":
            break
        name, colon, value = line.partition(":")
        if colon and name.isidentifier():
            marks[name] = value.strip().strip("\"'")
    return marks


def _licence(place: Path) -> str:
    """The licence whose text lies in the folder of a model."""
    if not place.is_dir():
        return ""
    for name in ("LICENSE.md", "LICENSE", "LICENSE.txt"):
        text = _small(place / name)[:4000]
        for words, licence in _LICENCES:
            if words.lower() in text.lower():
                return licence
    return ""


def _small(file: Path) -> str:
    try:
        return file.read_text("utf-8") if file.stat().st_size <= _MOST else ""
    except (OSError, ValueError):
        return ""


def preview_in(names: set[str], stem: str) -> str:
    """Which of the files in a folder is the picture of a model; empty if none is."""
    return next((stem + end for end in (*PREVIEWS, *PICTURES) if stem + end in names), "")
