"""`python -m musegraph_nodes.starter.training STAGE --data DIR --work DIR --minutes M`.

The stages, in order: `autoencoder`, `fold`, `denoiser`, `judge`, `export`; and, if wished,
`decoder` and `fold` again at any time after the first `fold`: it sharpens the pictures without
changing the latents. A stage that is interrupted goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

STAGES = ("autoencoder", "decoder", "fold", "denoiser", "judge", "export")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one stage."""
    parser = argparse.ArgumentParser(
        prog="python -m musegraph_nodes.starter.training", description=__doc__
    )
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--data", type=Path, required=True, help="a folder written by make_data")
    parser.add_argument("--val", type=Path, help="another, of pictures that are not trained on")
    parser.add_argument("--work", type=Path, required=True, help="checkpoints and results")
    parser.add_argument("--minutes", type=float, default=30, help="training, earlier runs included")
    parser.add_argument("--processes", type=int, default=1, help="on the CPU: one for each core")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument(
        "--pictures", type=int, default=100_000, help="denoiser: how many pictures to use"
    )
    parser.add_argument("--to", type=Path, help="export: the folder to write")
    run(parser.parse_args(arguments))


def run(a: argparse.Namespace) -> None:
    """Run the stage that the arguments name."""
    from musegraph_nodes.starter.training.data import load_pictures
    from musegraph_nodes.starter.training.loop import run_team

    if a.stage in ("autoencoder", "decoder"):
        from musegraph_nodes.starter.training.autoencoder import AutoencoderTask

        decoder = a.stage == "decoder"
        task = AutoencoderTask(a.data, a.work, a.minutes, a.device, a.val, decoder)
        run_team(a.processes, a.work, task)
    elif a.stage == "fold":
        from musegraph_nodes.starter.training.fold import fold_trained

        fold_trained(a.data, a.work, a.device)
    elif a.stage == "denoiser":
        from musegraph_nodes.starter.training.denoiser import DenoiserTask
        from musegraph_nodes.starter.training.latents import prepare
        from musegraph_nodes.starter.training.text import TextPlan

        prepare(a.data, a.work, a.device, a.processes, a.pictures, TextPlan())
        captions = load_pictures(a.val or a.data).captions[:32]
        prompts = [some[0] for some in captions]
        run_team(a.processes, a.work, DenoiserTask(a.work, a.minutes, a.device, prompts))
    elif a.stage == "judge":
        from musegraph_nodes.starter.training.judge import judge

        judge(a.data, a.work, a.minutes, a.device)
    else:
        from musegraph_nodes.starter.training.export import WEIGHTS, check_folder, export

        target = a.to or WEIGHTS
        export(a.work, target)
        check_folder(target)


if __name__ == "__main__":
    main()
