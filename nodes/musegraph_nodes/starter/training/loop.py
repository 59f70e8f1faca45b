"""What the training stages share: clock, checkpoints, moving average, device."""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from musegraph_nodes.starter.training.team import ALONE, Team


def pick_device(name: str) -> torch.device:
    """`auto` is the GPU where there is one, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def prepare_device(device: torch.device) -> None:
    """Let a GPU use its fast paths."""
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True


def channels_last(model: Any) -> None:
    """Lay out kernels as a GPU's half-precision convolutions want them."""
    model.to(memory_format=torch.channels_last)


def compiled(function: Callable[..., Any], device: torch.device) -> Callable[..., Any]:
    """On a GPU such thin layers wait for launches: the function as few large kernels.

    `MUSEGRAPH_COMPILE=0` leaves it as it is.
    """
    if device.type != "cuda" or os.environ.get("MUSEGRAPH_COMPILE") == "0":
        return function
    made: Callable[..., Any] = torch.compile(function)
    return made


def half_precision(device: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 autocast on `device`."""
    return torch.autocast(device.type, torch.bfloat16)


@contextmanager
def short_rows(device: torch.device) -> Iterator[None]:
    """The same for attention over few tokens: on a CPU plain products are faster by a sixth."""
    plain = sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()
    with half_precision(device), plain:
        yield


CPU = torch.device("cpu")
# Steps until the rate is measured, and over how many it is.
SKIPPED, MEASURED = 12, 30
# A step that takes so many times as long as usual was paused from outside.
PAUSED = 30


class Ahead:
    """Makes the next of something in a thread while the last is used, for a GPU not to wait."""

    def __init__(self, make: Callable[..., Tensor]) -> None:
        self.make, self.pool = make, ThreadPoolExecutor(1)
        self.asked: tuple[Any, ...] | None = None
        self.coming: Future[Tensor] | None = None

    def __call__(self, *given: Any) -> Tensor:
        """What `make` makes of `given`; the next is made of the same."""
        if self.coming is None or self.asked != given:
            self.coming = self.pool.submit(self._pinned, given)
        ready = self.coming.result()
        self.asked, self.coming = given, self.pool.submit(self._pinned, given)
        return ready

    def _pinned(self, given: tuple[Any, ...]) -> Tensor:
        made = self.make(*given)
        return made.pin_memory() if torch.cuda.is_available() else made


@dataclass
class Averages:
    """Exponential moving averages of parameters, one tensor each."""

    parameters: list[nn.Parameter]
    decay: float
    values: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.values:
            self.values = [p.detach().clone() for p in self.parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the parameters; early steps weigh more, so that the start is forgotten."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.values, [p.data for p in self.parameters], 1 - decay)

    def fit(self, steps: int) -> None:
        """Let the mean reach over about a thirtieth of `steps`, at most as far as planned."""
        self.decay = min(self.decay, 1 - 30 / max(300, steps))

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside, the parameters hold the averages."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for parameter, value in zip(self.parameters, self.values, strict=True):
            kept = parameter.data.clone()
            parameter.data.copy_(value)
            value.copy_(kept)


@dataclass
class Progress:
    """How far a stage has come: steps done, and seconds of training (evaluation not counted)."""

    step: int = 0
    seconds: float = 0.0


class Checkpoints:
    """Numbered checkpoint folders of one stage; a folder appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def latest(self) -> Path | None:
        """The newest complete checkpoint."""
        found = sorted(self.folder.glob("step-*"))
        return found[-1] if found else None

    def save(
        self,
        progress: Progress,
        model: nn.Module,
        averages: Averages,
        optimizer: torch.optim.Optimizer,
    ) -> Path:
        """Write a checkpoint, then drop the older ones."""
        target = self.folder / f"step-{progress.step:08d}"
        if target.exists():
            return target
        partial = self.folder / f"partial-{progress.step:08d}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        save_file(_contiguous(dict(model.named_parameters())), partial / "weights.safetensors")
        names = [name for name, _ in model.named_parameters()]
        average = dict(zip(names, averages.values, strict=True))
        save_file(_contiguous(average), partial / "average.safetensors")
        torch.save(optimizer.state_dict(), partial / "optimizer.pt")
        state = {"step": progress.step, "seconds": progress.seconds}
        (partial / "state.json").write_text(json.dumps(state), encoding="utf-8")
        older = sorted(self.folder.glob("step-*"))
        partial.rename(target)
        for folder in older:
            shutil.rmtree(folder)
        return target

    def restore(
        self, model: nn.Module, averages: Averages, optimizer: torch.optim.Optimizer
    ) -> Progress:
        """Load the newest checkpoint in place; without one, nothing changes."""
        found = self.latest()
        if found is None:
            return Progress()
        _copy(load_file(found / "weights.safetensors"), list(model.named_parameters()))
        names = [name for name, _ in model.named_parameters()]
        _copy(
            load_file(found / "average.safetensors"),
            list(zip(names, averages.values, strict=True)),
        )
        optimizer.load_state_dict(torch.load(found / "optimizer.pt", weights_only=True))
        return Progress(**json.loads((found / "state.json").read_text(encoding="utf-8")))


def load_average(folder: Path, model: nn.Module) -> None:
    """Fill `model` with the averaged weights of the newest checkpoint in `folder`."""
    found = Checkpoints(folder).latest()
    if found is None:
        raise FileNotFoundError(f"{folder} holds no checkpoint; train that stage first")
    _copy(load_file(found / "average.safetensors"), list(model.named_parameters()))


def begin_with(model: Any, folder: Path) -> None:
    """Fill a part of a pipeline with the weights of a folder of the same part."""
    [file] = folder.glob("*.safetensors")
    held, wanted = load_file(file), model.state_dict()
    other = [n for n, one in wanted.items() if n not in held or held[n].shape != one.shape]
    if other or len(held) != len(wanted):
        raise ValueError(
            f"{folder} is of other sizes than the recipe ({', '.join(other[:3]) or 'more layers'});"
            " begin with a model of the same sizes, or leave --from out"
        )
    model.load_state_dict({name: tensor.float() for name, tensor in held.items()})


@torch.no_grad()
def _copy(source: dict[str, Tensor], targets: list[tuple[str, Any]]) -> None:
    for name, target in targets:
        target.data.copy_(source[name])


def _contiguous(tensors: dict[str, Any]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def worked(device: torch.device) -> float:
    """Seconds that count as training: on a CPU those in which this thread had a core.

    So what else a machine does meanwhile takes nothing from a training's minutes, and the threads
    that help it make them no shorter. With a GPU it is the clock: there a thread mostly waits.
    """
    return time.perf_counter() if device.type == "cuda" else time.thread_time()


@dataclass
class Clock:
    """Runs a stage for some minutes of training, with a log line and a checkpoint now and then."""

    progress: Progress
    minutes: float
    team: Team = ALONE
    log_every: int = 100
    save_every_seconds: float = 180.0
    # Is told how many steps there will be, once the rate is known.
    sized: Callable[[int], None] | None = None
    device: torch.device = CPU
    _began: float = 0.0
    _typical: float = 0.0

    def run(
        self,
        step: Callable[[int, float], Mapping[str, Any]],
        save: Callable[[], object],
        max_steps: int | None = None,
    ) -> None:
        """Call `step(step_number, share_of_time_done)` until the time or the steps are used up.

        A limit of steps is for one process: a team ends where it meets.
        """
        total = self.minutes * 60
        saved = self.progress.seconds
        sums: dict[str, Any] = {}
        counted = 0
        logged = time.perf_counter()
        done, since = 0, 0.0
        while self.progress.seconds < total and (max_steps is None or done < max_steps):
            began = worked(self.device)
            values = step(self.progress.step, self.progress.seconds / total)
            self.progress.step += 1
            done += 1
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + value
            counted += 1
            since += self._spent(worked(self.device) - began)
            if self.team.meets(self.progress.step):
                # Only now, so that all see the same share done, and the same end.
                self.progress.seconds += self.team.mean(since)
                since = 0.0
            self._size(done)
            if self.team.rank > 0:
                continue
            if self.progress.step % self.log_every == 0:
                # Sums may be on a GPU: to read them waits for it, which is seldom enough here.
                sums = {name: float(value) for name, value in sums.items()}
                now = time.perf_counter()
                means = "  ".join(f"{name} {value / counted:.4f}" for name, value in sums.items())
                rate = counted / (now - logged)
                print(
                    f"step {self.progress.step}  {self.progress.seconds:.0f} s  {means}  "
                    f"{rate:.2f} steps/s",
                    flush=True,
                )
                sums, counted, logged = {}, 0, now
            if self.progress.seconds - saved > self.save_every_seconds:
                save()
                saved = self.progress.seconds
        if self.team.rank == 0:
            save()

    def _spent(self, seconds: float) -> float:
        """What a step took; a process that was stopped meanwhile has not trained for so long."""
        if self._typical:
            seconds = min(seconds, PAUSED * self._typical)
        self._typical += (seconds - self._typical) * (0.05 if self._typical else 1.0)
        return seconds

    def _size(self, done: int) -> None:
        """Measure the rate over some steps, the first of which compile, and tell it."""
        if self.sized is None or self.team.count > 1:
            return
        if done in (SKIPPED, SKIPPED + MEASURED) and torch.cuda.is_available():
            torch.cuda.synchronize()
        if done == SKIPPED:
            self._began = worked(self.device)
        if done == SKIPPED + MEASURED:
            each = (worked(self.device) - self._began) / MEASURED
            left = max(0.0, self.minutes * 60 - self.progress.seconds)
            steps = self.progress.step + int(left / max(each, 1e-6))
            print(f"{1 / each:.2f} steps/s: {steps:,} steps in all", flush=True)
            self.sized(steps)


def until(
    progress: Progress,
    steps: int,
    step: Callable[[int, float], Mapping[str, Any]],
    save: Callable[[], object],
) -> None:
    """Train without a limit of time until so many steps have been made, earlier runs included."""
    if (left := steps - progress.step) > 0:
        Clock(progress, math.inf, log_every=100, save_every_seconds=60).run(step, save, left)
