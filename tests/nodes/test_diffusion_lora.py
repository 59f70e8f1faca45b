"""LoRAs: as the pipelines of diffusers apply them, and taken back without a trace."""

from __future__ import annotations

import gc
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_lora
import torch
from safetensors.torch import load_file, save_file
from tiny_sd import Tiny, make_tiny

from musegraph import Model, ModelError, NodeError, TextEncoder
from musegraph_nodes.diffusion import encode_text, lora, sample
from musegraph_nodes.diffusion.control import once
from musegraph_nodes.diffusion.control.blocks import block_of, blocks_of, read_blocks
from musegraph_nodes.live import quiet

PROMPT = "a red sun"
pytestmark = pytest.mark.filterwarnings(  # peft says so whenever there are two
    "ignore:Already found a `peft_config`", "ignore:Adapter lora1 was active which is now deleted"
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))


def ours(tiny: Tiny, model: Model, encoder: TextEncoder) -> torch.Tensor:
    """The latent that our nodes make; the empty text is the sampler's own."""
    told = encode_text(encoder, PROMPT, tiny.ctx)
    return sample(model, told, tiny.ctx, seed=7, steps=2, guidance=5.0, sampler="ddim").data


def plain(tiny: Tiny, loras: dict[Path, Any], **options: Any) -> torch.Tensor:
    """The latent of the pipeline with LoRAs at strengths."""
    pipeline = tiny.pipeline
    with quiet():
        try:
            for index, file in enumerate(loras):
                pipeline.load_lora_weights(
                    str(file.parent), weight_name=file.name, adapter_name=f"a{index}"
                )
            pipeline.set_adapters([f"a{i}" for i in range(len(loras))], list(loras.values()))
            from diffusers import DDIMScheduler

            scheduler = DDIMScheduler.from_config(tiny.config)
            return tiny.plain(scheduler, steps=2, prompt=PROMPT, guidance_scale=5.0, **options)
        finally:
            pipeline.unload_lora_weights()


def with_lora(tiny: Tiny, *loras: tuple[Path, float, float], **options: Any) -> torch.Tensor:
    model, encoder = tiny.parts.model, tiny.parts.text_encoder
    for file, strength, clip in loras:
        model, encoder = lora(
            model,
            str(file),
            tiny.ctx,
            encoder,
            strength=strength,
            clip_strength=clip,
            **options,
        )
    return ours(tiny, model, encoder)


