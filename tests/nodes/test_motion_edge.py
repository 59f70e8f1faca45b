"""EDGE: its net beside plain layers, its numbers beside SciPy, dances, and learning to dance."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.spatial.transform import Rotation
from style_bench import Bench as StyleBench
from torch import Tensor, nn

from musegraph import Audio, Cancelled, ModelError, Motion, NodeError, Reference, Weights
from musegraph.library.convert import convert
from musegraph_nodes import motion as moving
from musegraph_nodes.motion.body import BODY, arrays, motion_of
from musegraph_nodes.motion.choreograph import choreograph
from musegraph_nodes.motion.diffusion.dancing import LOWER, Kept, joined, whole_of, windows_of
from musegraph_nodes.motion.diffusion.edge import EdgeNet, EdgeSize, tensors_of
from musegraph_nodes.motion.diffusion.learning import Lessons, Plan, Training
from musegraph_nodes.motion.diffusion.model import load_dance_model
from musegraph_nodes.motion.diffusion.nodes import dance
from musegraph_nodes.motion.diffusion.numbers import COUNT, Range, motion_from, numbers_of
from musegraph_nodes.motion.diffusion.train import train_dance
from musegraph_nodes.motion.turns import placed

SMALL = EdgeSize(151, 35, 30, 64, 96, 2, 1)


class Bench(StyleBench):
    """A context without an engine that loads and keeps the models of this pack."""

    def __init__(self, folder: Path, cancel_at: int | None = None) -> None:
        super().__init__(cancel_at)
        self.folder = folder

    def place(self, source: str) -> Path:
        kept = self.folder / "models" / source
        return kept if kept.exists() else super().place(source)

    def keep(self, name: str, file: Path) -> Weights:
        place = self.folder / "models" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())
        return Weights(place, sha256(place.read_bytes()).hexdigest(), name)

    def weights(self, source: str) -> Weights:
        place = self.place(source)
        told = sha256(place.read_bytes()).hexdigest() if place.is_file() else source
        return Weights(place, told, source)

    def bench(self, name: str) -> Path:
        place = self.folder / "bench" / name
        place.mkdir(parents=True, exist_ok=True)
        return place

    def note(self, text: str) -> None:
        self.noted = text

    def progress(self, done: float, total: float = 1.0, **told: Any) -> None:
        if done != 1:  # each preview is a filmstrip
            told = {}
        super().progress(done, total, **told)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        loader = moving.pack.loaders[ref.loader.removeprefix("motion.")]
        yield loader.load(ref, self.place(ref.source), self.device)


def net_of(size: EdgeSize = SMALL, plain: bool = False) -> EdgeNet:
    torch.manual_seed(3)
    net = EdgeNet(size).eval().requires_grad_(False)
    for name, weight in net.named_parameters():
        if plain and ".film" in name:
            weight.zero_()
        elif weight.ndim == 1 or "null" in name:
            weight.normal_(1.0 if "norm" in name else 0.0, 0.2)
    if plain:
        net.rotary.freqs.zero_()
    return net


def asked(size: EdgeSize) -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(2, size.tokens, size.numbers, generator=draw)
    return x, torch.randn(2, size.tokens, size.heard, generator=draw), torch.tensor([7, 900])


# -- the net ------------------------------------------------------------------------------------


def test_the_key_table_is_that_of_the_published_checkpoint() -> None:
    with torch.device("meta"):
        held = {name: tuple(one.shape) for name, one in EdgeNet(EdgeSize()).state_dict().items()}
    attention = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    both = ("weight", "bias")
    wanted = {"rotary.freqs", "null_cond_embed", "null_cond_hidden"}
    for name in ("time_mlp.1", "to_time_cond.0", "to_time_tokens.0", "norm_cond",
                 "input_projection", "cond_projection", "non_attn_cond_projection.0",
                 "non_attn_cond_projection.1", "non_attn_cond_projection.3",
                 "final_layer"):  # fmt: skip
        wanted |= {f"{name}.{part}" for part in both}
    layers = [(f"cond_encoder.{at}", ("self_attn",), 2, 0) for at in range(2)]
    layers += [(f"seqTransDecoder.stack.{at}", ("self_attn", "multihead_attn"), 3, 3)
               for at in range(8)]  # fmt: skip
    for layer, looks, norms, films in layers:
        wanted |= {f"{layer}.{look}.{part}" for look in looks for part in attention}
        names = ["linear1", "linear2", *(f"norm{at + 1}" for at in range(norms)),
                 *(f"film{at + 1}.block.1" for at in range(films))]  # fmt: skip
        wanted |= {f"{layer}.{name}.{part}" for name in names for part in both}
        wanted |= {f"{layer}.rotary.freqs"}
    assert set(held) == wanted
    assert held["seqTransDecoder.stack.7.self_attn.in_proj_weight"] == (1536, 512)
    assert held["to_time_tokens.0.weight"] == (1024, 2048)
    assert held["null_cond_embed"] == (1, 150, 512)
    assert held["input_projection.weight"] == (512, 151)


def conditions(net: EdgeNet, music: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
    """What EDGE tells the time and the music, by torch's functions alone."""
    held = net.state_dict()

    def linear(name: str, x: Tensor) -> Tensor:
        return nn.functional.linear(x, held[f"{name}.weight"], held[f"{name}.bias"])

    half = net.size.width // 2
    angle = time[:, None] * torch.exp(torch.arange(half) * (-np.log(10_000.0) / (half - 1)))
    waves = torch.cat((angle.sin(), angle.cos()), -1)
    hidden = nn.functional.mish(linear("time_mlp.1", waves))
    whole = nn.functional.layer_norm(
        music.mean(1), (net.size.width,), held["non_attn_cond_projection.0.weight"],
        held["non_attn_cond_projection.0.bias"],
    )  # fmt: skip
    whole = nn.functional.silu(linear("non_attn_cond_projection.1", whole))
    told = linear("to_time_cond.0", hidden) + linear("non_attn_cond_projection.3", whole)
    tokens = linear("to_time_tokens.0", hidden).reshape(len(time), 2, -1)
    memory = nn.functional.layer_norm(
        torch.cat((music, tokens), 1), (net.size.width,), held["norm_cond.weight"],
        held["norm_cond.bias"],
    )  # fmt: skip
    return memory, told


