"""MDM: its public layouts, its net beside plain layers, what is told it, and what it keeps."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from style_bench import Bench as StyleBench
from torch import Tensor, nn

from musegraph import Cancelled, Context, ModelError, Motion, NodeError, Reference
from musegraph_nodes import motion as moving
from musegraph_nodes.motion.body import arrays
from musegraph_nodes.motion.choreograph import choreograph
from musegraph_nodes.motion.mdm import convert, make
from musegraph_nodes.motion.mdm.chinese import english, unknown
from musegraph_nodes.motion.mdm.layout import Layout, read_layout, shapes_of
from musegraph_nodes.motion.mdm.live import HUMANACT12
from musegraph_nodes.motion.mdm.model import DEVIATION, MEAN, MotionModel, load_text_model
from musegraph_nodes.motion.mdm.nets import MDM, Told
from musegraph_nodes.motion.mdm.nodes import in_between, redo_part, text_to_motion
from musegraph_nodes.motion.mdm.training.__main__ import first
from musegraph_nodes.motion.mdm.training.judge import ASKED, facts
from musegraph_nodes.motion.mdm.training.learning import Plan, Training, terms_of, write
from musegraph_nodes.motion.mdm.training.lessons import lessons
from musegraph_nodes.motion.mdm.training.told import by_rule
from musegraph_nodes.motion.mdm.words import Reader, Words, words_of
from musegraph_nodes.motion.shaping import mirrored
from musegraph_nodes.motion.turns import about, placed, product, six_of

TEXT = Layout(263, 32, 2, 64, 4, 16)
ACTION = Layout(150, 32, 2, 64, 4, 0, 12)
DECODER = Layout(263, 32, 2, 64, 4, 24, 0, True, False)
STEPPED = Layout(263, 32, 2, 64, 4, 24, 0, True, True)


class Bench(StyleBench):
    """A context without an engine that loads the models of this pack, and keeps warnings."""

    def __init__(self, cancel_at: int | None = None, looks: bool = False) -> None:
        super().__init__(cancel_at)
        self.warned: list[str] = []
        self.looks = looks

    def progress(self, done: float, total: float = 1.0, **told: Any) -> None:
        if not self.looks:  # each preview is a filmstrip
            told = {}
        super().progress(done, total, **told)

    def warn(self, text: str) -> None:
        self.warned.append(text)

    @contextmanager
    def load(self, ref: Reference) -> Iterator[Any]:
        loader = moving.pack.loaders[ref.loader.removeprefix("motion.")]
        yield loader.load(ref, self.place(ref.source), self.device)


def tensors(layout: Layout, seed: int = 0) -> dict[str, Tensor]:
    made = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(shape, generator=made) * 0.2 for name, shape in shapes_of(layout).items()
    }


def args(layout: Layout, **more: Any) -> dict[str, Any]:
    return {
        "arch": "trans_dec" if layout.decoder else "trans_enc", "diffusion_steps": 8,
        "noise_schedule": "cosine", "emb_trans_dec": layout.step_token, **more,
    }  # fmt: skip


def folder(place: Path, layout: Layout, more: dict[str, Tensor] | None = None, **told: Any) -> str:
    """A model in a folder as the converter writes it."""
    place.mkdir(exist_ok=True)
    held = tensors(layout) | (more or {})
    if layout.features == 263:
        held |= {MEAN: torch.zeros(263), DEVIATION: torch.full((263,), 0.1)}
    save_file(held, place / "model.safetensors")
    (place / "args.json").write_text(json.dumps(args(layout, **told)))
    return str(place)


# -- layouts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layout", "count", "millions"),
    [
        (Layout(), 106, 17.9),
        (Layout(text=768, decoder=True), 154, 26.4),
        (Layout(150, text=0, actions=12), 105, 17.5),
    ],
    ids=["text", "decoder", "action"],
)
def test_the_key_tables_are_those_of_the_published_checkpoints(
    layout: Layout, count: int, millions: float
) -> None:
    shapes = shapes_of(layout)
    assert len(shapes) == count  # and two buffers of places, which are computed
    assert sum(math.prod(shape) for shape in shapes.values()) / 1e6 == pytest.approx(
        millions, abs=0.1
    )
    assert read_layout(shapes, args(layout), "it") == layout


def published(x: Tensor, time: Tensor, held: dict[str, Tensor], layout: Layout, told: Told,
              free: bool) -> Tensor:  # fmt: skip
    """MDM's forward pass, from layers of torch alone: [B,F,1,T] in, the same out."""
    width = layout.width
    place = torch.arange(5000.0)[:, None]
    waves = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    pe = torch.zeros(5000, width)
    pe[:, 0::2], pe[:, 1::2] = torch.sin(place * waves), torch.cos(place * waves)
    pe = pe[:, None]

    def linear(name: str, value: Tensor) -> Tensor:
        return value @ held[f"{name}.weight"].T + held[f"{name}.bias"]

    step = linear("embed_timestep.time_embed.0", pe[time])
    step = linear("embed_timestep.time_embed.2", step * torch.sigmoid(step)).permute(1, 0, 2)
    if told.text is not None:
        text = torch.zeros_like(told.text) if free else told.text
        emb = linear("embed_text", text) + step
    else:
        assert told.action is not None
        emb = step + (0 if free else told.action)
    poses = linear("input_process.poseEmbedding", x.permute(3, 0, 1, 2).flatten(2))
    options = (width, layout.heads, layout.inner, 0.1, "gelu")
    body: nn.Module
    if layout.decoder:
        body = nn.TransformerDecoder(nn.TransformerDecoderLayer(*options), layout.layers)
        stem = "seqTransDecoder."
    else:
        body = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(*options), layout.layers, enable_nested_tensor=False
        )
        stem = "seqTransEncoder."
    body.load_state_dict({n.removeprefix(stem): t for n, t in held.items() if n.startswith(stem)})
    body.eval()
    if not layout.decoder:
        tokens = torch.cat((emb, poses))
        out = body(tokens + pe[: len(tokens)])[1:]
    else:
        tokens = torch.cat((step, poses)) if layout.step_token else poses
        out = body(tokens + pe[: len(tokens)], emb, memory_key_padding_mask=told.absent)
        out = out[1:] if layout.step_token else out
    return linear("output_process.poseFinal", out).permute(1, 2, 0)[:, :, None]