LAYOUTS: dict[str, Callable[[Path, Any, Any], Path]] = {
    "kohya": tiny_lora.kohya,
    "kohya with convolutions": lambda file, unet, words: tiny_lora.kohya(
        file, unet, words, ends=(*tiny_lora.ATTENTION, *tiny_lora.CONVOLUTIONS)
    ),
    "peft": lambda file, unet, words: tiny_lora.peft(file, unet),
    "diffusers": lambda file, unet, words: tiny_lora.diffusers(file, unet),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_lora_equals_the_pipelines_bit_for_bit_in_every_layout(
    layout: str, tiny: Tiny, tmp_path: Path
) -> None:
    pipeline = tiny.pipeline
    file = LAYOUTS[layout](tmp_path / "a.safetensors", pipeline.unet, pipeline.text_encoder)
    made = with_lora(tiny, (file, 0.75, 0.75))
    assert torch.equal(made, plain(tiny, {file: 0.75}))
    assert not torch.allclose(made, ours(tiny, *tiny.parts[:2]), atol=1e-3)


def test_two_loras_with_own_strengths_for_text_and_picture_equal_the_pipelines(
    tiny: Tiny, tmp_path: Path
) -> None:
    pipeline = tiny.pipeline
    one = tiny_lora.kohya(tmp_path / "one.safetensors", pipeline.unet, pipeline.text_encoder)
    two = tiny_lora.peft(tmp_path / "two.safetensors", pipeline.unet, seed=5, rank=3)
    made = with_lora(tiny, (one, 0.5, 0.25), (two, -0.4, 1.0))
    told = plain(tiny, {one: {"unet": 0.5, "text_encoder": 0.25}, two: -0.4})
    assert torch.equal(made, told)


def test_blocks_have_strengths_of_their_own_as_in_the_pipeline(tiny: Tiny, tmp_path: Path) -> None:
    file = tiny_lora.peft(tmp_path / "a.safetensors", tiny.pipeline.unet)
    made = with_lora(tiny, (file, 0.5, 1.0), blocks="IN01:0.4, M00:0")
    per_block = {"down": {"block_0": 0.2}, "mid": 0.0, "up": 0.5}
    told = plain(tiny, {file: {"unet": per_block}})
    assert torch.equal(made, told)


def test_on_off_and_on_again_leaves_the_base_bit_equal(tiny: Tiny, tmp_path: Path) -> None:
    pipeline = tiny.pipeline
    ends = (*tiny_lora.ATTENTION, *tiny_lora.CONVOLUTIONS)
    low = tiny_lora.kohya(
        tmp_path / "a.safetensors", pipeline.unet, pipeline.text_encoder, ends=ends
    )
    whole = loha(tmp_path / "b.safetensors", pipeline.unet)
    bare = ours(tiny, *tiny.parts[:2])
    live = [getattr(live, "net", live) for live in tiny.ctx.live.values()]
    before = [{k: v.clone() for k, v in net.state_dict().items()} for net in live]
    shapes = [[(name, vars(m).keys()) for name, m in net.named_modules()] for net in live]
    first = with_lora(tiny, (low, 0.8, 0.8), (whole, 0.6, 1.0))
    for net, weights, shape in zip(live, before, shapes, strict=True):
        after = net.state_dict()
        assert after.keys() == weights.keys()
        assert all(torch.equal(after[name], weights[name]) for name in weights)
        assert [(name, vars(m).keys()) for name, m in net.named_modules()] == shape
    assert torch.equal(ours(tiny, *tiny.parts[:2]), bare)
    assert torch.equal(with_lora(tiny, (low, 0.8, 0.8), (whole, 0.6, 1.0)), first)
    assert not torch.equal(first, bare)


def spoilt(file: Path) -> None:
    """Overwrite a file in place, of the same size and age: who reads it again reads nonsense."""
    facts = file.stat()
    file.write_bytes(b"\xff" * facts.st_size)
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_on_again_reads_no_file_a_second_time(tiny: Tiny, tmp_path: Path) -> None:
    pipeline = tiny.pipeline
    low = tiny_lora.kohya(tmp_path / "a.safetensors", pipeline.unet, pipeline.text_encoder)
    whole = loha(tmp_path / "b.safetensors", pipeline.unet)
    loras = ((low, 0.8, 0.8), (whole, 0.6, 1.0))
    model, encoder = tiny.parts.model, tiny.parts.text_encoder
    for file, strength, clip in loras:
        how = {"strength": strength, "clip_strength": clip}
        model, encoder = lora(model, str(file), tiny.ctx, encoder, **how)
    first, bare = ours(tiny, model, encoder), ours(tiny, *tiny.parts[:2])
    for file in (low, whole):
        spoilt(file)
    assert torch.equal(ours(tiny, model, encoder), first)
    assert torch.equal(ours(tiny, *tiny.parts[:2]), bare)
    os.utime(low)  # another file, for all that is known
    with pytest.raises(ModelError):
        ours(tiny, model, encoder)


def test_what_was_read_is_kept_within_bounds_and_goes_with_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / f"{name}.bin" for name in "abc"]
    reads: list[Path] = []

    def ask(net: Any, file: Path) -> None:
        def read() -> dict[str, torch.Tensor]:
            reads.append(file)
            return {"t": torch.zeros(256)}

        assert torch.equal(once.once(net, file, read, "test")["t"], torch.zeros(256))

    for file in files:
        file.touch()
    monkeypatch.setattr(once, "MOST", 2500)  # two of them
    net = torch.nn.Linear(1, 1)
    for file in (files[0], files[1], files[0], files[2], files[0], files[1]):
        ask(net, file)
    assert reads == [files[0], files[1], files[2], files[1]]
    assert net in once._KEPT
    gone = weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None


def test_a_lora_that_fails_half_way_leaves_the_base_as_it_was(tiny: Tiny, tmp_path: Path) -> None:
    bare = ours(tiny, *tiny.parts[:2])
    good = tiny_lora.peft(tmp_path / "good.safetensors", tiny.pipeline.unet)
    tensors = load_file(good)
    name = next(iter(tensors))
    save_file(tensors | {name: torch.zeros(2, 7)}, tmp_path / "bad.safetensors")
    with pytest.raises(ModelError, match="does not fit this model"):
        with_lora(tiny, (good, 1.0, 1.0), (tmp_path / "bad.safetensors", 1.0, 1.0))
    assert torch.equal(ours(tiny, *tiny.parts[:2]), bare)


