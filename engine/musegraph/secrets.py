"""Secrets that nodes ask for by name: variables of the environment, or handed over by a server.

A worker has them from its server over the pipe, not in its environment: that of a process can be
read from outside, and all that it starts inherits it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

PREFIX = "MUSEGRAPH_SECRET_"

_handed: dict[str, str] = {}


def variable(name: str) -> str:
    """The variable that holds the secret of this name."""
    return PREFIX + name.upper()


def secret(name: str) -> str | None:
    """A secret by its name; None if there is none."""
    return known().get(variable(name))


def known() -> dict[str, str]:
    """All secrets, by variable."""
    own = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    return own | _handed


def hand_over(secrets: Mapping[str, str]) -> None:
    """Take secrets, by variable, that came by another way than the environment."""
    _handed.update(secrets)


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for a process that is not to inherit them."""
    return {name: value for name, value in environment.items() if not name.startswith(PREFIX)}


def concealed(text: str) -> str:
    """A text without any of them."""
    for value in known().values():
        if value:
            text = text.replace(value, "•••")
    return text
