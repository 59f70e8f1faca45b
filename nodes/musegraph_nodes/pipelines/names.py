"""What pipelines are called: family and task, read off the names of their classes."""

from __future__ import annotations

import re
from typing import NamedTuple

Words = tuple[str, str]
"""English and Chinese."""

FAMILIES: dict[str, str] = {
    "AllegroPipeline": "Allegro",
    "AltDiffusion": "AltDiffusion",
    "Amused": "aMUSEd",
    "AnimateDiffSDXL": "AnimateDiff XL",
    "AnimateDiff": "AnimateDiff",
    "AnyFlow": "AnyFlow",
    "AuraFlow": "AuraFlow",
    "BlipDiffusion": "BLIP-Diffusion",
    "BriaFibo2": "Bria FIBO 2",
    "BriaFibo": "Bria FIBO",
    "Bria": "Bria",
    "Chroma": "Chroma",
    "ChronoEdit": "ChronoEdit",
    "CogVideoXFun": "CogVideoX-Fun",
    "CogVideoX": "CogVideoX",
    "CogView3Plus": "CogView3-Plus",
    "CogView4": "CogView4",
    "ConsisID": "ConsisID",
    "ConsistencyModel": "Consistency model",
    "Cosmos2_5_": "Cosmos 2.5",
    "Cosmos2": "Cosmos 2",
    "Cosmos3Omni": "Cosmos 3 Omni",
    "Cosmos": "Cosmos",
    "CycleDiffusion": "CycleDiffusion",
    "DDIM": "DDIM",
    "DDPM": "DDPM",
    "DiT": "DiT",
    "DreamLite": "DreamLite",
    "EasyAnimate": "EasyAnimate",
    "ErnieImage": "ERNIE-Image",
    "Flux2": "FLUX.2",
    "Flux": "FLUX.1",
    "GlmImage": "GLM-Image",
    "Helios": "Helios",
    "HiDreamImage": "HiDream-I1",
    "HunyuanDiT": "Hunyuan-DiT",
    "HunyuanImage": "HunyuanImage",
    "HunyuanSkyreels": "SkyReels V1",
    "HunyuanVideo15": "HunyuanVideo 1.5",
    "HunyuanVideo": "HunyuanVideo",
    "I2VGenXL": "I2VGen-XL",
    "IF": "DeepFloyd IF",
    "Ideogram4": "Ideogram 4",
    "JoyImage": "JoyImage",
    "KandinskyV22": "Kandinsky 2.2",
    "Kandinsky3": "Kandinsky 3",
    "Kandinsky5": "Kandinsky 5",
    "Kandinsky6": "Kandinsky 6",
    "Kandinsky": "Kandinsky 2.1",
    "KarrasVe": "Karras VE",
    "Kolors": "Kolors",
    "Krea2": "Krea 2",
    "LDM": "Latent Diffusion",
    "LTXI2V": "LTX-Video",
    "LTX2": "LTX-2",
    "LTX": "LTX-Video",
    "LatentConsistencyModel": "Latent consistency",
    "Latte": "Latte",
    "LongCatImage": "LongCat-Image",
    "LucyEdit": "Lucy",
    "Lumina2": "Lumina 2",
    "Lumina": "Lumina",
    "Marigold": "Marigold",
    "Mochi": "Mochi",
    "MotifVideo": "Motif-Video",
    "NucleusMoEImage": "Nucleus-Image",
    "OmniGen": "OmniGen",
    "OvisImage": "Ovis-Image",
    "PIA": "PIA",
    "PNDM": "PNDM",
    "PRX": "PRX",
    "PaintByExample": "Paint by Example",
    "PixArtAlpha": "PixArt-α",
    "PixArtSigma": "PixArt-Σ",
    "QwenImage21": "Qwen-Image 2.1",
    "QwenImage": "Qwen-Image",
    "RePaint": "RePaint",
    "SanaWM": "SANA-WM",
    "SanaVideo": "SANA-Video",
    "SanaImageToVideo": "SANA-Video",
    "SanaSprint": "SANA-Sprint",
    "Sana": "SANA",
    "ScoreSdeVe": "Score SDE VE",
    "SemanticStableDiffusion": "Semantic Stable Diffusion",
    "ShapE": "Shap-E",
    "SkyReelsV2": "SkyReels V2",
    "StableCascade": "Stable Cascade",
    "StableDiffusion3": "Stable Diffusion 3",
    "StableDiffusionXL": "Stable Diffusion XL",
    "StableDiffusionLDM3D": "LDM3D",
    "StableDiffusion": "Stable Diffusion",
    "StableUnCLIP": "Stable unCLIP",
    "StableVideoDiffusion": "Stable Video Diffusion",
    "TextToVideoZeroSDXL": "Text2Video-Zero XL",
    "TextToVideoZero": "Text2Video-Zero",
    "TextToVideoSD": "ModelScope",
    "VideoToVideoSD": "ModelScope",
    "UnCLIP": "unCLIP",
    "UniDiffuser": "UniDiffuser",
    "VQDiffusion": "VQ-Diffusion",
    "VersatileDiffusion": "Versatile Diffusion",
    "VisualCloze": "VisualCloze",
    "Wan": "Wan",
    "Wuerstchen": "Würstchen",
    "ZImage": "Z-Image",
}
"""How a class begins, and what people call what it is for."""