# Other kinds of changes


def loha(file: Path, unet: Any) -> Path:
    random = torch.Generator().manual_seed(1)
    made = {}
    for name, module in tiny_lora.targets(unet, ("to_k", "conv1")).items():
        out, into = module.weight.shape[0], module.weight[0].numel()
        key = f"lora_unet_{name.replace('.', '_')}"
        for part in ("w1", "w2"):
            made[f"{key}.hada_{part}_a"] = torch.randn(out, 2, generator=random)
            made[f"{key}.hada_{part}_b"] = torch.randn(2, into, generator=random)
        made[f"{key}.alpha"] = torch.tensor(1.0)
    save_file(made, file)
    return file


def changed(tiny: Tiny, file: Path, module: str, strength: float = 1.0) -> tuple[Any, Any]:
    """The weights of a module without and with a LoRA."""
    model, _ = lora(tiny.parts.model, str(file), tiny.ctx, strength=strength)
    with tiny.ctx.load(tiny.parts.model) as net:
        base = net.get_submodule(module).weight.clone()
    with tiny.ctx.load(model) as net:
        return base, net.get_submodule(module).weight.clone()


MODULE = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k"
FIRST = "lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k"
KEY = f"lora_unet_{MODULE.replace('.', '_')}"


def test_a_loha_is_the_product_of_two_products(tiny: Tiny, tmp_path: Path) -> None:
    file = loha(tmp_path / "a.safetensors", tiny.pipeline.unet)
    base, made = changed(tiny, file, MODULE, 0.5)
    t = {k.removeprefix(f"{KEY}.hada_"): v for k, v in load_file(file).items() if KEY in k}
    delta = (t["w1_a"] @ t["w1_b"]) * (t["w2_a"] @ t["w2_b"]) / 2
    assert torch.allclose(made, base + 0.5 * delta, atol=1e-5)


@pytest.mark.parametrize("key", [KEY, FIRST], ids=["by diffusers", "by the first release"])
def test_a_lokr_is_a_kronecker_product_whatever_its_modules_are_called(
    key: str, tiny: Tiny, tmp_path: Path
) -> None:
    one, left, right = torch.randn(2, 4), torch.randn(8, 3), torch.randn(3, 8)
    tensors = {f"{key}.lokr_w1": one, f"{key}.lokr_w2_a": left, f"{key}.lokr_w2_b": right}
    save_file(tensors | {f"{key}.alpha": torch.tensor(6.0)}, tmp_path / "a.safetensors")
    base, made = changed(tiny, tmp_path / "a.safetensors", MODULE)
    delta = (one[:, None, :, None] * (left @ right)[None, :, None, :]).reshape(base.shape) * 2
    assert torch.allclose(made, base + delta, atol=1e-5)


def test_a_dora_has_its_directions_and_its_lengths(tiny: Tiny, tmp_path: Path) -> None:
    down, up, lengths = torch.randn(2, 32), torch.randn(16, 2), torch.rand(16, 1) + 0.5
    tensors = {"lora_down.weight": down, "lora_up.weight": up, "dora_scale": lengths}
    save_file({f"{KEY}.{k}": v for k, v in tensors.items()}, tmp_path / "a.safetensors")
    base, made = changed(tiny, tmp_path / "a.safetensors", MODULE)
    assert torch.allclose(made.norm(dim=1, keepdim=True), lengths, atol=1e-5)
    cosine = torch.nn.functional.cosine_similarity(made, base + up @ down)
    assert torch.allclose(cosine, torch.ones(16), atol=1e-5)


def test_a_full_difference_reaches_weights_and_biases(tiny: Tiny, tmp_path: Path) -> None:
    weight, bias = torch.randn(16, 4, 3, 3), torch.randn(16)
    tensors = {"lora_unet_conv_in.diff": weight, "lora_unet_conv_in.diff_b": bias}
    save_file(tensors, tmp_path / "a.safetensors")
    model, _ = lora(tiny.parts.model, str(tmp_path / "a.safetensors"), tiny.ctx, strength=0.5)
    with tiny.ctx.load(tiny.parts.model) as net:
        base, zero = net.conv_in.weight.clone(), net.conv_in.bias.clone()
    with tiny.ctx.load(model) as net:
        assert torch.allclose(net.conv_in.weight, base + weight / 2)
        assert torch.allclose(net.conv_in.bias, zero + bias / 2)


