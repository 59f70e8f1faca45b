"""From the arguments to a command, and from whatever happens to an exit code and a sentence."""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from musegraph.cli.arguments import parser
from musegraph.cli.style import Style, prepare_streams, printable, sentences
from musegraph.errors import (
    HubError,
    InvalidWorkflow,
    ModelError,
    MusegraphError,
    PackError,
    Problem,
    StoreError,
    UnreadableWorkflow,
)

if TYPE_CHECKING:
    from musegraph.cli.interrupts import Interrupts

FINE, FAILED, USAGE, PROBLEMS, UNREADABLE, UNUSABLE, DEFECT = 0, 1, 2, 3, 4, 5, 70
CLOSED = 141
"""Nobody reads what is printed: as if by SIGPIPE, which Python turns into an error."""


class UsageError(MusegraphError):
    """Something on the command line, or in a variable, cannot be meant."""


def enter(arguments: Sequence[str] | None, interrupts: Interrupts) -> int:
    """Carry out the command; its exit code."""
    prepare_streams()
    try:
        code = _enter(arguments, interrupts)
        sys.stdout.flush()
    except BrokenPipeError:
        return closed()
    except KeyboardInterrupt:
        return 130
    return code


def _enter(arguments: Sequence[str] | None, interrupts: Interrupts) -> int:
    commands = parser()
    try:
        args = commands.parse_args(arguments)
    except SystemExit as end:  # --help, or a usage that argparse has explained
        return end.code if isinstance(end.code, int) else USAGE
    if args.version:
        from importlib.metadata import version

        print("musegraph", version("musegraph"))
        return FINE
    if args.command is None:
        commands.print_help(sys.stderr)
        return USAGE
    be_quiet(args.debug)
    be_quick()
    try:
        return command(args, interrupts)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  the user is owed a sentence, whatever it is
        return explain(error, args)
    finally:
        gc.enable()


def command(args: Namespace, interrupts: Interrupts) -> int:
    """Carry out what was asked for; each command is the function of its name in a module so named.

    The module is imported only then.
    """
    from importlib import import_module

    name = str(args.command)
    if name == "run" and args.rows:
        from musegraph.cli.rows import run_table

        return run_table(args, interrupts)
    if name == "run" and args.server:
        from musegraph.cli.submit import run_there

        return run_there(args)
    carry_out = getattr(import_module(f"musegraph.cli.{name}"), name)
    code: int = carry_out(args, interrupts) if name == "run" else carry_out(args)
    return code


def be_quiet(debug: bool) -> None:
    """Keep what libraries say to themselves away from the user, unless it is asked for."""
    if debug:
        return
    import warnings

    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None


def be_quick() -> None:
    """Start faster: a short command makes no garbage, and needs no plugins of pydantic.

    Garbage is collected again as soon as nodes run.
    """
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it reads every installed package


def closed() -> int:
    """Nobody reads on: end without a word, and let nothing be written at exit either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    return CLOSED


def explain(error: BaseException, args: Namespace) -> int:
    """Say what went wrong; the exit code for it."""
    code = code_of(error)
    style = Style(sys.stderr)
    place = getattr(error, "place", "") or getattr(args, "file", "") or ""
    if isinstance(error, InvalidWorkflow):
        report(place, error.problems, style)
        if place and any(problem.code == "not-installed" for problem in error.problems):
            style.line(f"'musegraph verify {place}' says how to install what is missing")
    elif code == DEFECT:
        said = str(error).strip().splitlines()
        what = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
        hint = "" if args.debug else "; --debug shows where"
        complain(f"this is a defect of Musegraph, please report it: {what}{hint}", style)
    else:
        complain(sentence(error), style)
    if args.debug and not isinstance(error, InvalidWorkflow):
        import traceback

        traceback.print_exception(error)
    if args.json and args.command not in ("check", "nodes", "docs"):
        print_json(failure(error, code, place))
    return code


def code_of(error: BaseException) -> int:
    if isinstance(error, InvalidWorkflow):
        return PROBLEMS
    if isinstance(error, UnreadableWorkflow):
        return UNREADABLE
    if isinstance(error, StoreError) or type(error).__module__ == "sqlite3":
        return UNUSABLE
    if isinstance(error, HubError | ModelError | PackError):
        return FAILED
    return USAGE if isinstance(error, MusegraphError) else DEFECT


def sentence(error: BaseException) -> str:
    if type(error).__module__ == "sqlite3":
        return f"the cache cannot be used: {error}; try another folder with --cache"
    return str(error)


def report(place: str, problems: Sequence[Problem], style: Style) -> None:
    """Each problem on a line of its own: file, node and port, sentence."""
    for problem in problems:
        where = printable(".".join(part for part in (problem.node, problem.port) if part))
        start = ": ".join(part for part in (style(place, "dim"), style(where, "bold")) if part)
        message = sentences(problem.message)
        style.line(f"{start}: {message}" if start else message)


def complain(text: str, style: Style | None = None) -> None:
    style = style or Style(sys.stderr)
    style.line(f"{style('error:', 'bold', 'red')} {sentences(text)}")


def failure(error: BaseException, code: int, place: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "error", "code": code, "message": sentence(error)}
    if place:
        made["file"] = place
    if isinstance(error, InvalidWorkflow):
        made["problems"] = [problem.json() for problem in error.problems]
    return made


def print_json(value: Any) -> None:
    import json

    print(json.dumps(value, default=str), flush=True)
