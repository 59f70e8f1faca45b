"""A pack that uses what the first interface had."""

import json
from pathlib import Path

from musegraph import Loader, Pack

from .media import brighten, chord, cut_out, describe, fold, tag
from .values import add, greet, half, later, measure, pick, settings, split, style, swap

HERE = Path(__file__).parent


def open_tiny(ref, path, device):
    """The numbers of a model, as a live object."""
    return json.loads((path / "config.json").read_text())["numbers"]


pack = Pack(
    "first",
    nodes=[
        add,
        brighten,
        chord,
        cut_out,
        describe,
        fold,
        greet,
        half,
        later,
        measure,
        pick,
        settings,
        split,
        style,
        swap,
        tag,
    ],
    title="First",
    loaders={"tiny": Loader(open_tiny)},
    models=HERE / "models",
    texts=HERE / "texts",
)
