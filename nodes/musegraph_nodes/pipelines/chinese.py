"""The Chinese texts of the nodes, put together from the words for families, tasks and inputs."""

from __future__ import annotations

import json
import sys
from typing import Any

from musegraph import Pack, english_digest

from .make import pipelines
from .names import GROUPS
from .ports import said, words

_LABELS = {"precision": "精度", "source": "来源", "part": "部件"}
_CHOICES = {
    "give": {"picture": "图片", "latent": "潜变量"},
    "precision": {"auto": "自动"},
}
_BY_HAND: dict[str, dict[str, Any]] = {
    "load": {
        "title": "载入管线",
        "text": (
            "为本包的节点打开一个 Diffusers 管线文件夹。\n\n这里只读 JSON 文件和权重文件的头部；"
            "权重由运行管线的节点载入。只打开 .safetensors 文件，绝不打开 pickle，"
            "也不运行模型附带的代码。"
            "同一个文件夹可供所有不需要其他部件的管线使用：文生图、以图生图、局部重绘。"
        ),
        "inputs": {
            "source": "带有 model_index.json 的 Diffusers 文件夹。",
            "precision": "运算所用的精度。auto：CPU 上用 float32，GPU 上与存储时相同。",
        },
        "out": "模型",
    },
    "load_part": {
        "title": "载入管线部件",
        "text": "打开管线在自身文件夹之外需要的一个部件，例如 ControlNet。",
        "inputs": {
            "source": "带有 config.json 和权重的文件夹。",
            "part": "它在管线中是什么。",
            "precision": "运算所用的精度。auto：CPU 上用 float32，GPU 上与存储时相同。",
        },
        "out": "部件",
    },
}


def main() -> int:
    """Write the texts."""
    from . import pack

    assert pack.texts is not None
    (pack.texts / "zh.json").write_text(texts(pack), "utf-8")
    return 0


def texts(pack: Pack) -> str:
    """The file of texts: a line for each node."""
    made: dict[str, Any] = {pack.name: {"english": english_digest(pack), "title": "管线"}}
    for name, hand in _BY_HAND.items():
        made[f"{pack.name}.{name}"] = _by_hand(hand)
    for cls, entry in pipelines().items():
        made[f"{pack.name}.{entry['id']}"] = _of(cls, entry, pack)
    for id, kind in pack.types.items():
        made[id] = {"english": english_digest(kind)} | made[id]
    lines = [
        f"{json.dumps(id)}: {json.dumps(entry, ensure_ascii=False, separators=(',', ':'))}"
        for id, entry in made.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _by_hand(hand: dict[str, Any]) -> dict[str, Any]:
    inputs = {
        name: {"label": _LABELS[name], "text": text} | _choices(name)
        for name, text in hand["inputs"].items()
    }
    return {
        "title": hand["title"],
        "text": hand["text"],
        "inputs": inputs,
        "outputs": {"out": {"label": hand["out"], "text": "对模型文件的引用。"}},
    }


def _choices(name: str) -> dict[str, Any]:
    return {"choices": _CHOICES[name]} if name in _CHOICES else {}


def _of(cls: str, entry: dict[str, Any], pack: Pack) -> dict[str, Any]:
    kind = pack.types[f"{pack.name}.{entry['id']}"]
    old = "Diffusers 保留着它，但不再维护。" if entry.get("old") else ""
    outputs = words()["outputs"]
    return {
        "title": entry["title"][1],
        "text": (
            f"以一个节点运行 Diffusers 的 ``{cls}``，输入和默认值都是管线自己的。{old}\n\n"
            f"用于 {entry['family']} 的模型，由 pipelines.load 打开。"
        ),
        "group": GROUPS[entry["group"]][1],
        "inputs": {name: _port(entry, name) for name in kind.inputs},
        "outputs": {
            name: {"label": outputs[name][1], "text": outputs[name][2]} for name in kind.outputs
        },
    }


def _port(entry: dict[str, Any], name: str) -> dict[str, Any]:
    known = words()["inputs"].get(name)
    if known:
        return {"label": known[1], "text": known[2]} | _choices(name)
    told = said(entry, name)
    return {
        "label": name.replace("_", " "),
        "text": f"管线自己的参数 ``{name}``。Diffusers 的说明：{told}",
    }


if __name__ == "__main__":
    sys.exit(main())