def plain_layers(net: EdgeNet) -> tuple[nn.TransformerEncoder, nn.TransformerDecoder]:
    """The layers of PyTorch with the weights of the same names, of which none is left over."""
    size = net.size
    told: dict[str, Any] = {
        "dim_feedforward": size.inner, "activation": "gelu", "batch_first": True,
        "norm_first": True, "dropout": 0.0,
    }  # fmt: skip
    one = nn.TransformerEncoderLayer(size.width, size.heads, **told)
    two = nn.TransformerDecoderLayer(size.width, size.heads, **told)
    listens = nn.TransformerEncoder(one, 2, enable_nested_tensor=False)
    dances = nn.TransformerDecoder(two, size.layers)
    for layers, prefix in ((listens, "cond_encoder."), (dances, "seqTransDecoder.stack.")):
        layers.layers.load_state_dict({
            name.removeprefix(prefix): tensor for name, tensor in net.state_dict().items()
            if name.startswith(prefix) and ".film" not in name and not name.endswith("freqs")
        })  # fmt: skip
    return listens.eval(), dances.eval()


def test_without_positions_and_films_the_net_says_what_plain_transformer_layers_say() -> None:
    net = net_of(plain=True)
    x, music, time = asked(SMALL)
    listens, dances = plain_layers(net)
    tokens = listens(net.cond_projection(music))
    memory, _ = conditions(net, tokens, time)
    wanted = net.final_layer(dances(net.input_projection(x), memory))
    made = net(x, music, time, torch.zeros(2, dtype=torch.bool))
    torch.testing.assert_close(made, wanted, rtol=1e-4, atol=1e-5)