IMAGE, VIDEO = ("text to image", "文生图"), ("text to video", "文生视频")
FROM_IMAGE, FROM_VIDEO = ("image to image", "以图生图"), ("video to video", "视频转视频")
IMAGE_VIDEO, PAINT = ("image to video", "图生视频"), ("inpaint", "局部重绘")
PARTS: dict[str, Words] = {
    "ControlNetInpainting": ("ControlNet inpaint", "ControlNet 局部重绘"),
    "ControlNetXS": ("ControlNet-XS", "ControlNet-XS"),
    "ControlNetUnion": ("ControlNet Union", "ControlNet Union"),
    "ControlNetPAGImg2Img": ("ControlNet image to image with PAG", "ControlNet 以图生图（PAG）"),
    "ControlNetPAGInpaint": ("ControlNet inpaint with PAG", "ControlNet 局部重绘（PAG）"),
    "ControlNetPAG": ("ControlNet with PAG", "ControlNet（PAG）"),
    "SparseControlNet": ("sparse ControlNet", "稀疏 ControlNet"),
    "ControlNet": ("ControlNet", "ControlNet"),
    "Controlnet": ("ControlNet", "ControlNet"),
    "PAGImg2Img": ("image to image with PAG", "以图生图（PAG）"),
    "PAGInpaint": ("inpaint with PAG", "局部重绘（PAG）"),
    "PAG": ("with PAG", "（PAG）"),
    "SAG": ("with SAG", "（SAG）"),
    "InstructPix2Pix": ("edit by instruction (InstructPix2Pix)", "按指令编辑（InstructPix2Pix）"),
    "Pix2PixZero": ("edit (Pix2Pix-Zero)", "编辑（Pix2Pix-Zero）"),
    "ModelEditing": ("model editing (TIME)", "模型编辑（TIME）"),
    "AttendAndExcite": ("Attend-and-Excite", "Attend-and-Excite"),
    "DiffEdit": ("edit (DiffEdit)", "编辑（DiffEdit）"),
    "GLIGENTextImage": ("GLIGEN boxes with pictures", "GLIGEN 图文框"),
    "GLIGEN": ("GLIGEN boxes", "GLIGEN 文本框"),
    "Panorama": ("panorama (MultiDiffusion)", "全景（MultiDiffusion）"),
    "Paradigms": ("parallel sampling (ParaDiGMS)", "并行采样（ParaDiGMS）"),
    "Depth2Img": ("depth to image", "深度生图"),
    "ImageVariation": ("image variations", "图像变体"),
    "LatentUpscale": ("upscale of latents", "潜变量放大"),
    "LatentUpsample": ("upscale of latents", "潜变量放大"),
    "Upscale": ("upscale", "放大"),
    "SuperResolution": ("upscale", "放大"),
    "Adapter": ("T2I-Adapter", "T2I-Adapter"),
    "Img2ImgCombined": ("image to image, all stages", "以图生图（全部阶段）"),
    "InpaintCombined": ("inpaint, all stages", "局部重绘（全部阶段）"),
    "Combined": ("all stages", "全部阶段"),
    "PriorEmb2Emb": ("prior from embeddings", "先验（由嵌入）"),
    "PriorRedux": ("Redux prior", "Redux 先验"),
    "Prior": ("prior", "先验"),
    "Decoder": ("decoder", "解码阶段"),
    "Img2Img": FROM_IMAGE,
    "I2I": FROM_IMAGE,
    "Inpainting": PAINT,
    "Inpaint": PAINT,
    "DiffusionForcingImageToVideo": ("image to video, diffusion forcing", "图生视频（扩散强制）"),
    "DiffusionForcingVideoToVideo": ("video to video, diffusion forcing", "视频转视频（扩散强制）"),
    "DiffusionForcing": ("text to video, diffusion forcing", "文生视频（扩散强制）"),
    "FramepackPipeline": ("FramePack image to video", "FramePack 图生视频"),
    "ImageToVideo": IMAGE_VIDEO,
    "Image2Video": IMAGE_VIDEO,
    "I2VLongMultiPrompt": ("long image to video", "长图生视频"),
    "I2V": IMAGE_VIDEO,
    "VideoToVideo": FROM_VIDEO,
    "TextToVideo": VIDEO,
    "T2V": VIDEO,
    "TI2VA": ("text and image to video with sound", "图文生有声视频"),
    "TextToImage": IMAGE,
    "T2I": IMAGE,
    "TextToWorld": ("text to world video", "文生世界视频"),
    "VideoToWorld": ("video to world video", "视频生世界视频"),
    "PredictBase": ("predict video", "视频预测"),
    "Transfer": ("transfer by control video", "控制视频转换"),
    "EditPlus": ("edit, several pictures", "编辑（多图）"),
    "EditInpaint": ("edit by mask", "按遮罩编辑"),
    "Edit": ("edit", "编辑"),
    "KontextInpaint": ("Kontext edit by mask", "Kontext 按遮罩编辑"),
    "Kontext": ("Kontext edit", "Kontext 编辑"),
    "Fill": ("Fill", "Fill 填充"),
    "Layered": ("in layers", "分层"),
    "KleinInpaint": ("Klein inpaint", "Klein 局部重绘"),
    "KleinKV": ("Klein edit, cached", "Klein 编辑（缓存）"),
    "Klein": ("Klein", "Klein"),
    "ControlImg2Img": ("Control image to image", "Control 以图生图"),
    "ControlInpaint": ("Control inpaint", "Control 局部重绘"),
    "Control": ("Control", "Control 控制"),
    "Condition": ("by conditions", "按条件生成"),
    "InContext": ("in context", "上下文生成"),
    "VideoDiffusionDecode": ("decode by diffusion", "扩散解码"),
    "DFRTemporalRefine": ("DFR refine in time", "DFR 时间细化"),
    "DFR": ("DFR", "DFR"),
    "HDR": ("HDR", "HDR"),
    "Animate": ("animate a character", "角色动画"),
    "VACE": ("VACE", "VACE"),
    "Pyramid": ("pyramid", "金字塔"),
    "FAR": ("frame after frame", "逐帧生成"),
    "Mobile": ("Mobile", "Mobile"),
    "Pixel": ("in pixels", "像素空间"),
    "Omni": ("Omni", "Omni"),
    "SR": ("upscale", "放大"),
    "Refiner": ("refiner", "精修"),
    "Generation": ("generation stage", "生成阶段"),
    "Depth": ("depth of a picture", "图像深度"),
    "Intrinsics": ("intrinsics of a picture", "图像本征"),
    "Normals": ("normals of a picture", "图像法线"),
    "DualGuided": ("text and image to image", "图文生图"),
    "SDXL": ("XL", "XL"),
}
"""Parts of the names of classes, longer ones first where one begins another."""

