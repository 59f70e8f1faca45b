"""Pack `diffusion`: a model in one file, in the original layout of Stable Diffusion 1.x."""

from __future__ import annotations

import json
import math
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from originals import TEXT, UNET, VAE, Tensors, original, unet_name, vae_name
from safetensors.torch import save_file
from test_diffusion_folders import engine, workflow
from tiny_sd import Bench, edit_json, make_tiny, tokenizer
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from musegraph import ModelError
from musegraph_nodes.diffusion import decode, empty_latent, encode, encode_text, load, sample
from musegraph_nodes.diffusion.families import FAMILIES
from musegraph_nodes.diffusion.layouts.settings import settings_of
from musegraph_nodes.diffusion.layouts.single import SHIPPED, read_single
from musegraph_nodes.diffusion.loader import load as open_part
from musegraph_nodes.live import quiet


def make_small(folder: Path) -> Path:
    """A model with the heads, groups and schedule of Stable Diffusion 1.x, only smaller."""
    make_tiny(folder)
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(1)
        UNet2DConditionModel(
            sample_size=64,
            layers_per_block=1,
            block_out_channels=(32, 64),
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            cross_attention_dim=64,
        ).save_pretrained(folder / "unet")
        AutoencoderKL(
            latent_channels=4,
            block_out_channels=(32, 64),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
        ).save_pretrained(folder / "vae")
        CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(tokenizer()),
                hidden_size=64,
                intermediate_size=128,
                num_hidden_layers=2,
                num_attention_heads=1,
                max_position_embeddings=16,
            )
        ).save_pretrained(folder / "text_encoder")
    shutil.copytree(SHIPPED / "scheduler", folder / "scheduler", dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def tensors(folder: Path) -> Tensors:
    return original(folder)


def saved(folder: Path, tensors: Tensors, place: Path) -> Path:
    """A single file, and beside it what its shapes do not tell."""
    file = place / "tiny.v1.safetensors"
    save_file(tensors, file, {"format": "pt"})
    shutil.copytree(
        folder, settings_of(file), ignore=shutil.ignore_patterns("*.safetensors"),
        dirs_exist_ok=True,
    )  # fmt: skip
    return file


def picture(source: Path) -> Tensor:
    bench = Bench()
    parts = load(str(source), bench)
    told = encode_text(parts.text_encoder, "a b", bench, clip_skip=1)
    empty = empty_latent(parts.model, width=32, height=32)
    latent = sample(parts.model, told, bench, latent=empty, steps=2, seed=5)
    again = encode(parts.vae, decode(parts.vae, latent, bench), bench)
    return decode(parts.vae, again, bench).data


def test_a_folder_and_a_single_file_of_the_same_weights_give_the_same_picture(
    folder: Path, tensors: Tensors, tmp_path: Path
) -> None:
    file = saved(folder, tensors, tmp_path)
    assert torch.equal(picture(folder), picture(file))


def test_a_file_without_a_configuration_takes_its_sizes_from_its_shapes(
    tmp_path: Path,
) -> None:
    """Of a model with the heads, groups and schedule of Stable Diffusion, only smaller."""
    folder = make_small(tmp_path / "small")
    file = saved(folder, original(folder), tmp_path)
    shutil.rmtree(settings_of(file))
    shutil.copytree(folder / "tokenizer", settings_of(file) / "tokenizer")
    assert torch.equal(picture(folder), picture(file))


def test_references_differ_only_by_the_digest_and_the_source(
    folder: Path, tensors: Tensors, tmp_path: Path
) -> None:
    file = saved(folder, tensors, tmp_path)
    for ours, theirs in zip(load(str(file), Bench()), load(str(folder), Bench()), strict=True):
        assert ours.model_copy(update={"source": "", "digest": ""}) == theirs.model_copy(
            update={"source": "", "digest": ""}
        )
        assert ours.digest != theirs.digest


def test_only_the_same_parts_of_another_layout_are_of_the_same_family(
    folder: Path, tensors: Tensors, tmp_path: Path
) -> None:
    mine = load(str(folder), Bench())
    tensors[f"{VAE}decoder.conv_in.weight"] = tensors[f"{VAE}decoder.conv_in.weight"] + 1
    tensors[f"{TEXT}final_layer_norm.bias"] = tensors[f"{TEXT}final_layer_norm.bias"] + 1
    theirs = load(str(saved(folder, tensors, tmp_path)), Bench())
    assert mine.vae.family != theirs.vae.family
    assert mine.text_encoder.family != theirs.text_encoder.family


def test_what_training_left_in_a_file_does_not_disturb(
    folder: Path, tensors: Tensors, tmp_path: Path
) -> None:
    left = {
        "alphas_cumprod": torch.ones(9),
        "sqrt_one_minus_alphas_cumprod": torch.ones(9),
        "posterior_variance": torch.ones(9),
        "betas": torch.ones(9),
        "model_ema.decay": torch.ones(()),
        f"{TEXT}embeddings.position_ids": torch.arange(16)[None],
    }
    file = saved(folder, tensors | left, tmp_path)
    assert torch.equal(picture(folder), picture(file))


def test_half_precision_is_found_and_computed_with_in_full(
    folder: Path, tensors: Tensors, tmp_path: Path
) -> None:
    file = saved(folder, {name: tensor.half() for name, tensor in tensors.items()}, tmp_path)
    parts = load(str(file), Bench())
    assert [part.options["stored"] for part in parts] == ["F16"] * 3
    net = open_part(parts.model, file, "cpu")
    assert {parameter.dtype for parameter in net.parameters()} == {torch.float32}
    assert not net.training


# Files that are refused


def opened(file: Path, part: str = "") -> None:
    parts = load(str(file), Bench())
    for ref in parts:
        if ref.part == part:
            open_part(ref, file, "cpu")


@pytest.mark.parametrize(
    ("name", "part", "words"),
    [
        (
            f"{UNET}middle_block.1.norm.bias",
            "unet",
            r"the unet of the model .* lacks 1 tensor \(mid_block\.attentions\.0\.norm\.bias\)",
        ),
        (
            f"{VAE}decoder.mid.attn_1.k.weight",
            "vae",
            r"lacks 1 tensor \(decoder\.mid_block\.attentions\.0\.to_k\.weight\)",
        ),
        (
            f"{TEXT}encoder.layers.1.mlp.fc2.bias",
            "text_encoder",
            r"lacks 1 tensor \(encoder\.layers\.1\.mlp\.fc2\.bias\)",
        ),
        (
            f"{UNET}input_blocks.0.0.weight",
            "",
            r"is not whole: it lacks 1 tensor \(model\..*input_blocks\.0\.0\.weight\)",
        ),
    ],
)
def test_a_missing_tensor_is_named(
    folder: Path, tensors: Tensors, tmp_path: Path, name: str, part: str, words: str
) -> None:
    del tensors[name]
    with pytest.raises(ModelError, match=words):
        opened(saved(folder, tensors, tmp_path), part)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        (f"{UNET}middle_block.1.lora_up.weight", "unet"),
        (f"{UNET}extra.weight", "unet"),
        (f"{VAE}decoder.extra.weight", "vae"),
        (f"{TEXT}encoder.layers.1.extra.weight", "text_encoder"),
        ("denoiser.extra", ""),
    ],
)
def test_an_unexpected_tensor_is_named(
    folder: Path, tensors: Tensors, tmp_path: Path, name: str, part: str
) -> None:
    tensors[name] = torch.ones(2)
    file = saved(folder, tensors, tmp_path)
    with pytest.raises(ModelError, match=rf"holds 1 tensor \(.*{name.split('.')[-2]}") as caught:
        opened(file, part)
    assert "something was added to it" in str(caught.value)


