"""Pack `style`: any style in one pass, what it keeps, and everything that it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from style_bench import Bench
from torch import Tensor

from musegraph import Image, Mask, ModelError, NodeError, Reference
from musegraph_nodes import style as pack
from musegraph_nodes.style import adain, weaving
from musegraph_nodes.style.adain import named, reference
from musegraph_nodes.style.adain_nets import AdaIN, convolved, mean_and_deviation
from musegraph_nodes.style.adain_nets import adain as moved
from musegraph_nodes.style.keeping import Kept
from musegraph_nodes.style.layouts import planned
from musegraph_nodes.style.nets import orthogonal


class Shop(Bench):
    """A context with the loader of AdaIN; a net that was opened stays."""

    opened: Any = None

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        if self.opened is None:
            loader = pack.pack.loaders["adain"]
            self.opened = loader.load(ref, self.place(ref.source), self.device)
        yield self.opened


def tensors() -> dict[str, Tensor]:
    """A net that has not learned, and changes a little at random."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = AdaIN(orthogonal(planned(((6, 8), (10, 12), (14,)))), 3)
    return {named(name): tensor.detach() for name, tensor in net.state_dict().items()}


@pytest.fixture
def source(tmp_path: Path) -> str:
    file = tmp_path / "adain.safetensors"
    save_file(tensors(), file)
    return str(file)


def picture(high: int = 40, wide: int = 56, seed: int = 1, channels: int = 3) -> Image:
    made = torch.Generator().manual_seed(seed)
    return Image(torch.rand(1, high, wide, channels, generator=made))


def nan() -> Image:
    data = picture().data.clone()
    data[0, 3, 4, 1] = float("inf")
    return Image(data)


def half(left: bool = True) -> Mask:
    data = torch.zeros(1, 40, 56)
    data[:, :, :28] = 1
    return Mask(data if left else 1 - data)


def test_the_features_get_the_statistics_of_the_style() -> None:
    content, style = torch.rand(1, 8, 9, 7), torch.randn(1, 8, 5, 6) * 3 + 2
    for made, wanted in zip(
        mean_and_deviation(moved(content, style)), mean_and_deviation(style), strict=True
    ):
        assert float(((made - wanted) / wanted).abs().max()) < 0.05


def test_strength_leads_from_the_content_to_the_style_without_a_step(source: str) -> None:
    shop = Shop()
    made = [
        adain(picture(), [picture(seed=2)], shop, strength=strength, source=source).data
        for strength in (0.0, 0.001, 0.5, 1.0)
    ]
    assert torch.equal(made[0], picture().data)
    away = [float((one - made[3]).abs().mean()) for one in made[1:]]
    assert away[0] > away[1] > away[2] == 0


def test_what_has_the_statistics_of_the_style_already_is_not_changed() -> None:
    net = AdaIN(orthogonal(planned(((6, 8), (10, 12), (14,)))), 3)
    laid = picture().data.permute(0, 3, 1, 2)
    with torch.no_grad():
        look = net.look(laid)
        made = net(laid, look, look.moments)
        other = net(laid, look, net.look(laid * 0.5).moments)
    assert float((made - laid).abs().max()) < 1e-5
    assert float((other - laid).abs().max()) > 1e-3


def test_the_same_inputs_make_the_same_picture(source: str) -> None:
    made = [adain(picture(), [picture(seed=2)], Shop(), source=source).data for _ in range(2)]
    assert torch.equal(made[0], made[1])


