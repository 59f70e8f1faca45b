"""What the canvas draws forms and pickers from: nodes with their fields, models by their kind."""

from __future__ import annotations

import json
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from client import carried, served
from PIL import Image

from musegraph.server.shapes import Catalogue, Models


def weights(place: Path, *names: str, shape: tuple[int, int] = (2, 2)) -> None:
    """A file of weights with tensors of these names, all zero."""
    size = 2 * shape[0] * shape[1]
    header = {
        name: {"dtype": "F16", "shape": shape, "data_offsets": [at * size, (at + 1) * size]}
        for at, name in enumerate(names)
    }
    text = json.dumps(header).encode()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(struct.pack("<Q", len(text)) + text + bytes(size * len(names)))


def test_a_picture_beside_a_model_comes_small_and_nothing_else_does(tmp_path: Path) -> None:
    place = tmp_path / "models"
    for name in ("seen", "odd", "bare"):
        weights(place / f"{name}.safetensors", "something")
    Image.new("RGB", (900, 300), "#3a6ea5").save(place / "seen.preview.png")
    (place / "odd.png").write_text("no picture")
    (tmp_path / "secret.png").write_bytes((place / "seen.preview.png").read_bytes())
    weights(tmp_path / "secret.safetensors", "something")

    async def body() -> None:
        async with served(tmp_path, models=(str(place),)) as (client, _):
            address = f"{client.url}/api/models/picture"
            asked = {"source": "seen.safetensors", "size": "96"}
            async with client.session.get(address, params=asked, headers=client.headers) as answer:
                assert (answer.status, answer.content_type) == (200, "image/webp")
                assert "no-cache" in answer.headers["Cache-Control"]
                assert Image.open(BytesIO(await answer.read())).size == (96, 32)
            for source in ("odd", "bare", "gone", "../secret", str(tmp_path / "secret")):
                asked = {"source": f"{source}.safetensors"}
                async with client.session.get(
                    address, params=asked, headers=client.headers
                ) as answer:
                    assert answer.status == 404, source
                    assert str(place) not in (await answer.text()), source
            found = {one["source"]: one for one in (await client.get("/api/models"))["models"]}
            assert found["seen.safetensors"]["preview"] is True
            assert found["bare.safetensors"]["preview"] is False

    carried(body())


def settings(place: Path, **values: Any) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(values))


def test_every_port_has_what_its_field_needs_in_both_languages(tmp_path: Path) -> None:
    async def body() -> None:
        async with served(tmp_path) as (client, _):
            found = {one: await client.get(f"/api/nodes?language={one}") for one in ("en", "zh")}
        nodes = {lang: {n["id"]: n for n in made["nodes"]} for lang, made in found.items()}
        for made in found.values():
            Catalogue.model_validate(made)
            assert {n["pack"] for n in made["nodes"]} == {p["name"] for p in made["packs"]} - {
                "starter"
            }
            assert "$defs" not in json.dumps(made), "no form is drawn of a model's reference"
        for id, node in nodes["zh"].items():
            for name, port in node["inputs"].items() if node["pack"] != "troublesome" else ():
                assert port["label"], (id, name)
        color = nodes["zh"]["image.color"]["inputs"]["color"]["schema"]
        assert (color["format"], color["type"]) == ("color", "string")
        colors = [
            (id, name)
            for id, node in nodes["en"].items()
            for name, port in node["inputs"].items()
            if "#rrggbb" in str(port.get("schema", {}).get("description"))
            and port["schema"].get("format") != "color"
        ]
        assert colors == []
        steps = nodes["en"]["diffusion.sample"]["inputs"]["steps"]
        assert (steps["schema"]["minimum"], steps["schema"]["maximum"]) == (1, 1000)
        assert nodes["en"]["diffusion.encode_text"]["inputs"]["text"]["schema"]["multiline"]
        anchor = nodes["zh"]["image.crop"]["inputs"]["anchor"]
        assert anchor["choices"]["top left"] == "左上"
        assert set(anchor["choices"]) == set(anchor["schema"]["enum"])
        assert "choices" not in nodes["en"]["image.crop"]["inputs"]["anchor"]

    carried(body())


def test_models_are_listed_by_what_their_headers_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nobody's models"))
    place = tmp_path / "models"
    to_k = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
    weights(place / "whole.safetensors", to_k, "first_stage_model.x", shape=(2, 768))
    weights(place / "net.safetensors", to_k, shape=(2, 768))
    weights(place / "style.safetensors", "lora_unet_down_blocks_0.lora_down.weight")
    weights(place / "eyes.safetensors", "encoder.conv_in.weight", "decoder.conv_in.weight")
    weights(place / "odd.safetensors", "something")
    settings(place / "pipe" / "model_index.json", _class_name="StableDiffusionXLPipeline")
    settings(place / "pipe" / "unet" / "config.json", cross_attention_dim=2048)
    settings(place / "words" / "config.json", architectures=["CLIPTextModel"])
    settings(place / "wrong" / "config.json", architectures={"a": 1}, _class_name=7)
    weights(place / "wrong" / "model.safetensors", "something")
    (place / "bad.safetensors").write_bytes(b"\x80\x04pickle")

    async def body() -> None:
        async with served(tmp_path, models=(str(place),)) as (client, _):
            found = await client.get("/api/models")
            Models.model_validate(found)
            kinds = {one["source"]: (one["kind"], one["family"]) for one in found["models"]}
            packs = {one["source"]: one["pack"] for one in found["models"]}
            assert kinds.pop("starter/scenes")[0] == "pipeline"
            assert kinds.pop("starter/adain/model.safetensors") == ("style", "")
            assert kinds.pop("starter/dance/model.safetensors") == ("other", "")
            assert kinds.pop("starter/fast/model.safetensors") == ("style", "")
            assert kinds.pop("starter/few_step/model.safetensors")[0] == "lora"
            assert kinds.pop("starter/features/model.safetensors") == ("vision", "")
            assert kinds.pop("starter/music/model.safetensors") == ("other", "")
            assert kinds.pop("starter/text_to_motion/model.safetensors") == ("other", "")
            assert kinds.pop("starter/writer")[0] == "language"
            assert (packs["starter/scenes"], packs["pipe"]) == ("starter", None)
            assert kinds == {
                "whole.safetensors": ("checkpoint", "Stable Diffusion 1"),
                "net.safetensors": ("denoiser", "Stable Diffusion 1"),
                "bad.safetensors": ("other", ""),
                "style.safetensors": ("lora", ""),
                "eyes.safetensors": ("vae", ""),
                "odd.safetensors": ("other", ""),
                "pipe": ("pipeline", "Stable Diffusion XL"),
                "words": ("text_encoder", "CLIPTextModel"),
                "wrong": ("other", ""),
            }
            wrong = {one["source"]: one["wrong"] for one in found["models"] if one["wrong"]}
            assert wrong.keys() == {"bad.safetensors"}, "the others can be used"
            assert wrong["bad.safetensors"].startswith("is a pickle under the name of")
            assert found["unread"] == 0
            assert str(tmp_path) not in json.dumps(found), "no path crosses the interface"

    carried(body())
