"""Pack `upscale`: tiny nets in each public layout, written here as their authors wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from musegraph import (
    Cancelled,
    Context,
    Engine,
    Image,
    ModelError,
    NodeError,
    Reference,
    Store,
    Weights,
    Workflow,
)
from musegraph.events import Warned
from musegraph_nodes import upscale as pack
from musegraph_nodes.image import resize
from musegraph_nodes.upscale import upscale
from musegraph_nodes.upscale.layouts import read_layout
from musegraph_nodes.upscale.nets import Compact


class Bench(Context):
    """A context without an engine: models by path, progress in a list."""

    def __init__(self, cancel_at: int | None = None, frugal: bool = False) -> None:
        self.steps: list[tuple[float, float]] = []
        self.sizes: list[tuple[int, int]] = []
        self.cancel_at = cancel_at
        self.frugal = frugal

    def weights(self, source: str) -> Weights:
        return Weights(Path(source), f"test:{source}", source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        assert ref.loader == "upscale.nets"
        net = pack.pack.loaders["nets"].load(ref, Path(ref.source), self.device)
        net.register_forward_pre_hook(lambda _, given: self.sizes.append(given[0].shape[-2:]))
        yield net

    def progress(self, done: float, total: float = 1.0, **_: Any) -> None:
        if self.cancel_at == len(self.steps):
            raise Cancelled
        self.steps.append((done, total))


def conv(reads: int, makes: int) -> nn.Conv2d:
    return nn.Conv2d(reads, makes, 3, padding=1)


# The first ESRGAN's code: block.py and architecture.py, with its names.


class OldDense(nn.Module):
    def __init__(self, nf: int, gc: int) -> None:
        super().__init__()
        act = nn.LeakyReLU(0.2)
        for at in range(4):
            setattr(self, f"conv{at + 1}", nn.Sequential(conv(nf + at * gc, gc), act))
        self.conv5 = nn.Sequential(conv(nf + 4 * gc, nf))

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.conv1(x)
        x2 = self.conv2(torch.cat((x, x1), 1))
        x3 = self.conv3(torch.cat((x, x1, x2), 1))
        x4 = self.conv4(torch.cat((x, x1, x2, x3), 1))
        return self.conv5(torch.cat((x, x1, x2, x3, x4), 1)).mul(0.2) + x


class OldBlock(nn.Module):
    def __init__(self, nf: int, gc: int) -> None:
        super().__init__()
        self.RDB1, self.RDB2, self.RDB3 = (OldDense(nf, gc) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.RDB3(self.RDB2(self.RDB1(x))).mul(0.2) + x


class Shortcut(nn.Module):
    def __init__(self, sub: nn.Module) -> None:
        super().__init__()
        self.sub = sub

    def forward(self, x: Tensor) -> Tensor:
        return x + self.sub(x)


class Old(nn.Module):
    def __init__(self, nf: int = 8, gc: int = 4, nb: int = 2, ups: int = 2) -> None:
        super().__init__()
        sub = nn.Sequential(*(OldBlock(nf, gc) for _ in range(nb)), conv(nf, nf))
        parts: list[nn.Module] = [conv(3, nf), Shortcut(sub)]
        for _ in range(ups):
            parts += [nn.Upsample(scale_factor=2, mode="nearest"), conv(nf, nf), nn.LeakyReLU(0.2)]
        self.model = nn.Sequential(*parts, conv(nf, nf), nn.LeakyReLU(0.2), conv(nf, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


# BasicSR's rrdbnet_arch.py and srvgg_arch.py, with their names.


class NewDense(nn.Module):
    def __init__(self, nf: int, gc: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv(nf, gc), conv(nf + gc, gc)
        self.conv3, self.conv4 = conv(nf + 2 * gc, gc), conv(nf + 3 * gc, gc)
        self.conv5 = conv(nf + 4 * gc, nf)

    def forward(self, x: Tensor) -> Tensor:
        x1 = F.leaky_relu(self.conv1(x), 0.2)
        x2 = F.leaky_relu(self.conv2(torch.cat((x, x1), 1)), 0.2)
        x3 = F.leaky_relu(self.conv3(torch.cat((x, x1, x2), 1)), 0.2)
        x4 = F.leaky_relu(self.conv4(torch.cat((x, x1, x2, x3), 1)), 0.2)
        return self.conv5(torch.cat((x, x1, x2, x3, x4), 1)) * 0.2 + x


class NewBlock(nn.Module):
    def __init__(self, nf: int, gc: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (NewDense(nf, gc) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return self.rdb3(self.rdb2(self.rdb1(x))) * 0.2 + x


class New(nn.Module):
    def __init__(self, scale: int = 4, nf: int = 8, gc: int = 4, nb: int = 2) -> None:
        super().__init__()
        self.factor = {4: 1, 2: 2, 1: 4}[scale]
        self.conv_first = conv(3 * self.factor**2, nf)
        self.body = nn.Sequential(*(NewBlock(nf, gc) for _ in range(nb)))
        self.conv_body, self.conv_up1 = conv(nf, nf), conv(nf, nf)
        self.conv_up2, self.conv_hr, self.conv_last = conv(nf, nf), conv(nf, nf), conv(nf, 3)

    def forward(self, x: Tensor) -> Tensor:
        feat = self.conv_first(F.pixel_unshuffle(x, self.factor))
        feat = feat + self.conv_body(self.body(feat))
        feat = F.leaky_relu(self.conv_up1(F.interpolate(feat, scale_factor=2)), 0.2)
        feat = F.leaky_relu(self.conv_up2(F.interpolate(feat, scale_factor=2)), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(feat), 0.2))


class SRVGG(nn.Module):
    def __init__(self, scale: int = 4, nf: int = 8, convs: int = 3) -> None:
        super().__init__()
        self.scale = scale
        self.body = nn.ModuleList([conv(3, nf), nn.PReLU(nf)])
        for _ in range(convs):
            self.body += [conv(nf, nf), nn.PReLU(nf)]
        self.body.append(conv(nf, 3 * scale * scale))

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for part in self.body:
            out = part(out)
        return F.pixel_shuffle(out, self.scale) + F.interpolate(x, scale_factor=self.scale)


NETS: dict[str, tuple[Any, int]] = {
    "old 4x": (Old, 4),
    "old 2x": (lambda: Old(ups=1), 2),
    "old 1x": (lambda: Old(ups=0), 1),
    "old 8x": (lambda: Old(nb=1, ups=3), 8),
    "new 4x": (New, 4),
    "new 2x": (lambda: New(2), 2),
    "new 1x": (lambda: New(1), 1),
    "compact 4x": (SRVGG, 4),
    "compact 2x": (lambda: SRVGG(2, 12, 1), 2),
    "compact 1x": (lambda: SRVGG(1), 1),
}


def made(name: str = "new 4x", seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net: nn.Module = NETS[name][0]()
        for parameter in net.parameters():  # near grey, so that little is cut off at 0 and 1
            parameter.data.mul_(0.7)
        last = [module for module in net.modules() if isinstance(module, nn.Conv2d)][-1]
        assert last.bias is not None
        if not isinstance(net, SRVGG):
            last.bias.data.fill_(0.5)
    return net.eval().requires_grad_(False)


def saved(tensors: dict[str, Tensor], folder: Path, name: str = "net.safetensors") -> str:
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / name)
    return str(folder / name)


def picture(height: int = 20, width: int = 24, channels: int = 3, count: int = 1) -> Image:
    generator = torch.Generator().manual_seed(height)
    return Image(torch.rand(count, height, width, channels, generator=generator))


def plain(net: nn.Module, image: Image) -> Tensor:
    """What a net makes of a whole picture, clamped."""
    found: Tensor = net(image.data.permute(0, 3, 1, 2)).clamp(0, 1).permute(0, 2, 3, 1)
    return found


def to_new(name: str) -> str:
    """The name in the new layout of a tensor in the old one with two doublings and two blocks."""
    for old, new in (
        ("model.0.", "conv_first."), ("model.1.sub.2.", "conv_body."), ("model.1.sub.", "body."),
        ("model.3.", "conv_up1."), ("model.6.", "conv_up2."), ("model.8.", "conv_hr."),
        ("model.10.", "conv_last."),
    ):  # fmt: skip
        name = name.replace(old, new) if name.startswith(old) else name
    for dense in "123":
        name = name.replace(f".RDB{dense}.", f".rdb{dense}.")
    return name.replace(".0.weight", ".weight").replace(".0.bias", ".bias")


def to_trunk(name: str) -> str:
    """The same in the layout of ESRGAN's later code."""
    return (
        to_new(name).replace("body.", "RRDB_trunk.").replace(".rdb", ".RDB")
        .replace("conv_RRDB_trunk.", "trunk_conv.").replace("conv_up", "upconv")
        .replace("conv_hr", "HRconv")
    )  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_a_net_in_each_layout_makes_what_its_authors_code_makes(name: str, tmp_path: Path) -> None:
    net, scale = made(name), NETS[name][1]
    source, image = saved(dict(net.state_dict()), tmp_path), picture()
    found = upscale(image, source, Bench(), tile=0)
    wanted = plain(net, image)
    assert found.size == (24 * scale, 20 * scale)
    assert wanted.std() > 0.001
    assert torch.allclose(found.data, wanted, atol=1e-6)