@pytest.mark.parametrize("layout", [TEXT, ACTION, DECODER, STEPPED])
def test_the_net_says_what_plain_transformer_layers_say(layout: Layout) -> None:
    held = tensors(layout)
    net = MDM(layout).eval()
    net.load_state_dict(held, strict=True)
    made = torch.Generator().manual_seed(1)
    x, time = torch.randn(2, 9, layout.features, generator=made), torch.tensor([3, 700])
    if layout.actions:
        told = Told(action=net.action(torch.tensor([2, 7])))
    elif layout.decoder:
        absent = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
        told = Told(torch.randn(5, 2, layout.text, generator=made), absent)
    else:
        told = Told(torch.randn(1, 2, layout.text, generator=made))
    with torch.no_grad():
        for free in (False, True):
            wanted = published(x.permute(0, 2, 1)[:, :, None], time, held, layout, told, free)
            found = net(x, time, told, free)
            assert torch.allclose(found, wanted[:, :, 0].permute(0, 2, 1), atol=2e-5)
        # Frames beyond the length of a motion change nothing of it.
        longer = torch.cat((x, torch.randn(2, 4, layout.features)), 1)
        cut = net(longer, time, told, length=torch.tensor([9, 9]))[:, :9]
        assert torch.allclose(cut, net(x, time, told), atol=2e-5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"embed_text.bias": None}, "has no embed_text.bias"),
        ({"more.weight": (3,)}, "also holds more.weight"),
        ({"seqTransEncoder.layers.1.norm2.bias": (7,)}, "norm2.bias is of the shape [7], and [32]"),
        ({"gru.weight": (3,)}, "a GRU"),
        ({"embed_target_cond.weight": (3,)}, "led by targets (embed_target_cond.weight)"),
        ({"input_process.poseEmbedding.weight": None}, "no MDM"),
        ({"embed_text.weight": (3,)}, "a matrix has two sides"),
    ],
)
def test_a_wrong_key_is_named(change: dict[str, Any], said: str) -> None:
    shapes: dict[str, Any] = shapes_of(TEXT) | change
    with pytest.raises(ModelError) as refused:
        read_layout({n: s for n, s in shapes.items() if s is not None}, args(TEXT), "it")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "holds no object"),
        ("[" * 100_000, "cannot be read"),
        ('{"diffusion_steps": 1e9}', "its diffusion_steps are"),
        ('{"noise_schedule": "odd"}', "cosine and linear are known"),
        ('{"context_len": 20}', "piece by piece (DiP)"),
        ('{"emb_policy": "concat"}', "add is known"),
        ('{"arch": "trans_dec"}', "do not belong together"),
        ('{"arch": "trans_enc", "heads": 5}', "5 heads do not divide"),
    ],
)
def test_args_that_say_something_else_are_refused_in_words(
    tmp_path: Path, text: str, said: str
) -> None:
    source = folder(tmp_path, ACTION)
    (tmp_path / "args.json").write_text(text)
    with pytest.raises(ModelError) as refused:
        load_text_model(Bench(), source)
    assert said in str(refused.value)


