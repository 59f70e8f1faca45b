"""Asking pip which libraries there are, and to fetch them; it builds and installs nothing."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from musegraph.errors import PackError
from musegraph.packs.ages import too_new
from musegraph.packs.child import environment
from musegraph.packs.libraries import Asked, Environment, Library, applies, said

SECONDS = 600
MOST_HELD = 40
"""So many versions are passed over because they are new, and then it is given up."""


def by_pip(
    asked: Sequence[Asked],
    there: Environment,
    kept: Iterable[Library] = (),
    alone: bool = False,
    recent: bool = False,
) -> list[Library]:
    """What pip would add to the environment for these, wheels only; nothing is installed.

    ``alone`` lets it take other versions than the environment has. A version that is too new is
    passed over for an older one, unless ``recent`` ones are taken.
    """
    fixed = [f"{one.key}=={one.version}" for one in kept]
    if not alone:
        fixed += [f"{key}=={one.version}" for key, one in sorted(there.found.items())]
    held: dict[str, str] = {}
    while True:
        try:
            found = _resolved(asked, [*fixed, *held])
        except PackError as error:
            raise PackError("\n".join(held.values()) or str(error)) from None
        young = {} if recent else too_new(found)
        if not young:
            return found
        held |= {f"{one.key}!={one.version}": young[one.key] for one in found if one.key in young}
        if len(held) > MOST_HELD:
            raise PackError("\n".join(held.values()))


def _resolved(asked: Sequence[Asked], fixed: Iterable[str]) -> list[Library]:
    names = sorted({said(one.requirement) for one in asked})
    with tempfile.TemporaryDirectory(prefix="musegraph-") as place:
        constraints, report = Path(place, "constraints.txt"), Path(place, "report.json")
        constraints.write_text("\n".join(fixed) + "\n", "utf-8")
        options = ["--dry-run", "--report", str(report), "--constraint", str(constraints)]
        complaint = pip("install", *options, "--only-binary", ":all:", *names)
        if complaint is not None:
            raise PackError(_in_words(complaint, asked))
        read = json.loads(report.read_text("utf-8"))
    return [_library(one) for one in read["install"]]


def pip(*arguments: str) -> str | None:
    """Have pip do something without asking; what it complained of, or None."""
    if find_spec("pip") is None:
        raise PackError(
            "libraries have to be fetched, and pip is not there to do it; "
            f"'{Path(sys.executable).name} -m ensurepip' installs it, or install them yourself"
        )
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments]
    try:
        done = subprocess.run(
            command,
            env=environment(NO_COLOR="1", PYTHONPATH=""),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"pip did not come to an end within {SECONDS} s"
    return None if done.returncode == 0 else f"{done.stdout}\n{done.stderr}".strip()


def _library(one: dict[str, Any]) -> Library:
    metadata, download = one["metadata"], one["download_info"]
    needs = [Requirement(text) for text in metadata.get("requires_dist", ())]
    extras = one.get("requested_extras", ())
    sha256 = download.get("archive_info", {}).get("hashes", {}).get("sha256", "")
    if not sha256 and (url := urlsplit(download["url"])).scheme == "file":
        # Before 23.1 pip says nothing of files that lie in a folder.
        sha256 = hashlib.sha256(Path(url2pathname(url.path)).read_bytes()).hexdigest()
    if not sha256:
        raise PackError(
            f"{metadata['name']} {metadata['version']} comes without a digest from "
            f"{download['url']}; such a file is not taken"
        )
    return Library(
        metadata["name"],
        metadata["version"],
        tuple(need for need in needs if applies(need, extras)),
        download["url"],
        sha256,
    )


def _in_words(complaint: str, asked: Sequence[Asked]) -> str:
    """What pip complained of, with who asks for what it speaks of."""
    lines = [line.strip() for line in complaint.splitlines()]
    caused = [
        line
        for line in lines
        if line.startswith(("The user requested", "Error:")) or " depends on " in line
    ]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    told = " ".join(dict.fromkeys([*errors[-2:], *caused])) or (
        lines[-1] if lines else "it said nothing"
    )
    told = told.replace("The user requested (constraint)", "the environment has")
    told = told.replace("The user requested", "a pack asks for")
    names = {canonicalize_name(word) for word in re.findall(r"[A-Za-z0-9][\w.-]*", told)}
    who = [str(one) for one in asked if canonicalize_name(one.requirement.name) in names]
    because = "; ".join(dict.fromkeys(who)) or "; ".join(dict.fromkeys(map(str, asked)))
    return f"the libraries cannot be had: {because}. pip says: {told}"
