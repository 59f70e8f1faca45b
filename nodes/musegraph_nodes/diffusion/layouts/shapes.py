"""What the shapes of tensors tell of a net: its widths, its depths, what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .weights import Header


class Shapes:
    """The shapes of a part's tensors, by their names without its prefix."""

    def __init__(self, own: Header, prefix: str) -> None:
        self.prefix = prefix
        self.shapes = {name.removeprefix(prefix): own[name]["shape"] for name in own}

    def __contains__(self, name: str) -> bool:
        return name in self.shapes

    def side(self, name: str, axis: int) -> int:
        """One side of a tensor's shape; ``KeyError`` with its whole name if it is not there."""
        if name not in self.shapes or len(self.shapes[name]) <= axis:
            raise KeyError(self.prefix + name)
        return int(self.shapes[name][axis])

    def count(self, stem: str) -> int:
        """How many numbers follow a stem, such as the layers of ``layers.``."""
        numbers = {
            name.removeprefix(stem).split(".")[0] for name in self.shapes if name.startswith(stem)
        }
        return len(numbers)

    def first(self, *names: str) -> str:
        """The first of several names that is there; the first of all if none is."""
        return next((name for name in names if name in self.shapes), names[0])


Infer = Callable[[Shapes], dict[str, Any]]


def unet(shapes: Shapes) -> dict[str, Any]:
    """Levels end where their resolution is halved, in a block that is only ``op``."""
    widths: list[int] = []
    depths: list[int] = []
    layers = wide = 0
    fresh = True
    for index in range(1, shapes.count("input_blocks.")):
        block = f"input_blocks.{index}"
        if f"{block}.0.op.weight" in shapes:
            fresh = True
            continue
        width = shapes.side(f"{block}.0.out_layers.3.weight", 0)
        looks = f"{block}.1.transformer_blocks.0.attn2.to_k.weight"
        if fresh:
            widths.append(width)
            depths.append(shapes.count(f"{block}.1.transformer_blocks."))
        if looks in shapes:
            wide = shapes.side(looks, 1)
        layers += len(widths) == 1
        fresh = False
    made = {
        "in_channels": shapes.side("input_blocks.0.0.weight", 1),
        "out_channels": shapes.side("out.2.weight", 0),
        "block_out_channels": widths,
        "down_block_types": ["CrossAttnDownBlock2D" if d else "DownBlock2D" for d in depths],
        "up_block_types": ["CrossAttnUpBlock2D" if d else "UpBlock2D" for d in reversed(depths)],
        "layers_per_block": layers,
        "cross_attention_dim": wide,
    }
    return made | _deeper(shapes, depths)


def _deeper(shapes: Shapes, depths: list[int]) -> dict[str, Any]:
    """What only later models than Stable Diffusion 1.x have."""
    made: dict[str, Any] = {}
    inmost = shapes.count("middle_block.1.transformer_blocks.") or 1
    whole = [depth or 1 for depth in depths[:-1]] + [depths[-1] or inmost if depths else inmost]
    if any(depth != 1 for depth in whole):
        made["transformer_layers_per_block"] = whole
    if "label_emb.0.0.weight" in shapes:
        made["projection_class_embeddings_input_dim"] = shapes.side("label_emb.0.0.weight", 1)
    return made


