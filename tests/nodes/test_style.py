"""Pack `style`: feature nets in torchvision's names, and what a picture is optimised for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from style_bench import NARROW, Bench, saved, torchvision_like
from torch import Tensor, nn

from musegraph import Image, ModelError
from musegraph_nodes.style import transfer
from musegraph_nodes.style.colours import as_bright, grey, luminance, matched, recoloured
from musegraph_nodes.style.features import load_features
from musegraph_nodes.style.gram import gram, gram_loss, whitener
from musegraph_nodes.style.layouts import MEAN, Layout, numbered, planned, read_layout
from musegraph_nodes.style.nets import Features, build, orthogonal
from musegraph_nodes.style.objective import Objective, Region, View, Weights
from musegraph_nodes.style.optimise import Curve, optimised, sizes

WIDTHS = {
    "VGG-16": ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3),
    "VGG-19": ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4),
}


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def entries(layout: Layout) -> dict[str, dict[str, Any]]:
    """The header of a file with that net."""
    made: dict[str, dict[str, Any]] = {}
    for conv in layout.convs:
        shape = [conv.makes, conv.reads, 3, 3]
        made[f"features.{conv.number}.weight"] = {"dtype": "F32", "shape": shape}
        made[f"features.{conv.number}.bias"] = {"dtype": "F32", "shape": [conv.makes]}
    return made


@pytest.mark.parametrize("name", WIDTHS)
def test_the_public_vgg_layouts_are_read_with_and_without_their_classifier(name: str) -> None:
    layout = planned(WIDTHS[name])
    numbers = {"VGG-16": [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28],
               "VGG-19": [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]}  # fmt: skip
    assert [conv.number for conv in layout.convs] == numbers[name]
    header = entries(layout)
    assert read_layout(header, "vgg") == layout
    classifier = {f"classifier.{at}.weight": {"dtype": "F32", "shape": [9]} for at in (0, 3, 6)}
    assert read_layout({**header, **classifier}, "vgg") == layout
    assert layout.conv("conv4_2").makes == 512
    assert layout.stride("conv4_2") == 8


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_a_net_makes_what_the_same_layers_of_torch_make(pooling: str, tmp_path: Path) -> None:
    plain = torchvision_like(NARROW, pooling)
    bench = Bench()
    ref = load_features(bench, str(saved(plain, tmp_path / "vgg.safetensors")), pooling)
    picture = noise(1, 3, 40, 56)
    x = (picture - torch.tensor(MEAN)[:, None, None]) / torch.tensor((0.229, 0.224, 0.225))[
        :, None, None
    ]
    wanted = {}
    for at, part in enumerate(plain):
        x = part(x)
        wanted[at] = x
    with bench.load(ref) as net, torch.no_grad():
        layers = net.layout.layers
        made = net(picture, layers)
        for conv in net.layout.convs:
            assert torch.equal(made[conv.layer], wanted[conv.number + 1]), conv.layer
    assert layers[-1] == "conv5_4"


def changed(**entry: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda header: {**header, **entry}


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda header: {name: e for name, e in header.items() if name not in names}


def shape(*sides: int) -> dict[str, Any]:
    return {"dtype": "F32", "shape": list(sides)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("features.0.weight"), "no features.0.weight"),
        (without("features.7.bias"), "no features.7.bias"),
        (without("features.10.weight", "features.10.bias"), "no features.10.weight"),
        (without("features.34.weight", "features.34.bias"), "no features.34.weight"),
        (changed(**{"classifier.0.weight": shape(8, 8)}), ""),
        (changed(**{"feature.0.weight": shape(8, 3, 3, 3)}), "holds feature.0.weight"),
        (changed(**{"features.0.running_mean": shape(64)}), "features.0.running_mean"),
        (changed(**{"features.1.weight": shape(64)}), "features.1.weight"),
        (changed(**{"features.0.weight": shape(64, 1, 3, 3)}), "features.0.weight"),
        (changed(**{"features.5.weight": shape(128, 64, 5, 5)}), "features.5.weight"),
        (changed(**{"features.19.bias": shape(511)}), "features.19.bias"),
        (lambda _: {"classifier.0.weight": shape(8, 8)}, "no tensor features.0.weight"),
        (lambda _: {}, "no tensor features.0.weight"),
    ],
)  # fmt: skip
def test_a_wrong_or_missing_key_is_named(
    change: Callable[[dict[str, Any]], dict[str, Any]], said: str
) -> None:
    header = {**entries(planned(WIDTHS["VGG-19"])), "classifier.6.bias": shape(1000)}
    if not said:
        assert len(read_layout(change(header), "vgg").convs) == 16
        return
    with pytest.raises(ModelError, match=said.replace(".", r"\.")) as refused:
        read_layout(change(header), "vgg")
    assert "'vgg'" in str(refused.value)


def test_a_net_with_batch_normalisation_is_refused_as_such() -> None:
    header = {
        "features.0.weight": shape(8, 3, 3, 3), "features.0.bias": shape(8),
        "features.2.weight": shape(8), "features.2.bias": shape(8),
    }  # fmt: skip
    with pytest.raises(ModelError, match="batch normalisation"):
        read_layout(header, "bn")


def test_a_pickle_is_refused_by_its_name_and_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "vgg19.pth").write_bytes(b"PK\x03\x04 not opened")
    with pytest.raises(ModelError, match="is a pickle"):
        load_features(Bench(), str(tmp_path / "vgg19.pth"))
    (tmp_path / "vgg19.safetensors").write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(ModelError, match="is a pickle"):
        load_features(Bench(), str(tmp_path / "vgg19.safetensors"))


def test_a_folder_without_a_net_and_a_mean_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        load_features(Bench(), str(tmp_path))
    tensors = dict(orthogonal(planned(((4,),))).state_dict())
    save_file(tensors, tmp_path / "model.safetensors", metadata={"mean": "[1, 2]"})
    with pytest.raises(ModelError, match=r"its mean as '\[1, 2\]'"):
        load_features(Bench(), str(tmp_path))


def test_the_net_that_comes_with_musegraph_loads_and_says_its_own_scale() -> None:
    bench = Bench()
    ref = load_features(bench)
    with bench.load(ref) as net:
        assert net.layout.layers[-1] == "conv5_2"
        found = net(noise(1, 3, 64, 64), net.layout.layers)
        assert all(float(made.std()) > 0.01 for made in found.values())
    size = (bench.place("starter/features") / "model.safetensors").stat().st_size
    assert size < 3_000_000


def plain_transfer(
    net: nn.Sequential, content: Tensor, style: Tensor, steps: int, layers: list[int], deep: int
) -> Tensor:
    """The algorithm of Gatys et al. as a tutorial writes it, in torch alone."""
    mean = torch.tensor(MEAN)[:, None, None]
    deviation = torch.tensor((0.229, 0.224, 0.225))[:, None, None]

    def seen(picture: Tensor) -> dict[int, Tensor]:
        x, made = (picture - mean) / deviation, {}
        for at, part in enumerate(net):
            x = part(x)
            made[at] = x
        return made

    def matrix(features: Tensor) -> Tensor:
        flat = features[0].reshape(features.shape[1], -1)
        return torch.mm(flat, flat.t()) / flat.shape[1]

    with torch.no_grad():
        goal = seen(content)[deep].clone()
        targets = {at: matrix(seen(style)[at]) for at in layers}
    picture = content.clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS(
        [picture], max_iter=steps, max_eval=10**6, history_size=20, tolerance_grad=0,
        tolerance_change=0,
    )  # fmt: skip

    def closure() -> Tensor:
        optimiser.zero_grad()
        found = seen(picture)
        parts = [
            ((matrix(found[at]) - targets[at]) ** 2).sum() / (targets[at] ** 2).sum()
            for at in layers
        ]
        style_loss = torch.stack(parts).mean()
        content_loss = ((found[deep] - goal) ** 2).sum() / (goal**2).sum()
        outside = ((picture - picture.clamp(0, 1)) ** 2).mean()
        loss = (content_loss + 30 * style_loss + 100 * outside) * picture.numel()
        loss.backward()
        return loss

    optimiser.step(closure)
    return picture.detach().clamp(0, 1)


def test_the_optimisation_equals_a_plain_one_written_in_torch(tmp_path: Path) -> None:
    plain = torchvision_like(NARROW, "avg")
    content, style = noise(1, 3, 48, 64, seed=1), noise(1, 3, 32, 32, seed=2) ** 2
    wanted = plain_transfer(plain, content, style, 8, [1, 6, 11, 20, 29], 22)
    net = build(planned(NARROW))
    net.load_state_dict({f"features.{k}": v for k, v in plain.state_dict().items()})
    net.requires_grad_(False)
    view = View(net, ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"), ("conv4_2",))
    targets = view.grams(style, None, lambda: None)[0]
    goal = view.content(content, lambda: None)
    objective = Objective(
        view, [Region(1.0, None, targets)], goal, Weights(1.0, 30.0), lambda: None
    )
    curve = Curve()
    made = optimised(objective, content, 8, "lbfgs", curve, lambda *_: None)
    assert float((made - wanted).abs().max()) < 1e-4
    assert float((made - content).abs().mean()) > 0.01
    assert curve.figures[-1].total < curve.figures[0].total / 2


def test_the_node_with_all_aids_off_is_the_plain_algorithm(tmp_path: Path) -> None:
    plain = torchvision_like(NARROW, "avg")
    content, style = noise(1, 3, 48, 64, seed=1), noise(1, 3, 64, 64, seed=2) ** 2
    wanted = plain_transfer(plain, content, style, 6, [1, 6, 11, 20, 29], 22)
    bench = Bench()
    images = [Image(one.permute(0, 2, 3, 1).contiguous()) for one in (content, style)]
    made = transfer(
        images[0], images[1:], load_features(bench, str(saved(plain, tmp_path / "v.safetensors"))),
        bench, size=0, steps=6, levels=1, style_weight=30, smooth=0, compare="gram",
        strokes=False, recolour=False, basis="pixels",
    ).image.data  # fmt: skip
    assert float((made.permute(0, 3, 1, 2) - wanted).abs().max()) < 1e-4


def small() -> Features:
    return orthogonal(planned(((6, 6), (8, 8), (10,)))).requires_grad_(False)


@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_windows_give_the_losses_and_the_gradient_of_the_whole(around: bool, masked: bool) -> None:
    net, size = small(), (72, 104)
    mask = noise(*size, seed=5) if masked else None
    layers = ("conv1_1", "conv2_2", "conv3_1")
    picture = (noise(1, 3, *size, seed=3) * 1.2).requires_grad_(True)
    other = noise(1, 3, 40, 40, seed=4)
    found = {}
    for side in (0, 32):
        view = View(net, layers, ("conv2_1",), side, around)
        grams, means = View(net, layers).grams(other, None, lambda: None)
        targets = {layer: grams[layer] - means[layer] @ means[layer].T for layer in layers}
        whiteners = {layer: whitener(targets[layer], means[layer]) for layer in layers}
        regions = [
            Region(1.0, mask, targets, means, whiteners),
            Region(0.5, None, grams),
            Region(0.5, None, targets, means),
        ]
        goal = view.content(picture.detach() ** 2, lambda: None)
        objective = Objective(view, regions, goal, Weights(1, 10, 0.5), lambda: None)
        figures = objective(picture)
        assert picture.grad is not None
        found[side] = (figures, picture.grad.clone(), len(view.windows(picture)))
    whole, parts = found[0], found[32]
    assert (whole[2], parts[2]) == (1, 12)
    assert parts[0].total == pytest.approx(whole[0].total, rel=1e-4)
    assert parts[0].content == pytest.approx(whole[0].content, rel=1e-4)
    assert float((parts[1] - whole[1]).abs().max()) < 1e-4 * float(whole[1].abs().max())


def test_around_makes_the_loss_of_a_shifted_picture_the_same() -> None:
    net = small()
    view = View(net, ("conv1_1", "conv2_1", "conv3_1"), (), 0, around=True)
    picture = noise(1, 3, 32, 48, seed=6)
    shifted = picture.roll((12, 20), (2, 3))
    one, other = (view.grams(p, None, lambda: None)[0] for p in (picture, shifted))
    for layer, matrix in one.items():
        assert torch.allclose(matrix, other[layer], rtol=1e-4, atol=1e-6), layer


def test_a_gram_matrix_does_not_depend_on_where_things_are_or_on_the_size() -> None:
    features = noise(1, 5, 8, 8)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    mixed = features.flatten(2)[:, :, order].view_as(features)
    assert float(gram_loss(gram(mixed), gram(features))) < 1e-10
    twice = torch.cat((features, features), 3)
    assert float(gram_loss(gram(twice), gram(features))) < 1e-10
    half = torch.zeros(8, 16)
    half[:, :8] = 1
    assert float(gram_loss(gram(twice, half), gram(features))) < 1e-10


def test_a_whitener_makes_faint_variations_count_as_much_as_strong_ones() -> None:
    strong = torch.diag(torch.tensor([100.0, 1.0]))
    through = whitener(strong, torch.zeros(2, 1))
    faint_off, strong_off = strong.clone(), strong.clone()
    faint_off[1, 1] += 4
    strong_off[0, 0] += 4
    assert float(gram_loss(faint_off, strong)) == float(gram_loss(strong_off, strong))
    seen = [float(gram_loss(off, strong, through)) for off in (faint_off, strong_off)]
    assert seen[0] > 10 * seen[1]
    flat = whitener(torch.zeros(2, 2), torch.ones(2, 1))
    assert bool(torch.isfinite(flat).all())


def test_sizes_go_from_coarse_to_fine_and_end_at_the_size() -> None:
    assert sizes((512, 384), 0, 96) == [(128, 96), (256, 192), (512, 384)]
    assert sizes((512, 384), 2, 16) == [(256, 192), (512, 384)]
    assert sizes((64, 64), 0, 96) == [(64, 64)]


def test_a_style_matched_to_a_content_has_its_mean_and_covariance() -> None:
    content = noise(1, 3, 40, 40, seed=1) * torch.tensor([0.3, 0.2, 0.1])[:, None, None] + 0.4
    style = noise(1, 3, 30, 50, seed=2) * 0.5 + 0.2
    made = matched(style, content)
    for a, b in zip(made[0].flatten(1), content[0].flatten(1), strict=True):
        assert float(a.mean()) == pytest.approx(float(b.mean()), abs=1e-3)
        assert float(a.std()) == pytest.approx(float(b.std()), rel=0.05)
    bright = as_bright(style, content)
    assert float((bright[:, 0] - bright[:, 2]).abs().max()) == 0
    assert float(luminance(bright).std()) == pytest.approx(float(luminance(content).std()), rel=0.1)


def test_a_recoloured_picture_has_the_brightness_of_one_and_the_colours_of_the_other() -> None:
    made, content = noise(1, 3, 16, 16, seed=1) * 0.2 + 0.4, noise(1, 3, 16, 16, seed=2) * 0.2 + 0.4
    both = recoloured(made, content)
    assert torch.allclose(luminance(both), luminance(made), atol=1e-5)
    apart = both - grey(both) - (content - grey(content))
    assert float(apart.abs().max()) < 1e-5


def test_a_layer_that_a_net_lacks_is_told_with_those_it_has() -> None:
    with pytest.raises(ModelError, match="no layer 'conv9_1'; it has conv1_1"):
        small().layout.conv("conv9_1")
    assert numbered((2, 2)) == [0, 2, 5, 7]