# -- public checkpoints -------------------------------------------------------------------------


def checkpoint(place: Path, layout: Layout, nested: bool, **told: Any) -> Path:
    """A file as MDM's training writes it, buffers of places included."""
    held = tensors(layout) | {
        "sequence_pos_encoder.pe": torch.zeros(77, 1, layout.width),
        "embed_timestep.sequence_pos_encoder.pe": torch.zeros(77, 1, layout.width),
    }
    whole: Any = held
    if nested:
        whole = {"model": {n: t + 1 for n, t in held.items()}, "model_avg": held}
    torch.save(whole, place / "model.pt")
    (place / "args.json").write_text(json.dumps(args(layout, use_ema=nested, **told)))
    np.save(place / "Mean.npy", np.zeros(263, np.float32))
    np.save(place / "Std.npy", np.full(263, 0.1, np.float32))
    return place / "model.pt"


@pytest.mark.parametrize("nested", [False, True])
def test_a_public_checkpoint_is_converted_and_loads_strictly(tmp_path: Path, nested: bool) -> None:
    file = checkpoint(tmp_path, ACTION, nested)
    assert convert.main([str(file), "--to", str(tmp_path / "made")]) == 0
    ctx = Bench()
    model = load_text_model(ctx, str(tmp_path / "made"))
    with ctx.load(model) as live:
        for name, tensor in tensors(ACTION).items():
            assert torch.equal(live.net.state_dict()[name], tensor), name
    for name in ("6", "Sit", "sit"):
        assert text_to_motion(name, model, ctx, seconds=1.0, seed=1).frames == 20
    with pytest.raises(NodeError, match="warm up, walk, run"):
        text_to_motion("fly", model, ctx)
    with pytest.raises(NodeError, match="cannot be given a motion"):
        redo_part(choreograph(seconds=2.0).motion, "sit", model, ctx)


def test_a_model_of_features_needs_its_mean_and_deviation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = checkpoint(tmp_path, TEXT, False)
    assert convert.main([str(file), "--to", str(tmp_path / "made")]) == 1
    assert "give --mean Mean.npy --std Std.npy" in capsys.readouterr().err
    beside = [f"--{name}={tmp_path / file}" for name, file in (("mean", "Mean.npy"),
                                                               ("std", "Std.npy"))]  # fmt: skip
    assert convert.main([str(file), "--to", str(tmp_path / "made"), *beside]) == 0
    assert load_file(tmp_path / "made" / "model.safetensors")[DEVIATION][0] == pytest.approx(0.1)
    save_file(tensors(TEXT), tmp_path / "model.safetensors")
    ctx, encoder = Bench(), clip(tmp_path / "clip")
    model = load_text_model(ctx, str(tmp_path), encoder)  # Mean.npy and Std.npy lie beside it
    np.save(tmp_path / "Std.npy", np.full(263, 0.2, np.float32))
    assert load_text_model(ctx, str(tmp_path), encoder).options != model.options
    np.save(tmp_path / "Std.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(NodeError, match="pickle"), ctx.load(model):
        pass
    (tmp_path / "Std.npy").unlink()
    with pytest.raises(ModelError, match=r"no Std\.npy"):
        load_text_model(ctx, str(tmp_path), encoder)


class Thief:
    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('it ran')",))


def test_nothing_in_a_pickle_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "args.json").write_text("{}")
    torch.save({"model": Thief()}, tmp_path / "model.pt")
    assert convert.main([str(tmp_path / "model.pt"), "--to", str(tmp_path / "made")]) == 1
    assert "tensors alone" in capsys.readouterr().err
    with pytest.raises(ModelError, match="is a pickle"):
        load_text_model(Bench(), str(tmp_path / "model.pt"))