REACHING = (
    "__class__", "__class__.__base__.__subclasses__", "__dict__.x", "__init__.__globals__.os",
    "forward", "training", "config.attack", "_modules.conv_in", "state_dict", "a.__class__.x",
)  # fmt: skip
"""Names of tensors that would reach into objects, were they followed as attributes."""


def test_names_that_reach_into_objects_are_names_of_no_parameters(
    folder: Path, tensors: Tensors, tmp_path: Path
) -> None:
    kinds = (object, type, torch.nn.Module, UNet2DConditionModel, AutoencoderKL, CLIPTextModel)
    before = [dict(vars(kind)) for kind in kinds]
    for part, prefix in (("unet", UNET), ("vae", VAE), ("text_encoder", TEXT), ("", "")):
        for name in REACHING:
            file = saved(folder, {**tensors, prefix + name: torch.ones(1)}, tmp_path)
            with pytest.raises(ModelError, match=r"holds 1 tensor \("):
                opened(file, part)
    assert [dict(vars(kind)) for kind in kinds] == before


def test_without_a_tokenizer_the_sentence_says_where_which_files_go(
    folder: Path, tensors: Tensors, tmp_path: Path
) -> None:
    file = saved(folder, tensors, tmp_path)
    shutil.rmtree(settings_of(file) / "tokenizer")
    with pytest.raises(ModelError) as caught:
        opened(file)
    assert str(caught.value).endswith(
        f"put its vocab.json and merges.txt into {tmp_path / 'tiny.v1.config' / 'tokenizer'}"
    )
    (settings_of(file) / "tokenizer").mkdir()
    (settings_of(file) / "tokenizer" / "vocab.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer/merges\.txt is missing"):
        opened(file)