def test_another_strength_lays_nothing_again_and_looks_at_no_style_again(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, seen = Shop(), []
    adain(picture(), [picture(seed=2)], shop, strength=0.9, source=source)
    monkeypatch.setattr(weaving, "woven", None)
    monkeypatch.setattr(weaving, "pieces", None)
    shop.opened.net.encoder.register_forward_pre_hook(lambda *_: seen.append(1))
    made = adain(picture(), [picture(seed=2)], shop, strength=0.4, source=source).data
    assert len(seen) == 1  # what lies at this strength
    monkeypatch.undo()
    fresh = adain(picture(), [picture(seed=2)], Shop(), strength=0.4, source=source).data
    assert torch.equal(made, fresh)


def test_what_is_kept_makes_room_for_what_is_asked_for_last() -> None:
    kept, made = Kept(100), []

    def asked(number: int) -> int:
        def make() -> int:
            made.append(number)
            return number

        found: int = kept("n", (torch.full((2,), float(number)),), make, lambda _: 40)
        return found

    assert [asked(number) for number in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert made == [1, 2, 3, 2]


def test_weights_blend_styles_and_a_weight_of_nothing_is_as_good_as_none(source: str) -> None:
    one, two = picture(seed=2), picture(seed=3)
    alone = adain(picture(), [one], Shop(), source=source).data
    also = adain(picture(), [one, two], Shop(), weights=[2.0, 0.0], source=source).data
    both = adain(picture(), [one, two], Shop(), source=source).data
    twice = adain(picture(), [one, two], Shop(), weights=[7.0, 7.0], source=source).data
    assert torch.equal(alone, also)
    assert torch.allclose(both, twice, atol=1e-6)
    assert float((both - alone).abs().max()) > 1e-4


def test_each_style_counts_where_its_mask_is_white(source: str) -> None:
    one, two = picture(seed=2), picture(seed=3)
    left = adain(picture(), [one], Shop(), source=source).data
    right = adain(picture(), [two], Shop(), source=source).data
    masks = [half(), half(left=False)]
    made = adain(picture(), [one, two], Shop(), masks=masks, source=source).data
    assert float((made - left)[:, :, :12].abs().max()) < 1e-4
    assert float((made - right)[:, :, -12:].abs().max()) < 1e-4
    assert float((left - right)[:, :, :12].abs().max()) > 1e-3


@pytest.mark.parametrize("side", [(4, 4), (33, 7), (64, 50)])
def test_any_size_keeps_its_shape_and_its_transparency(side: tuple[int, int], source: str) -> None:
    image = picture(*side, channels=4)
    made = adain(image, [picture(seed=2)], Shop(), source=source)
    assert made.data.shape == image.data.shape
    assert torch.allclose(made.data[..., 3], image.data[..., 3], atol=1e-6)
    larger = adain(image, [picture(seed=2)], Shop(), size=2 * max(side), source=source)
    assert larger.size == (2 * side[1], 2 * side[0])


def test_luminance_keeps_the_colours_of_the_content(source: str) -> None:
    grey = Image(picture().data.mean(-1, keepdim=True).expand(-1, -1, -1, 3))
    made = adain(grey, [picture(seed=2)], Shop(), keep_colours="luminance", source=source).data
    assert float((made - made.mean(-1, keepdim=True)).abs().max()) < 1e-5


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"content": picture(1, 1)}, "port 'content': the picture is 1×1 pixels"),
    ({"content": nan()}, "port 'content': the picture holds values that are no numbers"),
    ({"content": Image(torch.zeros(1, 40, 56, 4))}, "port 'content': the picture is transparent"),
    ({"content": Image(torch.zeros(0, 8, 8, 3))}, "port 'content': the batch holds no picture"),
    ({"styles": []}, "port 'styles': the list is empty"),
    ({"styles": [nan()]}, "port 'styles': the picture holds values that are no numbers"),
    ({"styles": [picture(1, 1)]}, ""),
    ({"styles": [picture(1, 900)]}, "port 'styles': the picture is 384×1 pixels"),
    ({"weights": [0.0, 0.0]}, "port 'weights': all are 0"),
    ({"weights": [1.0]}, "port 'weights': 1 weights for 2 styles"),
    ({"weights": [1.0, -1.0]}, "port 'weights': a weight is 0 or more"),
    ({"weights": [1.0, float("nan")]}, "port 'weights': a weight is 0 or more"),
    ({"masks": [half()]}, "port 'masks': 1 masks for 2 styles"),
    ({"masks": [half(), Mask(torch.ones(1, 8, 8))]}, "port 'masks': a mask is 8×8"),
    ({"masks": [half(), Mask(torch.zeros(1, 40, 56))]}, "port 'masks': a mask is black everywhere"),
    ({"masks": [half(), Mask(half().data / 0)]}, "port 'masks': a mask holds values that are no"),
    ({"content": picture(1, 4000), "size": 4096}, "port 'content': the picture is 4096×1 pixels"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_repainted_is_refused_at_its_port(
    given: dict[str, Any], said: str, source: str
) -> None:
    settings: dict[str, Any] = {
        "content": picture(), "styles": [picture(seed=2), picture(seed=3)], "source": source,
    }  # fmt: skip
    settings |= given
    if not said:  # a style of one pixel is a colour, and is shown larger
        assert adain(ctx=Shop(), **settings).size == (56, 40)
        return
    with pytest.raises(NodeError, match=said):
        adain(ctx=Shop(), **settings)


Change = Callable[[dict[str, Tensor]], dict[str, Tensor]]


def lacks(name: str) -> Change:
    return lambda held: {key: tensor for key, tensor in held.items() if key != name}


def holds(name: str, *sides: int) -> Change:
    return lambda held: {**held, name: torch.zeros(sides)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lacks("decoder.paint.weight"), "no decoder.paint.weight"),
        (lacks("decoder.stages.1.gate.bias"), "no decoder.stages.1.gate.bias"),
        (lacks("decoder.stages.0.conv.weight"), "no decoder.stages.0.conv.weight"),
        (lacks("features.5.bias"), "no features.5.bias"),
        (
            holds("decoder.stages.0.conv.weight", 12, 9, 3, 3),
            "stages.0.conv.weight is of the shape",
        ),
        (holds("decoder.stages.1.gate.weight", 8, 1), "stages.1.gate.weight is of the shape"),
        (holds("decoder.stages.9.gate.bias", 3), "also holds decoder.stages.9.gate.bias"),
        (holds("features.5.weight", 10, 8, 5, 5), "features.5.weight is of the shape"),
        (holds("encoder.weight", 3), "holds encoder.weight"),
        (lambda held: {n: t for n, t in held.items() if n.startswith("features")}, "no AdaIN"),
        (lambda held: {n: t for n, t in held.items() if n.startswith("decoder")}, "features.0"),
    ],
)
def test_a_file_of_another_build_is_refused_with_the_tensor_that_says_so(
    change: Change, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "other.safetensors"
    save_file(change(tensors()), file)
    with pytest.raises(ModelError, match=said.replace(".", r"\.")):
        reference(str(file), Shop())


def test_a_pickle_and_an_empty_folder_hold_no_adain(tmp_path: Path) -> None:
    (tmp_path / "decoder.pth").write_bytes(b"PK\x03\x04 not opened")
    with pytest.raises(ModelError, match="is a pickle"):
        reference(str(tmp_path / "decoder.pth"), Shop())
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        reference(str(tmp_path / "empty"), Shop())


@pytest.mark.parametrize("half", [(5, 7), (1, 2)])
def test_what_comes_from_below_and_what_changes_are_convolved_as_if_they_had_been_written(
    half: tuple[int, int],
) -> None:
    made = torch.Generator().manual_seed(0)
    below, seen, factor, addend, kernel = (
        torch.randn(shape, generator=made)
        for shape in (
            (1, 4, *half),
            (1, 3, 2 * half[0], 2 * half[1]),
            (1, 3, 1, 1),
            (1, 3, 1, 1),
            (6, 7, 3, 3),
        )
    )
    doubled = below.repeat_interleave(2, 2).repeat_interleave(2, 3)
    change = seen * factor + addend
    plain = torch.nn.functional.conv2d(torch.cat((doubled, change), 1), kernel, padding=1)
    found = convolved(below, seen, (factor, addend), kernel)
    assert torch.allclose(found, plain, atol=1e-4)
