"""The fixed words of the catalogue in other languages, by the English that stands in the code."""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = {"en": "English", "zh": "中文"}

MEANINGS = {
    "Json": "Any JSON value.",
    "ModelSource": "The name of a model, or the folder that holds it.",
    "Sigmas": "The noise levels that a sampler visits, falling.",
    "Guider": "How a sampler follows a text.",
    "Noise": "How a sampler draws noise.",
}
"""What a type means whose Python class does not say it."""

WORDS = {
    "zh": {
        # The pages
        "Musegraph: nodes and examples": "Musegraph：节点与示例",
        "Every node of this installation, and workflows that use them. "
        "All of it is made from what the nodes say of themselves.": (
            "这里列出已安装的全部节点，以及使用它们的工作流。所有内容都由节点自身的说明生成。"
        ),
        "All nodes and examples": "全部节点与示例",
        "Examples": "示例",
        "Inputs": "输入",
        "Outputs": "输出",
        "In a workflow": "在工作流中",
        "Run it": "运行",
        "The file": "工作流文件",
        "The graph": "节点图",
        "Made with the quick inputs of the workflow.": "用工作流自带的快速输入生成。",
        "port": "端口",
        "type": "类型",
        "default": "默认值",
        "meaning": "说明",
        "name": "名称",
        "None.": "无。",
        "required": "必填",
        "optional": "可选",
        "advanced": "高级",
        "{} node": "{} 个节点",
        "{} nodes": "{} 个节点",
        "{} to {}": "{} 至 {}",
        # The command line
        "inputs": "输入",
        "outputs": "输出",
        "no inputs": "没有输入",
        "no outputs": "没有输出",
        "version {}": "版本 {}",
        # A node
        "runs every time: it reads the world": "每次都运行：它读取外部数据",
        "uses the device": "使用计算设备（有 GPU 时用 GPU）",
        "uses the network": "使用网络",
        "does with less where memory runs out": "内存不足时改用更省内存的方式",
        "results depend on the device and the library versions": "结果随设备和库的版本而异",
        # The limits of a value
        "at least {}": "至少 {}",
        "more than {}": "大于 {}",
        "at most {}": "至多 {}",
        "less than {}": "小于 {}",
        "a multiple of {}": "{} 的倍数",
        "{} characters at least": "至少 {} 个字符",
        "{} characters at most": "至多 {} 个字符",
        "{} items at least": "至少 {} 项",
        "{} items at most": "至多 {} 项",
        "one of {}": "可选 {}",
        # The types
        "Bytes with a name and a media type.": "带有名称和媒体类型的字节数据。",
        "A skeleton in motion, ``fps`` frames a second.": "运动中的骨架，每秒 ``fps`` 帧。",
        "A batch of sounds: ``data`` [B,C,N], float32, -1..1, at ``sample_rate`` Hz.": (
            "一批声音：``data`` [B,C,N]，float32，-1..1，采样率为 ``sample_rate`` Hz。"
        ),
        "Written music. ``resolution`` ticks are a quarter note.": (
            "写下的音乐。``resolution`` 个刻度为一个四分音符。"
        ),
        "What steers a denoiser: parts, so that areas and schedules combine.": (
            "引导去噪模型的条件：由若干部分组成，因此区域和时段可以组合。"
        ),
        "A batch of latents in model space: ``data`` [B,C,h,w], [B,C,T,h,w] or [B,C,N].": (
            "模型空间中的一批潜变量：``data`` [B,C,h,w]、[B,C,T,h,w] 或 [B,C,N]。"
        ),
        "A batch of masks: ``data`` [B,H,W], float32, 0..1; 1 means act here.": (
            "一批遮罩：``data`` [B,H,W]，float32，0..1；1 表示作用于此处。"
        ),
        "A batch of pictures: ``data`` [B,H,W,3 or 4], float32, 0..1, sRGB.": (
            "一批图片：``data`` [B,H,W,3 或 4]，float32，0..1，sRGB。"
        ),
        "A denoiser.": "去噪模型。",
        "A text encoder with its tokenizer.": "带分词器的文本编码器。",
        "An image autoencoder.": "图片自编码器。",
        "A net that leads a denoiser by a picture: a ControlNet or a T2I-Adapter.": (
            "用图片引导去噪模型的网络：ControlNet 或 T2I-Adapter。"
        ),
        "An encoder of pictures, whose embeddings say what is to be seen in them.": (
            "图片编码器，它的嵌入说明图中有什么。"
        ),
        "Any JSON value.": "任意 JSON 值。",
        "The name of a model, or the folder that holds it.": "模型的名称，或存放它的文件夹。",
        "The noise levels that a sampler visits, falling.": "采样器依次经过的噪声级别，由高到低。",
        "How a sampler follows a text.": "采样器如何遵循文本。",
        "How a sampler draws noise.": "采样器如何抽取噪声。",
    }
}


@dataclass(frozen=True)
class Words:
    """The fixed words of one language; what it lacks stays English."""

    language: str

    def __call__(self, english: str) -> str:
        return WORDS.get(self.language, {}).get(english, english)

    def counted(self, count: int, thing: str) -> str:
        """``3 nodes``."""
        return self(f"{{}} {thing}" if count == 1 else f"{{}} {thing}s").format(count)
