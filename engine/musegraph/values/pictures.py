"""Picture files to pixels and back: upright, in sRGB, 16 bits kept where a PNG has them.

Pillow and torch are imported inside functions: reading a workflow needs neither.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from musegraph.errors import MusegraphError, NodeError
from musegraph.shortage import shortage_of

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageFile import ImageFile
    from torch import Tensor

MAX_PIXELS = 178_956_970
"""Larger pictures are refused before they are decoded (Pillow's own limit for an error)."""
PICTURE_FORMATS = {"png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg"}

_READABLE = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_LONGEST_SIDE = {"webp": 16_383, "jpeg": 65_500}
_ORIENTATION = 0x0112
_UNPACKED = "Decompressed data too large"
"""How Pillow refuses a compressed text of more than 1 MB, or 64 MB of them."""


def decode_picture(data: bytes, name: str) -> Tensor:
    """The pixels of a picture file, [H,W,3 or 4]."""
    from PIL import Image as PilImage
    from PIL import UnidentifiedImageError

    try:
        with PilImage.open(BytesIO(data), formats=_READABLE) as picture:
            _check_size(picture.size, name)
            pixels = _pixels_of(picture, data)
            orientation = _orientation_of(picture)
    except UnidentifiedImageError:
        kinds = ", ".join(_READABLE)
        raise NodeError(f"{name!r} is no picture that can be read ({kinds})") from None
    except PilImage.DecompressionBombError:
        raise NodeError(f"{name!r} has more than {MAX_PIXELS:,} pixels; make it smaller") from None
    except MusegraphError:
        raise
    except Exception as error:  # decoders raise anything on damaged files
        if shortage_of(error) is not None:
            raise
        if _UNPACKED in str(error):
            raise NodeError(
                f"{name!r} holds a text or colour profile that unpacks to far more than such things"
                " have; save the picture again without it"
            ) from None
        raise NodeError(f"{name!r} is damaged or cut off: {error}") from None
    return _upright(pixels, orientation).contiguous()


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise NodeError(
            f"{name!r} has {width}×{height} pixels, more than {MAX_PIXELS:,}; make it smaller"
        )


def _orientation_of(picture: Picture) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001  damaged EXIF is no reason to refuse the picture
        return 1


def _upright(pixels: Tensor, orientation: int) -> Tensor:
    """Pixels turned as the EXIF orientation says (Exif 2.32, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(0, 1)
    flips = {2: [1], 3: [0, 1], 4: [0], 6: [1], 7: [0, 1], 8: [0]}
    return pixels.flip(flips[orientation]) if orientation in flips else pixels


def _pixels_of(picture: ImageFile, data: bytes) -> Tensor:
    """Pixels [H,W,3 or 4] in sRGB.

    A 16-bit picture keeps its precision unless it has a colour profile other than sRGB.
    """
    import torch

    profile = _profile_of(picture)
    if profile is None:
        if picture.mode == "F":
            grey = _tensor(picture, torch.float32, 1)
            return grey.nan_to_num(0).clamp(0, 1).expand(-1, -1, 3)
        if picture.mode.startswith("I"):
            grey = _tensor(picture.convert("I"), torch.int32, 1)
            return _with_key(picture, grey.float() / 65_535, grey).clamp(0, 1)
        if picture.format == "PNG" and ";16" in str(picture.tile[0].args):
            return _deep_pixels(picture, data)
    alpha = picture.convert("RGBA") if picture.has_transparency_data else None
    rgb = _to_srgb(picture, profile) if profile else picture.convert("RGB")
    pixels = _tensor(rgb, torch.uint8, 3)
    if alpha is not None:
        pixels = torch.cat((pixels, _tensor(alpha, torch.uint8, 4)[..., 3:]), dim=-1)
    return pixels.float() / 255


def _tensor(picture: Picture, dtype: Any, channels: int) -> Tensor:
    import torch

    width, height = picture.size
    flat = torch.frombuffer(bytearray(picture.tobytes()), dtype=dtype)
    return flat.reshape(height, width, channels)


def _deep_pixels(picture: ImageFile, data: bytes) -> Tensor:
    """A colour PNG of 16 bits a channel, of which Pillow decodes one byte at a time.

    The high bytes are read as big-endian pixels, and once more, taken for little-endian, the low
    ones. Grey with alpha has four bytes a pixel and is read as if these were channels.
    """
    import torch
    from PIL import Image as PilImage

    def channels(rawmode: str, count: int) -> Tensor:
        with PilImage.open(BytesIO(data), formats=("PNG",)) as again:
            again.tile = [again.tile[0]._replace(args=rawmode)]
            return _tensor(again, torch.uint8, count).int()

    raw = str(picture.tile[0].args)
    if raw.startswith("LA"):
        both = channels("RGBA", 4)
        deep = both[..., 0::2] * 256 + both[..., 1::2]
        return deep[..., [0, 0, 0, 1]].float() / 65_535
    count = len(picture.mode)
    deep = channels(raw, count) * 256 + channels(raw.replace("16B", "16L"), count)
    return _with_key(picture, deep.float() / 65_535, deep)


def _with_key(picture: Picture, pixels: Tensor, values: Tensor) -> Tensor:
    """Three channels, or four when the file names one colour as transparent."""
    import torch

    colour = pixels.expand(-1, -1, 3) if pixels.shape[-1] == 1 else pixels
    key = picture.info.get("transparency")
    if key is None or colour.shape[-1] == 4 or isinstance(key, bytes):
        return colour
    match = (values == torch.tensor(key).reshape(-1)).all(dim=-1, keepdim=True)
    return torch.cat((colour, 1 - match.float()), dim=-1)


def _profile_of(picture: Picture) -> Any:
    """The colour profile of a picture, unless it is sRGB, damaged or for other channels."""
    from PIL import ImageCms

    data = picture.info.get("icc_profile")
    if not data:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(data))
        described = ImageCms.getProfileDescription(profile).strip()
        space = profile.profile.xcolor_space.strip()
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None
    if "srgb" in described.lower() or space != _colour_space(picture):
        return None
    return profile


def _colour_space(picture: Picture) -> str:
    if picture.mode == "CMYK":
        return "CMYK"
    return "GRAY" if picture.mode in ("1", "L", "LA", "I;16", "I", "F") else "RGB"


def _to_srgb(picture: Picture, profile: Any) -> Picture:
    from PIL import ImageCms

    plain = {"CMYK": "CMYK", "GRAY": "L", "RGB": "RGB"}[_colour_space(picture)]
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value / 256)
    source = picture if picture.mode == plain else picture.convert(plain)
    try:
        made = ImageCms.profileToProfile(
            source, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except ImageCms.PyCMSError:
        return picture.convert("RGB")
    assert made is not None  # it is None only when the conversion is done in place
    return made


def encode_picture(pixels: Tensor, name: str, kind: str, quality: int | None) -> bytes:
    """The bytes of a file with one picture [H,W,3 or 4] or mask [H,W]."""
    width, height = int(pixels.shape[1]), int(pixels.shape[0])
    longest = _LONGEST_SIDE.get(kind)
    if longest and max(width, height) > longest:
        raise NodeError(
            f"{name!r} has {width}×{height} pixels; {kind} holds at most {longest} a side, save PNG"
        )
    if kind == "jpeg" and pixels.dim() == 3 and pixels.shape[-1] == 4:
        alpha = pixels[..., 3:]
        pixels = pixels[..., :3] * alpha + (1 - alpha)
    picture = _picture_of(pixels, name)
    options: dict[str, Any] = {"compress_level": 6}
    if kind == "webp" and quality is None:
        options = {"lossless": True, "quality": 75, "method": 4, "exact": True}
    elif kind == "webp":
        options = {"quality": quality, "method": 4}
    elif kind == "jpeg":
        options = {"quality": quality or 92, "subsampling": 0}
    out = BytesIO()
    picture.save(out, kind.upper(), **options)
    return out.getvalue()


def _picture_of(pixels: Tensor, name: str) -> Picture:
    import torch
    from PIL import Image as PilImage

    pixels = pixels.detach().float()
    if bool(torch.isnan(pixels).any()):
        raise NodeError(f"{name!r} holds values that are not numbers (NaN) and cannot be saved")
    levels = (pixels.clamp(0, 1) * 255).round().to(device="cpu", dtype=torch.uint8).contiguous()
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[1 if levels.dim() == 2 else int(levels.shape[-1])]
    size = (int(levels.shape[1]), int(levels.shape[0]))
    return PilImage.frombytes(mode, size, levels.numpy().tobytes())