def test_old_names_and_new_names_of_the_same_weights_agree_bit_for_bit(tmp_path: Path) -> None:
    tensors = dict(made("old 4x").state_dict())
    assert to_new("model.1.sub.1.RDB2.conv5.0.bias") == "body.1.rdb2.conv5.bias"
    assert to_trunk("model.1.sub.2.weight") == "trunk_conv.weight"
    results = []
    for number, rename in enumerate((str, to_new, to_trunk, lambda n: "params_ema." + to_new(n))):
        named = {rename(key): tensor for key, tensor in tensors.items()}
        assert len(named) == len(tensors)
        source = saved(named, tmp_path, f"{number}.safetensors")
        results.append(upscale(picture(), source, Bench()).data)
    New(4).load_state_dict({to_new(key): tensor for key, tensor in tensors.items()})
    assert all(found.equal(results[0]) for found in results[1:])


@pytest.mark.parametrize("name", NETS)
def test_scale_and_size_are_read_off_the_header(name: str) -> None:
    shapes = {key: {"shape": list(t.shape)} for key, t in made(name).state_dict().items()}
    found = read_layout(shapes, "net")
    assert found.scale == NETS[name][1]
    assert found.kind == ("compact" if "compact" in name else "rrdb")


@pytest.mark.parametrize("name", ["compact 4x", "new 2x"])
def test_in_tiles_a_picture_comes_out_as_whole(name: str, tmp_path: Path) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        net = SRVGG(4, 8, 1) if name == "compact 4x" else New(2, 4, 2, 1)
    for parameter in net.parameters():
        parameter.data.mul_(0.7)
    source, image = saved(dict(net.state_dict()), tmp_path), picture(150, 190)
    whole, ctx = upscale(image, source, Bench(), tile=0).data, Bench()
    # The edge of a tile counts for nothing over a quarter of the overlap: more than the net sees.
    tile, overlap = (64, 16) if name == "compact 4x" else (144, 72)
    tiled = upscale(image, source, ctx, tile=tile, overlap=overlap).data
    assert len(ctx.sizes) > 1
    assert max(max(size) for size in ctx.sizes) <= tile
    assert torch.allclose(whole, tiled, atol=1e-5)


