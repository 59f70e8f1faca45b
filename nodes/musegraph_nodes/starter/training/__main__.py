"""`python -m musegraph_nodes.starter.training STAGE --data DIR --work DIR --minutes M`.

`everything` renders the data, goes through all stages and writes a report and the model's folder;
it sizes each stage from the rate that it measures, on a GPU where there is one. The stages, in
order: `autoencoder`, `decoder`, `fold`, `denoiser`, `distil`, `judge`, `export`. `decoder` sharpens
the pictures without changing the latents: it may be left out, or come at any later time with
another `fold`. A stage that is interrupted goes on from its last checkpoint, by the same command.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

STAGES = ("autoencoder", "decoder", "fold", "denoiser", "distil", "judge", "export")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one stage, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m musegraph_nodes.starter.training", description=__doc__
    )
    parser.add_argument("stage", choices=("everything", *STAGES))
    parser.add_argument("--data", type=Path, help="a folder of make_data (everything: WORK/data)")
    parser.add_argument("--val", type=Path, help="another, of pictures that are not trained on")
    parser.add_argument("--work", type=Path, required=True, help="checkpoints and results")
    parser.add_argument(
        "--minutes",
        type=float,
        default=30,
        help="training, earlier runs included; on a CPU those of its core",
    )
    parser.add_argument("--processes", type=int, default=1, help="on the CPU: one for each core")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--size", type=int, help="pixels along a side of a picture (192)")
    parser.add_argument("--pictures", type=int, help="how many pictures to use (by the device)")
    parser.add_argument("--prompts", type=int, default=500, help="judge: of each kind")
    parser.add_argument("--model", type=Path, help="judge: an exported folder (the work's newest)")
    parser.add_argument(
        "--from", dest="begin", type=Path, help="an exported folder to go on from, where a stage"
        " has no checkpoint; where no autoencoder was trained, fold takes that of the folder, with"
        " a decoder that went on from it; distil goes on from the LoRA beside the folder",
    )  # fmt: skip
    parser.add_argument("--to", type=Path, help="export: the folder to write")
    given = parser.parse_args(arguments)
    if given.data is None and given.stage != "everything":
        parser.error("say where the pictures are: --data FOLDER")
    if given.stage == "everything":
        from musegraph_nodes.starter.training.everything import train_everything

        train_everything(given, run)
    else:
        run(given)


def run(a: argparse.Namespace) -> None:
    """Run the stage that the arguments name."""
    from musegraph_nodes.starter.training.loop import pick_device
    from musegraph_nodes.starter.training.recipe import recipe_of
    from musegraph_nodes.starter.training.team import run_team

    recipe = recipe_of(a.work, pick_device(a.device), size=a.size, pictures=a.pictures)
    if a.stage in ("autoencoder", "decoder"):
        from musegraph_nodes.starter.training.autoencoder import AutoencoderTask

        decoder = a.stage == "decoder"
        task = AutoencoderTask(a.data, a.work, a.minutes, a.device, a.val, decoder, a.begin)
        run_team(a.processes, a.work, task)
    elif a.stage == "fold":
        from musegraph_nodes.starter.training.fold import fold_trained

        fold_trained(a.data, a.work, a.device, a.begin)
    elif a.stage == "denoiser":
        from musegraph_nodes.starter.training.data import load_pictures
        from musegraph_nodes.starter.training.denoiser import DenoiserTask
        from musegraph_nodes.starter.training.latents import prepare
        from musegraph_nodes.starter.training.text import TextPlan

        prepare(a.data, a.work, a.device, a.processes, recipe.pictures, TextPlan())
        captions = load_pictures(a.val or a.data).captions[:32]
        prompts = [some[0] for some in captions]
        denoiser = DenoiserTask(a.work, a.minutes, a.device, prompts, a.begin)
        run_team(a.processes, a.work, denoiser)
    elif a.stage == "distil":
        from musegraph_nodes.starter.training.distil import DistilTask

        run_team(a.processes, a.work, DistilTask(a.work, a.minutes, a.device, a.begin))
    elif a.stage == "judge":
        from musegraph_nodes.starter.training.judging import judge_all

        judge_all(a.data, a.work, a.minutes, a.device, a.prompts, a.model)
    else:
        from musegraph_nodes.starter.training.export import WEIGHTS, check_folder, export

        target = a.to or WEIGHTS
        export(a.work, target)
        check_folder(target)


if __name__ == "__main__":
    main()
