"""Pack `dice`: chance, with a seed."""

import random
from pathlib import Path
from typing import Annotated

from pydantic import Field

from musegraph import NodeError, Pack, Seed, node


@node(version="1")
def pick(
    options: Annotated[str, Field(max_length=5000, description="One on each line.")],
    seed: Seed = 0,
    count: Annotated[int, Field(ge=1, le=100, description="How many are drawn.")] = 1,
) -> list[str]:
    """Draw lines of a text by chance, each once."""
    lines = [line.strip() for line in options.splitlines() if line.strip()]
    if count > len(lines):
        raise NodeError(f"there are {len(lines)} lines to draw from, and {count} are asked for")
    return random.Random(seed).sample(lines, count)


pack = Pack("dice", nodes=[pick], title="Dice", texts=Path(__file__).with_name("texts"))
