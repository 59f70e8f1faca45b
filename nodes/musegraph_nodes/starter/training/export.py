"""Stage three: the folder that `diffusers.StableDiffusionPipeline.from_pretrained` loads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import diffusers
import torch

from musegraph_nodes.starter.training.denoiser import (
    SCHEDULE,
    Denoiser,
    build_denoiser,
    denoiser_plan,
)
from musegraph_nodes.starter.training.loop import load_average
from musegraph_nodes.starter.training.recipe import recipe_of
from musegraph_nodes.starter.training.text import TextPlan, load_tokenizer

#: Shipped weights.
WEIGHTS = Path(__file__).resolve().parents[1] / "weights" / "scenes"


def few_step_of(folder: Path) -> Path:
    """Where the LoRA of an exported folder is: beside it, a model of its own."""
    return folder.with_name("few_step") / "model.safetensors"


def write_folder(target: Path, vae: Any, model: Denoiser, tokenizer: Path, card: str) -> None:
    """Write the pipeline's folder whole, then put it in `target`'s place.

    Weights are stored as float16; the configurations say float32, which is what they load as.
    """
    partial = target.parent / f".{target.name}-partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    parts = {"vae": vae, "unet": model.unet, "text_encoder": model.text_encoder}
    for name, part in parts.items():
        dtype = part.dtype
        part.half().save_pretrained(partial / name, safe_serialization=True)
        part.to(dtype)
        state_float32(partial / name / "config.json")
        for path in (partial / name).glob("*.safetensors"):
            path.chmod(0o644)
    shutil.copytree(tokenizer, partial / "tokenizer")
    _write_json(partial / "scheduler" / "scheduler_config.json", scheduler_config())
    _write_json(partial / "model_index.json", model_index())
    (partial / "README.md").write_text(card, encoding="utf-8")
    retired = target.parent / f".{target.name}-retired"
    shutil.rmtree(retired, ignore_errors=True)
    if target.exists():
        target.rename(retired)
    partial.rename(target)
    shutil.rmtree(retired, ignore_errors=True)


def scheduler_config() -> dict[str, Any]:
    """The scheduler as the pipeline reads it."""
    names = {"_class_name": "DDIMScheduler", "_diffusers_version": diffusers.__version__}
    return {**names, **SCHEDULE}


def model_index() -> dict[str, Any]:
    """Which class reads which folder."""
    return {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": diffusers.__version__,
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


def load_trained(work: Path) -> tuple[Any, Denoiser, Any]:
    """The folded autoencoder, the averaged denoiser and the tokenizer in `work`, on the CPU."""
    vae = diffusers.AutoencoderKL.from_pretrained(work / "vae").eval()
    tokenizer = load_tokenizer(work / "tokenizer")
    channels = vae.config.latent_channels
    size = vae.config.sample_size // 2 ** (len(vae.config.block_out_channels) - 1)
    plan = denoiser_plan(recipe_of(work))
    model = build_denoiser(plan, TextPlan(), tokenizer, channels, size)
    load_average(work / "denoiser", model)
    return vae, model.eval(), tokenizer


def load_folder(folder: Path) -> tuple[Any, Denoiser, Any]:
    """The same three of a folder that was exported."""
    from transformers import CLIPTextModel

    vae = diffusers.AutoencoderKL.from_pretrained(folder / "vae").eval()
    unet = diffusers.UNet2DConditionModel.from_pretrained(folder / "unet")
    words = CLIPTextModel.from_pretrained(folder / "text_encoder")
    return vae, Denoiser(unet, words).eval(), load_tokenizer(folder / "tokenizer")


def export(work: Path, target: Path) -> None:
    """Write the newest trained models in `work` to `target`, the LoRA if there is one beside it."""
    vae, model, _ = load_trained(work)
    kept = target / "README.md"
    card = kept.read_text(encoding="utf-8") if kept.exists() else "# starter/scenes\n"
    write_folder(target, vae, model, work / "tokenizer", card)
    few, there = few_step_of(work / "scenes"), few_step_of(target)
    if few.exists() and few != there:
        there.parent.mkdir(exist_ok=True)
        shutil.copyfile(few, there)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    parameters = sum(p.numel() for m in (vae, model) for p in m.parameters())
    print(f"{target}: {parameters / 1e6:.1f}M parameters, {size / 1e6:.1f} MB", flush=True)


def state_float32(path: Path) -> None:
    """Let a configuration beside float16 weights say float32, which is what they load as."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config.pop("_name_or_path", None)
    for key in ("dtype", "torch_dtype"):
        if key in config:
            config[key] = "float32"
    _write_json(path, config)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def check_folder(folder: Path) -> None:
    """Load `folder` as any user would, and complain where it is not float32."""
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(folder)
    for name in ("vae", "unet", "text_encoder"):
        dtype = getattr(pipeline, name).dtype
        if dtype != torch.float32:
            raise ValueError(f"{folder}: {name} loads as {dtype}, not float32")
