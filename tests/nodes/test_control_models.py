"""Pack `control` with models: tiny ones of random weights, beside what transformers makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musegraph import (
    Context,
    Engine,
    Image,
    Mask,
    ModelError,
    NodeError,
    Reference,
    Store,
    Weights,
    Workflow,
)
from musegraph_nodes import control as pack
from musegraph_nodes.control.pose import read_maps
from musegraph_nodes.live import quiet


class Bench(Context):
    """A context without an engine: models by path, progress in a list."""

    def __init__(self) -> None:
        self.steps: list[tuple[float, float]] = []

    def weights(self, source: str) -> Weights:
        return Weights(Path(source), f"test:{source}", source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        assert ref.loader == "control.transformers"
        yield pack.pack.loaders["transformers"].load(ref, Path(ref.source), self.device)

    def progress(self, done: float, total: float = 1.0, **_: Any) -> None:
        self.steps.append((done, total))


def saved(net: Any, folder: Path, **wants: Any) -> Path:
    with quiet():
        net.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(wants))
    return folder


@pytest.fixture(scope="module")
def dpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import DPTConfig, DPTForDepthEstimation

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = DPTConfig(
            hidden_size=32,
            num_hidden_layers=4,
            num_attention_heads=2,
            intermediate_size=32,
            image_size=64,
            patch_size=16,
            backbone_out_indices=[0, 1, 2, 3],
            neck_hidden_sizes=[8, 8, 16, 16],
            fusion_hidden_size=16,
            head_in_index=-1,
            is_hybrid=False,
            initializer_range=0.3,
        )
        net = DPTForDepthEstimation(config).eval()
        # Random weights give depths below 0, which the last layer of the head cuts off.
        net.head.head[-2].bias.data.fill_(5.0)
    return saved(
        net,
        tmp_path_factory.mktemp("dpt"),
        size={"height": 64, "width": 64},
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
    )


@pytest.fixture(scope="module")
def vitpose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        inner = VitPoseBackboneConfig(
            image_size=[64, 48],
            patch_size=[16, 16],
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            mlp_ratio=1,
            out_features=["stage2"],
        )
        net = VitPoseForPoseEstimation(
            VitPoseConfig(backbone_config=inner, num_labels=17, use_simple_decoder=False)
        )
        net.head.conv.weight.data.mul_(6)  # so that the maps have peaks, as trained ones do
        net.head.conv.bias.data.fill_(0.5)
    return saved(net, tmp_path_factory.mktemp("vitpose"))


def picture(height: int, width: int) -> Image:
    generator = torch.Generator().manual_seed(height)
    return Image(torch.rand(1, height, width, 3, generator=generator))


def test_depth_is_what_the_net_says_from_black_to_white(dpt: Path) -> None:
    from transformers import DPTForDepthEstimation

    source, ctx = picture(64, 64), Bench()
    made = pack.depth(source, str(dpt), ctx).data
    with quiet(), torch.no_grad():
        net = DPTForDepthEstimation.from_pretrained(dpt).eval()
        raw = net((source.data.permute(0, 3, 1, 2) - 0.5) / 0.5).predicted_depth
    wanted = (raw - raw.min()) / (raw.max() - raw.min())
    assert wanted.std() > 0.01
    assert torch.allclose(made, wanted[..., None].expand(-1, -1, -1, 3), atol=1e-6)
    inverse = pack.depth(source, str(dpt), ctx, near="black").data
    assert torch.allclose(inverse, 1 - made)
    assert ctx.steps == [(0, 1), (0, 1)]


def test_a_picture_of_another_size_is_shown_at_that_of_the_net_and_brought_back(dpt: Path) -> None:
    made = pack.depth(picture(48, 80), str(dpt), Bench())
    assert made.size == (80, 48)
    assert (float(made.data.min()), float(made.data.max())) == (0, 1)


def test_each_picture_of_a_batch_is_read_by_itself(dpt: Path) -> None:
    both = Image(torch.cat((picture(32, 32).data, picture(32, 32).data * 0.5)))
    made = pack.depth(both, str(dpt), Bench()).data
    for index in (0, 1):
        alone = pack.depth(Image(both.data[index : index + 1]), str(dpt), Bench()).data
        assert made[index : index + 1].equal(alone)


def test_distances_in_metres_become_nearness(tmp_path: Path) -> None:
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

    inner = Dinov2Config(
        hidden_size=24,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        config = DepthAnythingConfig(
            backbone_config=inner,
            reassemble_hidden_size=24,
            patch_size=14,
            neck_hidden_sizes=[8, 8, 16, 16],
            fusion_hidden_size=8,
            head_hidden_size=8,
            initializer_range=0.1,
            depth_estimation_type="metric",
            max_depth=20,
        )
        net = DepthAnythingForDepthEstimation(config).eval()
    folder = saved(
        net,
        tmp_path / "metric",
        size={"height": 28, "width": 28},
        keep_aspect_ratio=True,
        ensure_multiple_of=14,
    )
    source = picture(42, 56)
    made = pack.depth(source, str(folder), Bench()).data[..., 0]
    from musegraph_nodes.image import resize

    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    # 28/42 changes the shape less than 28/56, so both sides shrink by it: 37 is nearest to 42.
    shown = (resize(source, 42, 28, "stretch", "bicubic").data - mean) / deviation
    with torch.no_grad():
        far = net(shown.permute(0, 3, 1, 2)).predicted_depth
    near = resize(
        Image((1 / far)[..., None].expand(-1, -1, -1, 3) / 9), 56, 42, "stretch", "bicubic"
    )
    wanted = near.data[..., 0]
    wanted = (wanted - wanted.min()) / (wanted.max() - wanted.min())
    assert torch.allclose(made, wanted, atol=2e-4)


def test_a_folder_of_another_kind_or_without_weights_is_refused_in_words(
    dpt: Path, vitpose: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"the depth model .* cannot .* of another kind"):
        pack.depth(picture(32, 32), str(vitpose), Bench())
    with pytest.raises(ModelError, match="no model folder of transformers"):
        pack.depth(picture(32, 32), str(tmp_path), Bench())
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.json").write_bytes((dpt / "config.json").read_bytes())
    with pytest.raises(ModelError, match="cannot be opened"):
        pack.depth(picture(32, 32), str(bare), Bench())


def test_depth_runs_in_a_workflow_and_is_kept(dpt: Path, tmp_path: Path) -> None:
    graph = {
        "musegraph": 1,
        "outputs": {"map": "normals.out"},
        "nodes": {
            "noise": {"type": "image.noise", "values": {"width": 40, "height": 32}},
            "depth": {
                "type": "control.depth",
                "values": {"source": str(dpt)},
                "links": {"image": "noise.out"},
            },
            "normals": {"type": "control.normals", "links": {"image": "depth.out"}},
        },
    }
    with Engine(store=Store(tmp_path / "cache")) as engine:
        result = engine.run(engine.plan(Workflow.parse(graph)))
        assert result.ok, result.outcome.errors
        assert result.outputs()["map"].size == (40, 32)
        again = engine.plan(Workflow.parse(graph))
    assert {step.state for step in again.steps.values()} == {"cached"}


# Poses


def bumps(height: int, width: int, peaks: list[tuple[float, float]]) -> torch.Tensor:
    """Heat maps [N,h,w], each a Gaussian about a place that lies between pixels."""
    y, x = torch.arange(height)[:, None], torch.arange(width)
    made = [((x - px) ** 2 + (y - py) ** 2).div(-2 * 2.0**2).exp() for px, py in peaks]
    return torch.stack(made)


def test_a_peak_between_pixels_is_found_to_a_hundredth() -> None:
    peaks = [(12.3, 20.8), (30.0, 7.5), (24.49, 31.51)]
    frame = (10.0, 20.0, 94.0, 126.0)  # two pixels of the picture to one of the map, 48 × 64
    found = read_maps(bumps(64, 48, peaks), frame)
    for (x, y, sure), (px, py) in zip(found, peaks, strict=True):
        assert x == pytest.approx(10 + 2 * px, abs=0.02)
        assert y == pytest.approx(20 + 2 * py, abs=0.02)
        assert 0.9 < sure <= 1


def test_points_of_a_person_are_those_that_transformers_finds(vitpose: Path) -> None:
    processors = pytest.importorskip("transformers.models.vitpose.image_processing_pil_vitpose")
    from transformers import VitPoseForPoseEstimation

    source = picture(90, 120)
    person = torch.zeros(1, 90, 120)
    person[:, 15:75, 35:85] = 1  # with its surroundings all of it lies inside the picture
    made = pack.pose(source, str(vitpose), Bench(), [Mask(person)], least=0)

    processor = processors.VitPoseImageProcessorPil(size={"height": 64, "width": 48})
    pixels = source.data[0].numpy() * 255  # not in whole levels, or it would round in between
    box = [[[35.0, 15.0, 50.0, 60.0]]]
    with quiet(), torch.no_grad():
        net = VitPoseForPoseEstimation.from_pretrained(vitpose).eval()
        seen = processor([pixels], boxes=box, return_tensors="pt")
        answer = net(**seen)
    theirs = processor.post_process_pose_estimation(answer, boxes=box)[0][0]
    mine = np.array(made.keypoints["people"][0]["pose_keypoints_2d"]).reshape(18, 3)
    order = [0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]
    same = read_maps(answer.heatmaps[0], (60 - 31.25, 45 - 31.25 / 0.75, 62.5, 62.5 / 0.75))
    for ours, coco in zip(mine, order, strict=True):
        if coco is None:
            shoulders = (mine[2][:2] + mine[5][:2]) / 2
            assert np.allclose(ours[:2], shoulders, atol=1e-3), "the neck lies between"
            continue
        assert ours[2] == pytest.approx(float(theirs["scores"][coco]), abs=2e-3)
        assert ours.tolist() == pytest.approx(same[coco], abs=0.1)
    assert made.image.size == (120, 90)


def test_clear_peaks_are_read_as_transformers_reads_them() -> None:
    processors = pytest.importorskip("transformers.models.vitpose.image_processing_pil_vitpose")
    maps = bumps(64, 48, [(12.3, 20.8), (30.0, 7.5), (24.49, 31.51), (40.2, 58.7)])
    processor = processors.VitPoseImageProcessorPil(size={"height": 256, "width": 192})
    center, scale = np.array([[60.0, 45.0]]), np.array([[0.3, 0.4]])
    theirs, scores = processor.keypoints_from_heatmaps(maps[None].numpy(), center, scale)
    found = read_maps(maps, (30.0, 5.0, 60.0, 80.0))
    for (x, y, sure), point, score in zip(found, theirs[0], scores[0], strict=True):
        assert (x, y) == pytest.approx(tuple(point), abs=0.02)
        assert sure == pytest.approx(float(score[0]))


def test_without_masks_one_person_fills_the_picture_and_what_is_unsure_is_left_out(
    vitpose: Path,
) -> None:
    source = picture(64, 48)
    whole = pack.pose(source, str(vitpose), Bench(), least=0).keypoints
    masked = pack.pose(source, str(vitpose), Bench(), [Mask(torch.ones(1, 64, 48))], least=0)
    assert masked.keypoints == whole
    unsure = pack.pose(source, str(vitpose), Bench(), least=1.0)
    assert unsure.image.data.max() == 0
    assert set(unsure.keypoints["people"][0]["pose_keypoints_2d"]) == {0.0}
    nobody = pack.pose(source, str(vitpose), Bench(), [])
    assert nobody.keypoints["people"] == []
    again = pack.pose(source, str(vitpose), Bench(), least=0).image
    assert pack.draw_pose(whole).data.equal(again.data)


def test_a_batch_or_an_empty_mask_is_refused_with_what_to_do(vitpose: Path) -> None:
    two = Image(picture(64, 48).data.expand(2, -1, -1, -1))
    with pytest.raises(NodeError, match=r"image\.split makes a list"):
        pack.pose(two, str(vitpose), Bench())
    with pytest.raises(NodeError, match="a mask of people is empty"):
        pack.pose(picture(64, 48), str(vitpose), Bench(), [Mask(torch.zeros(1, 64, 48))])
