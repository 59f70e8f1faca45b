"""How the net and its reader of prompts learn together, and what is written at the end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from musegraph import Reference
from musegraph_nodes.motion.diffusion.x0 import Schedule, cosine
from musegraph_nodes.motion.mdm.layout import WORDS, Layout
from musegraph_nodes.motion.mdm.live import Mover
from musegraph_nodes.motion.mdm.model import DEVIATION, LOADER, MEAN, load
from musegraph_nodes.motion.mdm.nets import MDM, Told
from musegraph_nodes.motion.mdm.words import Reader, Words
from musegraph_nodes.starter.training.course import Course
from musegraph_nodes.starter.training.loop import short_rows
from musegraph_nodes.starter.training.muon import Muon

from .lessons import Lessons, Terms, weights
from .told import FRAMES

_FALLING = 0.4
"""The share of a training, its last, in which steps become smaller."""


@dataclass(frozen=True)
class Plan:
    """Everything that decides what comes out after a step."""

    width: int = 256
    layers: int = 4
    inner: int = 512
    heads: int = 4
    reader: int = 128
    batch: int = 48
    rate: float = 2e-3
    decay: float = 0.02
    average: float = 0.998
    steps: int = 50
    """Times of the schedule of noise."""
    drop: float = 0.1
    """Share of motions that are learned without their words."""
    seed: int = 0


class Both(nn.Module):
    """The net and the reader, so that one optimizer and one file hold both."""

    def __init__(self, plan: Plan, vocabulary: tuple[str, ...]) -> None:
        super().__init__()
        self.words = Words(Reader(vocabulary, plan.reader, 2 * plan.reader))
        self.net = MDM(Layout(263, plan.width, plan.layers, plan.inner, plan.heads, plan.reader))

    def forward(self, x: Tensor, time: Tensor, ids: Tensor, drop: Tensor) -> Tensor:
        """Features of motions [B,T,263] from noisy ones, some of them without their words."""
        text = self.words(ids) * (~drop)[:, None]
        made: Tensor = self.net(x, time, Told(text[None]))
        return made


class Training(Course):
    """Net and reader that learn motions with their words."""

    def __init__(self, plan: Plan, taught: Lessons, folder: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.taught = plan, taught
        self.both = Both(plan, taught.vocabulary)
        steps = Muon(self.both.parameters(), plan.rate, plan.decay)
        super().__init__(self.both, steps, plan.average, folder)
        self.schedule: Schedule = cosine(plan.steps)
        self.worth = weights()
        self._before = folder / "before.json"
        counts = np.array([len(table) for table in taught.tables], float)
        self.shares = counts / counts.sum()

    def begin(self, folder: Path) -> None:
        """Take the weights of a model that was written, and note how that was trained.

        Neither the memory of its steps nor its last unrounded digits are in it, so this is no
        training that goes on as if it had never ended: its steps begin small and grow again.
        """
        live = model_of(folder)
        assert live.reader is not None, "what this script writes has a reader of its own"
        self.both.net.load_state_dict(live.net.state_dict(), strict=True)
        self.both.words.load_state_dict(live.reader.state_dict(), strict=True)
        self.averages.values = [p.detach().clone() for p in self.both.parameters()]
        self._before.write_text(json.dumps(live.args.get("trained", {})), encoding="utf-8")

    @property
    def before(self) -> dict[str, Any] | None:
        """How the model that it began with was trained, if it began with one."""
        if not self._before.is_file():
            return None
        told: dict[str, Any] = json.loads(self._before.read_text(encoding="utf-8"))
        return told

    def learn(self, number: int, share: float) -> float:
        """One step on the batch that belongs to its number; ``share`` of the training is done."""
        plan = self.plan
        self.hurry(plan.rate * min(1.0, (number + 1) / 100, 0.03 + (1 - share) / _FALLING))
        x, ids, draw = self._batch(number)
        time = torch.from_numpy(draw.integers(0, plan.steps, len(x)))
        torch.manual_seed(plan.seed * 1_000_003 + number)
        drop = torch.rand(len(x)) < plan.drop
        noisy = self.schedule.noised(x, time, torch.randn_like(x))
        with short_rows(x.device):
            made = self.both(noisy, time, ids, drop)
        return self.step(((made.float() - x) ** 2 * self.worth).mean() / self.worth.mean(), number)

    def _batch(self, number: int) -> tuple[Tensor, Tensor, np.random.Generator]:
        """Motions of one length, with one of the sentences of each."""
        draw = np.random.default_rng([self.plan.seed, number])
        group = int(draw.choice(len(self.shares), p=self.shares))
        table, ids = self.taught.tables[group], self.taught.ids[group]
        which = torch.from_numpy(draw.integers(0, len(table), self.plan.batch))
        said = torch.from_numpy(draw.integers(0, ids.shape[1], self.plan.batch))
        return table[which], ids[which, said], draw


def model_of(folder: Path) -> Mover:
    """A model that was written, in float32."""
    return load(Reference(loader=LOADER, source=str(folder)), folder, "cpu")


def terms_of(folder: Path) -> Terms:
    """The words of a model that was written, and what its features are measured by."""
    live = model_of(folder)
    assert live.reader is not None, "what this script writes has a reader of its own"
    return Terms(live.reader.reader.vocabulary, live.mean.numpy(), live.deviation.numpy())


def write(training: Training, folder: Path, told: dict[str, Any]) -> None:
    """The folder of a model: net and reader as half precision, sizes, mean and deviation."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    both, plan = training.both, training.plan
    with training.averages.applied():
        tensors = {n: p.detach() for n, p in both.net.named_parameters()}
        tensors |= {f"{WORDS}{n}": p.detach() for n, p in both.words.named_parameters()}
        halves = {n: p.half().contiguous() for n, p in tensors.items()}
    halves |= {MEAN: training.taught.mean, DEVIATION: training.taught.deviation}
    save_file(halves, folder / "model.safetensors")
    before = {"before": training.before} if training.before is not None else {}
    args = {
        "arch": "trans_enc", "dataset": "humanml", "layers": plan.layers, "latent_dim": plan.width,
        "heads": plan.heads, "diffusion_steps": plan.steps, "noise_schedule": "cosine",
        "text_encoder_type": "words", "frames": FRAMES, "reader_heads": both.words.reader.heads,
        "vocabulary": list(both.words.reader.vocabulary), "trained": told | before,
    }  # fmt: skip
    (folder / "args.json").write_text(json.dumps(args, indent=1) + "\n", encoding="utf-8")
