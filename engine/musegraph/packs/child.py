"""Having code of a pack run in a process of its own, which gives its answer in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from musegraph.errors import PackError

LAST = 600
"""Characters of what a process said last that are told of."""


def ask(module: str, request: dict[str, Any], seconds: float, **variables: str) -> Any:
    """What ``python -m MODULE`` answers; :class:`PackError` says how it ended without an answer."""
    with tempfile.TemporaryDirectory(prefix="musegraph-") as folder:
        question, answer = Path(folder, "question.json"), Path(folder, "answer.json")
        question.write_text(json.dumps(request), "utf-8")
        said = Path(folder, "said.txt")
        command = [sys.executable, "-m", module, str(question), str(answer)]
        with said.open("wb") as stream:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=environment(**variables),
            )
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise PackError(f"its code did not come to an end within {seconds:g} s") from None
            except BaseException:
                process.kill()
                process.wait()
                raise
        if answer.is_file():
            return json.loads(answer.read_text("utf-8"))
        raise PackError(f"{ending(process.returncode)}: {last_words(said)}")


def environment(**variables: str) -> dict[str, str]:
    """The variables of this process, with no bytecode written into somebody's sources."""
    return os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **variables}


def ending(code: int) -> str:
    if code >= 0:
        return f"the process with its code ended with exit code {code}"
    return f"the process with its code was ended by signal {-code}"


def last_words(place: Path) -> str:
    """The end of what was printed, in one line."""
    lines = place.read_bytes().decode("utf-8", "replace").strip().splitlines()
    return (lines[-1].strip() if lines else "it said nothing")[-LAST:]


def answer_with(answer: str, value: Any) -> None:
    """Give an answer as a whole, whatever was printed."""
    place = Path(answer)
    new = place.with_suffix(".part")
    new.write_text(json.dumps(value), "utf-8")
    new.replace(place)
