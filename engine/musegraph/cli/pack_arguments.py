"""What may be typed after ``musegraph pack``."""

from __future__ import annotations

import argparse
from typing import Any

from musegraph.cli.options import Add, Command, actions, argument, as_json, flag, listed


def _common(unset: Any = False) -> tuple[Add, ...]:
    """What ``pack`` takes before its action and after it."""
    return (as_json("print JSON", unset), flag("--debug", "show tracebacks", unset))


_AGAIN = _common(argparse.SUPPRESS)
_HERE = argument(
    "path", metavar="PATH", nargs="?", default=".", help="the folder of the pack; else this one"
)
_NAME = argument("name", metavar="NAME", help="its name, as `pack list` says it")
_INDEX = argument("--index", metavar="FILE|URL", help="look the name up in this index")
_YES = flag("--yes", "do not ask")

_RECENT = flag("--recent", "also take what an index has for less than 7 days")
_MEANT = listed("--meant", "NAME", "this name is meant, though it is nearly that of something else")

_ISOLATED = (
    flag(
        "--isolated",
        "run it in a process and an environment of its own, kept from what it did not ask for",
    ),
    argument("--memory", metavar="SIZE", help="let its process take so much: 8GB; else 2GB"),
    argument(
        "--patience",
        metavar="SECONDS",
        help="end a call that gives no sign of life for so long; else 1800",
    ),
    flag("--trusted", "with --isolated: keep it from nothing, but in its own process"),
)

_MAKING = (
    Command(
        "new",
        "write a new pack that works: a node, a workflow, a test, texts in English and Chinese",
        (
            argument("name", metavar="NAME", help="a word, such as loud or loud-colours"),
            argument("--dir", metavar="DIR", default=".", help="put its folder here"),
        ),
    ),
    Command(
        "check",
        "report everything that others would stumble over; exit code 1 if there is something",
        (_HERE,),
    ),
    Command(
        "test",
        "run its tests, and every node twice, over and over, and with bad input",
        (
            _HERE,
            flag("--update", "take what the nodes give now for the golden results"),
        ),
    ),
    Command(
        "build",
        "build the wheel that others install; equal sources give equal bytes",
        (
            _HERE,
            argument("--out", metavar="DIR", default="", help="write it here; else in PATH/dist"),
            argument("--sign", metavar="KEY", help="sign it with this secret key (minisign)"),
            argument(
                "--comment", default="", help="what is signed with it, for whoever installs it"
            ),
        ),
    ),
    Command(
        "key",
        "make a key to sign packs with; it is kept in a file that only you can read",
        (argument("path", metavar="FILE", help="write it here, and the public key in FILE.pub"),),
    ),
    Command(
        "docs",
        "write pages about its nodes and workflows, in English and Chinese",
        (
            _HERE,
            argument(
                "--out", metavar="DIR", default="", help="write them here; else in PATH/build/docs"
            ),
        ),
    ),
    Command(
        "index",
        "write the index of a folder of wheels, for `pack install --index`",
        (argument("path", metavar="DIR", help="the folder with the wheels"),),
    ),
)

_USING = (
    Command(
        "install",
        "install a pack, after showing what it is and asking; none of its code is run",
        (
            argument(
                "sources",
                metavar="WHEEL|FOLDER|ZIP|git+URL|NAME",
                nargs="+",
                help="a pack; NAME or NAME==VERSION with --index; "
                "git+https://HOST/PATH@REVISION#subdirectory=FOLDER for a repository",
            ),
            _INDEX,
            *_ISOLATED,
            argument("--signer", metavar="KEY|FILE", help="take it only if this key signed it"),
            flag("--older", "also in the place of a newer version"),
            _RECENT,
            _MEANT,
            _YES,
        ),
    ),
    Command(
        "update",
        "install newer versions from where packs came, after showing what is new and asking",
        (
            argument("names", metavar="NAME", nargs="*", help="these packs; else all"),
            argument("--index", metavar="FILE|URL", help="look for them in this index"),
            flag("--grant", "with --yes: also agree to permissions that are asked for anew"),
            _RECENT,
            _MEANT,
            _YES,
        ),
    ),
    Command("list", "list all packs, where they are from, and which are off", ()),
    Command(
        "info",
        "say what a pack is, without running any of it",
        (argument("source", metavar="NAME|WHEEL|FOLDER", help="an installed pack, or another"),),
    ),
    Command(
        "trust",
        "agree to an installed pack as it is now, after it has changed",
        (
            _NAME,
            _YES,
        ),
    ),
    Command(
        "remove",
        "take an installed pack out, with the libraries that only it needs",
        (
            _NAME,
            _YES,
        ),
    ),
)

PACK_COMMAND = Command(
    "pack",
    "write, check, test, build and install packs of nodes",
    (*_common(), actions(*_MAKING, *_USING, also=_AGAIN)),
)
