"""Names of tensors in the original layouts, and those that Diffusers gives them.

A rule says which tensor becomes which: one may hold several that Diffusers keeps apart, one after
another along their first side, or its two halves may be the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Rule:
    """A pattern that a whole name has to match, and the names that come of it."""

    pattern: str
    targets: tuple[str, ...]
    change: Literal["", "halves", "turned"] = ""


def rule(pattern: str, *targets: str, change: Literal["", "halves", "turned"] = "") -> Rule:
    """A rule for weights and biases alike, if its pattern ends with a module."""
    return Rule(
        pattern + r"\.(?P<kind>weight|bias)", tuple(f"{t}.\\g<kind>" for t in targets), change
    )


def renamed(
    given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], rules: Iterable[Rule]
) -> tuple[dict[str, Tensor], list[str]]:
    """Tensors under the names of Diffusers, and the names that nothing has a place for.

    A name that no rule knows stays what it is: it may be one of Diffusers already.
    """
    known = [(re.compile(one.pattern), one) for one in rules]
    made: dict[str, Tensor] = {}
    unread = []
    for name, tensor in given.items():
        found, one = _match(name, known)
        targets = [name] if found is None else [found.expand(target) for target in one.targets]
        targets = [_fitted(target, wanted) for target in targets]
        if any(target not in wanted for target in targets):
            unread.append(name)
            continue
        made |= zip(targets, _parts(tensor, [wanted[t] for t in targets], one.change), strict=True)
    return made, unread


_NONE = Rule("", ())


def _match(
    name: str, known: list[tuple[re.Pattern[str], Rule]]
) -> tuple[re.Match[str] | None, Rule]:
    for pattern, one in known:
        found = pattern.fullmatch(name)
        if found is not None:
            return found, one
    return None, _NONE


def _fitted(name: str, wanted: Mapping[str, Tensor]) -> str:
    """The name as this version of the libraries has it, which put levels in between."""
    bare = name.removeprefix("text_model.").removeprefix("model.")
    tried = (name, bare, f"text_model.{bare}", f"model.{bare}")
    return next((one for one in tried if one in wanted), name)


def _parts(tensor: Tensor, wanted: list[Tensor], change: str) -> list[Tensor]:
    import torch

    if change == "turned":
        return [tensor.T.contiguous()]
    if change == "halves":
        second, first = tensor.chunk(2, dim=0)
        return [torch.cat([first, second], dim=0)]
    if len(wanted) == 1:
        return [tensor]
    sizes = [len(one) for one in wanted]
    if sum(sizes) != len(tensor):
        return [tensor] * len(wanted)  # of no shape that fits, which is said of them
    return [part.contiguous() for part in torch.split(tensor, sizes, dim=0)]


OPEN_CLIP = (
    Rule("positional_embedding", ("text_model.embeddings.position_embedding.weight",)),
    rule(r"token_embedding", "text_model.embeddings.token_embedding"),
    rule(r"ln_final", "text_model.final_layer_norm"),
    Rule("text_projection", ("text_projection.weight",), "turned"),
    Rule(
        r"transformer\.resblocks\.(\d+)\.attn\.in_proj_(weight|bias)",
        tuple(rf"text_model.encoder.layers.\1.self_attn.{p}_proj.\2" for p in "qkv"),
    ),
    *(
        rule(rf"transformer\.resblocks\.(\d+)\.{old}", rf"text_model.encoder.layers.\1.{new}")
        for old, new in (
            (r"attn\.out_proj", "self_attn.out_proj"),
            (r"ln_1", "layer_norm1"),
            (r"ln_2", "layer_norm2"),
            (r"mlp\.c_fc", "mlp.fc1"),
            (r"mlp\.c_proj", "mlp.fc2"),
        )
    ),
)
T5 = (Rule(r"encoder\.embed_tokens\.weight", ("shared.weight",)),)


def _timed(old: str, new: str) -> tuple[Rule, ...]:
    """The two layers of an embedding, of a time or of something else that is one number."""
    return tuple(
        rule(f"{old}{middle}", f"time_text_embed.{new}.linear_{number}")
        for number, middle in ((1, r"\.(?:in_layer|mlp\.0)"), (2, r"\.(?:out_layer|mlp\.2)"))
    )


def _attention(old: str, new: str, names: tuple[str, str, str]) -> Rule:
    return rule(old, *(f"{new}.{name}" for name in names))


_OWN, _ADDED = ("to_q", "to_k", "to_v"), ("add_q_proj", "add_k_proj", "add_v_proj")


def _flux_stream(
    old: str, added: str, norm: str, feed: str, out: str, names: tuple[str, str, str]
) -> tuple[Rule, ...]:
    stem, block = rf"double_blocks\.(\d+)\.{old}", r"transformer_blocks.\1"
    scales = (("query_norm", f"norm_{added}q"), ("key_norm", f"norm_{added}k"))
    return (
        rule(rf"{stem}_mod\.lin", f"{block}.{norm}.linear"),
        _attention(rf"{stem}_attn\.qkv", f"{block}.attn", names),
        *(
            Rule(rf"{stem}_attn\.norm\.{one}\.(?:scale|weight)", (f"{block}.attn.{two}.weight",))
            for one, two in scales
        ),
        rule(rf"{stem}_attn\.proj", f"{block}.attn.{out}"),
        rule(rf"{stem}_mlp\.0", f"{block}.{feed}.net.0.proj"),
        rule(rf"{stem}_mlp\.2", f"{block}.{feed}.net.2"),
    )


_SINGLE = r"single_transformer_blocks.\1"
FLUX = (
    *_timed("time_in", "timestep_embedder"),
    *_timed("vector_in", "text_embedder"),
    *_timed("guidance_in", "guidance_embedder"),
    rule("txt_in", "context_embedder"),
    rule("img_in", "x_embedder"),
    *_flux_stream("img", "", "norm1", "ff", "to_out.0", _OWN),
    *_flux_stream("txt", "added_", "norm1_context", "ff_context", "to_add_out", _ADDED),
    rule(r"single_blocks\.(\d+)\.modulation\.lin", rf"{_SINGLE}.norm.linear"),
    rule(
        r"single_blocks\.(\d+)\.linear1",
        *(rf"{_SINGLE}.attn.{name}" for name in _OWN),
        rf"{_SINGLE}.proj_mlp",
    ),
    rule(r"single_blocks\.(\d+)\.linear2", rf"{_SINGLE}.proj_out"),
    Rule(
        r"single_blocks\.(\d+)\.norm\.query_norm\.(?:scale|weight)",
        (rf"{_SINGLE}.attn.norm_q.weight",),
    ),
    Rule(
        r"single_blocks\.(\d+)\.norm\.key_norm\.(?:scale|weight)",
        (rf"{_SINGLE}.attn.norm_k.weight",),
    ),
    rule(r"final_layer\.linear", "proj_out"),
    rule(r"final_layer\.adaLN_modulation\.1", "norm_out.linear", change="halves"),
)


def sd3(layers: int) -> tuple[Rule, ...]:
    """For Stable Diffusion 3, the last of whose layers leaves the text as it is."""
    block = r"transformer_blocks.\1"
    made = [
        Rule("pos_embed", ("pos_embed.pos_embed",)),
        rule(r"x_embedder\.proj", "pos_embed.proj"),
        *_timed("t_embedder", "timestep_embedder"),
        *_timed("y_embedder", "text_embedder"),
        rule(
            rf"joint_blocks\.{layers - 1}\.context_block\.adaLN_modulation\.1",
            f"transformer_blocks.{layers - 1}.norm1_context.linear",
            change="halves",
        ),
    ]
    streams = (
        ("x_block", "", "norm1", "ff", "to_out.0", _OWN),
        ("context_block", "added_", "norm1_context", "ff_context", "to_add_out", _ADDED),
    )
    for old, added, norm, feed, out, names in streams:
        stem = rf"joint_blocks\.(\d+)\.{old}"
        made += [
            rule(rf"{stem}\.adaLN_modulation\.1", f"{block}.{norm}.linear"),
            _attention(rf"{stem}\.attn\.qkv", f"{block}.attn", names),
            rule(rf"{stem}\.attn\.ln_(q|k)", rf"{block}.attn.norm_{added}\2"),
            rule(rf"{stem}\.attn\.proj", f"{block}.attn.{out}"),
            rule(rf"{stem}\.mlp\.fc1", f"{block}.{feed}.net.0.proj"),
            rule(rf"{stem}\.mlp\.fc2", f"{block}.{feed}.net.2"),
        ]
    stem = r"joint_blocks\.(\d+)\.x_block\.attn2"
    made += [
        _attention(rf"{stem}\.qkv", f"{block}.attn2", _OWN),
        rule(rf"{stem}\.ln_(q|k)", rf"{block}.attn2.norm_\2"),
        rule(rf"{stem}\.proj", f"{block}.attn2.to_out.0"),
        rule(r"final_layer\.linear", "proj_out"),
        rule(r"final_layer\.adaLN_modulation\.1", "norm_out.linear", change="halves"),
    ]
    return tuple(made)


Z_IMAGE = (
    rule(r"final_layer\.(.*)", r"all_final_layer.2-1.\1"),
    rule(r"x_embedder", "all_x_embedder.2-1"),
    _attention(r"(.*)\.attention\.qkv", r"\1.attention", _OWN),
    rule(r"(.*)\.attention\.out", r"\1.attention.to_out.0"),
    rule(r"(.*)\.attention\.(q|k)_norm", r"\1.attention.norm_\2"),
)
