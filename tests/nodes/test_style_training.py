"""Pack `style`: the training of the feature net goes on where it stopped, and its file loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from style_bench import Bench

from musegraph_nodes.style.features import load_features
from musegraph_nodes.style.layouts import planned
from musegraph_nodes.style.nets import orthogonal
from musegraph_nodes.style.training.strokes import MAKERS, texture

pytest.importorskip("skia")  # the extra `train` brings it

from musegraph_nodes.style.training.features import (
    Plan,
    Student,
    balanced,
    batch,
    export,
    paired,
    pool,
    train,
)

TINY = Plan(textures=8, scenes=2, paintings=0, size=64, crop=32, pairs=3)


def test_a_training_that_was_killed_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    train(tmp_path, 60, TINY, steps=2)
    kept = tmp_path / "features" / "step-00000002"
    stored = load_file(kept / "weights.safetensors")
    # What a killed process leaves half written is no checkpoint.
    (tmp_path / "features" / "partial-00000003").mkdir()
    student = train(tmp_path, 60, TINY, steps=1)
    assert [p.name for p in (tmp_path / "features").glob("step-*")] == ["step-00000003"]
    learned = dict(student.named_parameters())["net.features.7.weight"]
    learned = learned.detach()
    apart = float((learned - stored["net.features.7.weight"]).abs().max())
    fresh = dict(Student(TINY).named_parameters())["net.features.7.weight"]
    assert 0 < apart < 0.01
    assert not torch.equal(learned, fresh)
    fixed = "net.features.0.weight"
    assert torch.equal(dict(student.named_parameters())[fixed], stored[fixed])


def test_what_was_trained_loads_as_a_feature_net(tmp_path: Path) -> None:
    train(tmp_path, 60, TINY, steps=1)
    bench = Bench()
    ref = load_features(bench, str(export(tmp_path, tmp_path / "net", TINY).parent))
    crops = batch(pool(TINY, tmp_path), TINY, np.random.default_rng(0))
    with bench.load(ref) as net:
        made = net(crops, net.layout.layers)
    for layer, features in made.items():
        assert float(features.mean()) == pytest.approx(1, abs=0.05), layer


def test_a_balanced_net_makes_the_same_but_for_its_scale() -> None:
    net = orthogonal(planned(((4, 6), (8,))))
    pictures = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = net(pictures, net.layout.layers)
        after = balanced(net, pictures)(pictures, net.layout.layers)
    for layer, features in before.items():
        assert torch.allclose(features / features.mean(), after[layer], rtol=1e-3, atol=1e-4)


def test_crops_of_one_texture_are_found_and_others_are_not() -> None:
    apart = torch.eye(4)
    same, wrong = torch.cat((apart, apart)), torch.cat((apart, apart.roll(1, 0)))
    assert float(paired(same, 0.1)) < 0.01 < float(paired(wrong, 0.1))


@pytest.mark.parametrize("seed", range(len(MAKERS)))
def test_a_texture_is_drawn_the_same_again_and_is_not_flat(seed: int) -> None:
    one = texture(seed, 48)
    assert torch.equal(one, texture(seed, 48))
    assert one.shape == (48, 48, 3)
    assert 0 <= float(one.min()) < float(one.max()) <= 1
    assert float(one.std()) > 0.01
