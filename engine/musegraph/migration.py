"""What the author of a pack says of nodes that an older version saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from musegraph.errors import InvalidNode


@dataclass(frozen=True)
class Migration:
    """How the nodes ``node`` that were saved by versions before ``to`` are brought forward.

    ``dropped`` are inputs that are no more; ``renamed`` and ``outputs`` give the new name of each
    old one; ``values`` says for new inputs what older versions did, which is written into the
    node; ``changed`` makes the new value of an input out of the old one; ``split`` makes the values
    of several inputs out of that of one, which is then gone; ``becomes`` is the new name of the
    node itself. All but ``renamed`` and ``split`` speak of inputs by their new names.
    """

    to: str
    node: str
    dropped: Sequence[str] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    split: Mapping[str, Callable[[Any], Mapping[str, Any]]] = field(default_factory=dict)
    changed: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    becomes: str = ""

    def __post_init__(self) -> None:
        if not self.to or not self.to[0].isdigit():
            raise InvalidNode(f"the migration of {self.node!r} leads to {self.to!r}, no version")
        if "." in self.node or "." in self.becomes:
            raise InvalidNode(
                f"the migration of {self.node!r} names the node with its pack; its name alone does"
            )