def heads_of_64(shapes: Shapes) -> dict[str, Any]:
    """A UNet as it is built since Stable Diffusion 2: heads 64 wide."""
    made = unet(shapes)
    return made | {"attention_head_dim": [width // 64 for width in made["block_out_channels"]]}


def vae(shapes: Shapes) -> dict[str, Any]:
    """An autoencoder, its levels and whether something stands between it and the latent."""
    levels = shapes.count("encoder.down.")
    made: dict[str, Any] = {
        "in_channels": shapes.side("encoder.conv_in.weight", 1),
        "out_channels": shapes.side("decoder.conv_out.weight", 0),
        "latent_channels": shapes.side("decoder.conv_in.weight", 1),
        "block_out_channels": [
            shapes.side(f"encoder.down.{level}.block.0.conv1.weight", 0) for level in range(levels)
        ],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": shapes.count("encoder.down.0.block."),
    }
    if "quant_conv.weight" not in shapes:
        made |= {"use_quant_conv": False, "use_post_quant_conv": False}
    return made


def clip(shapes: Shapes) -> dict[str, Any]:
    """The heads of every CLIP are 64 wide."""
    words = "text_model.embeddings.token_embedding.weight"
    width = shapes.side(words, 1)
    made = {
        "vocab_size": shapes.side(words, 0),
        "hidden_size": width,
        "num_attention_heads": max(1, width // 64),
        "projection_dim": width,
        "intermediate_size": shapes.side("text_model.encoder.layers.0.mlp.fc1.weight", 0),
        "num_hidden_layers": shapes.count("text_model.encoder.layers."),
        "max_position_embeddings": shapes.side(
            "text_model.embeddings.position_embedding.weight", 0
        ),
    }
    if "text_projection.weight" in shapes:
        made["projection_dim"] = shapes.side("text_projection.weight", 0)
    return made


def open_clip(shapes: Shapes) -> dict[str, Any]:
    """The same under the names of OpenCLIP."""
    width = shapes.side("token_embedding.weight", 1)
    made = {
        "vocab_size": shapes.side("token_embedding.weight", 0),
        "hidden_size": width,
        "num_attention_heads": max(1, width // 64),
        "intermediate_size": shapes.side("transformer.resblocks.0.mlp.c_fc.weight", 0),
        "num_hidden_layers": shapes.count("transformer.resblocks."),
        "max_position_embeddings": shapes.side("positional_embedding", 0),
    }
    if "text_projection" in shapes:
        made["projection_dim"] = shapes.side("text_projection", 1)
    return made


def open_clip_but_last(shapes: Shapes) -> dict[str, Any]:
    """That of Stable Diffusion 2, which reads the states before the last layer."""
    made = open_clip(shapes)
    made.pop("projection_dim", None)
    return made | {"num_hidden_layers": made["num_hidden_layers"] - 1}


def t5(shapes: Shapes) -> dict[str, Any]:
    """The encoder half of a T5; its heads are 64 wide."""
    words = shapes.first("shared.weight", "encoder.embed_tokens.weight")
    attention = "encoder.block.0.layer.0.SelfAttention"
    heads = shapes.side(f"{attention}.relative_attention_bias.weight", 1)
    return {
        "vocab_size": shapes.side(words, 0),
        "d_model": shapes.side(words, 1),
        "d_kv": shapes.side(f"{attention}.q.weight", 0) // heads,
        "d_ff": shapes.side("encoder.block.0.layer.1.DenseReluDense.wo.weight", 1),
        "num_layers": shapes.count("encoder.block."),
        "num_heads": heads,
        "relative_attention_num_buckets": shapes.side(
            f"{attention}.relative_attention_bias.weight", 0
        ),
    }


def sd3(shapes: Shapes) -> dict[str, Any]:
    """The transformer of Stable Diffusion 3, whose heads are 64 wide."""
    width = shapes.side("x_embedder.proj.weight", 0)
    layers = shapes.count("joint_blocks.")
    patch = shapes.side("x_embedder.proj.weight", 2)
    dual = [n for n in range(layers) if f"joint_blocks.{n}.x_block.attn2.qkv.weight" in shapes]
    return {
        "patch_size": patch,
        "in_channels": shapes.side("x_embedder.proj.weight", 1),
        "out_channels": shapes.side("final_layer.linear.weight", 0) // patch**2,
        "num_layers": layers,
        "num_attention_heads": width // 64,
        "joint_attention_dim": shapes.side("context_embedder.weight", 1),
        "caption_projection_dim": shapes.side("context_embedder.weight", 0),
        "pooled_projection_dim": shapes.side("y_embedder.mlp.0.weight", 1),
        "pos_embed_max_size": round(shapes.side("pos_embed", 1) ** 0.5),
        "dual_attention_layers": dual,
        "qk_norm": "rms_norm" if "joint_blocks.0.x_block.attn.ln_q.weight" in shapes else None,
    }


def flux(shapes: Shapes) -> dict[str, Any]:
    """The transformer of FLUX.1, under either of its names."""
    first = shapes.first
    into = first("img_in.weight", "x_embedder.weight")
    words = first("txt_in.weight", "context_embedder.weight")
    pooled = first("vector_in.in_layer.weight", "time_text_embed.text_embedder.linear_1.weight")
    norm = first(
        "double_blocks.0.img_attn.norm.query_norm.scale", "transformer_blocks.0.attn.norm_q.weight"
    )
    guided = first(
        "guidance_in.in_layer.weight", "time_text_embed.guidance_embedder.linear_1.weight"
    )
    head = shapes.side(norm, 0)
    return {
        "in_channels": shapes.side(into, 1),
        "num_layers": shapes.count("double_blocks.") or shapes.count("transformer_blocks."),
        "num_single_layers": shapes.count("single_blocks.")
        or shapes.count("single_transformer_blocks."),
        "attention_head_dim": head,
        "num_attention_heads": shapes.side(into, 0) // head,
        "joint_attention_dim": shapes.side(words, 1),
        "pooled_projection_dim": shapes.side(pooled, 1),
        "guidance_embeds": guided in shapes,
    }


def z_image(shapes: Shapes) -> dict[str, Any]:
    """The transformer of Z-Image, whose heads are 128 wide."""
    width = shapes.side("cap_embedder.1.weight", 0)
    return {
        "dim": width,
        "n_layers": shapes.count("layers."),
        "n_refiner_layers": shapes.count("noise_refiner."),
        "n_heads": width // 128,
        "n_kv_heads": width // 128,
        "cap_feat_dim": shapes.side("cap_embedder.1.weight", 1),
    }


def qwen(shapes: Shapes) -> dict[str, Any]:
    """A language model of the kind Qwen 3, whose heads are 128 wide."""
    words = shapes.first("model.embed_tokens.weight", "embed_tokens.weight")
    stem = words.removesuffix("embed_tokens.weight")
    layer = f"{stem}layers.0"
    return {
        "vocab_size": shapes.side(words, 0),
        "hidden_size": shapes.side(words, 1),
        "intermediate_size": shapes.side(f"{layer}.mlp.gate_proj.weight", 0),
        "num_hidden_layers": shapes.count(f"{stem}layers."),
        "num_attention_heads": shapes.side(f"{layer}.self_attn.q_proj.weight", 0) // 128,
        "num_key_value_heads": shapes.side(f"{layer}.self_attn.k_proj.weight", 0) // 128,
    }


def qwen_image(shapes: Shapes) -> dict[str, Any]:
    """The transformer of Qwen-Image."""
    head = shapes.side("transformer_blocks.0.attn.norm_q.weight", 0)
    return {
        "in_channels": shapes.side("img_in.weight", 1),
        "num_layers": shapes.count("transformer_blocks."),
        "attention_head_dim": head,
        "num_attention_heads": shapes.side("img_in.weight", 0) // head,
        "joint_attention_dim": shapes.side("txt_norm.weight", 0),
    }


def divided(config: Mapping[str, Any]) -> bool:
    """Whether the widths are multiples of what divides them: heads and groups of norms."""
    widths = config.get("block_out_channels", [config.get("hidden_size", 0)])
    for name in ("norm_num_groups", "attention_head_dim", "num_attention_heads"):
        divisors = config.get(name, 1)
        if isinstance(divisors, int):
            divisors = [divisors] * len(widths)
        if any(not d or width % d for width, d in zip(widths, divisors, strict=True)):
            return False
    return bool(widths)
