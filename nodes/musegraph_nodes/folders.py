"""What a folder of weights tells before it is opened: its JSON files and the headers alone."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from musegraph import ModelError, read_header

from .weights import PICKLES

_WITHOUT_WEIGHTS = ("scheduler", "tokenizer", "processor")

Precision = Annotated[
    Literal["auto", "float32", "float16", "bfloat16"],
    Field(description="Of the arithmetic. auto: float32 on the CPU; on a GPU as it is stored."),
]


def refuse_file(place: Path, source: str, what: str, inside: str) -> None:
    """Refuse one file where a folder is opened; ``inside`` says what lies in it, with its verb."""
    if place.is_file():
        raise ModelError(
            f"{source!r} is one file; {what} is opened from its folder, in which {inside}"
        )


def read_json(file: Path, source: str) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"the folder of {source!r} has no {file.name}") from None
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ModelError(f"{file} is damaged: it is no JSON; get it again") from None
    if not isinstance(found, dict):
        raise ModelError(f"{file} is damaged: it is no JSON object; get it again")
    return found


def check_weights(place: Path, source: str, kind: str) -> None:
    """Refuse weights that are there only as pickles."""
    if any(part in kind.lower() for part in _WITHOUT_WEIGHTS):
        return
    names = [one.name for one in place.iterdir() if one.is_file()]
    pickles = sorted(one for one in names if one.endswith(tuple(PICKLES)))
    if pickles and not any(one.endswith(".safetensors") for one in names):
        raise ModelError(
            f"the {place.name} of the model {source!r} is there only as a pickle ({pickles[0]}),"
            " which can run code when it is opened, so it never is; put .safetensors beside it"
        )


def options_of(folders: list[Path], precision: str) -> dict[str, Any]:
    """Precision, how the weights are stored, and which variant of the files is there."""
    made: dict[str, Any] = {"precision": precision, "stored": "F32"}
    stored: Counter[str] = Counter()
    variants: set[str] = set()
    for folder in folders:
        files = sorted(folder.glob("*.safetensors"))
        if not files:
            continue
        marks = {_variant(file.name) for file in files}
        if "" not in marks:
            variants |= marks
        largest = max(files, key=lambda file: file.stat().st_size)
        for entry in read_header(largest).values():
            stored[str(entry.get("dtype"))] += _count(entry)
    if stored:
        made["stored"] = stored.most_common(1)[0][0]
    if variants:
        made["variant"] = min(variants)
    return made


def _variant(name: str) -> str:
    return next((one for one in ("fp16", "bf16") if f".{one}." in name or f".{one}-" in name), "")


def _count(entry: dict[str, Any]) -> int:
    found = 1
    for side in entry.get("shape", ()):
        found *= int(side)
    return found