def test_progress_counts_tiles_and_cancelling_stops_between_two(tmp_path: Path) -> None:
    source, ctx = saved(dict(made("compact 2x").state_dict()), tmp_path), Bench()
    image = picture(60, 100, count=2)
    upscale(image, source, ctx, tile=40, overlap=8)
    tiles = len(ctx.sizes)
    assert ctx.steps == [(done, tiles) for done in range(tiles + 1)]
    stopped = Bench(cancel_at=3)
    with pytest.raises(Cancelled):
        upscale(image, source, stopped, tile=40, overlap=8)
    assert len(stopped.sizes) == 3


def test_where_memory_ran_out_tiles_are_smaller(tmp_path: Path) -> None:
    source = saved(dict(made("compact 2x").state_dict()), tmp_path)
    ctx = Bench(frugal=True)
    upscale(picture(300, 280), source, ctx, tile=0)
    assert max(max(size) for size in ctx.sizes) == 128
    small = Bench(frugal=True)
    assert upscale(picture(20, 24), source, small).size == (48, 40)
    assert max(max(size) for size in small.sizes) == 16


def test_a_picture_too_large_for_the_device_is_enlarged_in_smaller_tiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = saved(dict(made("compact 2x").state_dict()), tmp_path)
    graph = {
        "musegraph": 1,
        "outputs": {"large": "larger.out"},
        "nodes": {
            "noise": {"type": "image.noise", "values": {"width": 280, "height": 260}},
            "larger": {
                "type": "upscale.upscale",
                "values": {"source": source, "tile": 0},
                "links": {"image": "noise.out"},
            },
        },
    }
    true = Compact.forward

    def narrow(self: Compact, x: Tensor) -> Tensor:
        if x.shape[-2] * x.shape[-1] > 150 * 150:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return true(self, x)

    monkeypatch.setattr(Compact, "forward", narrow)
    warned: list[str] = []

    def listen(event: Any) -> None:
        if isinstance(event, Warned):
            warned.append(event.message)

    with Engine(store=Store(tmp_path / "cache")) as engine:
        result = engine.run(engine.plan(Workflow.parse(graph)), listen)
        assert result.ok, result.outcome.errors
        assert result.outputs()["large"].size == (560, 520)
    assert "so it ran in smaller tiles" in warned[0]


