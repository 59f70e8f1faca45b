"""Pack `diffusion`: single files of every family, whole and in parts, beside its folder."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import diffusers
import originals
import pytest
import torch
import transformers
from diffusers import FluxTransformer2DModel
from diffusers.loaders import single_file_utils as theirs
from safetensors.torch import save_file
from test_diffusion_single import sparse
from tiny import make
from tiny_sd import Bench

from musegraph import ModelError, NodeError
from musegraph_nodes.diffusion import (
    condition_sizes,
    decode,
    empty_latent,
    encode,
    encode_text,
    load,
    pack,
    sample,
)
from musegraph_nodes.diffusion.families import FAMILIES
from musegraph_nodes.diffusion.layouts.originals import (
    CONFIGS,
    FLUX,
    REFINER,
    SD2,
    SD3,
    SDXL,
    Z_IMAGE,
)
from musegraph_nodes.diffusion.layouts.settings import settings_of
from musegraph_nodes.diffusion.layouts.single import read_single
from musegraph_nodes.diffusion.load import Parts
from musegraph_nodes.diffusion.references import vae_of

NAMES = ("sd2", "sdxl", "sdxl-refiner", "sd3", "flux", "z_image")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("models")
    return {name: make(name, place / name) for name in (*NAMES, "qwen_image")}


def saved(folder: Path, tensors: originals.Tensors, file: Path) -> Path:
    """A single file, and beside it what its shapes do not tell."""
    save_file({n: t.contiguous() for n, t in tensors.items()}, file, {"format": "pt"})
    left = shutil.ignore_patterns("*.safetensors")
    shutil.copytree(folder, settings_of(file), ignore=left, dirs_exist_ok=True)
    return file


def picture(parts: Parts, bench: Bench) -> torch.Tensor:
    told = condition_sizes(encode_text(parts.text_encoder, "a b", bench), crop_left=3)
    empty = empty_latent(parts.model, width=32, height=32)
    latent = sample(
        parts.model, told, bench, latent=empty, steps=2, seed=5, guidance=4.0, sampler="euler"
    )
    again = encode(parts.vae, decode(parts.vae, latent, bench), bench)
    return decode(parts.vae, again, bench).data


def shown(source: Path, **own: str) -> torch.Tensor:
    bench = Bench()
    return picture(load(str(source), bench, **own), bench)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_and_a_single_file_of_the_same_weights_give_the_same_picture(
    folders: dict[str, Path], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something wants the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    folder = folders[name]
    file = saved(folder, originals.whole(name, folder), tmp_path / f"{name}.safetensors")
    assert torch.equal(shown(folder), shown(file))


# The names are those of the files that people have: checked by the functions of Diffusers.


def test_the_original_names_of_sd3_are_those_that_diffusers_knows(
    folders: dict[str, Path],
) -> None:
    given = originals.tensors_of(folders["sd3"], "transformer")
    made = theirs.convert_sd3_transformer_checkpoint_to_diffusers(originals.sd3(given))
    assert made.keys() == given.keys()
    assert all(torch.equal(made[name], given[name]) for name in given)


def test_the_original_names_of_flux_are_those_that_diffusers_knows() -> None:
    """Their function takes only the true width, of which there are here but the shapes."""
    with torch.device("meta"):
        net = FluxTransformer2DModel(num_layers=2, num_single_layers=2, guidance_embeds=True)
    given = net.state_dict()
    made = theirs.convert_flux_transformer_checkpoint_to_diffusers(originals.flux(given))
    assert {n: t.shape for n, t in made.items()} == {n: t.shape for n, t in given.items()}


def test_the_original_names_of_z_image_are_those_that_diffusers_knows(
    folders: dict[str, Path],
) -> None:
    given = originals.tensors_of(folders["z_image"], "transformer")
    old = originals.z_image(given, originals.UNET)
    made = theirs.convert_z_image_transformer_checkpoint_to_diffusers(old)
    assert made.keys() == given.keys()
    assert all(torch.equal(made[name], given[name]) for name in given)


def test_the_names_of_open_clip_are_those_that_diffusers_knows(folders: dict[str, Path]) -> None:
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    given = originals.tensors_of(folders["sdxl"], "text_encoder_2")
    old = originals.open_clip(folders["sdxl"], "text_encoder_2", "x.")
    config = CLIPTextConfig.from_pretrained(folders["sdxl"] / "text_encoder_2")
    net = CLIPTextModelWithProjection(config)
    made = theirs.convert_open_clip_checkpoint(net, old, prefix="x.")
    bare = {name.removeprefix("text_model."): tensor for name, tensor in made.items()}
    for name, tensor in given.items():
        assert torch.equal(bare[name.removeprefix("text_model.")], tensor), name


# Parts in files of their own


def apart(folder: Path, place: Path) -> dict[str, Path]:
    """A FLUX.1 as people have it: a transformer, a CLIP, a T5 and an autoencoder."""
    net = originals.tensors_of(folder, "transformer")
    parts = {
        "source": originals.flux(net),
        "text_encoder": originals.clip(folder, "text_encoder", "text_model."),
        "text_encoder_2": originals.plain(folder, "text_encoder_2"),
        "vae": originals.vae(folder, ""),
    }
    names = {"source": "transformer", "text_encoder_2": "text_encoder_2"}
    made = {}
    for part, tensors in parts.items():
        file = place / f"{part}.safetensors"
        save_file({n: t.contiguous() for n, t in tensors.items()}, file, {"format": "pt"})
        inside = names.get(part, part)
        beside = settings_of(file)
        left = shutil.ignore_patterns("*.safetensors")
        shutil.copytree(folder / inside, beside / inside, ignore=left)
        for words in ("tokenizer", "tokenizer_2", "scheduler"):
            shutil.copytree(folder / words, beside / words)
        made[part] = file
    return made


def test_parts_in_files_of_their_own_give_the_picture_of_the_folder(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    files = apart(folders["flux"], tmp_path)
    source, own = files.pop("source"), {part: str(file) for part, file in files.items()}
    assert torch.equal(shown(source, **own), shown(folders["flux"]))
    parts = load(str(source), Bench(), **own)
    assert parts.vae.source == own["vae"]
    assert parts.text_encoder.source == own["text_encoder"]
    # A part of a folder in the layout of Diffusers, alone or in its model, does as well.
    own["vae"] = str(folders["flux"] / "vae")
    own["text_encoder_2"] = str(folders["flux"])
    assert torch.equal(shown(source, **own), shown(folders["flux"]))


def test_parts_may_lie_in_the_folder_beside_the_file(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    net = originals.flux(originals.tensors_of(folders["flux"], "transformer"))
    file = saved(folders["flux"], net, tmp_path / "dev.safetensors")
    with pytest.raises(ModelError, match=r"lacks vae, text_encoder, text_encoder_2: link files"):
        load(str(file), Bench())
    for part in ("vae", "text_encoder", "text_encoder_2"):
        shutil.copytree(folders["flux"] / part, settings_of(file) / part, dirs_exist_ok=True)
    assert torch.equal(shown(file), shown(folders["flux"]))


def test_a_transformer_alone_goes_with_parts_from_a_folder(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = folders["qwen_image"]
    net = originals.plain(folder, "transformer", originals.UNET)
    file = saved(folder, net, tmp_path / "qwen.safetensors")
    own = {part: str(folder) for part in ("text_encoder", "vae")}
    assert torch.equal(shown(file, **own), shown(folder))
    with pytest.raises(ModelError, match="is opened from a folder in the layout of Diffusers only"):
        load(str(file), Bench(), text_encoder=str(file), vae=str(folder))


def test_a_t5_without_its_words_says_where_they_go(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = folders["flux"]
    file = saved(folder, originals.whole("flux", folder), tmp_path / "dev.safetensors")
    shutil.rmtree(settings_of(file) / "tokenizer_2")
    with pytest.raises(ModelError) as caught:
        load(str(file), Bench())
    assert str(caught.value).endswith(
        f"put its tokenizer.json (or spiece.model) into {settings_of(file) / 'tokenizer_2'}"
    )


def test_a_part_that_a_family_has_not_and_a_file_without_the_part_are_refused(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    files = apart(folders["flux"], tmp_path)
    with pytest.raises(NodeError, match=r"FLUX\.1 has no text_encoder_3; leave that port empty"):
        load(str(folders["flux"]), Bench(), text_encoder_3=str(files["text_encoder"]))
    with pytest.raises(ModelError, match=r"holds no vae of FLUX\.1: it has no decoder\.conv_in"):
        load(str(folders["flux"]), Bench(), vae=str(files["text_encoder"]))


def test_an_unexpected_tensor_of_a_transformer_is_named(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = folders["sd3"]
    tensors = originals.whole("sd3", folder)
    tensors[f"{originals.UNET}joint_blocks.0.x_block.extra.weight"] = torch.ones(2)
    file = saved(folder, tensors, tmp_path / "sd3.safetensors")
    with pytest.raises(ModelError, match=r"the transformer .* holds 1 tensor \(.*extra\.weight\)"):
        shown(file)
    del tensors[f"{originals.UNET}joint_blocks.0.x_block.extra.weight"]
    del tensors[f"{originals.UNET}joint_blocks.1.x_block.attn.qkv.weight"]
    file = saved(folder, tensors, tmp_path / "sd3.safetensors")
    with pytest.raises(ModelError, match=r"the transformer .* lacks 3 tensors"):
        shown(file)


def test_prediction_is_what_marks_or_a_port_say(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = folders["sdxl"]
    marks = {"v_pred": torch.ones(()), "ztsnr": torch.ones(())}
    file = saved(folder, originals.whole("sdxl", folder) | marks, tmp_path / "v.safetensors")
    shutil.rmtree(settings_of(file) / "scheduler")
    schedule = load(str(file), Bench()).model.options["scheduler"]
    assert (schedule["prediction_type"], schedule["rescale_betas_zero_snr"]) == (
        "v_prediction",
        True,
    )
    told = load(str(file), Bench(), prediction="epsilon").model.options["scheduler"]
    assert told["prediction_type"] == "epsilon"


# GGUF


def quantised(tensors: originals.Tensors, file: Path) -> None:
    """A GGUF file: matrices in blocks of eight bits, what is small as it is."""
    import gguf

    writer = gguf.GGUFWriter(file, "flux")
    for name, tensor in tensors.items():
        data = tensor.contiguous().numpy()
        if tensor.ndim == 2 and tensor.shape[1] % 32 == 0:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quantize(data, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_file_of_flux_gives_nearly_the_picture_of_its_folder(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    from diffusers.quantizers.gguf.utils import GGUFLinear

    files = apart(folders["flux"], tmp_path)
    quantised(
        originals.flux(originals.tensors_of(folders["flux"], "transformer")),
        tmp_path / "source.gguf",
    )
    own = {part: str(file) for part, file in files.items() if part != "source"}
    bench = Bench()
    parts = load(str(tmp_path / "source.gguf"), bench, **own)
    assert parts.model.options["stored"] == "Q8_0"
    made = picture(parts, bench)
    (net,) = (live for key, live in bench.live.items() if key[2] == "transformer")
    assert any(isinstance(part, GGUFLinear) for part in net.modules())
    live = pack.loaders["diffusers"]
    assert live.offload is not None
    other = Bench()
    for ref in (parts.model, vae_of(parts.model)):
        other.live[ref.base()] = live.offload(ref, Path(ref.source), "cpu")
    assert torch.equal(picture(parts, other), made)
    exact = shown(folders["flux"])
    assert not torch.equal(made, exact)
    assert float((made - exact).abs().mean()) < 0.01
    whole = (tmp_path / "source.gguf").read_bytes()
    (tmp_path / "source.gguf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="is cut off"):
        load(str(tmp_path / "source.gguf"), Bench(), **own)


# What is shipped


FULL = {
    "sd2": (SD2, "sd", ("sd15", "sd21")),
    "sdxl": (SDXL, "sdxl", ("sdxl", "sdxl")),
    "sdxl-refiner": (REFINER, "sdxl", ("sdxl", "sdxl-refiner")),
    "sd3": (SD3, "sd3", ("sd3", "sd3")),
    "flux": (FLUX, "flux", ("flux1", "flux1")),
    "z_image": (Z_IMAGE, "z_image", ("flux1", "z-image")),
}


@pytest.mark.parametrize("name", FULL)
def test_the_true_sizes_of_a_family_are_inferred_as_they_are_shipped(
    name: str, tmp_path: Path
) -> None:
    """From a header of the right shapes over a file of zeros, which takes no room on the disk."""
    original, family, families = FULL[name]
    given: dict[str, dict[str, torch.Tensor]] = {}
    configs = {}
    for part, slot in original.slots.items():
        configs[part] = json.loads((CONFIGS / slot.shipped / "config.json").read_text())
        kind = FAMILIES[family].kinds[part]
        made = getattr(diffusers if kind.library == "diffusers" else transformers, kind.classes[0])
        with torch.device("meta"):
            net = (
                made.from_config(configs[part])
                if kind.library == "diffusers"
                else made(made.config_class(**configs[part]))
            )
        given[part] = net.state_dict()
    file = tmp_path / f"{name}.safetensors"
    old = originals.whole(name, originals.Given(given, configs))
    sparse(file, {key: list(tensor.shape) for key, tensor in old.items()})
    found = read_single(file, name)
    inferred = {part: component.config for part, component in found.parts.items()}
    assert inferred == configs
    assert (found.latent_family, FAMILIES[family].texts(found)) == families
    FAMILIES[family].check(found, name)