GROUPS: dict[str, Words] = {
    "image": ("Pipelines: text to image", "管线：文生图"),
    "from_image": ("Pipelines: image to image", "管线：以图生图"),
    "inpaint": ("Pipelines: inpaint", "管线：局部重绘"),
    "edit": ("Pipelines: edit", "管线：编辑"),
    "control": ("Pipelines: control", "管线：控制"),
    "upscale": ("Pipelines: upscale", "管线：放大"),
    "video": ("Pipelines: video", "管线：视频"),
    "stage": ("Pipelines: stages", "管线：分阶段"),
    "read": ("Pipelines: reading pictures", "管线：图像分析"),
}
_GROUP_OF = (
    ("video", ("Video", "I2V", "T2V", "World", "Animat", "VACE", "LTX", "CogVideo", "Mochi")),
    ("stage", ("Prior", "Decoder", "Redux")),
    ("read", ("Marigold",)),
    ("inpaint", ("Inpaint", "Fill", "PaintByExample", "RePaint")),
    ("control", ("Control", "Adapter", "GLIGEN", "Depth2Img")),
    ("upscale", ("Upscale", "Upsample", "SuperResolution", "SR", "KarrasVe")),
    ("edit", ("Edit", "Pix2Pix", "Kontext", "JoyImageEdit", "CycleDiffusion")),
    ("from_image", ("Img2Img", "I2I", "Variation", "Refiner", "Layered")),
)
BASES: dict[str, Words] = {
    "ChronoEdit": PARTS["Edit"],
    "CycleDiffusion": ("image to image by two texts", "以图生图（双文本）"),
    "I2VGenXL": IMAGE_VIDEO,
    "KarrasVe": ("unconditional", "无条件生成"),
    "LTXI2V": ("long image to video", "长图生视频"),
    "LucyEdit": PARTS["Edit"],
    "OmniGen": ("text and pictures to image", "图文生图"),
    "PIA": IMAGE_VIDEO,
    "PaintByExample": ("inpaint by an example", "按范例局部重绘"),
    "RePaint": PAINT,
    "SanaImageToVideo": IMAGE_VIDEO,
    "ShapE": ("text to a turning shape", "文生旋转三维体"),
    "StableDiffusionLDM3D": ("text to image and depth", "文生图与深度"),
    "StableVideoDiffusion": IMAGE_VIDEO,
    "VideoToVideoSD": FROM_VIDEO,
    "VisualCloze": ("picture in context", "上下文生图"),
}
"""What the pipeline of a family does whose name says no more."""

