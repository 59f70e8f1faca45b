"""Before the denoiser: the text encoder learns to read, so that from the first step words differ.

From noise and pictures alone it would take a small denoiser hours to find out that words stand for
subjects and colours at all. Here the state of a caption's end must tell each attribute of the spec
that it was written from; the heads that tell them are thrown away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musegraph_nodes.starter.training.loop import short_rows
from musegraph_nodes.starter.training.text import TextPlan, build_text_encoder

BATCH, RATE = 96, 2e-3


def teach(
    folder: Path,
    tokenizer: Any,
    tokens: Tensor,
    specs: list[dict[str, Any]],
    plan: TextPlan,
    device: torch.device,
) -> None:
    """Write a text encoder that has learned to read what captions, as tokens, say of specs."""
    torch.manual_seed(0)
    encoder = build_text_encoder(plan, tokenizer).to(device)
    lost = learn_to_read(encoder, tokens, told(specs), plan.lessons)
    if lost:
        print(f"reading: loss {lost[0]:.2f}, at the end {np.mean(lost[-20:]):.3f}", flush=True)
    encoder.cpu().save_pretrained(folder)


def told(specs: list[dict[str, Any]]) -> Tensor:
    """What each spec says of each of its fields, int64 `[n, fields]`; -1 where it has none."""
    rows = [_flat(spec) for spec in specs]
    names = sorted({name for row in rows for name in row} - {"seed"})
    values = {name: sorted({row[name] for row in rows if name in row}) for name in names}
    numbers = {name: {value: at for at, value in enumerate(values[name])} for name in names}
    return torch.tensor([[numbers[n].get(row.get(n, ""), -1) for n in names] for row in rows])


def _flat(spec: dict[str, Any]) -> dict[str, str]:
    """The fields of a spec by name, those of the things in it with the name of the thing before."""
    made: dict[str, str] = {}
    for name, value in spec.items():
        if isinstance(value, dict):
            made |= {f"{name} {inner}": str(held) for inner, held in value.items()}
        elif value not in (None, ""):
            made[name] = str(value)
    return made


def learn_to_read(encoder: Any, tokens: Tensor, fields: Tensor, steps: int) -> list[float]:
    """Train a text encoder on token ids `[n, captions, length]` of pictures and what they say.

    Gives back the loss of each step: the mean over what is told of a field.
    """
    device = next(encoder.parameters()).device
    sizes = (fields.amax(0) + 1).clamp(min=1).tolist()
    heads = nn.Linear(encoder.config.hidden_size, sum(sizes)).to(device)
    learned = [*encoder.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(learned, RATE, weight_decay=0.01)
    end, losses = encoder.config.eos_token_id, list[float]()
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / 50, (steps - step) / 200)
        rows = torch.randint(len(tokens), (min(BATCH, len(tokens)),))
        which = torch.randint(tokens.shape[1], (len(rows),))
        ids = tokens[rows.to(tokens.device), which.to(tokens.device)].to(device)
        with short_rows(device):
            states = encoder(input_ids=ids).last_hidden_state
            first = (ids == end).int().argmax(1)
            scores = heads(states[torch.arange(len(ids), device=device), first]).float()
        parts = zip(scores.split(sizes, 1), fields[rows].to(device).T, strict=True)
        loss = torch.stack(
            [F.cross_entropy(s, wanted, ignore_index=-1, reduction="sum") for s, wanted in parts]
        ).sum() / max(int((fields[rows] >= 0).sum()), 1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses
