"""What a node says of how several of its calls are made as one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fused:
    """How several calls of a node are made as one, where somebody asked for that.

    ``kind`` is given the inputs of a call. It says how many calls may be made at once, and what has
    to be equal for two of them to be; None for one that is made alone. ``function`` is given the
    inputs of such calls and a context, and gives what each would have given, in their order, within
    the tolerance that the node promises. So the wish has to be one of the inputs, where it is part
    of the key.
    """

    kind: Callable[[Mapping[str, Any]], tuple[int, Hashable] | None]
    function: Callable[[Sequence[Mapping[str, Any]], Any], Sequence[Any]]
