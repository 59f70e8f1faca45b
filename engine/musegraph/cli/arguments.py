"""What may be typed after ``musegraph``: every command as the list of what it takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

EPILOG = """\
exit codes:
    0  fine
    1  a step failed, what was compared is not the same, or a check found something wrong
    2  the command line was used wrongly
    3  the workflow has problems
    4  the file cannot be read, or is no workflow
    5  the cache or the output folder cannot be used
   70  a defect of Musegraph itself; --debug shows where
  130  interrupted by Ctrl-C (128 + n: ended by signal n, such as 143 by SIGTERM)

Ctrl-C stops after the current step of work and keeps all results so far; pressed again, it stops
at once. Results are kept in the folder that --cache or MUSEGRAPH_CACHE names."""


class Parser(argparse.ArgumentParser):
    """A parser without abbreviations, with the texts as they are written."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]


def parser() -> Parser:
    """The whole command line."""
    top = Parser(
        prog="musegraph",
        description="Run, check and look into Musegraph workflows.",
        epilog=EPILOG,
    )
    _flag("--version", "say which version this is")(top)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command in _COMMANDS:
        command.add_to(commands)
    return top


Add = Callable[[Parser], object]
"""Adds an argument, or all that may follow, to a parser."""


def _argument(*names: str, **settings: Any) -> Add:
    return lambda parser: parser.add_argument(*names, **settings)


def _flag(name: str, text: str, default: Any = False) -> Add:
    return _argument(name, action="store_true", default=default, help=text)


def _listed(name: str, metavar: str, text: str, read: Callable[[str], Any] = str) -> Add:
    """An option that may be given several times."""
    return _argument(name, metavar=metavar, action="append", default=[], type=read, help=text)


def _cache(text: str, default: Any = None) -> Add:
    return _argument("--cache", metavar="DIR", default=default, help=text)


def _json(text: str) -> Add:
    return _flag("--json", text)


class _Command(NamedTuple):
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


def _actions(*actions: _Command) -> Add:
    """What may follow a command and has options of its own."""

    def add(made: Parser) -> None:
        under = made.add_subparsers(dest="action", metavar="ACTION", title="actions")
        for action in actions:
            action.add_to(under)

    return add


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, value


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days")
    return days


# What several commands take

_A_WORKFLOW = "a workflow, a bundle, or a picture with one"
_FILE = _argument("file", metavar="FILE", help=_A_WORKFLOW)
_PACKS = _listed("--packs", "PATH", "also use the nodes of this Python file or folder")
_MODELS = _listed("--models", "DIR", "also look for models in this folder")
_DEBUG = _flag("--debug", "show tracebacks and library warnings")


def _resources(cache: str) -> tuple[Add, ...]:
    """What an engine is opened with; ``cache`` says what the command does with that folder."""
    return (_PACKS, _cache(cache), _MODELS)


_GIVEN = (
    _listed(
        "--set",
        "NAME=VALUE",
        "give a named input a value: text, JSON, or for a picture the path of"
        " a file, or of a folder for the list of all in it",
        _assignment,
    ),
    _argument("--seed", metavar="N", type=int, help="start all randomness from this number"),
)
"""The values of named inputs."""

_PLANNED = (
    *_GIVEN,
    _listed("--only", "NODE", "run no more than this node or named output needs"),
    _flag("--quick", "use the workflow's values for a fast test run"),
    *_resources("keep results in this folder"),
)
"""All that decides which steps there are, and which of them have a result."""


# The commands


def _common(folder: Any = None, flag: Any = False) -> tuple[Add, ...]:
    """What ``cache`` takes before its action and after it, with these defaults."""
    return (
        _cache("look into this folder", folder),
        _flag("--json", "print JSON", flag),
        _flag("--debug", "show tracebacks", flag),
    )


_AGAIN = _common(argparse.SUPPRESS, argparse.SUPPRESS)
"""Said after the action; what is not said there undoes nothing that was said before."""

_OF_TYPE = _argument("--type", metavar="T", help="only those of this node or pack")

