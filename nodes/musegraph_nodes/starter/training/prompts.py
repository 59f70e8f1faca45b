"""The prompts that models are measured with: fixed before any of them was trained.

`prompts.jsonl` holds 500 whose combinations training shows and 500 whose combinations it never
shows, every fifth in Chinese, with what each asks for and the seed of its noise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("prompts.jsonl")
EACH = 500
#: Far from the seeds that data is made with.
SEED = 20_260


@dataclass(frozen=True)
class Prompt:
    """A text, what a picture for it must show, and the seed of the noise that it starts from."""

    text: str
    spec: dict[str, Any]
    held_out: bool
    seed: int


def load_prompts(file: Path = FILE) -> list[Prompt]:
    """The fixed prompts, seen ones first."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Prompt(**json.loads(line)) for line in lines]


def choose_prompts() -> list[Prompt]:
    """Draw them anew, always the same from the same data maker."""
    from musegraph_nodes.starter.scenes.make_data import sample
    from musegraph_nodes.starter.scenes.spec import as_dict

    chosen: list[Prompt] = []
    for held_out in (False, True):
        for index in range(EACH):
            spec, captions = sample(SEED + held_out, index, held_out)
            text = captions[-1] if index % 5 == 4 else captions[0]
            chosen.append(Prompt(text, as_dict(spec), held_out, len(chosen)))
    return chosen


def write_prompts(file: Path = FILE) -> None:
    """Write them, one line each."""
    lines = [json.dumps(vars(prompt), ensure_ascii=False) for prompt in choose_prompts()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_prompts()
