"""Pack `style`: the training of style.adain's decoder is the one that made what is committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from style_bench import Bench

from musegraph import read_safetensors
from musegraph_nodes.style.adain import reference
from musegraph_nodes.style.training.adain import STARTER, Course, Plan, between, export

ROOT = Path(__file__).resolve().parents[2]
FEATURES, STYLES = STARTER / "features" / "model.safetensors", ROOT / "workflows/images/styles"
TINY = Plan(sides=(64,), recoloured=0, textures=1, drawn=64, pool=6, side=48, between=0.5)


def course(work: Path, plan: Plan = TINY) -> Course:
    return Course(plan, FEATURES, STYLES, work)


def decoder(work: Path) -> dict[str, torch.Tensor]:
    return load_file(next((work / "decoder").glob("step-*")) / "weights.safetensors")


def test_a_training_that_was_killed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    course(tmp_path / "whole").run(4)
    course(tmp_path / "parts").run(2)
    # What a killed process leaves half written is no checkpoint.
    (tmp_path / "parts" / "decoder" / "partial-00000003").mkdir()
    course(tmp_path / "parts").run(4)
    one, other = decoder(tmp_path / "whole"), decoder(tmp_path / "parts")
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    fresh = course(tmp_path / "none").decoder.state_dict()
    assert not any(torch.equal(one[name], fresh[name]) for name in one if "conv" in name)


def test_what_was_trained_loads_and_says_how_it_came_about(tmp_path: Path) -> None:
    course(tmp_path).run(3)
    file = export(FEATURES, tmp_path, tmp_path / "net")
    said = read_safetensors(file).metadata
    assert json.loads(said["steps"]) == 3
    assert len(json.loads(said["first"])) == 3
    assert reference(str(tmp_path / "net"), Bench()).family == "adain"


def test_the_script_is_the_one_that_trained_the_committed_decoder(tmp_path: Path) -> None:
    file = STARTER / "adain" / "model.safetensors"
    wanted = json.loads(read_safetensors(file).metadata["first"])
    made = course(tmp_path, Plan())
    found = [made.step(number, 0.0)["statistics"] for number in range(len(wanted))]
    assert found == pytest.approx(wanted, rel=2e-3)
    encoder = load_file(FEATURES)
    held = load_file(file)
    for name in (name for name in held if name.startswith("features.")):
        assert torch.equal(held[name], encoder[name]), name


def test_half_of_the_way_is_between_content_and_style() -> None:
    one = {"conv1_1": (torch.zeros(1, 2, 1, 1), torch.ones(1, 2, 1, 1))}
    other = {"conv1_1": (torch.ones(1, 2, 1, 1), torch.full((1, 2, 1, 1), 3.0))}
    mean, deviation = between([(one, 1.0), (other, 1.0)])["conv1_1"]
    assert (float(mean.mean()), float(deviation.mean())) == (0.5, 2.0)
