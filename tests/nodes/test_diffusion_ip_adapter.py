"""IP-Adapters: as the pipelines of diffusers look at pictures, and taken back without a trace."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from diffusers.image_processor import IPAdapterMaskProcessor
from PIL import Image as Pictures
from safetensors.torch import load_file, save_file
from tiny_sd import Tiny, make_tiny
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from musegraph import Conditioning, Image, Mask, Model, ModelError, NodeError
from musegraph_nodes.diffusion import embed_image, encode_text, ip_adapter, load_vision, sample
from musegraph_nodes.live import quiet

PROMPT = "a red sun"
SEEN = 24


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny(make_tiny(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("encoder")
    config = CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        image_size=32, patch_size=8, projection_dim=SEEN,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        CLIPVisionModelWithProjection(config).save_pretrained(place)
        CLIPImageProcessor(size=32, crop_size=32).save_pretrained(place)
    return place


def resampler(width: int, rand: Any) -> dict[str, torch.Tensor]:
    """The net of IP-Adapter Plus by the names of the files that are shared."""
    from diffusers.models.embeddings import IPAdapterPlusImageProjection

    net = IPAdapterPlusImageProjection(16, width, hidden_dims=64, heads=1, num_queries=4)
    names = {
        "ln0": "0.norm1", "ln1": "0.norm2", "attn.to_q": "0.to_q", "attn.to_out.0": "0.to_out",
        "ff.0": "1.0", "ff.1.net.0.proj": "1.1", "ff.1.net.2": "1.3",
    }  # fmt: skip
    made, rest = {}, dict(net.state_dict())
    for name in list(rest):
        if name.endswith("attn.to_k.weight"):
            key, value = rest.pop(name), rest.pop(name.replace("to_k", "to_v"))
            block = name.removesuffix("attn.to_k.weight")
            made[f"{block}0.to_kv.weight"] = rand(len(key) + len(value), key.shape[1])
    for name, tensor in rest.items():
        found = re.fullmatch(r"(layers\.\d\.)(.+)\.(weight|bias)", name)
        if found:
            name = f"{found[1]}{names[found[2]]}.{found[3]}"
        made[name] = rand(*tensor.shape)
    return {f"image_proj.{name}": tensor for name, tensor in made.items()}


def adapter(file: Path, unet: Any, seed: int = 0, kind: str = "plain") -> Path:
    """A random adapter in the layout of the files that are shared."""
    random = torch.Generator().manual_seed(seed)

    def rand(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random) * 0.3

    width = unet.config.cross_attention_dim
    made = {}
    number = 1
    for name, module in unet.named_modules():
        if name.endswith("attn2"):
            made[f"ip_adapter.{number}.to_k_ip.weight"] = rand(*module.to_k.weight.shape)
            made[f"ip_adapter.{number}.to_v_ip.weight"] = rand(*module.to_v.weight.shape)
            number += 2
    if kind == "plus":
        made |= resampler(width, rand)
    elif kind == "full":
        from diffusers.models.embeddings import IPAdapterFullImageProjection

        net = IPAdapterFullImageProjection(image_embed_dim=16, cross_attention_dim=width)
        names = {"ff.net.0.proj": "proj.0", "ff.net.2": "proj.2", "norm": "proj.3"}
        for name, tensor in net.state_dict().items():
            where, _, end = name.rpartition(".")
            made[f"image_proj.{names[where]}.{end}"] = rand(*tensor.shape)
    else:
        made["image_proj.proj.weight"] = rand(4 * width, SEEN)
        made["image_proj.proj.bias"] = rand(4 * width)
        made["image_proj.norm.weight"] = rand(width)
        made["image_proj.norm.bias"] = rand(width)
    save_file(made, file)
    return file


@pytest.fixture(scope="module")
def files(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place, unet = tmp_path_factory.mktemp("adapters"), tiny.pipeline.unet
    return {
        "plain": adapter(place / "plain.safetensors", unet),
        "other": adapter(place / "other.safetensors", unet, 5),
        "full": adapter(place / "full.safetensors", unet, 6, "full"),
        "plus": adapter(place / "plus.safetensors", unet, 8, "plus"),
    }


def picture(seed: int = 0, batch: int = 1) -> Image:
    made = torch.randint(0, 256, (batch, 40, 48, 3), generator=torch.Generator().manual_seed(seed))
    return Image(made / 255)


def pil(image: Image) -> list[Any]:
    return [Pictures.fromarray((one * 255).round().byte().numpy()) for one in image.data]


def text(tiny: Tiny, words: str = PROMPT) -> Conditioning:
    return encode_text(tiny.parts.text_encoder, words, tiny.ctx)


def looking(
    tiny: Tiny, encoder: Path, *adapters: tuple[Path, Image, dict[str, Any]]
) -> tuple[Model, Conditioning]:
    vision = load_vision(str(encoder), tiny.ctx)
    model, told = tiny.parts.model, text(tiny)
    for file, image, how in adapters:
        model, told = ip_adapter(model, told, str(file), vision, image, tiny.ctx, **how)
    return model, told


def ours(tiny: Tiny, model: Model, told: Conditioning, **options: Any) -> torch.Tensor:
    how: dict[str, Any] = {"seed": 7, "steps": 3, "guidance": 5.0, "sampler": "ddim"} | options
    return sample(model, told, tiny.ctx, **how).data


def plain(
    tiny: Tiny, encoder: Path, files: list[Path], images: list[Any], scale: Any, **options: Any
) -> torch.Tensor:
    pipeline = tiny.pipeline
    with quiet():
        pipeline.image_encoder = CLIPVisionModelWithProjection.from_pretrained(encoder)
        pipeline.feature_extractor = CLIPImageProcessor.from_pretrained(encoder)
        place = str(files[0].parent)
        names = [file.name for file in files]
        pipeline.load_ip_adapter(place, subfolder="", weight_name=names, local_files_only=True)
        pipeline.set_ip_adapter_scale(scale)
        try:
            how = {"prompt": PROMPT, "guidance_scale": 5.0, "ip_adapter_image": images} | options
            return tiny.plain(DDIMScheduler.from_config(tiny.config), steps=3, **how)
        finally:
            pipeline.unload_ip_adapter()
            pipeline.feature_extractor = None


@pytest.mark.parametrize("kind", ["plain", "full", "plus"])
def test_an_ip_adapter_equals_the_pipeline_bit_for_bit(
    kind: str, tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    model, told = looking(tiny, encoder, (files[kind], picture(), {"weight": 0.6}))
    made = ours(tiny, model, told)
    assert torch.equal(made, plain(tiny, encoder, [files[kind]], [pil(picture())], 0.6))
    assert not torch.allclose(made, ours(tiny, tiny.parts.model, text(tiny)), atol=1e-3)


def test_two_adapters_one_with_two_pictures_equal_the_pipeline(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    one, two = picture(1, batch=2), picture(2)
    model, told = looking(
        tiny, encoder, (files["plain"], one, {"weight": 0.4}), (files["other"], two, {})
    )
    both = [files["plain"], files["other"]]
    expected = plain(tiny, encoder, both, [pil(one), pil(two)], [0.4, 1.0])
    assert torch.equal(ours(tiny, model, told), expected)


def half(side: str) -> Mask:
    """The left or the right half of the picture that is made."""
    made = torch.zeros(1, 32, 32)
    made[..., slice(None, 16) if side == "left" else slice(16, None)] = 1
    return Mask(made)


def processed(*masks: Mask) -> torch.Tensor:
    """Masks as scripts make them of pictures: [1,n,H,W]."""
    shown = [Pictures.fromarray((one.data[0] * 255).byte().numpy()) for one in masks]
    made: torch.Tensor = IPAdapterMaskProcessor().preprocess(shown, height=32, width=32)
    return made.reshape(1, len(masks), 32, 32)


def test_two_adapters_with_a_half_each_equal_the_pipeline(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    one, two = picture(1), picture(2)
    model, told = looking(
        tiny, encoder, (files["plain"], one, {"weight": 0.4, "mask": half("left")}),
        (files["plus"], two, {"mask": half("right")}),
    )  # fmt: skip
    masks = [processed(half("left")), processed(half("right"))]
    expected = plain(
        tiny, encoder, [files["plain"], files["plus"]], [pil(one), pil(two)], [0.4, 1.0],
        cross_attention_kwargs={"ip_adapter_masks": masks}, negative_prompt="fog",
    )  # fmt: skip
    made = ours(tiny, model, told, negative=text(tiny, "fog"))
    assert torch.equal(made, expected)
    without = looking(
        tiny, encoder, (files["plain"], one, {"weight": 0.4}), (files["plus"], two, {})
    )
    assert not torch.allclose(made, ours(tiny, *without, negative=text(tiny, "fog")), atol=1e-3)


def test_a_mask_for_each_picture_of_a_batch_equals_the_pipeline_and_one_for_some_adapters_is_fine(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    both = Mask(torch.cat([half("left").data, half("right").data]))
    pictures = picture(1, batch=2)
    model, told = looking(
        tiny, encoder, (files["plain"], pictures, {"mask": both}), (files["other"], picture(2), {})
    )
    kwargs = {"ip_adapter_masks": [processed(half("left"), half("right")), None]}
    expected = plain(
        tiny, encoder, [files["plain"], files["other"]], [pil(pictures), pil(picture(2))],
        [1.0, 1.0], cross_attention_kwargs=kwargs,
    )  # fmt: skip
    assert torch.equal(ours(tiny, model, told), expected)
    with pytest.raises(NodeError, match="there are 2 masks for 3 pictures"):
        looking(tiny, encoder, (files["plain"], picture(1, batch=3), {"mask": both}))


def test_a_mask_of_another_size_is_stretched_over_the_picture(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    large = Mask(half("left").data.repeat_interleave(2, 1).repeat_interleave(3, 2))
    made = [
        ours(tiny, *looking(tiny, encoder, (files["plain"], picture(), {"mask": mask})))
        for mask in (half("left"), large)
    ]
    assert torch.allclose(*made, atol=1e-2)


def test_blocks_of_an_adapter_have_weights_of_their_own_as_in_the_pipeline(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    how = {"weight": 0.5, "blocks": "IN01:2, M00:0"}
    model, told = looking(tiny, encoder, (files["plain"], picture(), how))
    scale = {"down": 1.0, "mid": 0.0, "up": 0.5}
    expected = plain(tiny, encoder, [files["plain"]], [pil(picture())], scale)
    assert torch.equal(ours(tiny, model, told), expected)


def test_a_negative_text_without_a_picture_is_led_by_none_as_in_the_pipeline(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    model, told = looking(tiny, encoder, (files["plain"], picture(), {}))
    made = ours(tiny, model, told, negative=text(tiny, "fog"))
    images = [pil(picture())]
    expected = plain(tiny, encoder, [files["plain"]], images, 1.0, negative_prompt="fog")
    assert torch.equal(made, expected)


def test_outside_its_steps_an_adapter_changes_nothing(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    never = {"start": 0.9, "end": 0.95}
    model, told = looking(tiny, encoder, (files["plain"], picture(), never))
    assert torch.equal(ours(tiny, model, told), ours(tiny, tiny.parts.model, text(tiny)))
    early = {"start": 0.0, "end": 0.5}
    model, told = looking(tiny, encoder, (files["plain"], picture(), early))
    whole = ours(tiny, *looking(tiny, encoder, (files["plain"], picture(), {})))
    some = ours(tiny, model, told)
    assert not torch.equal(some, whole)
    assert not torch.equal(some, ours(tiny, tiny.parts.model, text(tiny)))


def test_an_adapter_on_and_off_leaves_the_model_as_it_was(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    before = ours(tiny, tiny.parts.model, text(tiny))
    with tiny.ctx.load(tiny.parts.model) as net:
        config = dict(net.config)
        kinds = {name: type(one) for name, one in net.attn_processors.items()}
    first = ours(tiny, *looking(tiny, encoder, (files["plain"], picture(), {})))
    with tiny.ctx.load(tiny.parts.model) as net:
        assert dict(net.config) == config
        assert net.config.encoder_hid_dim_type is None
        assert net.encoder_hid_proj is None
        assert {name: type(one) for name, one in net.attn_processors.items()} == kinds
    assert torch.equal(ours(tiny, tiny.parts.model, text(tiny)), before)
    assert torch.equal(ours(tiny, *looking(tiny, encoder, (files["plain"], picture(), {}))), first)


# Embeddings


def test_pictures_are_embedded_as_by_transformers(tiny: Tiny, encoder: Path) -> None:
    vision = load_vision(str(encoder), tiny.ctx)
    net: Any = CLIPVisionModelWithProjection.from_pretrained(encoder)
    processor: Any = CLIPImageProcessor.from_pretrained(encoder)
    pixels = processor(pil(picture(3, 2)), return_tensors="pt").pixel_values
    made = embed_image(vision, picture(3, 2), tiny.ctx).parts[0].embeds["image_embeds"]
    assert made.shape == (1, 2, SEEN)
    with torch.no_grad():
        assert torch.equal(made[0], net(pixels).image_embeds)
    tokens = embed_image(vision, picture(3, 2), tiny.ctx, "tokens").parts[0].embeds["image_embeds"]
    assert tokens.shape == (1, 2, 17, 16)


# What is refused


def test_both_outputs_of_the_adapter_have_to_reach_the_sampler(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    model, told = looking(tiny, encoder, (files["plain"], picture(), {}))
    for wrong in ((model, text(tiny)), (tiny.parts.model, told)):
        with pytest.raises(NodeError, match=r"link both outputs of diffusion\.ip_adapter"):
            ours(tiny, *wrong)


def test_an_adapter_that_reads_another_encoder_is_refused(
    tiny: Tiny, encoder: Path, files: dict[str, Path], tmp_path: Path
) -> None:
    tensors = load_file(files["plain"])
    save_file(tensors | {"image_proj.proj.weight": torch.zeros(128, 7)}, tmp_path / "a.safetensors")
    with pytest.raises(NodeError, match=r"reads embeddings 7 wide and the encoder .* 24 wide"):
        looking(tiny, encoder, (tmp_path / "a.safetensors", picture(), {}))


def test_an_adapter_for_another_family_and_one_for_faces_are_refused(
    tiny: Tiny, encoder: Path, files: dict[str, Path], tmp_path: Path
) -> None:
    tensors = load_file(files["plain"])
    wide = {
        name: torch.zeros(tensor.shape[0], 64) if name.endswith("_ip.weight") else tensor
        for name, tensor in tensors.items()
    }
    save_file(wide, tmp_path / "wide.safetensors")
    model, told = looking(tiny, encoder, (tmp_path / "wide.safetensors", picture(), {}))
    with pytest.raises(ModelError, match="reads texts 64 wide, and this one reads 32"):
        ours(tiny, model, told)
    save_file(
        tensors | {"ip_adapter.0.to_k_lora.down.weight": torch.zeros(2, 2)},
        tmp_path / "face.safetensors",
    )
    with pytest.raises(ModelError, match="is an IP-Adapter for faces"):
        looking(tiny, encoder, (tmp_path / "face.safetensors", picture(), {}))


def test_style_is_asked_for_only_where_its_block_is_known(
    tiny: Tiny, encoder: Path, files: dict[str, Path]
) -> None:
    model, told = looking(tiny, encoder, (files["plain"], picture(), {"only": "style"}))
    with pytest.raises(ModelError, match="known for SDXL, and this model has other blocks"):
        ours(tiny, model, told)
