"""The JSON of a model, in its folder or beside its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from musegraph import ModelError


def settings_of(place: Path) -> Path:
    """The folder beside a model file in which its configuration may lie."""
    return place.with_suffix(".config")


def read_json(file: Path, source: str) -> dict[str, Any]:
    """The object in a JSON file of a model; :class:`ModelError` if it is missing or damaged."""
    inside = file.relative_to(file.parents[1])
    if file.name == "model_index.json" and not file.is_file():
        raise ModelError(
            f"the folder {file.parent} holds no model_index.json, so {source!r} is no model in the"
            " layout of Diffusers; name the folder in which that file lies"
        )
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"the model {source!r} is incomplete: {inside} is missing in {file.parents[1]};"
            " get the folder again"
        ) from None
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ModelError(f"{file} is damaged: it is no JSON; get it again") from None
    if not isinstance(found, dict):
        raise ModelError(f"{file} is damaged: it is no JSON object; get it again")
    return found
