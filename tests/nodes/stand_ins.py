"""Tiny models of random weights under the names of the real ones that examples were written for."""

from __future__ import annotations

from pathlib import Path

import torch
from parity import videos

from musegraph_nodes.diffusion.loader import quiet

STAND_INS = {
    "Wan-AI/Wan2.1-T2V-1.3B-Diffusers": videos.wan,
    "Lightricks/LTX-Video-0.9.5": videos.ltx,
}


def stand_ins(folder: Path) -> Path:
    """A folder of models in which the examples find what their inputs name."""
    for name, build in STAND_INS.items():
        with torch.random.fork_rng(devices=[]), quiet():
            torch.manual_seed(0)
            build().save_pretrained(folder / name)
    return folder
