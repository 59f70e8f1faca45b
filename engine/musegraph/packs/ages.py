"""How long something has been out: what is new is held back while others look at it.

Most releases with something evil in them were found and taken back within days.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.error import URLError
from urllib.request import Request, urlopen

from musegraph.packs.child import environment
from musegraph.packs.libraries import Library

COOL_DOWN = timedelta(days=7)
SECONDS, MOST = 30, 64 << 20
"""For a page of an index: how long it may take, and how many bytes it may have."""
PYPI = "https://pypi.org/simple"
FORM = "application/vnd.pypi.simple.v1+json"
_SETTING = re.compile(r"^[^=]*\.(index-url|extra-index-url|cert)=(['\"])(.*)\2$", re.MULTILINE)


def held_until(released: str) -> datetime | None:
    """Until when something of that date is held back; None if it is no longer.

    What says no date that can be read counts as released now.
    """
    now = datetime.now(UTC)
    try:
        since = datetime.fromisoformat(released)
    except ValueError:
        since = now
    until = (since if since.tzinfo else since.replace(tzinfo=UTC)) + COOL_DOWN
    return until if until > now else None


def why_held(name: str, version: str, released: str) -> str:
    """Why, in words; empty if it is not."""
    if (until := held_until(released)) is None:
        return ""
    since = f"is from {released[:10]}" if released else "does not say since when it is there"
    return (
        f"{name} {version} {since}, and what is new is held back for {COOL_DOWN.days} days, in "
        f"which others look at it: wait until {until:%Y-%m-%d}, or say --recent if you know it"
    )


def too_new(libraries: Iterable[Library]) -> dict[str, str]:
    """Those that are held back, by name, each with the reason; files of this machine never are."""
    coming = [one for one in libraries if not one.url.startswith("file:")]
    if not coming:
        return {}
    ask, found = _asking(), dict[str, str]()
    for one in coming:
        if why := why_held(one.name, one.version, ask(one)):
            found[one.key] = why
    return found


def _asking() -> partial[str]:
    """What says of a library since when an index has it, as pip is set up here."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env=environment(NO_COLOR="1", PYTHONPATH=""),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said: dict[str, list[str]] = {}
    for name, _, value in _SETTING.findall(done.stdout):
        said.setdefault(name, []).extend(value.replace("\\n", " ").split())
    indexes = [*said.get("index-url", [PYPI]), *said.get("extra-index-url", ())]
    certificates = said.get("cert", [""])[-1]
    context = ssl.create_default_context(cafile=certificates or os.environ.get("SSL_CERT_FILE"))
    return partial(_released, dict.fromkeys(indexes), context)


def _released(indexes: Iterable[str], context: ssl.SSLContext, one: Library) -> str:
    """When a library was uploaded, as an index says that has just this file; empty if none does."""
    for index in indexes:
        if not index.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            continue
        address = f"{index.rstrip('/')}/{one.key}/"
        try:
            with urlopen(
                Request(address, headers={"Accept": FORM}),
                timeout=SECONDS,
                context=context if address.startswith("https:") else None,
            ) as answer:
                files = json.loads(answer.read(MOST))["files"]
            for file in files:
                if file["hashes"].get("sha256") == one.sha256:
                    return str(file.get("upload-time") or "")
        except (URLError, OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return ""
