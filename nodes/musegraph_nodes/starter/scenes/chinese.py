"""Chinese captions: words for what specs name, and the sentences that they make."""

from __future__ import annotations

import numpy as np

from musegraph_nodes.starter.scenes.spec import ObjectsSpec, SceneSpec, Spec, pick

NUMBERS = {2: "两", 3: "三", 4: "四", 5: "五"}
STYLES: dict[str, tuple[str, ...]] = {
    "flat vector": ("扁平插画", "扁平矢量画"),
    "watercolor": ("水彩画", "水彩"),
    "ink": ("水墨画", "墨线画"),
    "pixel art": ("像素画", "像素艺术"),
    "neon": ("霓虹风格", "霓虹艺术"),
    "ukiyo-e": ("浮世绘", "浮世绘版画"),
    "paper cut": ("剪纸", "分层剪纸"),
    "oil painting": ("油画", "印象派油画"),
}
SCENES: dict[str, tuple[str, ...]] = {
    "mountains": ("群山", "高山"),
    "sea": ("大海", "海面"),
    "desert": ("沙漠", "沙丘"),
    "city": ("城市", "高楼林立的城市"),
    "forest": ("森林", "树林"),
    "hills": ("山丘", "绿色的丘陵"),
    "lake": ("湖泊", "山间湖泊"),
    "winter": ("冬天的雪景", "雪山"),
    "canyon": ("红色峡谷", "峡谷"),
    "beach": ("海滩", "沙滩"),
    "waterfall": ("瀑布", "悬崖间的瀑布"),
    "fields": ("田野", "农田"),
}
TIMES: dict[str, tuple[str, ...]] = {
    "dawn": ("黎明", "清晨"),
    "day": ("白天", "正午"),
    "sunset": ("日落", "夕阳"),
    "dusk": ("黄昏", "傍晚"),
    "night": ("夜晚", "夜里"),
}
SEASONS = {"spring": "春天", "summer": "夏天", "autumn": "秋天"}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": ("",),
    "cloudy": ("多云", "云"),
    "rain": ("下雨", "雨"),
    "snow": ("下雪", "飘雪"),
    "fog": ("雾", "薄雾"),
    "rainbow": ("彩虹",),
    "aurora": ("极光",),
}
ORBS = {"sun": "太阳", "crescent moon": "弯月", "full moon": "满月"}
POSITIONS: dict[str, tuple[str, ...]] = {
    "left": ("左边", "左侧"),
    "center": ("", "中间"),
    "right": ("右边", "右侧"),
}
COLOURS = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "teal": "青色",
    "blue": "蓝色",
    "purple": "紫色",
    "pink": "粉色",
    "white": "白色",
}
# The measure word and the noun; without a measure word there are several.
SUBJECTS: dict[str, tuple[str, str]] = {
    "airplane": ("架", "飞机"),
    "barn": ("座", "谷仓"),
    "bear": ("只", "熊"),
    "birds": ("", "飞鸟"),
    "bridge": ("座", "桥"),
    "cabin": ("座", "木屋"),
    "cactus": ("棵", "仙人掌"),
    "camel": ("头", "骆驼"),
    "car": ("辆", "汽车"),
    "castle": ("座", "城堡"),
    "church": ("座", "教堂"),
    "deer": ("只", "鹿"),
    "dolphin": ("只", "海豚"),
    "ferris wheel": ("座", "摩天轮"),
    "flowers": ("", "花"),
    "fox": ("只", "狐狸"),
    "horse": ("匹", "马"),
    "hot air balloon": ("个", "热气球"),
    "house": ("座", "房子"),
    "island": ("座", "小岛"),
    "kite": ("只", "风筝"),
    "lighthouse": ("座", "灯塔"),
    "mushrooms": ("", "蘑菇"),
    "pagoda": ("座", "宝塔"),
    "palm trees": ("", "棕榈树"),
    "parasol": ("把", "遮阳伞"),
    "penguin": ("只", "企鹅"),
    "pine trees": ("", "松树"),
    "pyramid": ("座", "金字塔"),
    "rowing boat": ("条", "小船"),
    "sailboat": ("艘", "帆船"),
    "sheep": ("只", "绵羊"),
    "snowman": ("个", "雪人"),
    "swan": ("只", "天鹅"),
    "tent": ("顶", "帐篷"),
    "tower": ("座", "铁塔"),
    "train": ("列", "火车"),
    "trees": ("", "大树"),
    "whale": ("头", "鲸鱼"),
    "windmill": ("座", "风车"),
}
SHAPES: dict[str, tuple[str, str]] = {
    "circle": ("个", "圆形"),
    "square": ("个", "正方形"),
    "triangle": ("个", "三角形"),
    "star": ("颗", "星星"),
    "heart": ("颗", "爱心"),
    "flower": ("朵", "花"),
    "diamond": ("个", "菱形"),
    "crescent": ("个", "月牙"),
}
RELATIONS = {"left of": "左边", "right of": "右边", "above": "上面", "below": "下面"}


def chinese_caption(spec: Spec, rng: np.random.Generator) -> str:
    """One of several phrasings; each mentions everything that the picture shows."""
    if isinstance(spec, ObjectsSpec):
        return _of_objects(spec, rng)
    return _of_scene(spec, rng)


def _counted(word: tuple[str, str], colour: str, count: int) -> str:
    measure, noun = word
    described = f"{COLOURS[colour]}的{noun}" if colour else noun
    if not measure:
        return described
    return f"{NUMBERS.get(count, '一')}{measure}{described}"


def _of_scene(spec: SceneSpec, rng: np.random.Generator) -> str:
    style, place = pick(rng, STYLES[spec.style]), pick(rng, SCENES[spec.scene])
    time = pick(rng, TIMES[spec.time])
    when = f"{SEASONS[spec.season]}，{time}" if spec.season else time
    where = pick(rng, POSITIONS[spec.position])
    subject = _counted(SUBJECTS[spec.subject], spec.colour, spec.count)
    here = f"{where}有{subject}" if where else subject
    extras = [pick(rng, WEATHERS[spec.weather])]
    if spec.orb != "none":
        side = "" if spec.orb_position == "center" else POSITIONS[spec.orb_position][0]
        extras.append(f"{side}{ORBS[spec.orb]}")
    orders = (
        (style, place, when, here, *extras),
        (place, when, here, *extras, style),
        (here, place, when, *extras, style),
    )
    return "，".join(part for part in pick(rng, orders) if part)


def _of_objects(spec: ObjectsSpec, rng: np.random.Generator) -> str:
    style = pick(rng, STYLES[spec.style])
    first = _counted(SHAPES[spec.first.shape], spec.first.colour, spec.count)
    background = f"{COLOURS[spec.background]}背景"
    things = first
    if spec.second is not None:
        second = _counted(SHAPES[spec.second.shape], spec.second.colour, 1)
        things = f"{first}在{second}的{RELATIONS[spec.relation]}"
    return "，".join(pick(rng, ((style, background, things), (things, background, style))))