def test_positions_turn_what_is_looked_at_and_films_scale_what_a_layer_adds() -> None:
    """As before, with each part of PyTorch's layers asked by itself."""
    net = net_of()
    x, music, time = asked(SMALL)
    listens, dances = plain_layers(net)
    freqs = 10_000.0 ** (-torch.arange(0, SMALL.width, 2) / SMALL.width)

    def turned(x: Tensor) -> Tensor:
        """Neighbouring pairs as complex numbers."""
        angle = torch.arange(x.shape[1])[:, None] * freqs
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
        return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)

    def looked(attention: Any, x: Tensor, other: Tensor | None = None) -> Tensor:
        key = x if other is None else other
        return attention(turned(x), turned(key), key)[0]

    tokens = net.cond_projection(music)
    for layer in listens.layers:
        tokens = tokens + looked(layer.self_attn, layer.norm1(tokens))
        tokens = tokens + layer.linear2(nn.functional.gelu(layer.linear1(layer.norm2(tokens))))
    memory, told = conditions(net, tokens, time)
    made = net.input_projection(x)
    for at, layer in enumerate(dances.layers):

        def filmed(number: int, x: Tensor, at: int = at) -> Tensor:
            held, name = net.state_dict(), f"seqTransDecoder.stack.{at}.film{number}.block.1"
            both = nn.functional.linear(
                nn.functional.mish(told), held[f"{name}.weight"], held[f"{name}.bias"]
            )
            scale, shift = both[:, None].chunk(2, -1)
            return (scale + 1) * x + shift

        made = made + filmed(1, looked(layer.self_attn, layer.norm1(made)))
        made = made + filmed(2, looked(layer.multihead_attn, layer.norm2(made), memory))
        inner = layer.linear2(nn.functional.gelu(layer.linear1(layer.norm3(made))))
        made = made + filmed(3, inner)
    said = net(x, music, time, torch.zeros(2, dtype=torch.bool))
    torch.testing.assert_close(said, net.final_layer(made), rtol=1e-4, atol=1e-5)
    without = [net(x, one, time, torch.ones(2, dtype=torch.bool)) for one in (music, music * 0)]
    assert (without[0] == without[1]).all()
    assert (without[0] != said).any()


# -- the numbers --------------------------------------------------------------------------------


def test_numbers_are_contacts_a_root_with_z_up_and_rows_of_matrices_as_scipy_has_them() -> None:
    made = choreograph(seconds=4.0, style="house", seed=2).motion
    turns, root = arrays(made)
    numbers = numbers_of(turns, root)
    assert numbers.shape == (120, 151)
    np.testing.assert_allclose(numbers[:, 4:7], root[:, [0, 2, 1]] * [1, -1, 1], atol=1e-12)
    own = [Rotation.from_quat(turns[:, at, [1, 2, 3, 0]]) for at in range(24)]
    own[0] = Rotation.from_euler("x", 90, degrees=True) * own[0]
    for at, one in enumerate(own):
        rows = one.as_matrix()[:, :2].reshape(-1, 6)
        np.testing.assert_allclose(numbers[:, 7 + 6 * at : 13 + 6 * at], rows, atol=1e-6)
    where = placed(turns, root, BODY)[1]
    for at, joint in enumerate((7, 8, 10, 11)):
        step = np.linalg.norm(np.diff(where[:, joint], axis=0), axis=-1)
        assert (numbers[:-1, at] == (step < 0.01)).all()
    scope = Range.of(numbers)
    low = scope.into(numbers)
    assert low.min() >= -1
    assert low.max() <= 1
    back = motion_from(scope.out(low))
    np.testing.assert_allclose(placed(back[0], back[1], BODY)[1], where, atol=1e-6)
    assert (back[2] == numbers[:, :4].astype(bool)).all()


def test_windows_of_a_table_put_together_are_the_table() -> None:
    table = torch.arange(40.0).reshape(20, 2)
    windows = windows_of(table, 8)
    assert windows.shape == (4, 8, 2)
    assert (windows[1, :4] == windows[0, 4:]).all()
    assert (whole_of(windows) == table).all()


# -- checkpoints --------------------------------------------------------------------------------


