"""The folders where models are: those that the environment names, and those that were added."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from musegraph.errors import MusegraphError, StoreError
from musegraph.library.kinds import Kind
from musegraph.paths import at_home
from musegraph.whole import write_whole

KINDS: dict[str, Kind] = {
    "animatediff_models": "motion", "checkpoints": "checkpoint", "clip": "text_encoder",
    "clip_vision": "vision", "controlnet": "control", "diffusion_models": "denoiser",
    "embeddings": "embedding", "ipadapter": "ip_adapter", "ipadapter-flux": "ip_adapter",
    "loras": "lora", "style_models": "style", "t2i_adapter": "t2i_adapter",
    "text_encoders": "text_encoder", "unet": "denoiser", "upscale_models": "upscaler",
    "vae": "vae", "vae_approx": "vae",
    # as in the other installation that many people have
    "lora": "lora", "stable-diffusion": "checkpoint", "esrgan": "upscaler",
    "realesrgan": "upscaler",
}  # fmt: skip
"""What lies in a folder of this name, where a file does not tell by itself."""

_ADDED = "folders.json"
_ELSEWHERE = "extra_model_paths.yaml"


def named_folders() -> tuple[Path, ...]:
    """The folders of models that ``MUSEGRAPH_MODELS`` names."""
    named = os.environ.get("MUSEGRAPH_MODELS", "")
    return tuple(at_home(part) for part in named.split(os.pathsep) if part)


def default_models() -> Path:
    """Where models are that were fetched, unless somebody says otherwise: with the user's data."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else at_home("~/.local/share")) / "musegraph" / "models"


class Added:
    """The folders that ``musegraph models folder add`` was given, read again when they change."""

    def __init__(self, data: Path) -> None:
        self.file = data / _ADDED
        self._read: tuple[tuple[int, int], tuple[Path, ...]] = ((0, 0), ())

    def folders(self) -> tuple[Path, ...]:
        try:
            facts = self.file.stat()
            stamp = (facts.st_mtime_ns, facts.st_ino)
            if stamp != self._read[0]:
                listed = json.loads(self.file.read_text("utf-8"))["folders"]
                self._read = (stamp, tuple(Path(str(place)) for place in listed))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = (isinstance(error, OSError) and error.strerror) or "it is damaged"
            raise StoreError(
                f"the list of model folders at {self.file} cannot be read: {why}; delete it, and"
                " add your folders again with musegraph models folder add"
            ) from None
        return self._read[1]

    def add(self, folder: Path) -> bool:
        """Add a folder; False if it is among them already."""
        known = self.folders()
        if folder in known:
            return False
        self._write((*known, folder))
        return True

    def remove(self, folder: Path) -> bool:
        """Take a folder from the list; its models stay where they are."""
        known = self.folders()
        if folder not in known:
            return False
        self._write(one for one in known if one != folder)
        return True

    def _write(self, folders: Iterable[Path]) -> None:
        text = json.dumps({"musegraph": 1, "folders": [str(one) for one in folders]}, indent=1)
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.file, f"{text}\n".encode())
        except OSError as error:
            raise StoreError(f"{self.file} cannot be written: {error.strerror or error}") from None


def to_add(text: str) -> Path:
    """The folder of models that a user means: of an installation of ComfyUI, the one in it."""
    place = at_home(text).absolute()
    if not place.is_dir():
        why = "is a file" if place.exists() else "is not there"
        raise MusegraphError(f"{place} {why}; name a folder that holds models")
    place = Path(os.path.normpath(place))
    inside = place / "models"
    if sum((inside / name).is_dir() for name in KINDS) > 1:
        return inside
    return place


def named_elsewhere(folder: Path) -> list[Path]:
    """Further folders that an installation of ComfyUI is told to look into, and that are there.

    Only told of: what a file names is not added before somebody says so.
    """
    file = folder.parent / _ELSEWHERE
    try:
        lines = file.read_text("utf-8").splitlines() if file.stat().st_size < 1 << 20 else []
    except (OSError, ValueError):
        return []
    found: dict[Path, None] = {}
    for line in lines:
        name, _, value = line.partition("#")[0].partition(":")
        value = value.strip().strip("\"'")
        if name.strip() == "base_path" and value:
            base = at_home(value)
            place = base / "models" if (base / "models").is_dir() else base
            if place.is_absolute() and place.is_dir() and place != folder:
                found[place] = None
    return [*found]


def kind_by_folder(parts: Iterable[str]) -> Kind:
    """The kind of what lies below folders of these names; the last that is known counts."""
    known = [KINDS[part.lower()] for part in parts if part.lower() in KINDS]
    return known[-1] if known else "other"
