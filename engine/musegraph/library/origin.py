"""Where fetched models come from, as the records beside them say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDS = Path(".musegraph") / "records"
"""Where :mod:`musegraph.hub` keeps them, in each folder of models."""


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a model was fetched, at which commit, under which licence."""

    source: str
    commit: str = ""
    licence: str = ""
    link: str = ""


def origins_in(folder: Path) -> dict[str, Origin]:
    """The origin of every model that was fetched into a folder, by its name."""
    found = {}
    for file in sorted((folder / RECORDS).rglob("*.json")):
        try:
            record = json.loads(file.read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(record, dict) and (name := _text(record.get("name"))):
            found[name] = Origin(
                _text(record.get("source")),
                _text(record.get("commit")),
                _text(record.get("licence")),
                _text(record.get("licence_link")),
            )
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
