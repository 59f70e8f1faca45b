"""Pack `diffusion`: pictures from texts and from pictures, with diffusion models."""

from pathlib import Path

from musegraph import Pack

from .conditions import condition_inpaint, condition_sizes
from .control.attention_maps import attention_maps
from .control.controlnet import control, load_controlnet
from .control.controlnet_files import controlnet
from .control.freeu import freeu
from .control.ip_adapter import ip_adapter
from .control.lora import lora
from .control.optimise import optimise
from .control.seamless import seamless
from .control.style_guidance import style_guidance
from .control.vision import embed_image, load_vision, vision
from .latent_shapes import resize_latent, scale_latent, split_latents, stack_latents
from .latents import decode, empty_latent, encode
from .load import load
from .loader import diffusers
from .prompts.combining import average, combine, conditioning_range, region
from .prompts.embeddings import embedding
from .prompts.wildcards import prompt_permutations, prompt_wildcards
from .sample import sample
from .sampling.nodes import add_noise, custom_sigmas, cut_sigmas, guider, noise, sigmas
from .text import encode_text

pack = Pack(
    "diffusion",
    nodes=[
        load,
        encode_text,
        condition_sizes,
        condition_inpaint,
        empty_latent,
        encode,
        resize_latent,
        scale_latent,
        split_latents,
        stack_latents,
        sample,
        sigmas,
        custom_sigmas,
        cut_sigmas,
        guider,
        noise,
        add_noise,
        decode,
        lora,
        region,
        combine,
        conditioning_range,
        average,
        embedding,
        prompt_wildcards,
        prompt_permutations,
        load_controlnet,
        control,
        load_vision,
        embed_image,
        ip_adapter,
        freeu,
        seamless,
        optimise,
        attention_maps,
        style_guidance,
    ],
    version="1.0.0",
    title="Diffusion",
    loaders={"diffusers": diffusers, "controlnet": controlnet, "vision": vision},
    libraries=("torch", "diffusers", "transformers"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