# -- text encoders ------------------------------------------------------------------------------


def clip(place: Path) -> str:
    from tiny_sd import tokenizer
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    reads = tokenizer()
    config = CLIPTextConfig(
        vocab_size=len(reads), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=77, projection_dim=16,
        bos_token_id=reads.bos_token_id, eos_token_id=reads.eos_token_id,
    )  # fmt: skip
    torch.manual_seed(0)
    CLIPTextModelWithProjection(config).save_pretrained(place)
    reads.save_pretrained(place)
    return str(place)


def bert(place: Path) -> str:
    from transformers import BertTokenizer, DistilBertConfig, DistilBertModel

    place.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "walk", "on"]
    (place / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=7, dim=24, hidden_dim=24, n_layers=1, n_heads=2)
    DistilBertModel(config).save_pretrained(place)
    BertTokenizer(str(place / "vocab.txt")).save_pretrained(place)
    return str(place)


def test_prompts_are_read_by_clip_or_bert_as_mdm_does(tmp_path: Path) -> None:
    ctx = Bench()
    short, long = "walk on", "walk on " * 30
    for layout, encoder in ((TEXT, clip(tmp_path / "clip")), (STEPPED, bert(tmp_path / "bert"))):
        kind = "bert" if layout.decoder else "clip"
        source = folder(tmp_path / f"m{kind}", layout, text_encoder_type=kind)
        with pytest.raises(NodeError, match="was trained with"):
            load_text_model(ctx, source)
        model = load_text_model(ctx, source, encoder)
        with ctx.load(Reference(**model.options["texts"])) as texts:
            told, more = texts.told(short, "cpu"), texts.told(long, "cpu")
            read = texts.tokenizer(short, return_tensors="pt")
            with torch.no_grad():
                found = texts.net(**read)
        if layout.decoder:
            assert torch.equal(told.text[:, 0], found.last_hidden_state[0])
            assert told.absent.tolist() == [[False] * told.text.shape[0]]
        else:
            assert torch.equal(told.text[0], found.text_embeds)
            assert more.text.shape == told.text.shape
        made = [text_to_motion(text, model, ctx, seconds=1.0) for text in (short, short, long)]
        assert torch.equal(made[0].rotations, made[1].rotations)
        assert not torch.equal(made[0].rotations, made[2].rotations)
    with pytest.raises(ModelError, match="none that says 16 numbers"):
        load_text_model(ctx, str(tmp_path / "mclip"), str(tmp_path / "bert"))


# -- motions ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What two steps of the training make of twelve motions."""
    place = tmp_path_factory.mktemp("starter")
    plan = Plan(width=32, layers=1, inner=32, reader=16, batch=4, steps=6)
    taught = lessons(place / "lessons.npz", 12)
    training = Training(plan, taught, place / "model")
    losses = [training.learn(number, 0.0) for number in range(2)]
    training.progress.step = 2
    training.save()
    again = Training(plan, taught, place / "model")
    again.restore()
    assert again.progress.step == 2
    assert again.learn(2, 0.5) == training.learn(2, 0.5)
    assert all(math.isfinite(loss) for loss in losses)
    write(training, place / "out", {"steps": 2})
    return str(place / "out")