def test_a_picture_whose_sides_are_no_multiples_of_two_goes_through_a_net_that_unshuffles(
    tmp_path: Path,
) -> None:
    net = made("new 2x")
    source, image = saved(dict(net.state_dict()), tmp_path), picture(21, 33)
    padded = image.data.permute(0, 3, 1, 2)
    wanted = net(F.pad(padded, (0, 1, 0, 1), "replicate")).clamp(0, 1)[..., :42, :66]
    found = upscale(image, source, Bench()).data
    assert torch.allclose(found, wanted.permute(0, 2, 3, 1), atol=1e-6)


def test_transparency_is_kept_and_unseen_colours_do_not_bleed(tmp_path: Path) -> None:
    source = saved(dict(made("compact 2x").state_dict()), tmp_path)
    data = torch.zeros(1, 24, 32, 4)
    data[:, :, :16] = torch.tensor([0.8, 0.6, 0.4, 1.0])
    found = upscale(Image(data), source, Bench()).data
    alpha = resize(Image(data), 64, 48, "stretch").data[..., 3]
    assert torch.allclose(found[..., 3], alpha, atol=1e-5)
    even = upscale(Image(data[:, :, :1, :3].expand(1, 24, 32, 3)), source, Bench()).data
    assert torch.allclose(found[..., :3], even, atol=1e-6)
    nothing = upscale(Image(torch.zeros(1, 8, 8, 4)), source, Bench()).data
    assert nothing[..., 3].max() == 0


def test_half_precision_stays_near(tmp_path: Path) -> None:
    tensors = {key: tensor.half() for key, tensor in made("new 4x").state_dict().items()}
    source = saved(tensors, tmp_path)
    full = upscale(picture(), source, Bench(), precision="float32").data
    half = upscale(picture(), source, Bench(), precision="bfloat16").data
    assert full.dtype == half.dtype == torch.float32
    assert float((full - half).abs().max()) < 0.02


