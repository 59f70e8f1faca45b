"""Libraries that packs need, fetched by pip: just the files that were agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from musegraph.errors import PackError
from musegraph.packs.libraries import Library
from musegraph.packs.pip import pip
from musegraph.packs.refuse import check_members
from musegraph.packs.wheel import Wheel, read_wheel


def fetch(libraries: Sequence[Library], staging: Path) -> list[Wheel]:
    """Have pip fetch them, each by its digest; :class:`PackError` says why it cannot."""
    if not libraries:
        return []
    place = staging / "wheels"
    place.mkdir()
    lines = [f"{one.name}=={one.version} --hash=sha256:{one.sha256}" for one in libraries]
    listed = staging / "requirements.txt"
    listed.write_text("\n".join(lines) + "\n", "utf-8")
    options = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", str(place))
    if (said := pip("download", *options, "--requirement", str(listed))) is not None:
        raise PackError(
            f"nothing was installed: the libraries cannot be fetched. pip says: {_last(said)}"
        )
    wheels = [read_wheel(file) for file in sorted(place.glob("*.whl"))]
    for one in wheels:
        check_members(one)
    return wheels


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["nothing"])[-1].removeprefix("ERROR: ")
