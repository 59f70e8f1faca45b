"""The scripts that trained what comes along, for some seconds each: what they minimise falls.

Those of the starter scenes have tests of their own, stage by stage.
"""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from musegraph_nodes.starter.training import everything
from musegraph_nodes.starter.training.__main__ import STAGES
from musegraph_nodes.style.training import adain, features, many

ROOT = Path(__file__).resolve().parents[2]
STYLES = ROOT / "workflows" / "images" / "styles"
NET = adain.STARTER / "features" / "model.safetensors"
SMALL = ["--width", "32", "--layers", "1", "--batch", "4", "--minutes", "0.05"]


@pytest.mark.parametrize(
    ("script", "given"),
    {
        "music.language.training.__main__": ["--each", "1", *SMALL],
        "language.training.__main__": ["--texts", "200", *SMALL],
        "motion.training.dance": ["--dances", "8", *SMALL],
        "motion.mdm.training.__main__": ["--count", "12", *SMALL],
    }.items(),
)
def test_a_script_of_a_small_model_runs_for_its_time_learns_and_writes_what_it_learned(
    script: str, given: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, made = tmp_path / "work", tmp_path / "made"
    arguments = [script, "--work", str(work), "--to", str(made), *given]
    monkeypatch.setattr(sys, "argv", arguments)
    import_module(f"musegraph_nodes.{script}").main()
    [kept] = work.rglob("losses.json")
    losses = json.loads(kept.read_text())
    assert len(losses) > 10
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    with safe_open(made / "model.safetensors", "pt") as written:
        assert all(bool(written.get_tensor(name).isfinite().all()) for name in written.keys())  # noqa: SIM118


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """The scripts take one thread for themselves; later tests have what they had."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def decoder(work: Path) -> adain.Course:
    plan = adain.Plan(sides=(64,), recoloured=0, textures=1, drawn=64, pool=4, side=48)
    return adain.Course(plan, NET, STYLES, work)


def nets(work: Path) -> many.Course:
    plan = many.Plan(
        styles=("ink", "mosaic"), width=8, blocks=1, style_side=64, scenes=2, textures=1, side=64,
        crop=48,
    )  # fmt: skip
    return many.Course(plan, NET, STYLES, work)


@pytest.mark.parametrize(("begun", "loss"), [(decoder, "statistics"), (nets, "copied")])
def test_a_net_of_styles_gets_nearer_to_what_it_practises(
    begun: Callable[[Path], adain.Course | many.Course], loss: str, tmp_path: Path
) -> None:
    course = begun(tmp_path)
    losses = [course.step(49 + number % 2, 0.0)[loss] for number in range(60)]
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])


def test_the_net_that_compares_styles_learns_to_tell_and_to_keep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = features.Plan(textures=12, scenes=2, paintings=0, size=64, crop=32, pairs=6)
    features.train(tmp_path, 1.0, plan, steps=50)
    said = capsys.readouterr().out.splitlines()
    first, last = (
        [float(value) for value in re.findall(r"(?:block|lost)\d (\d\.\d+)", line)]
        for line in (said[0], said[-1])
    )
    assert len(first) == 9
    assert np.mean(last) < np.mean(first) - 0.05


def test_everything_goes_through_each_stage_within_its_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[tuple[str, float]] = []
    monkeypatch.setattr(everything, "render_beside", lambda *_: None)
    monkeypatch.setattr(everything, "finish", lambda *_: gone.append(("all pictures", 0.0)))
    given = Namespace(
        device="cpu", work=tmp_path, size=32, pictures=6, data=None, val=None, to=None, minutes=50
    )
    everything.train_everything(given, lambda one: gone.append((one.stage, one.minutes)))
    stages = [stage for stage, _ in gone]
    assert [one for one in stages if one != "all pictures"] == list(STAGES)
    # A decoder asks which style each picture has; an autoencoder does not.
    assert stages.index("autoencoder") < stages.index("all pictures") < stages.index("decoder")
    assert 40 < sum(minutes for _, minutes in gone) < 50, "the rest is for drawing and judging"