def test_a_trained_model_says_motions_and_names_what_it_does_not_know(starter: str) -> None:
    ctx = Bench(looks=True)
    model = load_text_model(ctx, starter)
    made = text_to_motion("a person walks like a giraffe", model, ctx, seconds=2.0, seed=3)
    assert (made.frames, made.fps, len(made.skeleton.names)) == (40, 20.0, 24)
    assert "giraffe" in ctx.warned[0]
    assert "person" not in ctx.warned[0]
    assert len(ctx.steps) == 6
    assert ctx.previews[-1].data.shape == (1, 160, 720, 3)
    assert metrics_of(made) == (0.0, True)
    other = text_to_motion("a person walks like a giraffe", model, ctx, seconds=2.0, seed=4)
    assert not torch.equal(other.rotations, made.rotations)
    with pytest.raises(NodeError, match=r"makes up to 4 s at once"):
        text_to_motion("walk", model, ctx, seconds=5.0)
    with pytest.raises(Cancelled):
        text_to_motion("walk", model, Bench(cancel_at=2))
    with pytest.raises(NodeError, match="has its own"):
        load_text_model(ctx, starter, "clip")


def test_an_order_is_read_as_what_somebody_does() -> None:
    reader = Words(
        Reader(("a", "and", "box", "boxes", "do", "does", "left", "person", "squat", "squats",
                "stand", "stands", "still", "walk", "walks", "wave", "waves"), 8, 8, 1, 1)
    )  # fmt: skip
    for order, said in (
        ("stand still", "a person stands still"),
        ("slowly walk and wave", "a person slowly walks and waves"),
        ("box", "a person boxes"),
        ("do a squat", "a person does a squat"),
        ("a person walks and waves", "a person walks and waves"),
        ("left squat", "left squat"),
        ("", ""),
    ):
        assert " ".join(reader.sentence(order.split())) == said
    assert torch.equal(reader.ids(["stand still"]), reader.ids(["a person stands still"]))


def test_a_training_goes_on_from_a_model_that_was_written(starter: str, tmp_path: Path) -> None:
    start = Path(starter)
    terms = terms_of(start)
    taught = lessons(tmp_path / "lessons.npz", 12, terms)
    assert taught.vocabulary == terms.vocabulary
    plan = Plan(width=32, layers=1, inner=32, reader=16, batch=4, steps=6)
    training = Training(plan, taught, tmp_path / "model")
    training.begin(start)
    write(training, tmp_path / "same", {"steps": 0})
    assert (tmp_path / "same/model.safetensors").read_bytes() == (
        start / "model.safetensors"
    ).read_bytes()
    training.learn(0, 0.0)
    write(training, tmp_path / "on", {"steps": 1})
    assert json.loads((tmp_path / "on/args.json").read_text())["trained"] == {
        "steps": 1,
        "before": {"steps": 2},
    }
    with pytest.raises(ValueError, match=r"does not know: .*person"):
        lessons(tmp_path / "lessons.npz", 12, terms._replace(vocabulary=("walks",)))


def metrics_of(made: Motion) -> tuple[float, bool]:
    from musegraph_nodes.motion.metrics import foot_skate, plausibility

    skate = foot_skate(made)
    return round(plausibility(made).beyond, 2), skate.slide < 1.0 and skate.depth < 2.0


def test_what_is_kept_of_a_motion_stays_bit_for_bit(starter: str) -> None:
    ctx = Bench()
    model = load_text_model(ctx, starter)
    whole = choreograph(seconds=6.0, seed=2).motion
    pair = make.onto_body(whole)
    gap = in_between(whole, model, ctx, "jump", start=2.0, length=1.0)
    turns, root = arrays(gap)
    wanted = arrays(make.motion(pair))
    for part in (slice(0, 40), slice(60, 120)):
        assert np.array_equal(turns[part], wanted[0][part])
        assert np.array_equal(root[part], wanted[1][part])
    assert not np.allclose(turns[40:60], wanted[0][40:60], atol=1e-2)
    # What was made begins where the motion was and ends where it goes on.
    pace = np.linalg.norm(np.diff(root, axis=0), axis=-1)
    assert max(pace[39], pace[59]) < 0.15
    short = (pair[0][:60], pair[1][:60])
    for part, stay in (("upper body", [1, 2, 4, 5, 7, 8]), ("lower body", [12, 15, 16, 18, 20])):
        done, _ = arrays(redo_part(make.motion(short), "wave", model, ctx, part, seed=1))  # type: ignore[arg-type]
        assert np.allclose(done[:, stay], short[0][:, stay], atol=1e-6)
        moved = [at for at in range(1, 22) if at not in stay and at not in (3, 6, 9, 10, 11)]
        assert not np.allclose(done[:, moved], short[0][:, moved], atol=1e-2)
    for start, length in ((0.0, 1.0), (5.0, 3.0)):  # a gap at an end has one side that is kept
        open_ = in_between(whole, model, ctx, "jump", start, length)
        inside = slice(round(20 * start), round(20 * start) + 20)
        same = np.delete(arrays(open_)[0], inside, 0), np.delete(wanted[0], inside, 0)
        assert np.array_equal(*same)
    with pytest.raises(NodeError, match="nothing kept"):
        in_between(whole, model, ctx, "", start=0.0, length=9.0)