_CACHE_ACTIONS = (
    _Command("list", "list the results, largest first", (_OF_TYPE, *_AGAIN), epilog=""),
    _Command(
        "clear",
        "remove results; what is pinned, or came from outside, stays",
        (
            _OF_TYPE,
            _argument(
                "--older",
                metavar="DAYS",
                type=_days,
                help="only what was not made or read for so many days",
            ),
            _flag("--pinned", "also what is pinned"),
            _flag("--yes", "do not ask"),
            *_AGAIN,
        ),
        epilog="",
    ),
    _Command(
        "verify",
        "read everything and remove what is damaged; exit code 1 if something was",
        _AGAIN,
        epilog="",
    ),
)


_COMMANDS = (
    _Command(
        "run",
        "run a workflow and save its outputs",
        (
            _FILE,
            _argument("--out", metavar="DIR", help="save the named outputs in this folder"),
            _argument(
                "--rows",
                metavar="TABLE",
                help="run once for each row of this CSV or JSONL file, whose columns are named"
                " inputs; results.csv in the folder of --out lists what came of each, and the same"
                " command goes on where it was stopped",
            ),
            *_PLANNED,
            _flag(
                "--no-embed",
                "do not put the workflow and the record of the run into saved pictures",
            ),
            _json("print events, one JSON object per line"),
            _flag("--quiet", "print saved paths and what is wrong, no more"),
            _DEBUG,
        ),
    ),
    _Command(
        "check",
        "report every problem of workflows",
        (
            _argument("files", metavar="FILE", nargs="+", help=_A_WORKFLOW),
            _PACKS,
            _MODELS,
            _json("print one JSON object per file"),
            _DEBUG,
        ),
    ),
    _Command(
        "plan",
        "show which steps would run and which results are there",
        (_FILE, *_PLANNED, _json("print the plan as JSON"), _DEBUG),
    ),
    _Command(
        "show",
        "show the graph as readable text",
        (_FILE, _json("print the workflow document itself"), _DEBUG),
    ),
    _Command(
        "diff",
        "say what is different between two workflows",
        (
            _argument("old", metavar="A", help="a workflow, or a picture that carries one"),
            _argument("new", metavar="B", help="the one to compare it with"),
            _json("print the differences as JSON"),
            _DEBUG,
        ),
        more="\n\nNodes, values, links and all else that counts; what was only moved on the canvas"
        " does not.\nThe exit code is 0 if they are equal, and 1 if they are different.",
    ),
    _Command(
        "why",
        "say why a node would run, or that its result is there",
        (
            _FILE,
            _argument("node", metavar="NODE", help="a node, or a named output"),
            *_PLANNED,
            _json("print the reason as JSON"),
            _DEBUG,
        ),
    ),
    _Command(
        "bundle",
        "put a workflow and its files into one zip, which runs as it is",
        (
            _FILE,
            _argument(
                "-o", "--out", metavar="ZIP", help="write it here; else FILE's name with .zip, here"
            ),
            *_resources("look for its files in this folder"),
            _json("print what was written as JSON"),
            _DEBUG,
        ),
    ),
    _Command(
        "nodes",
        "list packs and nodes, or describe one",
        (
            _argument("id", metavar="ID", nargs="?", help="a node (pack.node) or a pack"),
            _argument("--lang", metavar="LANG", default="en", help="say it in en or zh"),
            _PACKS,
            _json("print JSON"),
            _DEBUG,
        ),
    ),
    _Command(
        "docs",
        "write the catalogue of nodes and examples as HTML pages",
        (
            _argument("--out", metavar="DIR", required=True, help="write the pages in this folder"),
            _argument(
                "--examples",
                metavar="DIR",
                help="also run the workflows of this folder and show them",
            ),
            *_resources("keep results in this folder"),
            _json("print what was written as JSON"),
            _DEBUG,
        ),
    ),
    _Command(
        "reproduce",
        "run what made a saved picture again, and say whether the same comes out",
        (
            _argument("file", metavar="OUTPUT", help="a picture that `run --out` saved"),
            *_GIVEN,
            *_resources("look for the files of its inputs here"),
            _json("print the verdict as JSON"),
            _DEBUG,
        ),
    ),
    _Command(
        "cache",
        "show, clear or verify what is kept between runs",
        (*_common(), _actions(*_CACHE_ACTIONS)),
    ),
    _Command(
        "doctor",
        "look for what is wrong with this installation, and say what to do",
        (
            *_resources("look at the cache in this folder"),
            _json("print the findings as JSON"),
            _DEBUG,
        ),
    ),
)