_AS_ONE = re.compile(
    r"Img2Img|Depth2Img|Pix2Pix|Emb2Emb|ControlNet|UnCLIP|PixArt|CogVideoX|CogView|AnimateDiff"
    r"|LDM3D|AuraFlow|DiT|MoE|SkyReels|LongCat|RePaint|HiDream|I2VGen|TI2VA|T2I|I2I|T2V|I2V|LTX"
    r"|AnyFlow|VQ|SDXL|XL|PAG|KV|VACE|OmniGen|CogVideo"
)
"""What is one word in an id, however it is written."""

_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Name(NamedTuple):
    """What a pipeline is called, and under which heading it stands."""

    id: str
    family: str
    group: str
    english: str
    chinese: str


def name_of(cls: str, video: bool, prompted: bool) -> Name:
    """The names of a class of Diffusers; ``KeyError`` for a family that nobody named yet."""
    prefix = max((one for one in FAMILIES if cls.startswith(one)), key=len, default="")
    family = FAMILIES[prefix]
    stem = cls.removesuffix("Pipeline")
    rest = stem[len(prefix.removesuffix("Pipeline")) :]
    parts = [] if prefix == "LTXI2V" else _parts(rest)
    if not any(words[0] not in ("with PAG", "with SAG", "XL", "pyramid") for words in parts):
        usual = (VIDEO if video else IMAGE) if prompted else ("unconditional", "无条件生成")
        parts = [BASES.get(prefix, usual), *parts]
    english = " ".join((family, *(words[0] for words in parts)))
    chinese = " ".join((family, *(words[1] for words in parts))).replace(" （", "（")
    return Name(_snake(stem), family, _group(cls, video), english, chinese)


def _parts(rest: str) -> list[Words]:
    """The words for what is left of a name behind its family."""
    found: list[Words] = []
    while rest:
        part = max((one for one in PARTS if rest.startswith(one)), key=len, default="")
        if part:
            found.append(PARTS[part])
            rest = rest[len(part) :]
        else:  # a word that says nothing of the task, such as Framepack
            word = _SNAKE.split(rest)[0]
            found.append((word, word))
            rest = rest[len(word) :]
    return found


def _group(cls: str, video: bool) -> str:
    if video:
        return "video"
    for group, marks in _GROUP_OF:
        if group != "video" and any(mark in cls for mark in marks):
            return group
    return "image"


def _snake(stem: str) -> str:
    spaced = _AS_ONE.sub(lambda found: f"_{found[0].lower()}_", stem)
    words = _SNAKE.sub("_", spaced).lower().strip("_").split("_")
    return re.sub(r"_(?=\d)", "", "_".join(word for word in words if word))
