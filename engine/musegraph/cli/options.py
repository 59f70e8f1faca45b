"""The words that the commands are made of: arguments that several take, and how one is added."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

EPILOG = """\
exit codes:
    0  fine
    1  a step failed, what was compared is not the same, a check found something wrong, a model
       could not be had, or a pack not installed
    2  the command line was used wrongly
    3  the workflow has problems
    4  the file cannot be read, or is no workflow
    5  the cache, the output folder or the folder of models cannot be used
   70  a defect of Musegraph itself; --debug shows where
  130  interrupted by Ctrl-C (128 + n: ended by signal n, such as 143 by SIGTERM)

Ctrl-C stops after the current step of work and keeps all results so far; pressed again, it stops
at once. Results are kept in the folder that --cache or MUSEGRAPH_CACHE names."""


class Parser(argparse.ArgumentParser):
    """A parser without abbreviations, with the texts as they are written."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]


Add = Callable[[Parser], object]
"""Adds an argument, or all that may follow, to a parser."""


def argument(*names: str, **settings: Any) -> Add:
    return lambda parser: parser.add_argument(*names, **settings)


def flag(name: str, text: str, default: Any = False) -> Add:
    return argument(name, action="store_true", default=default, help=text)


def listed(
    name: str, metavar: str, text: str, read: Callable[[str], Any] = str, default: Any = ()
) -> Add:
    """An option that may be given several times."""
    first = default if isinstance(default, str) else list(default)
    return argument(name, metavar=metavar, action="append", default=first, type=read, help=text)


def cache(text: str, default: Any = None) -> Add:
    return argument("--cache", metavar="DIR", default=default, help=text)


def as_json(text: str, default: Any = False) -> Add:
    return flag("--json", text, default)


class Command(NamedTuple):
    """A command; its ``text`` stands in the list of all of them, and above its own help."""

    name: str
    text: str
    takes: tuple[Add, ...]
    more: str = ""
    epilog: str = EPILOG

    def add_to(self, commands: argparse._SubParsersAction[Parser]) -> None:
        description = f"{self.text[0].upper()}{self.text[1:]}.{self.more}"
        made = commands.add_parser(
            self.name, help=self.text, description=description, epilog=self.epilog
        )
        for add in self.takes:
            add(made)


def actions(*commands: Command, also: tuple[Add, ...], dest: str = "action") -> Add:
    """What may follow a command and has options of its own; ``also`` is what all of it takes."""

    def add(made: Parser) -> None:
        under = made.add_subparsers(dest=dest, metavar="ACTION", title="actions")
        for action in commands:
            action._replace(takes=(*action.takes, *also), epilog="").add_to(under)

    return add


def assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, value


def days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days")
    return days


# What several commands take

A_WORKFLOW = "a workflow, a bundle, or a picture with one"
FILE = argument("file", metavar="FILE", help=A_WORKFLOW)
PACKS = listed("--packs", "PATH", "also use the nodes of this Python file or folder")
MODELS = listed("--models", "DIR", "also look for models in this folder")
DEBUG = flag("--debug", "show tracebacks and library warnings")


def resources(text: str) -> tuple[Add, ...]:
    """What an engine is opened with; ``text`` says what the command does with its cache."""
    return (PACKS, cache(text), MODELS)


GIVEN = (
    listed(
        "--set",
        "NAME=VALUE",
        "give a named input a value: text, JSON, or for a picture the path of"
        " a file, or of a folder for the list of all in it",
        assignment,
    ),
    argument("--seed", metavar="N", type=int, help="start all randomness from this number"),
)
"""The values of named inputs."""

PLANNED = (
    *GIVEN,
    listed("--only", "NODE", "run no more than this node or named output needs"),
    flag("--quick", "use the workflow's values for a fast test run"),
    *resources("keep results in this folder"),
)
"""All that decides which steps there are, and which of them have a result."""

SERVER = (
    argument("--server", metavar="URL", help="the server; without it the one that runs here"),
    argument("--token-file", metavar="FILE", help="the file with the token of the server"),
    argument("--data", metavar="DIR", help="the folder of the server that runs here"),
)
"""Which server is spoken to."""