# What does not fit


FOREIGN = {
    "FLUX": {"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": torch.zeros(2, 32),
             "lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight": torch.zeros(96, 2)},
    "Stable Diffusion XL": {
        f"{KEY.replace('blocks_0_attentions', 'blocks_2_attentions')}.lora_down.weight":
            torch.zeros(2, 2048),
        f"{KEY.replace('blocks_0_attentions', 'blocks_2_attentions')}.lora_up.weight":
            torch.zeros(16, 2),
    },
    "Stable Diffusion 3": {
        "transformer.transformer_blocks.0.attn.add_k_proj.lora_A.weight": torch.zeros(2, 32),
        "transformer.transformer_blocks.0.attn.add_k_proj.lora_B.weight": torch.zeros(32, 2),
    },
}  # fmt: skip


@pytest.mark.parametrize("family", FOREIGN)
def test_a_lora_of_another_family_is_refused_in_words(
    family: str, tiny: Tiny, tmp_path: Path
) -> None:
    file = tmp_path / "a.safetensors"
    save_file(FOREIGN[family], file)
    with pytest.raises(ModelError, match=f"does not fit this model.*it was made for {family}"):
        changed(tiny, file, MODULE)


def test_a_file_that_is_no_lora_is_refused_by_the_node(tiny: Tiny, tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match=r"is no LoRA: none of its 1 tensors .*\(weight …\)"):
        lora(tiny.parts.model, str(tmp_path / "a.safetensors"), tiny.ctx)


# Blocks


def test_blocks_are_counted_as_in_the_first_release() -> None:
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8)
    names = blocks_of(unet)
    ins, outs = [f"IN{i:02d}" for i in range(12)], [f"OUT{i:02d}" for i in range(12)]
    assert names == ["BASE", *ins, "M00", *outs]
    for module, block in {
        "conv_in": "IN00",
        "down_blocks.0.attentions.1.proj_in": "IN02",
        "down_blocks.0.downsamplers.0.conv": "IN03",
        "down_blocks.3.resnets.1.conv1": "IN11",
        "mid_block.attentions.0.proj_in": "M00",
        "up_blocks.0.upsamplers.0.conv": "OUT02",
        "up_blocks.1.attentions.0.proj_in": "OUT03",
        "up_blocks.3.attentions.2.proj_in": "OUT11",
        "time_embedding.linear_1": "BASE",
    }.items():
        assert block_of(unet, module) == block, module


def test_strengths_of_blocks_are_read_in_each_way_that_people_write_them() -> None:
    assert read_blocks("") == {}
    assert read_blocks("in4 : 0.5, M00=0") == {"IN04": 0.5, "M00": 0.0}
    assert read_blocks("OUT03-05:1.5 DOUBLE7:0") == {
        "OUT03": 1.5, "OUT04": 1.5, "OUT05": 1.5, "DOUBLE07": 0.0
    }  # fmt: skip
    assert read_blocks('{"single_blocks.12": 2}') == {"SINGLE12": 2.0}
    row = read_blocks("1,0,0,0,1,1,1,1,1,1,1,1,1,1,1,1,0.5")
    assert len(row) == 17
    assert (row["BASE"], row["IN01"], row["IN05"], row["OUT11"]) == (1, 0, 1, 0.5)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("IN01:a", "does not end in a number"),
        ("1,2,3", "a row of 3 numbers fits no known order"),
        ("MIDDLE:1", "'MIDDLE' is no name of a block"),
        ("{", "are no JSON"),
        ('{"IN01": true}', "is no number"),
        ("IN01:nan", "is not finite"),
    ],
)
def test_what_is_no_strength_of_a_block_is_refused_with_the_way_to_write_it(
    text: str, why: str
) -> None:
    with pytest.raises(NodeError, match=f"{why}.*write names with numbers"):
        read_blocks(text)


def test_blocks_that_a_model_lacks_are_named(tiny: Tiny, tmp_path: Path) -> None:
    file = tiny_lora.peft(tmp_path / "a.safetensors", tiny.pipeline.unet)
    with pytest.raises(ModelError, match=r"none of \(DOUBLE03\); it has BASE, IN00"):
        with_lora(tiny, (file, 1.0, 1.0), blocks="DOUBLE3:0")
