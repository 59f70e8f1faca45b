"""What may be typed after ``musegraph``: every command, and what it takes."""

from __future__ import annotations

import argparse
from typing import Any

from musegraph.cli.model_arguments import MODELS_COMMAND
from musegraph.cli.options import (
    A_WORKFLOW,
    DEBUG,
    EPILOG,
    FILE,
    GIVEN,
    MODELS,
    PACKS,
    PLANNED,
    SERVER,
    Add,
    Command,
    Parser,
    actions,
    argument,
    as_json,
    cache,
    days,
    flag,
    resources,
)
from musegraph.cli.pack_arguments import PACK_COMMAND


def parser() -> Parser:
    """The whole command line."""
    top = Parser(
        prog="musegraph",
        description="Run, check and look into Musegraph workflows.",
        epilog=EPILOG,
    )
    flag("--version", "say which version this is")(top)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command in _COMMANDS:
        command.add_to(commands)
    return top


def _common(folder: Any = None, unset: Any = False) -> tuple[Add, ...]:
    """What ``cache`` takes before its action and after it, with these defaults."""
    return (
        cache("look into this folder", folder),
        as_json("print JSON", unset),
        flag("--debug", "show tracebacks", unset),
    )


_AGAIN = _common(argparse.SUPPRESS, argparse.SUPPRESS)
"""Said after the action; what is not said there undoes nothing that was said before."""

_OF_TYPE = argument("--type", metavar="T", help="only those of this node or pack")

_CACHE_ACTIONS = (
    Command("list", "list the results, largest first", (_OF_TYPE,)),
    Command(
        "clear",
        "remove results; what is pinned, or came from outside, stays",
        (
            _OF_TYPE,
            argument(
                "--older",
                metavar="DAYS",
                type=days,
                help="only what was not made or read for so many days",
            ),
            flag("--pinned", "also what is pinned"),
            flag("--yes", "do not ask"),
        ),
    ),
    Command(
        "verify",
        "read everything and remove what is damaged; exit code 1 if something was",
        (),
    ),
)


FILE_LIMIT = "size that a file may have which a worker writes"