def checkpoint(place: Path, net: EdgeNet) -> Path:
    """A file as EDGE's training saves it, its normaliser a class of its own."""
    names = {"dataset": None, "dataset.preprocess": "Normalizer", "dataset.scaler": "MinMaxScaler"}
    made: dict[str, Any] = {}
    for module, name in names.items():
        sys.modules[module] = ModuleType(module)
        if name:
            made[name] = type(name, (), {"__module__": module})
            setattr(sys.modules[module], name, made[name])
    scaler = made["MinMaxScaler"]()
    scaler.__dict__ |= {"feature_range": (-1, 1), "clip": True, "scale_": torch.full((151,), 0.5),
                        "min_": torch.full((151,), 0.25), "n_samples_seen_": 7}  # fmt: skip
    normalizer = made["Normalizer"]()
    normalizer.scaler = scaler
    held: dict[str, Any] = {
        "ema_state_dict": net.state_dict(),
        "model_state_dict": {name: one + 1 for name, one in net.state_dict().items()},
        "optimizer_state_dict": {"state": {}, "param_groups": [{"lr": 4e-4}]},
        "normalizer": normalizer,
    }
    try:
        torch.save(held, place)
    finally:
        for module in names:
            del sys.modules[module]
    return place


def test_a_public_checkpoint_is_converted_with_its_normaliser_and_dances(tmp_path: Path) -> None:
    net = net_of()
    file = checkpoint(tmp_path / "edge.pt", net)
    made = convert(file, tmp_path / "edge.safetensors")
    assert "optimizer_state_dict" in made.left
    held = load_file(tmp_path / "edge.safetensors")
    assert float(held.pop("normalizer.scale")[0]) == 0.5
    assert float(held.pop("normalizer.shift")[0]) == 0.25
    assert set(held) == set(net.state_dict())
    assert all((held[name] == one).all() for name, one in net.state_dict().items())
    bench = Bench(tmp_path)
    model = load_dance_model(bench, str(tmp_path / "edge.safetensors"))
    sound = Audio(torch.randn(1, 1, 22_050 * 2) * 0.1, 22_050)
    with pytest.raises(NodeError, match="listens to sound itself"):
        dance(bench, model, seconds=2.0)
    one = dance(bench, model, sound=sound, steps=2).motion
    assert one.frames == 60
    with pytest.raises(ModelError, match=r"musegraph models convert edge\.pt"):
        load_dance_model(bench, str(file))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"strange.weight": torch.zeros(2)}, "has unknown strange.weight"),
        ({"norm_cond.weight": None}, "lacks norm_cond.weight"),
        ({"norm_cond.weight": torch.zeros(3)}, "has other shapes of norm_cond.weight"),
        ({"input_projection.weight": None}, "no input_projection.weight"),
        ({"normalizer.scale": None}, "has no normalizer.scale"),
        ({"cond_projection.weight": torch.zeros(64, 4800)}, "Jukebox"),
    ],
)
def test_weights_that_are_not_exactly_those_of_edge_are_refused_by_name(
    change: dict[str, Tensor | None], said: str, tmp_path: Path
) -> None:
    held: dict[str, Tensor | None] = {
        **tensors_of(net_of()), "normalizer.scale": torch.ones(151),
        "normalizer.shift": torch.zeros(151), **change,
    }  # fmt: skip
    save_file(
        {name: one for name, one in held.items() if one is not None},
        tmp_path / "model.safetensors",
    )
    with pytest.raises(ModelError, match=said):
        load_dance_model(Bench(tmp_path), str(tmp_path))


# -- dances -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, Any]:
    """A small dancer that has seen a dance or two of each style."""
    bench = Bench(tmp_path_factory.mktemp("dancer"))
    made = train_dance(bench, steps=3, made=8, width=32, layers=1, batch=2, name="tiny")
    return bench, made


def test_a_training_goes_on_where_it_was_cancelled_and_ends_as_if_it_had_not_been(
    trained: tuple[Bench, Any], tmp_path: Path
) -> None:
    bench, whole = trained
    assert whole.sample.frames == 240
    assert whole.model.source.startswith("trained/tiny-")
    other = Bench(tmp_path, cancel_at=8 + 1)
    with pytest.raises(Cancelled):
        train_dance(other, steps=3, made=8, width=32, layers=1, batch=2, name="tiny")
    other.cancel_at = None
    again = train_dance(other, steps=3, made=8, width=32, layers=1, batch=2, name="tiny")
    assert other.noted == "went on from step 2"
    assert again.model.digest == whole.model.digest
    with pytest.raises(NodeError, match="1 dances and 0 pieces of music"):
        train_dance(bench, dances=[whole.sample])


