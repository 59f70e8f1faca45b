"""What a model is, by its header: kinds and families, and what its maker says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_library import scanned
from weights import LORA, SD1, TO_K, Shapes, settings, weights

from musegraph import recognise
from musegraph.library.families import FAMILIES, by_class, by_saying
from musegraph.library.folders import Added, named_elsewhere, to_add

GAN: Shapes = {
    "input.input": (1, 512, 4, 4),
    "conv1.conv.modulation.weight": (512, 512),
    "to_rgb1.conv.weight": (1, 3, 512, 1, 1),
    "to_rgbs.0.conv.weight": (1, 3, 512, 1, 1),
}
FLUX = "double_blocks.0.img_attn.norm.key_norm.scale"
NAMES: dict[str, tuple[Shapes, str, str]] = {
    "a checkpoint of SD 1": (SD1, "checkpoint", "sd1"),
    "a net of SD 2": ({TO_K: (320, 1024)}, "denoiser", "sd2"),
    "a net of the refiner": ({TO_K.replace("1.1", "4.1"): (768, 1280)}, "denoiser", "sdxl-refiner"),
    "a net in the layout of Diffusers": (
        {"down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048)},
        "denoiser",
        "sdxl",
    ),
    "FLUX.1 with all parts": (
        {f"model.diffusion_model.{FLUX}": (128,), "text_encoders.t5xxl.x": (1,)},
        "checkpoint",
        "flux",
    ),
    "FLUX.1 alone": ({FLUX: (128,)}, "denoiser", "flux"),
    "a LoRA for SD 1": (LORA, "lora", "sd1"),
    "a LoRA for SDXL by its second encoder": (
        {"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 1280)},
        "lora",
        "sdxl",
    ),
    "a LoRA for FLUX.1 by Diffusers": (
        {"transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight": (4, 3072)},
        "lora",
        "flux",
    ),
    "a LoRA for FLUX.1 by kohya": (
        {"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": (4, 3072)},
        "lora",
        "flux",
    ),
    "a LoRA for Qwen-Image": (
        {"transformer_blocks.0.img_mlp.net.0.proj.lora_A.weight": (4, 3072)},
        "lora",
        "qwen-image",
    ),
    "a LoRA for Wan": (
        {"diffusion_model.blocks.0.cross_attn.k.lora_A.weight": (4, 1536)},
        "lora",
        "wan",
    ),
    "a LoRA for Z-Image": (
        {"diffusion_model.layers.0.attention.to_q.lora_A.weight": (4, 3840)},
        "lora",
        "z-image",
    ),
    "an LyCORIS": ({"lora_unet_mid_block_x.hada_w1_a": (4, 4)}, "lora", ""),
    "a ControlNet": (
        {
            "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
            "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (320, 768),
        },
        "control",
        "sd1",
    ),
    "an IP-Adapter": (
        {"image_proj.norm.bias": (768,), "ip_adapter.1.to_k_ip.weight": (320, 768)},
        "ip_adapter",
        "sd1",
    ),
    "a T2I-Adapter": ({"body.0.block1.weight": (320, 320, 3, 3)}, "t2i_adapter", ""),
    "an autoencoder": ({"decoder.conv_in.weight": (512, 16, 3, 3)}, "vae", ""),
    "the autoencoder of Wan": (
        {
            "decoder.conv1.weight": (384, 16, 3, 3, 3),
            "decoder.middle.0.residual.0.gamma": (384, 1, 1, 1),
        },
        "vae",
        "wan",
    ),
    "CLIP": (
        {
            "text_model.encoder.layers.0.mlp.fc1.bias": (3072,),
            "text_model.embeddings.token_embedding.weight": (49408, 768),
        },
        "text_encoder",
        "clip-l",
    ),
    "T5": (
        {"encoder.block.0.layer.0.SelfAttention.q.weight": (64, 64), "shared.weight": (32128, 64)},
        "text_encoder",
        "t5",
    ),
    "UMT5 as GGUF names it": (
        {"enc.blk.0.attn_q.weight": (64, 64), "token_embd.weight": (256384, 64)},
        "text_encoder",
        "umt5",
    ),
    "the eyes of CLIP": ({"vision_model.encoder.layers.0.mlp.fc1.bias": (9,)}, "vision", ""),
    "a fast style net": (
        {
            "conv1.conv2d.weight": (32, 3, 9, 9),
            "in1.weight": (32,),
            "deconv3.conv2d.weight": (3, 32, 9, 9),
        },
        "style",
        "",
    ),
    "a generator of StyleGAN2": (GAN, "gan", "stylegan2"),
    "a checkpoint of StyleGAN2": (
        {f"g_ema.{name}": shape for name, shape in GAN.items()} | {"latent_avg": (512,)},
        "gan",
        "stylegan2",
    ),
    "an ESRGAN": ({"model.1.sub.0.RDB1.conv1.0.weight": (32, 64, 3, 3)}, "upscaler", ""),
    "SRVGGNetCompact": (
        {"body.0.weight": (64, 3, 3, 3), "body.1.weight": (64,), "body.2.weight": (48, 64, 3, 3)},
        "upscaler",
        "",
    ),
    "an embedding": ({"emb_params": (8, 768)}, "embedding", "sd1"),
    "an embedding for SDXL": ({"clip_g": (8, 1280), "clip_l": (8, 768)}, "embedding", "sdxl"),
    "Redux": ({"redux_up.weight": (9, 9)}, "style", "flux"),
    "a motion module": (
        {"down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": (320,)},
        "motion",
        "animatediff",
    ),
    "something else": ({"a": (1, 2)}, "other", ""),
    "nothing": ({}, "other", ""),
}


def tensors(shapes: Shapes) -> dict[str, dict[str, object]]:
    return {name: {"dtype": "F16", "shape": [*shape]} for name, shape in shapes.items()}


@pytest.mark.parametrize("what", NAMES)
def test_kind_and_family_are_told_by_names_and_shapes(what: str) -> None:
    shapes, kind, family = NAMES[what]
    found = recognise(tensors(shapes))
    assert (found.kind, found.family) == (kind, family)


OURS = {
    "stable_cascade_stage_b": "cascade", "stable_cascade_stage_c": "cascade", "sd3": "sd3",
    "auraflow": "aura-flow", "flux": "flux", "ltx-video": "ltx", "mochi-1-preview": "mochi",
    "hunyuan-video": "hunyuan-video", "lumina2": "lumina2", "z-image-turbo": "z-image",
    "wan": "wan", "hidream": "hidream", "flux2": "flux2", "chroma": "chroma", "ltx2": "ltx2",
    "cosmos-1.0": "cosmos", "cosmos-2.0": "cosmos", "flux3": "flux3", "krea2": "krea2",
    "qwen-image-2.1": "qwen-image",
}  # fmt: skip


def test_our_table_agrees_with_that_of_diffusers() -> None:
    from diffusers.loaders.single_file_utils import CHECKPOINT_KEY_NAMES

    lost = {}
    for theirs, ours in OURS.items():
        if theirs not in CHECKPOINT_KEY_NAMES:  # an older one
            continue
        listed = CHECKPOINT_KEY_NAMES[theirs]
        names = [listed] if isinstance(listed, str) else listed
        found = recognise(tensors(dict.fromkeys(names, (8, 8))))
        if found.family != ours:
            lost[theirs] = found.family
    assert lost == {}


SETTINGS: dict[str, dict[str, int]] = {
    "AuraFlowTransformer2DModel": {},
    "HunyuanDiT2DModel": {"num_layers": 2, "in_channels": 4, "patch_size": 2, "sample_size": 32},
    "Lumina2Transformer2DModel": {},
    "PixArtTransformer2DModel": {"num_layers": 1, "caption_channels": 4096},
    "ZImageTransformer2DModel": {},
}
"""What the nets are made with that need something, or are not shortened by ``num_layers``."""


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("FluxTransformer2DModel", "flux"),
        ("SD3Transformer2DModel", "sd3"),
        ("QwenImageTransformer2DModel", "qwen-image"),
        ("ZImageTransformer2DModel", "z-image"),
        ("WanTransformer3DModel", "wan"),
        ("LTXVideoTransformer3DModel", "ltx"),
        ("PixArtTransformer2DModel", "pixart"),
        ("SanaTransformer2DModel", "sana"),
        ("CogVideoXTransformer3DModel", "cogvideox"),
        ("HunyuanVideoTransformer3DModel", "hunyuan-video"),
        ("AuraFlowTransformer2DModel", "aura-flow"),
        ("Lumina2Transformer2DModel", "lumina2"),
        ("MochiTransformer3DModel", "mochi"),
        ("HunyuanDiT2DModel", "hunyuan-dit"),
    ],
)
def test_every_net_of_diffusers_is_known_by_its_tensors_and_by_its_class(
    name: str, family: str
) -> None:
    import diffusers
    import torch

    with torch.device("meta"):
        net = getattr(diffusers, name)(**SETTINGS.get(name, {"num_layers": 1}))
    state = {
        key: {"dtype": "F16", "shape": [*value.shape]} for key, value in net.state_dict().items()
    }
    found = recognise(state)
    assert (found.kind, found.family) == ("denoiser", family)
    assert by_class(name) == family


def test_what_a_maker_says_counts_where_the_tensors_do_not_tell() -> None:
    said = {"ss_base_model_version": "sdxl_base_v1-0", "modelspec.prediction_type": "v"}
    unclear = tensors({"lora_unet_mid_block_x.lora_down.weight": (4, 9)})
    found = recognise(unclear, said)
    assert (found.family, found.prediction) == ("sdxl", "v_prediction")
    assert recognise(tensors(LORA), said).family == "sd1", "what there is counts more"
    assert by_saying("stable-diffusion-xl-v1-base/lora") == "sdxl"
    assert by_saying("FLUX.2-dev") == "flux2"
    assert by_saying("flux-1-dev") == "flux"
    assert by_saying("my own") == ""


def test_the_prediction_of_a_checkpoint_is_told_by_a_mark_or_usual_in_its_family() -> None:
    assert recognise(tensors(SD1)).prediction == "epsilon"
    assert recognise(tensors({**SD1, "v_pred": (0,)})).prediction == "v_prediction"
    assert recognise(tensors({TO_K: (320, 1024)})).prediction == "", "both are common in SD 2"
    assert recognise(tensors({FLUX: (1,)})).prediction == "flow_prediction"


def test_variants_are_told_by_the_channels_that_go_in() -> None:
    first = "model.diffusion_model.input_blocks.0.0.weight"
    variants = {
        channels: recognise(tensors({**SD1, first: (320, channels, 3, 3)})).variant
        for channels in (4, 5, 8, 9)
    }
    assert variants == {4: "", 5: "depth", 8: "edit", 9: "inpaint"}


def test_no_two_families_share_an_id_or_a_title() -> None:
    assert (
        len({one.id for one in FAMILIES}) == len({one.title for one in FAMILIES}) == len(FAMILIES)
    )


# -- what is said of it -----------------------------------------------------------------------


def test_title_author_licence_and_words_come_from_the_header(tmp_path: Path) -> None:
    tags = json.dumps({"10_inkwash": {"tree": 3}, "img": {"x": 1}, "5_ink_pot": {}})
    said = {
        "modelspec.title": "Ink\x1b[31m wash",
        "modelspec.author": "A. Painter",
        "modelspec.license": "CC-BY-4.0",
        "modelspec.trigger_phrase": "ink wash, sumi",
        "ss_tag_frequency": tags,
    }
    weights(tmp_path / "ink.safetensors", LORA, "BF16", **said)
    facts = scanned(tmp_path)["ink.safetensors"].facts
    assert (facts.title, facts.author, facts.licence) == (
        "Ink?[31m wash",
        "A. Painter",
        "CC-BY-4.0",
    )
    assert facts.triggers == ("ink wash", "sumi", "inkwash", "ink pot")
    assert (facts.precision, facts.parameters) == ("bfloat16", 4 * 768 + 320 * 4)


def test_what_lies_beside_a_model_tells_of_it(tmp_path: Path) -> None:
    weights(tmp_path / "a.safetensors", LORA)
    (tmp_path / "a.preview.png").write_bytes(b"")
    settings(tmp_path / "a.civitai.info", model={"name": "Sumi"}, trainedWords=["sumi-e", 3])
    pipe = tmp_path / "pipe"
    settings(pipe / "model_index.json", _class_name="StableDiffusionPipeline")
    settings(pipe / "unet" / "config.json", cross_attention_dim=768)
    settings(pipe / "scheduler" / "scheduler_config.json", prediction_type="v_prediction")
    weights(pipe / "unet" / "diffusion_pytorch_model.safetensors", {"a": (5,)}, "F32")
    weights(pipe / "unet" / "diffusion_pytorch_model.fp16.safetensors", {"a": (5,)})
    (pipe / "README.md").write_text(
        "---\nlicense: openrail\ntags:\n- art\n---\n# Title\nlicense: no"
    )
    found = scanned(tmp_path)
    assert (found["a.safetensors"].facts.title, found["a.safetensors"].facts.triggers) == (
        "Sumi",
        ("sumi-e",),
    )
    assert found["a.safetensors"].preview == tmp_path / "a.preview.png"
    facts = found["pipe"].facts
    assert (facts.kind, facts.family, facts.prediction) == ("pipeline", "sd1", "v_prediction")
    assert (facts.licence, facts.parameters, facts.precision) == ("openrail", 5, "float32")
    (tmp_path / "a.civitai.info").write_text("{}")
    (pipe / "README.md").unlink()
    (pipe / "LICENSE").write_text("\n   Apache License\n Version 2.0")
    again = scanned(tmp_path)
    assert again["a.safetensors"].facts.title == ""
    assert again["pipe"].facts.licence == "apache-2.0"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("DepthAnythingForDepthEstimation", "depth"),
        ("VitPoseForPoseEstimation", "pose"),
        ("Swin2SRForImageSuperResolution", "upscaler"),
        ("CLIPVisionModelWithProjection", "vision"),
        ("T5EncoderModel", "text_encoder"),
        ("ControlNetModel", "control"),
        ("AutoencoderKLWan", "vae"),
        ("MusicgenForConditionalGeneration", "sound"),
        ("EncodecModel", "sound"),
        ("VitsModel", "speech"),
        ("WhisperForConditionalGeneration", "speech"),
    ],
)
def test_a_folder_is_told_by_the_class_in_its_settings(
    tmp_path: Path, name: str, kind: str
) -> None:
    settings(tmp_path / "m" / "config.json", architectures=[name])
    weights(tmp_path / "m" / "model.safetensors", {"a": (1,)})
    assert scanned(tmp_path)["m"].facts.kind == kind


def test_a_pipeline_that_makes_sound_is_no_pipeline_for_pictures(tmp_path: Path) -> None:
    for name in ("AceStep", "StableAudio3", "AudioLDM2", "Flux"):
        settings(tmp_path / name / "model_index.json", _class_name=f"{name}Pipeline")
        weights(tmp_path / name / "unet" / "a.safetensors", {"a": (1,)})
    found = {name: one.facts.kind for name, one in scanned(tmp_path).items()}
    sound = dict.fromkeys(("AceStep", "StableAudio3", "AudioLDM2"), "sound")
    assert found == sound | {"Flux": "pipeline"}


@pytest.mark.parametrize("said", ["[1]", "{", '{"10_x": 1}' + " " * 9, "null", '"' + "[" * 99999])
def test_nonsense_of_a_maker_does_no_harm(tmp_path: Path, said: str) -> None:
    weights(tmp_path / "a.safetensors", LORA, ss_tag_frequency=said, **{"modelspec.title": "\0"})
    (tmp_path / "a.civitai.info").write_text(said)
    assert scanned(tmp_path)["a.safetensors"].facts.wrong == ""


# -- folders ----------------------------------------------------------------------------------

COMFY = {
    "checkpoints/a.safetensors": "checkpoint",
    "diffusion_models/b.safetensors": "denoiser",
    "unet/c.safetensors": "denoiser",
    "loras/style/d.safetensors": "lora",
    "vae/e.safetensors": "vae",
    "text_encoders/f.safetensors": "text_encoder",
    "clip/g.safetensors": "text_encoder",
    "controlnet/h.safetensors": "control",
    "clip_vision/i.safetensors": "vision",
    "embeddings/j.safetensors": "embedding",
    "upscale_models/k.safetensors": "upscaler",
    "ipadapter/l.safetensors": "ip_adapter",
    "style_models/m.safetensors": "style",
    "checkpoints/n.ckpt": "checkpoint",
    "upscale_models/o.pth": "upscaler",
    "controlnet/p.bin": "control",
    "elsewhere/q.safetensors": "other",
}


def installation(folder: Path) -> Path:
    for name in COMFY:
        weights(folder / "models" / name, {name: (1, 2, 3)})
    weights(folder / "models" / "loras" / "r.safetensors", SD1)
    (folder / "models" / "elsewhere" / "log.bin").write_bytes(b"no model")
    (folder / "models" / "loras" / "put_loras_here").write_text("")
    settings(folder / "models" / "loras" / "r.json", notes="of another program")
    return folder


def test_in_the_folders_of_comfyui_a_model_is_what_its_folder_says_unless_it_tells_itself(
    tmp_path: Path,
) -> None:
    place = to_add(str(installation(tmp_path / "ComfyUI")))
    assert place == tmp_path / "ComfyUI" / "models"
    found = {name: entry.facts.kind for name, entry in scanned(place).items()}
    assert found == {**COMFY, "loras/r.safetensors": "checkpoint"}


def test_other_folders_that_comfyui_is_told_of_are_said_and_not_taken(tmp_path: Path) -> None:
    place = to_add(str(installation(tmp_path / "ComfyUI")))
    (tmp_path / "webui" / "models").mkdir(parents=True)
    (tmp_path / "ComfyUI" / "extra_model_paths.yaml").write_text(
        f"a111:\n    base_path: {tmp_path}/webui/  # here\n    checkpoints: models/x\n"
        f"gone:\n    base_path: {tmp_path}/gone\nodd: [1\n"
    )
    assert named_elsewhere(place) == [tmp_path / "webui" / "models"]
    added = Added(tmp_path / "data")
    assert (added.add(place), added.add(place), added.folders()) == (True, False, (place,))
    assert (added.remove(place), added.remove(place), added.folders()) == (True, False, ())


def test_pickles_are_listed_as_in_need_of_conversion_and_not_opened(tmp_path: Path) -> None:
    place = to_add(str(installation(tmp_path / "ComfyUI")))
    found = scanned(place)
    pickles = {name: one.facts for name, one in found.items() if one.facts.format == "pickle"}
    assert pickles.keys() == {"checkpoints/n.ckpt", "upscale_models/o.pth", "controlnet/p.bin"}
    assert all(
        "musegraph models convert" in one.wrong and not one.quick for one in pickles.values()
    )
