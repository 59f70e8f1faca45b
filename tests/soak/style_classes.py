"""A small net that tells in which of the eight styles a picture is.

It was trained on crops of pictures by the makers of the styles, other seeds than it is judged by,
before anything of style transfer was tuned, and judges what comes of it. Colours are changed in
training, so that it has to look at marks as well.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

WEIGHTS = Path(__file__).with_name("style_classes.safetensors")
STYLES = (
    "ink", "woodblock", "mosaic", "impasto", "pointillism", "blueprint", "stained_glass",
    "watercolour",
)  # fmt: skip
CROP = 128


class Classes(nn.Module):
    """Four convolutions, and the means and deviations of the last one over the crop."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 32, 48, 64)
        self.convs = nn.ModuleList(
            nn.Conv2d(reads, makes, 3, stride=2 if makes < 64 else 1, padding=1)
            for reads, makes in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(4, makes) for makes in widths[1:])
        self.last = nn.Linear(128, len(STYLES))

    def forward(self, crops: Tensor) -> Tensor:
        x = crops * 2 - 1
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.relu(norm(conv(x)))
        spread = x.var((2, 3)).add(1e-5).sqrt()
        made: Tensor = self.last(torch.cat((x.mean((2, 3)), spread), 1))
        return made


def opened() -> Classes:
    """The trained net."""
    net = Classes()
    net.load_state_dict({name: tensor.float() for name, tensor in load_file(WEIGHTS).items()})
    return net.eval()


@torch.no_grad()
def told(net: Classes, picture: Tensor) -> Tensor:
    """How likely each style is for a picture [3,H,W] of 0..1: the mean over its crops."""
    high, wide = picture.shape[1:]
    tops = np.linspace(0, high - CROP, 4).astype(int)
    lefts = np.linspace(0, wide - CROP, 4).astype(int)
    crops = [picture[:, y : y + CROP, x : x + CROP] for y in tops for x in lefts]
    return net(torch.stack(crops)).softmax(1).mean(0)


def changed(crops: Tensor, rng: np.random.Generator) -> Tensor:
    """Other colours: channels mixed a little, contrast and brightness changed."""
    count = len(crops)
    mix = torch.eye(3) + torch.from_numpy(rng.normal(0, 0.12, (count, 3, 3))).float()
    gain = torch.from_numpy(rng.uniform(0.75, 1.25, (count, 1, 1, 1))).float()
    shift = torch.from_numpy(rng.normal(0, 0.07, (count, 3, 1, 1))).float()
    mixed = torch.einsum("bij,bjhw->bihw", mix, crops)
    mean = mixed.mean((2, 3), keepdim=True)
    return ((mixed - mean) * gain + mean + shift).clamp(0, 1)


def train(steps: int = 700) -> None:
    """Train, say how many crops of unseen pictures are recognised, and write the weights."""
    from musegraph_nodes.style.training.data import crops

    torch.manual_seed(0)
    seen, labels = crops(3, 8 * 72, CROP)
    unseen, truth = crops(4, 8 * 24, CROP)
    pool = torch.from_numpy(seen).permute(0, 3, 1, 2).float() / 255
    names = torch.from_numpy(labels)
    net = Classes()
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.02)
    rng = np.random.default_rng(0)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - step / steps) + 1e-5
        index = torch.from_numpy(rng.integers(0, len(pool), 24))
        loss = F.cross_entropy(net(changed(pool[index], rng)), names[index], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 99:
            print(f"step {step + 1}  loss {float(loss):.3f}", flush=True)
    net.eval()
    judged = torch.from_numpy(unseen).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        right = (net(judged).argmax(1) == torch.from_numpy(truth)).float()
    for number, name in enumerate(STYLES):
        print(f"{name:14} {float(right[truth == number].mean()):.0%}")
    print(f"{float(right.mean()):.1%} of {len(right)} crops of unseen pictures are recognised")
    save_file({name: tensor.half() for name, tensor in net.state_dict().items()}, WEIGHTS)


if __name__ == "__main__":
    torch.set_num_threads(1)
    train()