def test_the_net_is_given_exactly_the_numbers_of_the_joints_that_are_kept() -> None:
    both = make.mask_of_joints(make.lower()) + make.mask_of_joints(make.upper())
    assert both.tolist() == [1.0] * 263
    low = make.mask_of_joints(make.lower())
    assert low[:4].all()
    assert low[259:].all()
    assert low.sum() == 4 + 8 * 9 + 9 * 3 + 4
    pair = make.onto_body(choreograph(seconds=3.0).motion)
    table = make.table_of(pair)
    assert table.shape == (60, 263)
    back = make.of_numbers(table)
    # Places go through features and back, but for where it began and where it looked.
    own, found = placed(*pair, make.BODY)[1], placed(*back, make.BODY)[1]
    apart = [np.linalg.norm(one[:, 15] - one[:, 20], axis=-1) for one in (own, found)]
    assert np.abs(apart[0] - apart[1]).max() < 0.05


def test_rows_of_actions_are_turns_by_rows_and_a_camera_that_counts_down_is_set_upright() -> None:
    turns, root = make.onto_body(choreograph(seconds=1.0, seed=5).motion)
    rows = np.zeros((len(root), 25, 6))
    rows[:, :24], rows[:, 24, :3] = six_of(turns, rows=True), root
    found = make.of_numbers(rows.reshape(len(root), 150))
    assert np.abs(np.abs((found[0] * turns).sum(-1)) - 1).max() < 1e-6
    down = turns.copy()
    down[:, 0] = product(about([1.0, 0, 0], np.pi), turns[:, 0])
    rows[:, :24] = six_of(down, rows=True)
    rows[:, 24, :3] = root * np.array([1.0, -1.0, -1.0])
    again = make.of_numbers(rows.reshape(len(root), 150))
    assert np.abs(again[1] - found[1]).max() < 1e-6
    assert len(HUMANACT12) == 12


def test_the_judge_holds_what_was_written_by_rule_and_not_its_mirror_image() -> None:
    for asked in ASKED:
        pair = by_rule(asked.kind, asked.side, asked.times, asked.pace, 3)
        assert asked.holds(facts(make.motion(pair))), asked.prompt
        if asked.side and asked.kind != "dance":
            other = mirrored(*pair, make.BODY)
            assert not asked.holds(facts(make.motion(other))), asked.prompt


def test_chinese_prompts_are_read_in_the_words_that_were_taught() -> None:
    for text, wanted in {
        "一个人慢慢地向前走": "a person slowly walks forward",
        "她用右脚踢两次": "she kicks with the right foot twice",
        "舞者跳机械舞": "the dancer dances popping",
        "一个人向前走并挥左手": "a person walks forward and waves the left hand",
    }.items():
        assert " ".join(words_of(text)) == wanted
        assert unknown(english(text)) == []
    assert unknown(english("长颈鹿跳")) == ["长颈鹿"]


def test_the_starter_does_what_it_is_told_and_is_of_this_script(tmp_path: Path) -> None:
    ctx = Bench()
    for asked in (ASKED[2], ASKED[12], ASKED[13]):  # walks back, raises the left, lifts the right
        assert asked.holds(
            facts(text_to_motion(asked.prompt, load_text_model(ctx), ctx, seed=1000))
        ), asked.prompt
    assert not ctx.warned
    told = json.loads((ctx.place("starter/text_to_motion") / "args.json").read_text())
    assert first(tmp_path) == pytest.approx(told["trained"]["first"], rel=2e-3)


def test_a_node_can_be_called_without_an_engine_and_says_why_it_cannot_load() -> None:
    with pytest.raises(NodeError):
        text_to_motion("walk", MotionModel(loader="motion.mdm", source="x"), Context())
