"""Several processes that train one model."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed
from torch import nn
from torch.multiprocessing.spawn import spawn

# Steps that the processes of a team make between two meetings.
APART = 8


@dataclass(frozen=True)
class Team:
    """The processes that train one model together, each on batches of its own.

    Two processes of one thread each do more on two cores than one process of two threads, and
    lose far less when something else needs a core for a moment. They meet every few steps and go
    on from the mean of what each has become (local SGD, Stich 2019): shared gradients would have
    to be waited for and sent at every step, which took a third of the time.
    """

    rank: int = 0
    count: int = 1

    def meets(self, step: int) -> bool:
        """Whether its processes wait for each other after so many steps."""
        return self.count == 1 or step % APART == 0

    @torch.no_grad()
    def meet(self, step: int, parameters: Iterable[nn.Parameter]) -> None:
        """Where it meets after so many steps, all that learns becomes its mean over the team."""
        if self.count == 1 or not self.meets(step):
            return
        every = [p.data for p in parameters if p.requires_grad]
        flat = torch.cat([one.flatten() for one in every])
        torch.distributed.all_reduce(flat)
        flat /= self.count
        for one, part in zip(every, flat.split([one.numel() for one in every]), strict=True):
            one.copy_(part.view_as(one))

    def mean(self, value: float) -> float:
        """The mean of `value` over the team, the same number for all."""
        if self.count == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        torch.distributed.all_reduce(shared)
        return float(shared[0]) / self.count


ALONE = Team()


def run_team(count: int, work: Path, task: Callable[[Team], None]) -> None:
    """Run `task` in `count` processes of one thread each, or here where `count` is 1."""
    if count == 1:
        task(ALONE)
        return
    work.mkdir(parents=True, exist_ok=True)
    meeting = work / f"team-{os.getpid()}"
    spawn(_team_member, (count, meeting, task), nprocs=count)
    meeting.unlink(missing_ok=True)


def _team_member(rank: int, count: int, meeting: Path, task: Callable[[Team], None]) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meeting.resolve()}", rank=rank, world_size=count
    )
    task(Team(rank, count))
    torch.distributed.destroy_process_group()
