"""What may be typed after ``musegraph``."""

from __future__ import annotations

import argparse
from typing import Any

EPILOG = """\
exit codes:
    0  fine
    1  a step failed, what was compared is not the same, a check found something wrong, or a
       model could not be had
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


def parser() -> Parser:
    """The whole command line."""
    top = Parser(
        prog="musegraph",
        description="Run, check and look into Musegraph workflows.",
        epilog=EPILOG,
    )
    top.add_argument("--version", action="store_true", help="say which version this is")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _run(commands)
    _check(commands)
    _plan(commands)
    _show(commands)
    _diff(commands)
    _why(commands)
    _bundle(commands)
    _nodes(commands)
    _docs(commands)
    _reproduce(commands)
    _cache(commands)
    _models(commands)
    _doctor(commands)
    _serve(commands)
    _submit(commands)
    _queue(commands)
    return top


def _run(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "run a workflow and save its outputs"
    sub = commands.add_parser("run", help=text, description=text.capitalize() + ".", epilog=EPILOG)
    _add_file(sub)
    sub.add_argument("--out", metavar="DIR", help="save the named outputs in this folder")
    sub.add_argument(
        "--rows",
        metavar="TABLE",
        help="run once for each row of this CSV or JSONL file, whose columns are named inputs;"
        " results.csv in the folder of --out lists what came of each, and the same command goes on"
        " where it was stopped",
    )
    _add_inputs(sub)
    _add_server(sub)
    sub.add_argument(
        "--no-embed",
        action="store_true",
        help="do not put the workflow and the record of the run into saved pictures",
    )
    _add_json(sub, "print events, one JSON object per line")
    sub.add_argument(
        "--quiet", action="store_true", help="print saved paths and what is wrong, no more"
    )
    _add_debug(sub)


def _check(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "report every problem of workflows"
    sub = commands.add_parser(
        "check", help=text, description=text.capitalize() + ".", epilog=EPILOG
    )
    sub.add_argument(
        "files", metavar="FILE", nargs="+", help="a workflow, a bundle, or a picture with one"
    )
    _add_packs(sub)
    _add_models(sub)
    _add_json(sub, "print one JSON object per file")
    _add_debug(sub)


def _plan(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "show which steps would run and which results are there"
    sub = commands.add_parser("plan", help=text, description=text.capitalize() + ".", epilog=EPILOG)
    _add_file(sub)
    _add_inputs(sub)
    _add_json(sub, "print the plan as JSON")
    _add_debug(sub)


def _show(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "show the graph as readable text"
    sub = commands.add_parser("show", help=text, description=text.capitalize() + ".", epilog=EPILOG)
    _add_file(sub)
    _add_json(sub, "print the workflow document itself")
    _add_debug(sub)


def _diff(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "say what is different between two workflows"
    more = (
        "Nodes, values, links and all else that counts; what was only moved on the canvas does"
        " not.\nThe exit code is 0 if they are equal, and 1 if they are different."
    )
    sub = commands.add_parser(
        "diff", help=text, description=f"{text.capitalize()}.\n\n{more}", epilog=EPILOG
    )
    sub.add_argument("old", metavar="A", help="a workflow, or a picture that carries one")
    sub.add_argument("new", metavar="B", help="the one to compare it with")
    _add_json(sub, "print the differences as JSON")
    _add_debug(sub)


def _why(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "say why a node would run, or that its result is there"
    sub = commands.add_parser("why", help=text, description=text.capitalize() + ".", epilog=EPILOG)
    _add_file(sub)
    sub.add_argument("node", metavar="NODE", help="a node, or a named output")
    _add_inputs(sub)
    _add_json(sub, "print the reason as JSON")
    _add_debug(sub)


def _bundle(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "put a workflow and its files into one zip, which runs as it is"
    sub = commands.add_parser(
        "bundle", help=text, description=text.capitalize() + ".", epilog=EPILOG
    )
    _add_file(sub)
    sub.add_argument(
        "-o", "--out", metavar="ZIP", help="write it here; else FILE's name with .zip, here"
    )
    _add_packs(sub)
    sub.add_argument("--cache", metavar="DIR", help="look for its files in this folder")
    _add_models(sub)
    _add_json(sub, "print what was written as JSON")
    _add_debug(sub)


def _nodes(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "list packs and nodes, or describe one"
    sub = commands.add_parser(
        "nodes", help=text, description=text.capitalize() + ".", epilog=EPILOG
    )
    sub.add_argument("id", metavar="ID", nargs="?", help="a node (pack.node) or a pack")
    sub.add_argument("--lang", metavar="LANG", default="en", help="say it in en or zh")
    _add_packs(sub)
    _add_json(sub, "print JSON")
    _add_debug(sub)


def _docs(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "write the catalogue of nodes and examples as HTML pages"
    sub = commands.add_parser("docs", help=text, description=text.capitalize() + ".", epilog=EPILOG)
    sub.add_argument("--out", metavar="DIR", required=True, help="write the pages in this folder")
    sub.add_argument(
        "--examples", metavar="DIR", help="also run the workflows of this folder and show them"
    )
    _add_packs(sub)
    sub.add_argument("--cache", metavar="DIR", help="keep results in this folder")
    _add_models(sub)
    _add_json(sub, "print what was written as JSON")
    _add_debug(sub)


def _reproduce(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "run what made a saved picture again, and say whether the same comes out"
    sub = commands.add_parser(
        "reproduce", help=text, description=text.capitalize() + ".", epilog=EPILOG
    )
    sub.add_argument("file", metavar="OUTPUT", help="a picture that `run --out` saved")
    _add_set(sub)
    _add_packs(sub)
    sub.add_argument("--cache", metavar="DIR", help="look for the files of its inputs here")
    _add_models(sub)
    _add_json(sub, "print the verdict as JSON")
    _add_debug(sub)


def _cache(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "show, clear or verify what is kept between runs"
    sub = commands.add_parser(
        "cache", help=text, description=text.capitalize() + ".", epilog=EPILOG
    )
    _add_cache_common(sub)
    actions = sub.add_subparsers(dest="action", metavar="ACTION", title="actions")

    text = "list the results, largest first"
    listing = actions.add_parser("list", help=text, description=text.capitalize() + ".")
    listing.add_argument("--type", metavar="T", help="only those of this node or pack")

    text = "remove results; what is pinned, or came from outside, stays"
    clear = actions.add_parser("clear", help=text, description=text.capitalize() + ".")
    clear.add_argument("--type", metavar="T", help="only those of this node or pack")
    clear.add_argument(
        "--older",
        metavar="DAYS",
        type=_days,
        help="only what was not made or read for so many days",
    )
    clear.add_argument("--pinned", action="store_true", help="also what is pinned")
    clear.add_argument("--yes", action="store_true", help="do not ask")

    text = "read everything and remove what is damaged; exit code 1 if something was"
    verify = actions.add_parser("verify", help=text, description=text.capitalize() + ".")
    for action in (listing, clear, verify):
        _add_cache_common(action, again=True)


def _add_cache_common(sub: Parser, again: bool = False) -> None:
    """Options before the action and, ``again``, after it; there they undo nothing said before."""
    nothing: Any = argparse.SUPPRESS
    sub.add_argument(
        "--cache", metavar="DIR", default=nothing if again else None, help="look into this folder"
    )
    for name, text in (("--json", "print JSON"), ("--debug", "show tracebacks")):
        default = nothing if again else False
        sub.add_argument(name, action="store_true", default=default, help=text)


def _models(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "fetch a model from the hub, list the models there are, or remove one"
    more = "Nothing else in Musegraph fetches: opening or running a workflow never does."
    sub = commands.add_parser(
        "models", help=text, description=f"{text.capitalize()}.\n\n{more}", epilog=EPILOG
    )
    actions = sub.add_subparsers(dest="action", metavar="ACTION", title="actions")

    text = "fetch a model from the Hugging Face hub, after asking"
    add = actions.add_parser("add", help=text, description=f"F{text[1:]}.")
    add.add_argument(
        "source", metavar="OWNER/NAME[@REVISION]", help="the model, or the address of its page"
    )
    add.add_argument("--file", metavar="FILE", default="", help="take this one file of weights")
    add.add_argument(
        "--variant", metavar="V", default="", help="take this variant of the weights, such as fp16"
    )
    add.add_argument("--as", metavar="NAME", dest="name", default="", help="give it this name")
    add.add_argument(
        "--replace",
        action="store_true",
        help="put it in the place of another commit of it, or mend it",
    )
    add.add_argument("--yes", action="store_true", help="do not ask")

    text = "list all models by the names that workflows use"
    listing = actions.add_parser("list", help=text, description=text.capitalize() + ".")
    listing.add_argument(
        "--verify",
        action="store_true",
        help="read what was fetched in full; exit code 1 if something has changed",
    )

    text = "remove a model that was fetched"
    remove = actions.add_parser("remove", help=text, description=text.capitalize() + ".")
    remove.add_argument("name", metavar="NAME", help="its name, as `models list` says it")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    for parser in (sub, add, listing, remove):
        _add_models_common(parser, again=parser is not sub)


def _add_models_common(sub: Parser, again: bool) -> None:
    """Options before the action and, ``again``, after it; there they undo nothing said before."""
    nothing: Any = argparse.SUPPRESS
    for name, metavar, text in (
        ("--models", "DIR", "use this folder of models first; what is fetched goes there"),
        ("--packs", "PATH", "also use the models of this pack"),
    ):
        default = nothing if again else []
        sub.add_argument(name, metavar=metavar, action="append", default=default, help=text)
    for name, text in (("--json", "print JSON"), ("--debug", "show tracebacks")):
        default = nothing if again else False
        sub.add_argument(name, action="store_true", default=default, help=text)


def _doctor(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "look for what is wrong with this installation, and say what to do"
    sub = commands.add_parser(
        "doctor", help=text, description=text.capitalize() + ".", epilog=EPILOG
    )
    _add_packs(sub)
    sub.add_argument("--cache", metavar="DIR", help="look at the cache in this folder")
    _add_models(sub)
    _add_json(sub, "print the findings as JSON")
    _add_debug(sub)


def _serve(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "serve the canvas and the HTTP interface on this machine"
    sub = commands.add_parser(
        "serve", help=text, description=text.capitalize() + ".", epilog=EPILOG
    )
    sub.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    sub.add_argument("--port", type=int, default=8190, help="the port; 0 takes any that is free")
    sub.add_argument("--data", metavar="DIR", help="keep queue, history and library in this folder")
    sub.add_argument("--no-open", action="store_true", help="do not open the browser")
    sub.add_argument(
        "--public-origin", default="", metavar="URL", help="the address by which others reach it"
    )
    sub.add_argument("--certificate", metavar="FILE", help="serve over TLS with this certificate")
    sub.add_argument("--key", metavar="FILE", help="the key of the certificate")
    sub.add_argument(
        "--behind-proxy", action="store_true", help="a proxy in front of it takes care of TLS"
    )
    sub.add_argument(
        "--worker-memory", type=float, default=0, metavar="GB", help="memory a worker may take"
    )
    sub.add_argument(
        "--step-seconds", type=float, default=0, metavar="N", help="time that one step may take"
    )
    _add_packs(sub)
    sub.add_argument("--cache", metavar="DIR", help="keep results in this folder")
    _add_models(sub)
    _add_json(sub, "log as JSON, one object per line")
    _add_debug(sub)


def _submit(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "have a running server run a workflow, and print the id of the run"
    sub = commands.add_parser(
        "submit", help=text, description=text.capitalize() + ".", epilog=EPILOG
    )
    _add_file(sub)
    _add_inputs(sub)
    _add_server(sub)
    sub.add_argument("--priority", type=int, default=0, metavar="N", help="higher goes first")
    sub.add_argument("--key", help="names the submission: sent again, it is the same run")
    _add_json(sub, "print the run as JSON")
    _add_debug(sub)


def _queue(commands: argparse._SubParsersAction[Parser]) -> None:
    text = "list what a running server does and what waits"
    sub = commands.add_parser("queue", help=text, description=text.capitalize() + ".")
    sub.add_argument("--all", action="store_true", help="also what has ended")
    sub.add_argument("--pause", action="store_true", help="start nothing more for now")
    sub.add_argument("--resume", action="store_true", help="go on")
    _add_server(sub)
    _add_json(sub, "print the queue as JSON")
    _add_debug(sub)
    text = "tell what happens on a running server"
    sub = commands.add_parser("watch", help=text, description=text.capitalize() + ".")
    sub.add_argument("run", metavar="RUN", nargs="?", help="only in this run, until it ends")
    sub.add_argument("--quiet", action="store_true", help="print what is wrong, no more")
    _add_server(sub)
    _add_json(sub, "print events, one JSON object per line")
    _add_debug(sub)
    text = "cancel runs on a running server"
    sub = commands.add_parser("cancel", help=text, description=text.capitalize() + ".")
    sub.add_argument("runs", metavar="RUN", nargs="*", help="the first letters of an id")
    sub.add_argument("--all", action="store_true", help="all that have not ended")
    _add_server(sub)
    _add_json(sub, "print what was cancelled as JSON")
    _add_debug(sub)


def _add_server(sub: Parser) -> None:
    sub.add_argument(
        "--server", metavar="URL", help="the server; without it the one that runs here"
    )
    sub.add_argument("--token-file", metavar="FILE", help="the file with the token of the server")
    sub.add_argument("--data", metavar="DIR", help="the folder of the server that runs here")


def _add_file(sub: Parser) -> None:
    sub.add_argument("file", metavar="FILE", help="a workflow, a bundle, or a picture with one")


def _add_set(sub: Parser) -> None:
    sub.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_assignment,
        help="give a named input a value: text, JSON, or for a picture the path of"
        " a file, or of a folder for the list of all in it",
    )
    sub.add_argument("--seed", metavar="N", type=int, help="start all randomness from this number")


def _add_inputs(sub: Parser) -> None:
    _add_set(sub)
    sub.add_argument(
        "--only",
        metavar="NODE",
        action="append",
        default=[],
        help="run no more than this node or named output needs",
    )
    sub.add_argument(
        "--quick", action="store_true", help="use the workflow's values for a fast test run"
    )
    _add_packs(sub)
    sub.add_argument("--cache", metavar="DIR", help="keep results in this folder")
    _add_models(sub)


def _add_packs(sub: Parser) -> None:
    sub.add_argument(
        "--packs",
        metavar="PATH",
        action="append",
        default=[],
        help="also use the nodes of this Python file or folder",
    )


def _add_models(sub: Parser) -> None:
    sub.add_argument(
        "--models",
        metavar="DIR",
        action="append",
        default=[],
        help="also look for models in this folder",
    )


def _add_json(sub: Parser, text: str) -> None:
    sub.add_argument("--json", action="store_true", help=text)


def _add_debug(sub: Parser) -> None:
    sub.add_argument("--debug", action="store_true", help="show tracebacks and library warnings")


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