WRONG: dict[str, tuple[dict[str, list[int] | None], str]] = {
    "lacks": ({"conv_hr.bias": None}, "is not whole: it has no conv_hr.bias"),
    "extra": ({"conv_more.weight": [1]}, "also holds conv_more.weight"),
    "shape": ({"conv_up1.weight": [32, 8, 3, 3]}, r"its conv_up1\.weight is of the shape \[32, 8"),
    "channels": ({"conv_first.weight": [8, 4, 3, 3]}, "reads 4 channels and makes 3"),
    "scalar": ({"conv_first.weight": []}, "has no conv_first.weight"),
    "twice": ({"upconv1.weight": [8, 8, 3, 3]}, "holds a tensor twice"),
    "far": ({"body.999999999.rdb1.conv1.weight": [4, 8, 3, 3]}, r"has no body\.2\.rdb1"),
    "no first": ({"conv_first.weight": None}, "no upscaler that is known here"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_net_of_another_build_is_refused_with_the_tensor_that_says_so(what: str) -> None:
    shapes = {key: {"shape": list(t.shape)} for key, t in made().state_dict().items()}
    changes, said = WRONG[what]
    for key, shape in changes.items():
        shapes.pop(key, None)
        if shape is not None:
            shapes[key] = {"shape": shape}
    with pytest.raises(ModelError, match=said):
        read_layout(shapes, "net")


def test_compact_nets_without_prelu_and_files_of_other_models_are_refused() -> None:
    relu = {k: {"shape": list(t.shape)} for k, t in made("compact 4x").state_dict().items()}
    for key in [
        key for key, entry in relu.items() if key.endswith("weight") and len(entry["shape"]) == 1
    ]:
        del relu[key]
    for header, said in (
        (relu, "there is no PReLU"),
        ({"unet.weight": {"shape": [1]}}, "no upscaler that is known"),
        ({}, "no upscaler that is known"),
    ):
        with pytest.raises(ModelError, match=said):
            read_layout(header, "net")


def test_pickles_folders_and_overlaps_that_make_no_sense_are_refused_in_words(
    tmp_path: Path,
) -> None:
    pickle = tmp_path / "4x.pth"
    pickle.write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelError, match="is a pickle, which can run code"):
        upscale(picture(), str(pickle), Bench())
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "dpt"}))
    with pytest.raises(ModelError, match=r"is no upscaler: name one \.safetensors file"):
        upscale(picture(), str(tmp_path), Bench())
    source = saved(dict(made("compact 2x").state_dict()), tmp_path)
    with pytest.raises(NodeError, match="more than half a tile of 40"):
        upscale(picture(), source, Bench(), tile=40, overlap=21)
    with pytest.raises(NodeError, match="are too many"):
        upscale(Image(torch.zeros(1, 1, 1, 3).expand(1, 9000, 16384, 3)), source, Bench())


def test_swin2sr_is_opened_from_a_folder_of_transformers(tmp_path: Path) -> None:
    from transformers import Swin2SRConfig, Swin2SRForImageSuperResolution

    from musegraph_nodes.live import quiet

    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        config = Swin2SRConfig(
            image_size=16,
            embed_dim=12,
            depths=[1],
            num_heads=[2],
            window_size=4,
            mlp_ratio=1.0,
            upscale=2,
        )
        net = Swin2SRForImageSuperResolution(config).eval()
        net.save_pretrained(tmp_path)
    image = picture(14, 18)
    with torch.no_grad():
        # It sees windows of 4 × 4: both sides go on at their edge, to 20 × 16.
        planes = F.pad(image.data.permute(0, 3, 1, 2), (0, 2, 0, 2), "replicate")
        raw = net(pixel_values=planes).reconstruction
    wanted = raw[..., :28, :36].clamp(0, 1).permute(0, 2, 3, 1)
    assert torch.allclose(upscale(image, str(tmp_path), Bench()).data, wanted, atol=1e-6)


def test_a_net_is_found_by_name_loaded_once_and_its_result_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSEGRAPH_MODELS", str(tmp_path))
    saved(dict(made("compact 2x").state_dict()), tmp_path, "tiny_2x.safetensors")
    graph = {
        "musegraph": 1,
        "outputs": {"large": "larger.out"},
        "nodes": {
            "noise": {"type": "image.noise", "values": {"width": 40, "height": 24, "seed": [1, 2]}},
            "larger": {
                "type": "upscale.upscale",
                "values": {"source": "tiny_2x.safetensors"},
                "links": {"image": "noise.out"},
            },
        },
    }
    with Engine(store=Store(tmp_path / "cache")) as engine:
        result = engine.run(engine.plan(Workflow.parse(graph)))
        assert result.ok, result.outcome.errors
        assert [image.size for image in result.outputs()["large"]] == [(80, 48)] * 2
        assert engine.models.loads == 1
        again = engine.plan(Workflow.parse(graph))
    assert {step.state for step in again.steps.values()} == {"cached"}
