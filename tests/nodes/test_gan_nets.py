"""The generator of the pack `gan`: its parts against plain ones, its layout, its refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from gan_bench import Bench
from safetensors.torch import load_file, save_file
from scipy.signal import convolve2d
from tiny_gan import TINY, make_gan, tensors_of
from torch import Tensor

from musegraph import ModelError, read_header, recognise
from musegraph_nodes.gan import load
from musegraph_nodes.gan.filters import kernel_of, resampled
from musegraph_nodes.gan.layout import Layout, read_layout, shapes_of
from musegraph_nodes.gan.load import open_net
from musegraph_nodes.gan.nets import Generator, Modulated, noises_of

FFHQ = Layout(4, (512, 512, 512, 512, 512, 256, 128, 64, 32), 512, 8, 512)
CATS = Layout(4, (512, 512, 512, 512, 512, 256, 128), 512, 8, 512)


# -- filters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("up", "down", "pad"), [(1, 1, (1, 2)), (2, 1, (2, 1)), (1, 2, (1, 1))])
def test_filters_are_convolutions_as_scipy_has_them(
    up: int, down: int, pad: tuple[int, int]
) -> None:
    chance = np.random.default_rng(1)
    x, kernel = chance.normal(size=(2, 3, 6, 5)), chance.normal(size=(4, 4))
    made = resampled(torch.tensor(x), torch.tensor(kernel), up, down, pad)
    for plane, own in zip(x.reshape(-1, 6, 5), made.reshape(-1, *made.shape[2:]), strict=True):
        apart = np.zeros((6 * up, 5 * up))
        apart[::up, ::up] = plane
        whole = convolve2d(np.pad(apart, pad), kernel, "valid")[::down, ::down]
        np.testing.assert_allclose(own.numpy(), whole, atol=1e-12)


def test_a_picture_of_one_colour_stays_that_when_it_is_doubled() -> None:
    made = resampled(torch.full((1, 1, 8, 8), 0.5), kernel_of(4.0), up=2, pad=(2, 1))
    assert made.shape == (1, 1, 16, 16)
    assert torch.allclose(made[..., 2:-2, 2:-2], torch.tensor(0.5))


# -- modulated convolutions -------------------------------------------------------------------


def plainly(layer: Modulated, x: Tensor, style: Tensor) -> Tensor:
    """Loops over pictures, channels and places, by the formulas of the paper (section 2.2)."""
    weight = layer.weight[0].detach().numpy() * layer.scale
    strength = layer.modulation(style).detach().numpy()
    makes, _, side, _ = weight.shape
    made = []
    for picture, strong in zip(x.numpy(), strength, strict=True):
        own = weight * strong[None, :, None, None]
        if layer.even:
            own = own / np.sqrt((own**2).sum((1, 2, 3), keepdims=True) + 1e-8)
        around = np.pad(picture, ((0, 0), (side // 2,) * 2, (side // 2,) * 2))
        high, wide = picture.shape[1:]
        plane = np.zeros((makes, high, wide))
        for to in range(makes):
            for row in range(high):
                for column in range(wide):
                    part = around[:, row : row + side, column : column + side]
                    plane[to, row, column] = (part * own[to]).sum()
        made.append(plane)
    return torch.tensor(np.stack(made), dtype=torch.float32)


@pytest.mark.parametrize(("side", "even"), [(3, True), (1, False)])
def test_a_modulated_convolution_is_what_the_paper_says(side: int, even: bool) -> None:
    torch.manual_seed(3)
    layer = Modulated(5, 4, side, 7, even=even)
    x, style = torch.randn(3, 5, 6, 4), torch.randn(3, 7)
    assert torch.allclose(layer(x, style), plainly(layer, x, style), atol=1e-5)


def reference(tensors: dict[str, Tensor], styles: Tensor, noises: list[Tensor]) -> Tensor:
    """A whole generator for one style [L,D], by names alone and with weights that are scaled."""

    def weights(name: str, style: Tensor, even: bool) -> Tensor:
        weight = tensors[f"{name}.conv.weight"][0]
        by = tensors[f"{name}.conv.modulation.weight"] / style.numel() ** 0.5
        strength = by @ style + tensors[f"{name}.conv.modulation.bias"]
        own = weight / weight[0].numel() ** 0.5 * strength[None, :, None, None]
        return own / (own.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt() if even else own

    def styled(x: Tensor, name: str, at: int) -> Tensor:
        own = weights(name, styles[at], True)
        if (blur := tensors.get(f"{name}.conv.blur.kernel")) is not None:
            apart = F.conv_transpose2d(x, own.transpose(0, 1), stride=2)
            x = torch.stack([
                torch.tensor(convolve2d(np.pad(plane, 1), blur.numpy(), "valid"))
                for plane in apart[0].numpy()
            ])[None]  # fmt: skip
        else:
            x = F.conv2d(x, own, padding=1)
        x = x + tensors[f"{name}.noise.weight"] * noises[at]
        bias = tensors[f"{name}.activate.bias"][None, :, None, None]
        return F.leaky_relu(x + bias, 0.2) * 2**0.5

    def colours(x: Tensor, name: str, at: int) -> Tensor:
        return F.conv2d(x, weights(name, styles[at], False)) + tensors[f"{name}.bias"]

    x = styled(tensors["input.input"], "conv1", 0)
    picture = colours(x, "to_rgb1", 1)
    for up in range(len(styles) // 2 - 1):
        x = styled(x, f"convs.{2 * up}", 2 * up + 1)
        x = styled(x, f"convs.{2 * up + 1}", 2 * up + 2)
        kernel = tensors[f"to_rgbs.{up}.upsample.kernel"]
        larger = resampled(picture, kernel, up=2, pad=(2, 1))
        picture = larger + colours(x, f"to_rgbs.{up}", 2 * up + 3)
    return picture


def opened(file: Path) -> Generator:
    return open_net(load(str(file), Bench()), file, "cpu")


def test_a_generator_draws_what_its_tensors_say_by_their_names(tmp_path: Path) -> None:
    net = opened(make_gan(tmp_path / "a.safetensors"))
    styles = torch.randn(2, TINY.layers, TINY.width, generator=torch.Generator().manual_seed(1))
    noises = noises_of(TINY, torch.Generator().manual_seed(2))
    made = net(styles, noises)
    assert made.shape == (2, 3, 32, 32)
    for own, style in zip(made, styles, strict=True):
        assert torch.allclose(own, reference(tensors_of(), style, noises)[0], atol=2e-4)
    assert float((made - net(styles)).abs().max()) > 0.01, "noise counts"


def test_the_mapping_is_a_chain_of_slow_layers(tmp_path: Path) -> None:
    net, held = opened(make_gan(tmp_path / "a.safetensors")), tensors_of()
    drawn = torch.randn(1, TINY.draws, generator=torch.Generator().manual_seed(1))
    x = drawn / (drawn.square().mean() + 1e-8).sqrt()
    for at in range(1, TINY.depth + 1):
        weight, bias = held[f"style.{at}.weight"] * 0.01, held[f"style.{at}.bias"] * 0.01
        x = F.leaky_relu(x @ weight.T / 4 + bias, 0.2) * 2**0.5
    assert torch.allclose(net.mapped(drawn), x, atol=1e-4)


# -- layout -----------------------------------------------------------------------------------


def header(shapes: dict[str, tuple[int, ...]]) -> dict[str, dict[str, object]]:
    return {name: {"dtype": "F32", "shape": [*shape]} for name, shape in shapes.items()}


@pytest.mark.parametrize(
    ("layout", "side", "layers", "tensors", "parameters"),
    # Counted by hand: 16 of the mapping, the constant, 9 at 4 pixels, 17 at each size that follows
    # (two of them filters), and a noise at 4 pixels and two at each other size.
    [(FFHQ, 1024, 18, 171, 30_370_060), (CATS, 256, 14, 135, 30_034_338)],
)
def test_public_generators_are_known_by_their_names(
    layout: Layout, side: int, layers: int, tensors: int, parameters: int
) -> None:
    shapes = shapes_of(layout)
    assert len(shapes) == tensors
    assert shapes["style.8.bias"] == (512,)
    assert shapes["convs.4.conv.weight"] == (1, 512, 512, 3, 3)
    assert shapes["convs.6.conv.modulation.weight"] == (512, 512)
    assert shapes["to_rgbs.4.conv.weight"] == (1, 3, 256, 1, 1)
    assert shapes[f"noises.noise_{layers - 2}"] == (1, 1, side, side)
    learned = [shape for name, shape in shapes.items() if not name.startswith("noises")]
    learned = [shape for shape in learned if shape != (4, 4)]
    assert sum(torch.Size(shape).numel() for shape in learned) == parameters
    read = read_layout(header(shapes | {"latent_avg": (512,)}), "ffhq")
    assert (read.side, read.layers, read.depth, read.mean) == (side, layers, 8, True)
    assert read.channels == layout.channels
    for prefix in ("", "g_ema.", "generator."):
        found = recognise(header({prefix + name: shape for name, shape in shapes.items()}))
        assert (found.kind, found.family, found.variant) == ("gan", "stylegan2", f"{side} px")


def test_a_net_has_the_tensors_that_its_layout_says() -> None:
    with torch.device("meta"):
        made = {name: tuple(t.shape) for name, t in Generator(CATS).state_dict().items()}
    wanted = {n: s for n, s in shapes_of(CATS).items() if not n.startswith("noises.")}
    assert made == wanted


@pytest.mark.parametrize("prefix", ["g_ema.", "generator."])
def test_weights_in_a_checkpoint_are_those_alone(prefix: str, tmp_path: Path) -> None:
    plain = opened(make_gan(tmp_path / "a.safetensors", mean=True))
    file = make_gan(tmp_path / "b.safetensors", prefix=prefix, mean=True)
    more = {"d.convs.0.0.weight": torch.zeros(3), "g.input.input": torch.zeros(1, 2, 4, 4)}
    save_file(load_file(file) | more, file)
    nested = opened(file)
    assert torch.equal(plain.mean, nested.mean)
    assert torch.equal(nested.mean, torch.linspace(-1, 1, TINY.width))
    for name, tensor in plain.state_dict().items():
        assert torch.equal(tensor, nested.state_dict()[name]), name


def test_what_can_be_made_anew_need_not_be_there(tmp_path: Path) -> None:
    file = make_gan(tmp_path / "a.safetensors")
    net = opened(file)
    kept = {n: t for n, t in load_file(file).items() if "noise_" not in n and "kernel" not in n}
    save_file(kept, tmp_path / "b.safetensors")
    bare = opened(tmp_path / "b.safetensors")
    styles = torch.randn(1, TINY.layers, TINY.width, generator=torch.Generator().manual_seed(1))
    assert torch.equal(net(styles), bare(styles))
    assert torch.equal(net.mean, bare.mean)
    drawn = torch.randn(20_000, TINY.draws, generator=torch.Generator().manual_seed(9))
    apart = (net.mapped(drawn).mean(0) - net.mean).abs().max()
    assert float(apart) < 0.1 * float(net.mapped(drawn).std()), "the mean of all styles"


def test_other_sizes_are_read_off_as_well(tmp_path: Path) -> None:
    odd = Layout(base=8, channels=(6, 4), width=10, depth=1, draws=7)
    file = make_gan(tmp_path / "a.safetensors", odd)
    found = read_layout(read_header(file), "odd")
    assert (found.side, found.layers, found.draws) == (16, 4, 7)
    assert opened(file)(torch.zeros(1, 4, 10)).shape == (1, 3, 16, 16)


# -- refusals ---------------------------------------------------------------------------------


def changed(file: Path, **tensors: Tensor | None) -> Path:
    held = load_file(file)
    for name, tensor in tensors.items():
        held.pop(name, None)
        if tensor is not None:
            held[name] = tensor
    save_file(held, file)
    return file


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"input.input": None}, "holds no generator that is known here: it has no input.input"),
        ({"convs.1.activate.bias": None}, "is not whole: it has no convs.1.activate.bias"),
        ({"convs.2.conv.weight": torch.zeros(8, 3, 3)}, "has 5 sides in StyleGAN2"),
        ({"to_rgbs.0.bias": torch.zeros(1, 4, 1, 1)}, "its to_rgbs.0.bias is of the shape"),
        ({"style.embed.weight": torch.zeros(4, 16)}, "also holds style.embed.weight"),
        ({"input.input": torch.zeros(1, 12, 4, 8)}, "begins with 8×4 pixels"),
        ({"latent_avg": torch.zeros(8, 16)}, "its latent_avg is of the shape [8, 16]"),
    ],
)
def test_other_files_are_refused_in_words(
    tensors: dict[str, Tensor | None], said: str, tmp_path: Path
) -> None:
    file = changed(make_gan(tmp_path / "a.safetensors"), **tensors)
    with pytest.raises(ModelError) as told:
        load(str(file), Bench())
    assert said in str(told.value)
    assert str(file) in str(told.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.pt", "musegraph models convert a.pt makes"), ("a.pkl", "convert it with a program")],
)
def test_pickles_are_never_opened(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"no pickle either")
    with pytest.raises(ModelError) as told:
        load(str(tmp_path / name), Bench())
    assert "is a pickle, which can run code" in str(told.value)
    assert said in str(told.value)


def test_a_file_that_is_cut_off_is_refused_where_it_is_opened(tmp_path: Path) -> None:
    file = make_gan(tmp_path / "a.safetensors")
    ref = load(str(file), Bench())
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(ModelError, match=r"cut off|cannot be read|beginning"):
        open_net(ref, file, "cpu")
