"""What a user calls a model of the hub, and where it goes on the disk."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from musegraph.errors import MusegraphError

COMMIT = re.compile(r"[0-9a-f]{40}")
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_ID = re.compile(rf"(?:hf:)?(?P<repo>{_PART}/{_PART})(?:@(?P<revision>[^\s@]{{1,200}}))?")
_PAGE = re.compile(
    rf"https?://(?P<host>[^/\s]+)/(?P<repo>{_PART}/{_PART})"
    r"(?:/(?:tree|blob|resolve)/(?P<revision>[^/\s?#]+)(?:/(?P<file>[^\s?#]+))?)?/?(?:[?#].*)?"
)
_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
_LONGEST = 300
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A repository of the hub at a revision; ``file`` is the one file wanted of it, if one is."""

    repo: str
    revision: str = ""
    file: str = ""

    def __str__(self) -> str:
        return f"{self.repo}@{self.revision}" if self.revision else self.repo

    @property
    def commit(self) -> str:
        """The commit, where the revision names one whole."""
        return self.revision if COMMIT.fullmatch(self.revision) else ""


def read_source(text: str, file: str = "") -> Wanted:
    """``OWNER/NAME``, ``OWNER/NAME@REVISION``, or the address of the model's page."""
    found = _ID.fullmatch(text) or _PAGE.fullmatch(text)
    parts = found.groupdict() if found else {}
    elsewhere = parts.get("host") not in (None, *_HOSTS, urlsplit(_endpoint()).netloc)
    if found is None or elsewhere or ".." in parts["repo"]:
        raise MusegraphError(
            f"{text!r} names no model of the hub: write OWNER/NAME or OWNER/NAME@REVISION, as on"
            " its page at https://huggingface.co"
        )
    wanted = Wanted(parts["repo"], parts["revision"] or "", parts.get("file") or "")
    return replace(wanted, file=safe_path(file)) if file else wanted


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "")


def name_of(repo: str, file: str = "", given: str = "") -> str:
    """What workflows call a model: as on the hub, unless the user says otherwise."""
    if not given:
        return f"{repo}/{file}" if file else repo
    suffix = PurePosixPath(file).suffix
    return given if given.endswith(suffix) else given + suffix


def safe_path(path: str) -> str:
    """The path, if it stays in the folder that it is put into, on every system."""
    parts = path.split("/")
    if not path or len(path) > _LONGEST or not all(map(_safe, parts)):
        raise MusegraphError(f"{path!r} is no path of a file inside a model; it is refused")
    return path


def _safe(part: str) -> bool:
    return (
        part.isprintable()
        and not part.startswith(".")
        and not part.endswith((".", " "))
        and not any(letter in '\\:*?"<>|' for letter in part)
        and part != ""
        and not _RESERVED.fullmatch(part)
    )