def test_a_dance_is_of_its_seed_music_and_style_and_as_long_as_it_is_to_be(
    trained: tuple[Bench, Any],
) -> None:
    bench, made = trained

    def once(**told: Any) -> Motion:
        return dance(bench, made.model, **{"seconds": 13.0, "steps": 2, **told}).motion

    first = once()
    assert first.frames == 390  # four windows and more
    assert (first.rotations == once().rotations).all()
    for other in ({"seed": 1}, {"style": "ballet"}, {"beats": {"times": [0.1, 0.8, 1.5, 2.2]}}):
        assert (once(**other).rotations != first.rotations).any()
    assert float(placed(*arrays(first), BODY)[1][..., 1].min()) > 0.005
    with pytest.raises(NodeError, match="has not learned 'polka'; it knows hip-hop, house"):
        once(style="polka")
    bench.cancel_at = len(bench.steps) + 1
    with pytest.raises(Cancelled):
        once()
    bench.cancel_at = None
    assert bench.previews[-1].data.ndim == 4


@pytest.mark.parametrize("free", [slice(20, 40), slice(30, 31), slice(1, 59), slice(20, 60)])
def test_a_root_between_what_is_kept_goes_on_without_a_jump(free: slice) -> None:
    walk = np.zeros((60, COUNT))
    walk[:, 4:6] = np.arange(60)[:, None] * (0.02, -0.01)
    mask = np.ones_like(walk)
    mask[free] = 0
    away = walk + np.array([0.0] * 4 + [3.0, -2.0] + [0.0] * 145)
    made = joined(away, Kept(walk, mask))
    steps = np.diff(made[:, 4:6], axis=0)
    assert np.abs(steps - (0.02, -0.01)).max() < 1e-9
    assert (made[:, 6:] == walk[:, 6:]).all()


@pytest.mark.parametrize("keep", ["start", "start and end", "lower body", "upper body"])
def test_what_is_kept_of_a_motion_stays_to_the_bit_and_the_rest_is_danced(
    keep: Any, trained: tuple[Bench, Any]
) -> None:
    bench, made = trained
    turns, root = arrays(choreograph(seconds=5.0, style="disco", seed=4).motion)
    own = motion_of(turns, root + np.array([2.0, 0.0, -3.0]), 30.0, BODY)
    danced = dance(bench, made.model, seconds=6.0, steps=2, given=own, keep=keep).motion
    steps = np.linalg.norm(np.diff(danced.root[:, [0, 2]].numpy(), axis=0), axis=-1)
    assert keep == "upper body" or steps.max() < 0.1, "no jump where what is kept ends"
    lower = list(LOWER)
    upper = [at for at in range(24) if at not in lower]
    same = (danced.rotations[:150] - own.rotations).abs().amax(-1) < 1e-6  # [T,J]
    if keep == "lower body":
        assert same[:, lower].all()
        assert (danced.root[:150] == own.root).all()
        assert not same[:, upper].any(0).all()
    elif keep == "upper body":
        assert same[:, upper].all()
        assert not same[:, lower].all()
    else:
        assert same[:30].all()
        assert (danced.root[:30] == own.root[:30]).all()
        end = (danced.root[-30:] == own.root[-30:]).all()
        assert bool(end) == (keep == "start and end")
        assert not same[45:120].all()


def test_learning_goes_towards_the_dances(tmp_path: Path) -> None:
    from musegraph_nodes.motion.diffusion.learning import Build
    from musegraph_nodes.motion.training.dance import STYLES, lesson

    build = Build(styles=tuple(STYLES), width=32, inner=64, layers=1, heads=1)
    lessons = Lessons([lesson(at, build) for at in range(2)], build)
    training = Training(Plan(build, 4, 4e-3), lessons.scope, tmp_path)

    def off() -> float:
        return float(training.wrongness(lessons, 8, np.random.default_rng(0)).detach())

    before = off()
    for at in range(30):
        training.learn(lessons, at, 0.0)
    assert off() < 0.8 * before
