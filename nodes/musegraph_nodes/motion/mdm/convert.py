"""`python -m musegraph_nodes.motion.mdm.convert MODEL.pt --to FOLDER [--mean FILE --std FILE]`.

Makes a folder that motion.load_text_model opens of a public checkpoint of MDM. A checkpoint is a
pickle, which the engine never opens; here it is read by hand, once, with PyTorch's loader that
knows tensors, numbers and dictionaries alone (``weights_only``), so that nothing in it can run.
args.json is taken from beside the checkpoint. Mean.npy and Std.npy are those of HumanML3D itself,
not of its evaluator; models of actions have none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph import ModelError, NodeError

from .layout import own_names, read_layout
from .model import DEVIATION, FEATURES, MEAN, args_of, numbers_of

if TYPE_CHECKING:
    from torch import Tensor


def tensors_of(file: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint, those in ``model`` and ``model_avg`` by ``model.NAME``."""
    import torch

    try:
        read: Any = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # what is in a file decides what is raised
        why = str(error).split("\n", maxsplit=1)[0][:200]
        raise ModelError(
            f"{file} is no checkpoint that holds tensors alone, so it is not opened: {why}"
        ) from error
    if not isinstance(read, Mapping):
        raise ModelError(f"{file} holds a {type(read).__name__}, not the tensors of a net by name")
    made: dict[str, Tensor] = {}
    for name, value in read.items():
        if isinstance(value, torch.Tensor):
            made[str(name)] = value
        elif name in ("model", "model_avg") and isinstance(value, Mapping):
            made |= {f"{name}.{n}": t for n, t in value.items() if isinstance(t, torch.Tensor)}
    return made


def convert(file: Path, to: Path, mean: Path | None, deviation: Path | None) -> Path:
    """Write the folder of a checkpoint; what is missing, wrong or too much is named."""
    import torch
    from safetensors.torch import save_file

    source = str(file)
    args = args_of(file.parent, source)
    stored = tensors_of(file)
    names = own_names(stored, bool(args.get("use_ema", False)))
    layout = read_layout({own: tuple(stored[at].shape) for own, at in names.items()}, args, source)
    made = {own: stored[at].float().contiguous().clone() for own, at in names.items()}
    if layout.features == FEATURES:
        if mean is None or deviation is None:
            raise ModelError(
                f"{file} says HumanML3D's 263 numbers, which mean nothing without their mean and"
                " deviation: give --mean Mean.npy --std Std.npy of that data set"
            )
        for own, place in ((MEAN, mean), (DEVIATION, deviation)):
            table = numbers_of(place)
            if table.shape != (FEATURES,):
                raise ModelError(f"{place} has the shape {list(table.shape)}, not [{FEATURES}]")
            made[own] = torch.from_numpy(table)
    to.mkdir(parents=True, exist_ok=True)
    save_file(made, to / "model.safetensors")
    (to / "args.json").write_bytes((file.parent / "args.json").read_bytes())
    return to


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m musegraph_nodes.motion.mdm.convert", description=__doc__
    )
    parser.add_argument("checkpoint", type=Path, help="model….pt, beside its args.json")
    parser.add_argument("--to", type=Path, required=True, help="the folder to write")
    parser.add_argument("--mean", type=Path, help="Mean.npy of HumanML3D")
    parser.add_argument("--std", type=Path, help="Std.npy of HumanML3D")
    given = parser.parse_args(arguments)
    try:
        made = convert(given.checkpoint, given.to, given.mean, given.std)
    except (ModelError, NodeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{made}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
