"""The sources of a pack from a git repository, without running anything of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from musegraph.errors import PackError
from musegraph.packs.child import environment

START = "git+"
SECONDS = 300
_REVISION = re.compile(r"[A-Za-z0-9][\w./+-]{0,200}")
_ALLOWED = ("https://", "ssh://", "file://")


class Address(NamedTuple):
    """``git+https://example.org/packs.git@v1#subdirectory=loud``."""

    url: str
    revision: str
    folder: str


def address(named: str) -> Address:
    """Take such an address apart; :class:`PackError` if it leads to anything else."""
    text, _, fragment = named.removeprefix(START).partition("#")
    key, _, folder = fragment.partition("=")
    if fragment and key != "subdirectory":
        raise PackError(f"{named}: what follows # has to be subdirectory=FOLDER")
    if not text.startswith(_ALLOWED):
        raise PackError(f"{named} is not fetched: it has to begin with git+ and {_or(_ALLOWED)}")
    start = text.index("://") + 3
    slash = text.find("/", start)
    at = text.rfind("@")
    revision = ""
    if at > slash > 0:
        text, revision = text[:at], text[at + 1 :]
        if not _REVISION.fullmatch(revision) or ".." in revision:
            raise PackError(f"{named}: {revision!r} is no branch, tag or commit")
    inside = Path(folder)
    if inside.is_absolute() or ".." in inside.parts:
        raise PackError(f"{named}: the folder {folder!r} leads out of the repository")
    return Address(text, revision, folder)


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def checked_out(named: str, folder: Path) -> tuple[Path, str]:
    """Put one commit of a repository into a folder: where the pack is in it, and the commit."""
    at = address(named)
    if shutil.which("git") is None:
        raise PackError("git has to be installed to take a pack from a repository")
    folder.mkdir(parents=True, exist_ok=True)
    _git(named, folder, "init", "--quiet")
    _git(
        named, folder, "fetch", "--quiet", "--depth", "1", "--no-tags",
        "--no-recurse-submodules", "--", at.url, at.revision or "HEAD",
    )  # fmt: skip
    _git(named, folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")
    commit = _git(named, folder, "rev-parse", "HEAD").strip()
    shutil.rmtree(folder / ".git")  # not a part of the pack, and nothing asks for it any more
    return folder / at.folder, commit


def _git(named: str, folder: Path, *arguments: str) -> str:
    """Run git without hooks, questions, links, or programs that a repository could name."""
    settings = ("core.hooksPath=/dev/null", "core.symlinks=false", "core.fsmonitor=false")
    command = ["git", *(word for one in settings for word in ("-c", one)), *arguments]
    quiet = environment(
        GIT_ALLOW_PROTOCOL="https:ssh:file",
        GIT_TERMINAL_PROMPT="0",
        GIT_LFS_SKIP_SMUDGE="1",
        GIT_SSH_COMMAND=os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
    )
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PackError(f"{named} did not come within {SECONDS} s") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise PackError(f"{named} cannot be fetched; git says: {said[-1] if said else 'nothing'}")
    return done.stdout
