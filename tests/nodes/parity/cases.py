"""Which tiny pipelines are run, and with what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import diffusers as d

from . import pictures as t
from . import stable as s
from . import videos as v

PICTURE, OTHER, MASK, CLIP = "picture", "other", "mask", "clip"
"""Stand for pictures among the arguments: 32×32 pixels; the clip has nine frames."""

_TEXT = {"prompt": "a red sun"}
_QUICK = _TEXT | {"num_inference_steps": 2}
_SIDES = {"height": 32, "width": 32}
_SIZE = _SIDES | {"num_inference_steps": 2}
_SMALL = _QUICK | _SIDES


@dataclass(frozen=True)
class Case:
    """A pipeline with arguments of its own call; ``cls`` if another made the folder."""

    family: str
    build: Callable[[], Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    cls: str = ""
    first: Callable[[], Any] | None = None
    """The pipeline before it, which turns the prompt into embeddings."""

    quick: bool = False
    """Whether it is among those of every test run."""

    reason: str = ""
    """Why it may differ in the last bits."""


CASES: tuple[Case, ...] = (
    Case("Stable Diffusion 1.5", s.sd15, _SMALL | {"negative_prompt": "fog"}, quick=True),
    Case("Stable Diffusion 1.5", s.sd15, _SMALL | {"num_images_per_prompt": 3}),
    Case(
        "Stable Diffusion 1.5",
        s.sd15,
        _QUICK | {"image": PICTURE, "strength": 0.8, "num_inference_steps": 4},
        "StableDiffusionImg2ImgPipeline",
        quick=True,
    ),
    Case("Stable Diffusion 1.5", s.sd15_inpaint, _SMALL | {"image": PICTURE, "mask_image": MASK}),
    Case("Stable Diffusion 1.5", s.sd15_controlnet, _SMALL | {"image": PICTURE}),
    Case("Stable Diffusion 1.5", s.sd15_adapter, _SMALL | {"image": PICTURE}),
    Case("Stable Diffusion 1.5", s.instruct, _QUICK | {"image": PICTURE}),
    Case("Stable Diffusion 1.5", s.sd15, _SMALL, "StableDiffusionPAGPipeline"),
    Case("Stable Diffusion 1.5", s.depth_upscale, _QUICK | {"image": PICTURE}),
    Case("Latent consistency", s.lcm, _SMALL),
    Case("Stable Diffusion XL", s.sdxl, _SMALL | {"guidance_scale": 3.0}, quick=True),
    Case(
        "Stable Diffusion XL",
        s.sdxl,
        _QUICK | {"image": PICTURE, "num_inference_steps": 4},
        "StableDiffusionXLImg2ImgPipeline",
    ),
    Case("Stable Diffusion XL", s.sdxl_inpaint, _SMALL | {"image": PICTURE, "mask_image": MASK}),
    Case("Stable Diffusion 3", s.sd3, _SMALL),
    Case(
        "Stable Diffusion 3",
        s.sd3,
        _SMALL | {"image": PICTURE},
        "StableDiffusion3Img2ImgPipeline",
    ),
    Case("FLUX.1", t.flux, _SMALL | {"max_sequence_length": 48}),
    Case(
        "FLUX.1",
        t.flux,
        _SMALL | {"image": PICTURE, "num_inference_steps": 4, "max_sequence_length": 48},
        "FluxImg2ImgPipeline",
    ),
    Case("Chroma", t.chroma, _SMALL | {"max_sequence_length": 48}),
    Case(
        "unCLIP",
        s.unclip,
        _TEXT
        | {
            "prior_num_inference_steps": 2,
            "decoder_num_inference_steps": 2,
            "super_res_num_inference_steps": 2,
        },
        quick=True,
    ),
    Case("Kandinsky 2.2", s.kandinsky_prior, _QUICK),
    Case("Kandinsky 2.2", s.kandinsky, _SIZE, first=s.kandinsky_prior, quick=True),
    Case(
        "Kandinsky 2.2",
        s.kandinsky,
        {"num_inference_steps": 4, "strength": 0.6, "image": PICTURE} | _SIDES,
        "KandinskyV22Img2ImgPipeline",
        first=s.kandinsky_prior,
    ),
    Case("Kandinsky 2.2", s.kandinsky_whole, _SMALL | {"prior_num_inference_steps": 2}),
    Case("PixArt-α", t.pixart, _SMALL | {"use_resolution_binning": False, "clean_caption": False}),
    Case(
        "PixArt-Σ",
        lambda: t.pixart(d.PixArtSigmaPipeline),
        _SMALL | {"use_resolution_binning": False, "clean_caption": False},
    ),
    Case("DiT", t.dit, {"class_labels": [1, 3], "num_inference_steps": 2}),
    Case(
        "SANA",
        t.sana,
        _SMALL | {"use_resolution_binning": False, "clean_caption": False},
    ),
    Case("SANA-Sprint", t.sana_sprint, _SMALL | {"use_resolution_binning": False}),
    Case("Qwen-Image", t.qwen_image, _SMALL | {"negative_prompt": "fog", "true_cfg_scale": 2.0}),
    Case(
        "Qwen-Image",
        t.qwen_image,
        _SMALL | {"image": PICTURE, "num_inference_steps": 4},
        "QwenImageImg2ImgPipeline",
    ),
    Case("Z-Image", t.z_image, _SMALL | {"max_sequence_length": 64}),
    Case("AuraFlow", t.aura, _SMALL),
    Case("Lumina 2", t.lumina2, _SMALL | {"max_sequence_length": 64}),
    Case("DDPM", t.ddpm, {"num_inference_steps": 2, "batch_size": 2}),
    Case("Wan", v.wan, _SMALL | {"num_frames": 9, "max_sequence_length": 16}, quick=True),
    Case(
        "Wan",
        v.wan_image,
        _SMALL | {"image": PICTURE, "num_frames": 9, "max_sequence_length": 16},
    ),
    Case(
        "Wan",
        v.wan,
        _SMALL | {"video": CLIP, "num_inference_steps": 4, "max_sequence_length": 16},
        "WanVideoToVideoPipeline",
    ),
    Case("LTX-Video", v.ltx, _SMALL | {"num_frames": 9, "max_sequence_length": 16}),
    Case(
        "LTX-Video",
        v.ltx,
        _SMALL | {"image": PICTURE, "num_frames": 9, "max_sequence_length": 16},
        "LTXImageToVideoPipeline",
    ),
    Case(
        "CogVideoX",
        v.cogvideo,
        _QUICK | {"height": 16, "width": 16, "num_frames": 8, "max_sequence_length": 16},
    ),
    Case("Latte", v.latte, _SMALL | {"video_length": 1, "clean_caption": False}),
    Case("AnimateDiff", s.animate, _SMALL | {"num_frames": 4}),
    Case(
        "Stable Video Diffusion",
        s.video_diffusion,
        {
            "image": PICTURE,
            "num_frames": 2,
            "num_inference_steps": 2,
            "height": 32,
            "width": 32,
        },
    ),
)
