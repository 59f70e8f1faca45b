"""Processes that train one model together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from musegraph_nodes.starter.training.loop import Averages, Checkpoints, Clock
from musegraph_nodes.starter.training.team import APART, Team, run_team


@dataclass(frozen=True)
class Task:
    """Each process pulls a parameter to a place of its own."""

    work: Path

    def __call__(self, team: Team) -> None:
        model = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(model.weight)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        averages = Averages(list(model.parameters()), 0.9)
        checkpoints = Checkpoints(self.work / str(team.rank))
        progress = checkpoints.restore(model, averages, optimizer)

        def step(number: int, share: float) -> dict[str, Tensor]:
            loss = (model.weight - (1 + 2 * team.rank)).pow(2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            team.meet(number + 1, model.parameters())
            return {"loss": loss.detach()}

        def save() -> None:
            checkpoints.save(progress, model, averages, optimizer)

        Clock(progress, 0.01, team).run(step, save)
        if team.rank:
            save()


def test_processes_of_a_team_end_together_with_one_model_between_what_each_would_learn(
    tmp_path: Path,
) -> None:
    run_team(2, tmp_path, Task(tmp_path))
    made = []
    for rank in range(2):
        [folder] = (tmp_path / str(rank)).glob("step-*")
        assert int(folder.name.removeprefix("step-")) % APART == 0
        model = nn.Linear(1, 1, bias=False)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        averages = Averages(list(model.parameters()), 0.9)
        progress = Checkpoints(tmp_path / str(rank)).restore(model, averages, optimizer)
        made.append((progress.step, progress.seconds, model.weight.item()))
    assert made[0] == made[1]
    assert made[0][1] >= 0.6
    assert 1.9 < made[0][2] < 2.1