_COMMANDS = (
    Command(
        "run",
        "run a workflow and save its outputs",
        (
            FILE,
            argument("--out", metavar="DIR", help="save the named outputs in this folder"),
            argument(
                "--rows",
                metavar="TABLE",
                help="run once for each row of this CSV or JSONL file, whose columns are named"
                " inputs; results.csv in the folder of --out lists what came of each, and the same"
                " command goes on where it was stopped",
            ),
            *PLANNED,
            flag(
                "--no-embed",
                "do not put the workflow and the record of the run into saved pictures",
            ),
            *SERVER,
            as_json("print events, one JSON object per line"),
            flag("--quiet", "print saved paths and what is wrong, no more"),
            DEBUG,
        ),
    ),
    Command(
        "check",
        "report every problem of workflows",
        (
            argument("files", metavar="FILE", nargs="+", help=A_WORKFLOW),
            PACKS,
            MODELS,
            as_json("print one JSON object per file"),
            DEBUG,
        ),
    ),
    Command(
        "plan",
        "show which steps would run and which results are there",
        (FILE, *PLANNED, as_json("print the plan as JSON"), DEBUG),
    ),
    Command(
        "show",
        "show the graph as readable text",
        (FILE, as_json("print the workflow document itself"), DEBUG),
    ),
    Command(
        "diff",
        "say what is different between two workflows",
        (
            argument("old", metavar="A", help="a workflow, or a picture that carries one"),
            argument("new", metavar="B", help="the one to compare it with"),
            as_json("print the differences as JSON"),
            DEBUG,
        ),
        more="\n\nNodes, values, links and all else that counts; what was only moved on the canvas"
        " does not.\nThe exit code is 0 if they are equal, and 1 if they are different.",
    ),
    Command(
        "why",
        "say why a node would run, or that its result is there",
        (
            FILE,
            argument("node", metavar="NODE", help="a node, or a named output"),
            *PLANNED,
            as_json("print the reason as JSON"),
            DEBUG,
        ),
    ),
    Command(
        "bundle",
        "put a workflow and its files into one zip, which runs as it is",
        (
            FILE,
            argument(
                "-o", "--out", metavar="ZIP", help="write it here; else FILE's name with .zip, here"
            ),
            *resources("look for its files in this folder"),
            as_json("print what was written as JSON"),
            DEBUG,
        ),
    ),
    Command(
        "lock",
        "write into a workflow which packs, nodes and models it is made with",
        (
            argument("file", metavar="FILE", help="a workflow"),
            PACKS,
            MODELS,
            as_json("print what was locked as JSON"),
            DEBUG,
        ),
    ),
    Command(
        "verify",
        "say whether the packs, nodes and models of a workflow are here as it was made",
        (FILE, PACKS, MODELS, as_json("print what is different as JSON"), DEBUG),
        more="\n\nA workflow says in itself which packs it was made with; `lock` writes down more."
        "\nThe exit code is 1 if something is missing or another, and packs that are missing can be"
        "\ninstalled with the command that is printed.",
    ),
    Command(
        "nodes",
        "list packs and nodes, or describe one",
        (
            argument("id", metavar="ID", nargs="?", help="a node (pack.node) or a pack"),
            argument("--lang", metavar="LANG", default="en", help="say it in en or zh"),
            PACKS,
            as_json("print JSON"),
            DEBUG,
        ),
    ),
    Command(
        "docs",
        "write the catalogue of nodes and examples as HTML pages",
        (
            argument("--out", metavar="DIR", required=True, help="write the pages in this folder"),
            argument(
                "--examples",
                metavar="DIR",
                help="also run the workflows of this folder and show them",
            ),
            *resources("keep results in this folder"),
            as_json("print what was written as JSON"),
            DEBUG,
        ),
    ),
    Command(
        "reproduce",
        "run what made a saved picture again, and say whether the same comes out",
        (
            argument("file", metavar="OUTPUT", help="a picture that `run --out` saved"),
            *GIVEN,
            *resources("look for the files of its inputs here"),
            as_json("print the verdict as JSON"),
            DEBUG,
        ),
    ),
    Command(
        "cache",
        "show, clear or verify what is kept between runs",
        (*_common(), actions(*_CACHE_ACTIONS, also=_AGAIN)),
    ),
    MODELS_COMMAND,
    PACK_COMMAND,
    Command(
        "doctor",
        "look for what is wrong with this installation, and say what to do",
        (
            *resources("look at the cache in this folder"),
            as_json("print the findings as JSON"),
            DEBUG,
        ),
    ),
    Command(
        "serve",
        "serve the page in the browser, and programs, on this machine",
        (
            argument("--host", default="127.0.0.1", help="the address to listen on"),
            argument("--port", type=int, default=8190, help="the port; 0 takes any that is free"),
            argument("--data", metavar="DIR", help="keep queue and history in this folder"),
            flag("--no-open", "do not open the browser"),
            flag("--restore", "go on from a backup if the database is damaged or gone"),
            argument(
                "--public-origin",
                default="",
                metavar="URL",
                help="the address by which others reach it",
            ),
            argument("--certificate", metavar="FILE", help="serve over TLS with this certificate"),
            argument("--key", metavar="FILE", help="the key of the certificate"),
            flag("--behind-proxy", "a proxy in front of it takes care of TLS"),
            argument(
                "--worker-memory",
                type=float,
                default=0,
                metavar="GB",
                help="memory that a worker may take",
            ),
            argument("--worker-file", type=float, default=0, metavar="GB", help=FILE_LIMIT),
            argument(
                "--step-seconds",
                type=float,
                default=0,
                metavar="N",
                help="time that one step may take",
            ),
            argument(
                "--limit",
                action="append",
                default=[],
                metavar="NODE=WHAT",
                help="what steps of a type may take: diffusion.sample=seconds:600,memory:8GB",
            ),
            argument(
                "--telemetry",
                default="",
                metavar="URL",
                help="send traces of runs there (OpenTelemetry, OTLP over HTTP)",
            ),
            *resources("keep results in this folder"),
            as_json("log as JSON, one object per line"),
            DEBUG,
        ),
    ),
    Command(
        "token",
        "print the address that opens the page of the server that runs here",
        (
            flag("--renew", "make the token worthless, take a new one, and cancel all runs"),
            flag("--keep-runs", "with --renew: cancel no run"),
            argument("--data", metavar="DIR", help="the folder of the server that runs here"),
            as_json("print the address as JSON"),
            DEBUG,
        ),
    ),
    Command(
        "submit",
        "have a running server run a workflow, and print the id of the run",
        (
            FILE,
            *PLANNED,
            *SERVER,
            argument("--priority", type=int, default=0, metavar="N", help="higher goes first"),
            argument("--key", help="names the submission: sent again, it is the same run"),
            as_json("print the run as JSON"),
            DEBUG,
        ),
    ),
    Command(
        "queue",
        "list what a running server does and what waits",
        (
            flag("--all", "also what has ended"),
            flag("--pause", "start nothing more for now"),
            flag("--resume", "go on"),
            *SERVER,
            as_json("print the queue as JSON"),
            DEBUG,
        ),
    ),
    Command(
        "watch",
        "tell what happens on a running server",
        (
            argument("run", metavar="RUN", nargs="?", help="only in this run, until it ends"),
            *SERVER,
            as_json("print events, one JSON object per line"),
            flag("--quiet", "print what is wrong, no more"),
            DEBUG,
        ),
    ),
    Command(
        "cancel",
        "cancel runs on a running server",
        (
            argument("runs", metavar="RUN", nargs="*", help="the first letters of an id"),
            flag("--all", "all that have not ended"),
            *SERVER,
            as_json("print what was cancelled as JSON"),
            DEBUG,
        ),
    ),
)
