"""Pack `style`: nets that repaint in one pass, how one is trained, and what all of it refuses."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from style_bench import Bench
from torch import Tensor, nn

from musegraph import Cancelled, Image, ModelError, NodeError, Reference, Weights
from musegraph_nodes import style as pack
from musegraph_nodes.style import apply, load_fast, train_fast
from musegraph_nodes.style.fast_layout import FastLayout, part_of, read_layout, shapes_of
from musegraph_nodes.style.features import FeatureNet
from musegraph_nodes.style.layouts import planned
from musegraph_nodes.style.nets import orthogonal
from musegraph_nodes.style.training import many

STYLES = Path(__file__).resolve().parents[2] / "workflows" / "images" / "styles"


class Shop(Bench):
    """A context with every loader of the pack, a folder of models, and one for checkpoints."""

    def __init__(self, folder: Path, cancel_at: int | None = None) -> None:
        super().__init__(cancel_at)
        self.folder, self.notes = folder, list[str]()

    def place(self, source: str) -> Path:
        kept = self.folder / "models" / source
        return kept if kept.is_file() else super().place(source)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        loader = pack.pack.loaders[ref.loader.partition(".")[2]]
        yield loader.load(ref, self.place(ref.source), self.device)

    def keep(self, name: str, file: Path) -> Weights:
        place = self.folder / "models" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
        return self.weights(name)

    def bench(self, name: str) -> Path:
        place = self.folder / "bench" / name
        place.mkdir(parents=True, exist_ok=True)
        return place

    def progress(self, done: float, total: float = 1.0, **told: Any) -> None:
        # A preview is made when somebody looks, which here is once.
        super().progress(done, total, **(told if done == 2 else {}))

    def note(self, text: str) -> None:
        self.notes.append(text)


# The example of PyTorch: fast_neural_style/neural_style/transformer_net.py, with its names.


class ConvLayer(nn.Module):
    def __init__(self, reads: int, makes: int, side: int, stride: int, larger: int = 0) -> None:
        super().__init__()
        self.larger = larger
        self.reflection_pad = nn.ReflectionPad2d(side // 2)
        self.conv2d = nn.Conv2d(reads, makes, side, stride)

    def forward(self, x: Tensor) -> Tensor:
        if self.larger:
            x = F.interpolate(x, mode="nearest", scale_factor=self.larger)
        made: Tensor = self.conv2d(self.reflection_pad(x))
        return made


class ResidualBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = ConvLayer(channels, channels, 3, 1)
        self.in1 = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = ConvLayer(channels, channels, 3, 1)
        self.in2 = nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.in2(self.conv2(torch.relu(self.in1(self.conv1(x)))))
        return made + x


class TransformerNet(nn.Module):
    def __init__(self, a: int = 32, b: int = 64, c: int = 128) -> None:
        super().__init__()
        self.conv1, self.in1 = ConvLayer(3, a, 9, 1), nn.InstanceNorm2d(a, affine=True)
        self.conv2, self.in2 = ConvLayer(a, b, 3, 2), nn.InstanceNorm2d(b, affine=True)
        self.conv3, self.in3 = ConvLayer(b, c, 3, 2), nn.InstanceNorm2d(c, affine=True)
        for number in range(1, 6):
            setattr(self, f"res{number}", ResidualBlock(c))
        self.deconv1, self.in4 = ConvLayer(c, b, 3, 1, 2), nn.InstanceNorm2d(b, affine=True)
        self.deconv2, self.in5 = ConvLayer(b, a, 3, 1, 2), nn.InstanceNorm2d(a, affine=True)
        self.deconv3 = ConvLayer(a, 3, 9, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.in1(self.conv1(x)))
        y = torch.relu(self.in2(self.conv2(y)))
        y = torch.relu(self.in3(self.conv3(y)))
        for number in range(1, 6):
            y = self.get_submodule(f"res{number}")(y)
        y = torch.relu(self.in4(self.deconv1(y)))
        y = torch.relu(self.in5(self.deconv2(y)))
        made: Tensor = self.deconv3(y)
        return made


def seeded(net: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return net().requires_grad_(False).eval()


def saved(net: nn.Module, folder: Path, **more: Tensor) -> str:
    file = folder / "net.safetensors"
    save_file({**net.state_dict(), **more}, file)
    return str(file)


def picture(high: int = 40, wide: int = 56, channels: int = 3, seed: int = 1) -> Image:
    made = torch.Generator().manual_seed(seed)
    return Image(torch.rand(1, high, wide, channels, generator=made))


def nan() -> Image:
    data = picture().data.clone()
    data[0, 3, 4, 1] = float("nan")
    return Image(data)


def unseen() -> Image:
    return Image(torch.zeros(1, 40, 40, 4))


def test_a_net_of_pytorchs_example_paints_what_its_authors_code_paints(tmp_path: Path) -> None:
    net = seeded(TransformerNet)
    # At first it paints next to nothing: as bright as a trained one, more is told.
    net.get_parameter("deconv3.conv2d.weight").mul_(200)
    net.get_parameter("deconv3.conv2d.bias").add_(120)
    image, shop = picture(), Shop(tmp_path)
    ref = load_fast(shop, saved(net, tmp_path))
    wanted = net(image.data.permute(0, 3, 1, 2) * 255).clamp(0, 255) / 255
    made = apply(image, ref, shop).data.permute(0, 3, 1, 2)
    assert float(wanted.std()) > 0.02
    assert float((made - wanted).abs().max()) < 1e-4


def test_a_narrower_net_and_old_running_means_lie_in_the_same_layout(tmp_path: Path) -> None:
    net = seeded(lambda: TransformerNet(4, 8, 12))
    old = {"in1.running_mean": torch.zeros(4), "res2.in1.running_var": torch.ones(12)}
    shop = Shop(tmp_path)
    source = saved(net, tmp_path, **old)
    made = apply(picture(), load_fast(shop, source), shop)
    assert made.size == (56, 40)
    shapes = {name: {"shape": list(t.shape)} for name, t in net.state_dict().items()}
    assert read_layout(shapes, "net") == FastLayout((4, 8, 12), 5)
    assert set(shapes_of(FastLayout((4, 8, 12), 5))) == set(shapes)


Shapes = dict[str, Any]


def lacks(name: str) -> Callable[[Shapes], Shapes]:
    return lambda shapes: {n: s for n, s in shapes.items() if n != name}


def holds(name: str, *sides: int) -> Callable[[Shapes], Shapes]:
    return lambda shapes: {**shapes, name: {"shape": list(sides)}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lacks("conv1.conv2d.weight"), "no conv1.conv2d.weight"),
        (lacks("conv3.conv2d.weight"), "no conv3.conv2d.weight"),
        (lacks("in1.weight"), "no in1.weight"),
        (lacks("res4.conv2.conv2d.bias"), "no res4.conv2.conv2d.bias"),
        (lacks("deconv3.conv2d.bias"), "no deconv3.conv2d.bias"),
        (holds("res6.conv1.conv2d.weight", 12, 12, 3, 3), "no res6.conv1.conv2d.bias"),
        (holds("in4.weight", 9), "in4.weight is of the shape"),
        (holds("conv2.conv2d.weight", 8, 4, 5, 5), "conv2.conv2d.weight is of the shape"),
        (holds("conv2.conv2d.weight", 8, 4), "a convolution has four sides"),
        (holds("deconv4.conv2d.weight", 3, 4, 9, 9), "also holds deconv4.conv2d.weight"),
        (holds("saturation_bar.weight", 3), "also holds saturation_bar.weight"),
        (lambda _: {"model.0.weight": {"shape": [3, 3, 3, 3]}}, "is no fast style net"),
        (lambda _: {}, "is no fast style net"),
    ],
)
def test_a_fast_net_of_another_build_is_refused_with_the_tensor_that_says_so(
    change: Callable[[Shapes], Shapes], said: str
) -> None:
    shapes = {n: {"shape": list(s)} for n, s in shapes_of(FastLayout((4, 8, 12), 5)).items()}
    with pytest.raises(ModelError, match=said.replace(".", r"\.")) as refused:
        read_layout(change(shapes), "net")
    assert "'net'" in str(refused.value)


def test_a_pickle_a_folder_and_a_cut_off_file_are_no_fast_nets(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (tmp_path / "mosaic.pth").write_bytes(b"PK\x03\x04 not opened")
    with pytest.raises(ModelError, match="is a pickle"):
        load_fast(shop, str(tmp_path / "mosaic.pth"))
    (tmp_path / "mosaic.safetensors").write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(ModelError, match="is a pickle"):
        load_fast(shop, str(tmp_path / "mosaic.safetensors"))
    with pytest.raises(ModelError, match="is a folder"):
        load_fast(shop, str(tmp_path))
    whole = Path(saved(seeded(lambda: TransformerNet(4, 8, 12)), tmp_path))
    whole.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(ModelError):
        load_fast(shop, str(whole))


@pytest.mark.parametrize("side", [(1, 1), (2, 9), (33, 7), (64, 50)])
def test_any_size_comes_out_as_it_was_with_its_transparency(
    side: tuple[int, int], tmp_path: Path
) -> None:
    shop = Shop(tmp_path)
    ref = load_fast(shop, saved(seeded(lambda: TransformerNet(4, 8, 12)), tmp_path))
    image = picture(*side, channels=4)
    made = apply(image, ref, shop)
    assert made.data.shape == image.data.shape
    assert torch.equal(made.data[..., 3], image.data[..., 3])
    assert bool(torch.isfinite(made.data).all())
    none = apply(picture(*side), ref, shop, strength=0.0)
    assert torch.equal(none.data, picture(*side).data)


WRONG_PICTURES: list[tuple[Callable[[], Image], str]] = [
    (nan, "port 'image': the picture holds values that are no numbers"),
    (unseen, "port 'image': the picture is transparent everywhere"),
    (lambda: Image(torch.zeros(0, 8, 8, 3)), "port 'image': the batch holds no picture"),
    (lambda: Image(picture().data / 0), "port 'image': the picture holds values that are no"),
]


@pytest.mark.parametrize(("image", "said"), WRONG_PICTURES)
def test_a_picture_that_is_none_is_refused_at_its_port(
    image: Callable[[], Image], said: str, tmp_path: Path
) -> None:
    shop = Shop(tmp_path)
    ref = load_fast(shop, saved(seeded(lambda: TransformerNet(4, 8, 12)), tmp_path))
    with pytest.raises(NodeError, match=said):
        apply(image(), ref, shop)


# Training


@pytest.fixture
def features(tmp_path: Path) -> FeatureNet:
    net = orthogonal(planned(((6, 8), (10, 12), (12, 14), (16,))))
    file = tmp_path / "features.safetensors"
    save_file(dict(net.state_dict()), file)
    return FeatureNet(loader="style.features", source=str(file), digest="test", family="vgg")


def trained(shop: Shop, features: FeatureNet, steps: int, **more: Any) -> Any:
    settings: dict[str, Any] = {"width": 4, "crop": 64, "batch": 1, "style_size": 64, "seed": 3}
    style = more.pop("style", picture(70, 70, seed=5))
    return train_fast(shop, style, None, features, steps=steps, **(settings | more))


def weights(shop: Shop, made: Any) -> dict[str, Tensor]:
    return load_file(shop.place(made.net.source))


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def test_a_training_brings_the_style_nearer_and_its_net_lies_among_the_models(
    tmp_path: Path, features: FeatureNet
) -> None:
    shop = Shop(tmp_path)
    red = Image(picture(64, 64).data * torch.tensor([1.0, 0.1, 0.1]))
    made = trained(shop, features, 24, style=red, content_weight=0.0, name="dots")
    assert made.net.source.startswith("trained/dots-")
    assert len(shop.steps) == 24
    assert shop.steps[-1] == (24, 24)
    assert [shown.size for shown in shop.previews] == [(192, 192)]
    painted = apply(picture(), made.net, shop)
    assert painted.size == (56, 40)
    assert made.sample.size == (192, 192)
    assert made.curve.size[0] > 100
    from musegraph_nodes.style.training.fast import Plan, begun, restored

    state = begun(Plan(width=4), "cpu")
    (folder,) = (tmp_path / "bench").iterdir()
    assert restored(state, folder, 24)
    first, last = state.losses["style"][:5], state.losses["style"][-5:]
    assert sum(last) < 0.95 * sum(first)


def test_a_cancelled_training_goes_on_and_ends_as_one_that_was_not(
    tmp_path: Path, features: FeatureNet
) -> None:
    whole = Shop(tmp_path / "whole")
    wanted = weights(whole, trained(whole, features, 8))
    with pytest.raises(Cancelled):
        trained(Shop(tmp_path / "cut", cancel_at=4), features, 8)
    shop = Shop(tmp_path / "cut")
    made = trained(shop, features, 8)
    assert shop.notes == ["went on from step 5"]
    assert [step for step, _ in shop.steps] == [6, 7, 8]
    assert same(weights(shop, made), wanted)


class Killed(BaseException):
    """What no node catches: as a process that ends, it leaves only what was written before."""


def test_a_killed_training_goes_on_from_its_checkpoint_and_ends_as_one_that_was_not(
    tmp_path: Path, features: FeatureNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(Shop):
        def progress(self, done: float, total: float = 1.0, **told: Any) -> None:
            if done == 5:
                raise Killed

    monkeypatch.setattr("musegraph_nodes.style.train.SAVE_EVERY", 2)
    whole = Shop(tmp_path / "whole")
    wanted = weights(whole, trained(whole, features, 6))
    with pytest.raises(Killed):
        trained(Dying(tmp_path / "cut"), features, 6)
    shop = Shop(tmp_path / "cut")
    made = trained(shop, features, 6)
    assert shop.notes == ["went on from step 4"]
    assert same(weights(shop, made), wanted)


def test_equal_seeds_train_equal_nets_and_others_do_not(
    tmp_path: Path, features: FeatureNet
) -> None:
    shops = [Shop(tmp_path / name) for name in ("one", "two", "three")]
    made = [
        weights(shop, trained(shop, features, 2, seed=seed))
        for shop, seed in zip(shops, (3, 3, 4), strict=True)
    ]
    assert same(made[0], made[1])
    one, two = ((shop.folder / "models/trained").iterdir() for shop in shops[:2])
    assert next(one).read_bytes() == next(two).read_bytes(), "equal nets are equal files"
    assert not same(made[0], made[2])


def test_more_steps_go_on_and_a_damaged_checkpoint_counts_for_nothing(
    tmp_path: Path, features: FeatureNet
) -> None:
    shop = Shop(tmp_path)
    trained(shop, features, 2)
    trained(shop, features, 3)
    assert shop.notes == ["went on from step 2"]
    (file,) = (tmp_path / "bench").glob("*/step-*/state.safetensors")
    file.write_bytes(file.read_bytes()[:-50])
    again = Shop(tmp_path)
    trained(again, features, 4)
    assert again.notes == []
    assert len(again.steps) == 4


def big() -> Image:
    return Image(torch.rand(1, 8, 4000, 3))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"style": picture(1, 1)}, "port 'style': the picture is 1×1 pixels"),
    ({"style": big()}, "port 'style': the picture is 4000×8 pixels"),
    ({"style": nan()}, "port 'style': the picture holds values that are no numbers"),
    ({"style": unseen()}, "port 'style': the picture is transparent everywhere"),
    ({"style": Image(torch.zeros(0, 64, 64, 3))}, "port 'style': the batch holds no picture"),
    ({"pictures": []}, "port 'pictures': the list is empty"),
    ({"pictures": [picture(80, 80), picture(9, 80)]}, "port 'pictures': one is 80×9 pixels"),
    ({"pictures": [nan()]}, "port 'pictures': the picture holds values that are no numbers"),
    ({"pictures": [unseen()]}, "port 'pictures': the picture is transparent everywhere"),
    ({"name": ""}, "port 'name': give up to 60 letters"),
    ({"name": "../../away"}, "port 'name': give up to 60 letters"),
    ({"name": "a/b"}, "port 'name': give up to 60 letters"),
    ({"style_weight": 0.0, "content_weight": 0.0}, "port 'style_weight': it is 0"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_training_that_cannot_be_is_refused_at_its_port_before_it_begins(
    given: dict[str, Any], said: str, tmp_path: Path, features: FeatureNet
) -> None:
    shop = Shop(tmp_path)
    settings: dict[str, Any] = {
        "style": picture(64, 64), "pictures": None, "features": features, "steps": 1,
        "width": 4, "crop": 64, "style_size": 64,
    }  # fmt: skip
    with pytest.raises(NodeError, match=said.replace(".", r"\.")):
        train_fast(shop, **(settings | given))
    assert shop.steps == []
    assert not (tmp_path / "models").exists()


def test_a_style_of_grey_or_with_transparency_can_be_learned(
    tmp_path: Path, features: FeatureNet
) -> None:
    grey = Image(picture(64, 64).data[..., :1].expand(1, 64, 64, 3))
    for number, style in enumerate((grey, picture(64, 64, 4))):
        made = trained(Shop(tmp_path / str(number)), features, 1, style=style)
        assert bool(torch.isfinite(made.sample.data).all())


def test_one_file_holds_several_styles_which_load_as_plain_nets(tmp_path: Path) -> None:
    plan = many.Plan(styles=("dots", "lines"), width=4, blocks=1)
    held = {name: tensor.detach() for name, tensor in many.Many(plan).tensors().items()}
    held[part_of("lines", "deconv3.conv2d.bias")] = torch.tensor([0.0, 0.0, 255.0])
    file, shop = tmp_path / "net.safetensors", Shop(tmp_path)
    save_file(held, file, metadata={"musegraph": '{"grain": 0.1}'})
    made = {
        style: apply(picture(), load_fast(shop, str(file), style), shop).data
        for style in ("", "dots", "lines")
    }
    assert torch.equal(made[""], made["dots"]), "the first, where none is asked for"
    assert float((made["lines"] - made["dots"])[..., 2].mean()) > 0.3
    again = apply(picture(), load_fast(shop, str(file), "lines"), shop).data
    assert torch.equal(again, made["lines"]), "grain is the same each time"
    with pytest.raises(ModelError, match="have no style 'waves'; there are dots, lines"):
        load_fast(shop, str(file), "waves")
    with pytest.raises(ModelError, match="knows one style and has no 'waves'"):
        load_fast(shop, saved(seeded(lambda: TransformerNet(4, 8, 16)), tmp_path), "waves")


def test_a_training_of_several_styles_that_was_killed_ends_as_one_that_was_not(
    tmp_path: Path,
) -> None:
    plan = many.Plan(
        styles=("ink", "mosaic"), width=4, blocks=1, style_side=64, scenes=1, textures=1, side=64,
        crop=48,
    )  # fmt: skip
    features = many.STARTER / "features" / "model.safetensors"
    for name, stops in (("whole", (3,)), ("parts", (1, 3))):
        for steps in stops:
            many.Course(plan, features, STYLES, tmp_path / name).run(steps)
    one, other = (
        load_file(many.export(tmp_path / name, tmp_path / f"{name}-net", plan))
        for name in ("whole", "parts")
    )
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    ref = load_fast(Shop(tmp_path), str(tmp_path / "whole-net"), "mosaic")
    assert ref.options == {"style": "mosaic"}
