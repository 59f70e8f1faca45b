"""What may be typed after ``musegraph models``."""

from __future__ import annotations

import argparse
from typing import Any, get_args

from musegraph.cli.options import Add, Command, actions, argument, as_json, flag, listed
from musegraph.library.kinds import Kind


def _common(folders: Any = (), unset: Any = False) -> tuple[Add, ...]:
    """What ``models`` takes before its action and after it, with these defaults."""
    first = "use this folder of models first; what is fetched goes there"
    return (
        listed("--models", "DIR", first, default=folders),
        listed("--packs", "PATH", "also use the models of this pack", default=folders),
        as_json("print JSON", unset),
        flag("--debug", "show tracebacks", unset),
    )


_AGAIN = _common(argparse.SUPPRESS, argparse.SUPPRESS)


def _filters(unset: Any = None) -> tuple[Add, ...]:
    return (
        argument("--kind", choices=get_args(Kind), default=unset, help="list only this kind"),
        argument("--family", metavar="F", default=unset, help="only those of this, such as sdxl"),
    )


_FOLDER_ACTIONS = (
    Command("list", "list the folders", ()),
    Command(
        "add",
        "also look for models in this folder, from now on",
        (argument("folder", metavar="DIR", help="also one of ComfyUI"),),
    ),
    Command(
        "remove",
        "look into a folder no more; its files stay",
        (argument("folder", metavar="DIR", help="a folder that was added"),),
    ),
)

_ACTIONS = (
    Command(
        "add",
        "fetch a model from the Hugging Face hub, after asking",
        (
            argument(
                "source",
                metavar="OWNER/NAME[@REVISION]",
                help="the model, or the address of its page",
            ),
            argument("--file", metavar="FILE", default="", help="take this one file of weights"),
            argument(
                "--variant",
                metavar="V",
                default="",
                help="take this variant of the weights, such as fp16",
            ),
            argument("--as", metavar="NAME", dest="name", default="", help="give it this name"),
            flag("--replace", "put it in the place of another commit of it, or mend it"),
            flag("--yes", "do not ask"),
        ),
    ),
    Command(
        "list",
        "list all models by the names that workflows use",
        (
            *_filters(argparse.SUPPRESS),
            flag(
                "--verify",
                "read what was fetched in full; exit code 1 if something has changed",
            ),
        ),
    ),
    Command(
        "remove",
        "remove a model that was fetched",
        (
            argument("name", metavar="NAME", help="its name, as `models list` says it"),
            flag("--yes", "do not ask"),
        ),
    ),
    Command(
        "show",
        "say all that is known of a model",
        (argument("name", metavar="NAME", help="its name, as `models list` says it"),),
    ),
    Command(
        "scan",
        "look through all folders, and say what is damaged, double, or to be converted",
        (),
    ),
    Command(
        "folder",
        "list, add or remove folders that are looked through for models",
        (actions(*_FOLDER_ACTIONS, also=_AGAIN, dest="what"),),
    ),
    Command(
        "convert",
        "make a .safetensors file of a pickle, in a process that can do nothing else",
        (
            argument("file", metavar="FILE", help="a .ckpt, .pt, .pth or .bin file, or its name"),
            argument("-o", "--out", metavar="FILE", default="", help="write it here"),
            flag("--replace", "put it in the place of a file that is there"),
        ),
    ),
)

MODELS_COMMAND = Command(
    "models",
    "list the models there are; fetch, show, convert or remove one",
    (*_filters(), *_common(), actions(*_ACTIONS, also=_AGAIN)),
    more="\n\nNothing else in Musegraph fetches: opening or running a workflow never does.",
)