def test_sizes_that_are_not_those_of_stable_diffusion_want_a_configuration(
    folder: Path, tensors: Tensors, tmp_path: Path
) -> None:
    file = saved(folder, tensors, tmp_path)
    (settings_of(file) / "unet" / "config.json").unlink()
    with pytest.raises(
        ModelError, match=r"put its configuration at .*v1\.config/unet/config\.json"
    ):
        opened(file)


def test_a_configuration_that_does_not_suit_the_file_is_refused_in_words(
    folder: Path, tensors: Tensors, tmp_path: Path
) -> None:
    file = saved(folder, tensors, tmp_path)
    edit_json(settings_of(file) / "unet" / "config.json", block_out_channels=[16, 64])
    with pytest.raises(ModelError, match=r"does not suit its configuration: .* is \[.*\] and not"):
        opened(file, "unet")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("conditioner.embedders.1.model.x", r"is not whole: it lacks 1 tensor \(model\.diffusion"),
        ("cond_stage_model.model.x", r"is not whole: it lacks 1 tensor \(model\.diffusion"),
        ("head.modulation", r"is no checkpoint .* of a family that this version opens \(Stable"),
        ("lora_unet_x.alpha", r"is no checkpoint .*: it holds no model\.diffusion_model"),
        ("conv_in.weight", r"one in the layout of Diffusers comes as a folder"),
    ],
)
def test_a_file_of_another_kind_is_called_what_it_is(tmp_path: Path, name: str, words: str) -> None:
    file = tmp_path / "other.safetensors"
    save_file({name: torch.ones(2)}, file)
    with pytest.raises(ModelError, match=words):
        opened(file)


# What is shipped


def test_the_sizes_of_stable_diffusion_are_inferred_as_they_are_shipped(tmp_path: Path) -> None:
    """From a header of the right shapes over a file of zeros, which takes no room on the disk."""
    folder = tmp_path / "sd15"
    made: dict[str, list[int]] = {}
    with torch.device("meta"):
        nets = {
            "unet": UNet2DConditionModel.from_config(shipped("unet")),
            "vae": AutoencoderKL.from_config(shipped("vae")),
            "text_encoder": CLIPTextModel(CLIPTextConfig(**shipped("text_encoder"))),
        }
    for name, tensor in nets["unet"].state_dict().items():
        made[UNET + unet_name(name, 2)] = list(tensor.shape)
    for name, tensor in nets["vae"].state_dict().items():
        made[VAE + vae_name(name, 4)] = list(tensor.shape)
    for name, tensor in nets["text_encoder"].state_dict().items():
        made[TEXT + name] = list(tensor.shape)
    folder.mkdir()
    file = folder / "v1-5.safetensors"
    sparse(file, made)
    found = read_single(file, "v1-5")
    assert found.parts["unet"].config == shipped("unet")
    assert found.vae.config == shipped("vae")
    assert found.parts["text_encoder"].config == shipped("text_encoder")
    assert found.scheduler["prediction_type"] == "epsilon"
    family = FAMILIES[found.family]
    names = (found.latent_family, family.texts(found), family.size(found))
    assert names == ("sd15", "sd15", (512, 512))


def shipped(part: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((SHIPPED / part / "config.json").read_text())
    return made


def sparse(file: Path, shapes: dict[str, list[int]]) -> None:
    """A .safetensors file of zeros in half precision."""
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with file.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        stream.truncate(8 + len(text) + end)


def test_the_shipped_tokenizer_is_that_of_clip() -> None:
    words = CLIPTokenizer.from_pretrained(SHIPPED / "tokenizer", local_files_only=True)
    assert words("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert words.model_max_length == 77
    assert len(words) == 49408


# In the engine


def test_a_single_file_runs_offline_and_a_changed_configuration_is_noticed(
    folder: Path, tensors: Tensors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something wants the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    file = saved(folder, tensors, tmp_path)
    with engine(tmp_path / "store") as one:
        first = one.run(one.plan(workflow(file))).outputs()["picture"].data
        whole = one.run(one.plan(workflow(folder))).outputs()["picture"].data
        edit_json(settings_of(file) / "unet" / "config.json", attention_head_dim=2)
        other = one.run(one.plan(workflow(file))).outputs()["picture"].data
    assert torch.equal(first, whole)
    assert not torch.equal(first, other)
