"""A model that came from the hub goes through the same nodes as one that was always here."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from fake_hub import fake_hub
from tiny_sd import make_tiny

import musegraph
from musegraph import Engine, Store, Workflow
from musegraph.cli import main


def work(source: str) -> Workflow:
    return Workflow.parse(
        {
            "musegraph": 1,
            "outputs": {"picture": "decode.out"},
            "nodes": {
                "model": {"type": "diffusion.load", "values": {"source": source}},
                "words": {
                    "type": "diffusion.encode_text",
                    "values": {"text": "a lamp"},
                    "links": {"encoder": "model.text_encoder"},
                },
                "sample": {
                    "type": "diffusion.sample",
                    "values": {"seed": 3, "steps": 2},
                    "links": {"model": "model.model", "positive": "words.out"},
                },
                "decode": {
                    "type": "diffusion.decode",
                    "links": {"vae": "model.vae", "latent": "sample.out"},
                },
            },
        }
    )


def test_a_tiny_model_of_the_hub_gives_the_picture_of_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_tiny(tmp_path / "here")
    files = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
    monkeypatch.setenv("MUSEGRAPH_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with fake_hub() as hub:
        hub.repo("artist/tiny", files)
        monkeypatch.setenv("HF_ENDPOINT", hub.url())
        assert main(["models", "add", "artist/tiny", "--yes"]) == 0
    asked: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *where: asked.append(where))
    pictures = []
    for source in ("artist/tiny", str(folder)):
        with Engine(store=Store()) as engine:
            pictures.append(engine.run(engine.plan(work(source))).outputs()["picture"])
    assert not asked, "loading a model asks nobody"
    first, second = pictures
    assert isinstance(first, musegraph.Image)
    assert torch.equal(first.data, second.data)
