"""Files to values and back, and facts inside picture files."""

import contextlib
import random
import struct
import zlib
from io import BytesIO

import pytest
import torch
from PIL import Image as PilImage
from PIL import ImageCms, PngImagePlugin

from musegraph import File, Image, Latent, Mask, NodeError
from musegraph.values import codec, files

FACTS = {"workflow": {"name": "Dämmerung & <Hafen> 灯塔 \ufffe"}, "record": {"seed": 2**53 - 1}}


def encoded(picture: PilImage.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def painted(mode: str = "RGB", size: tuple[int, int] = (7, 5)) -> PilImage.Image:
    rng = random.Random(3)
    channels = len(PilImage.new(mode, (1, 1)).getbands())
    count = size[0] * size[1] * channels
    return PilImage.frombytes(mode, size, bytes(rng.randrange(256) for _ in range(count)))


def image_of(data: bytes, name: str = "x.png") -> torch.Tensor:
    value = files.read("Image", data, "", name)
    assert isinstance(value, Image)
    assert value.data.dtype == torch.float32
    return value.data


def levels(data: torch.Tensor) -> list[int]:
    return (data * 255).round().int().flatten().tolist()


def png(color: int, size: tuple[int, int], rows: list[bytes], extra: bytes = b"") -> bytes:
    """A PNG of 16 bits a channel, written chunk by chunk."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", *size, 16, color, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + extra
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


# Reading


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "TIFF"])
def test_a_lossless_picture_is_read_as_it_is(kind: str) -> None:
    picture = painted()
    data = image_of(encoded(picture, kind, lossless=True))
    assert data.shape == (1, 5, 7, 3)
    assert bytes(levels(data)) == picture.tobytes()


def test_a_jpeg_and_the_first_frame_of_a_gif_are_read() -> None:
    assert image_of(encoded(painted(size=(40, 20)), "JPEG")).shape == (1, 20, 40, 3)
    first, second = PilImage.new("P", (4, 4), 0), PilImage.new("P", (4, 4), 1)
    for frame in (first, second):
        frame.putpalette([10, 20, 30, 200, 210, 220])
    gif = encoded(first, "GIF", save_all=True, append_images=[second])
    assert levels(image_of(gif)[0, 0, 0]) == [10, 20, 30]


@pytest.mark.parametrize("mode", ["L", "1", "LA", "RGBA", "P"])
def test_grey_palette_and_alpha_become_three_or_four_channels(mode: str) -> None:
    source = painted("RGBA" if mode in ("RGBA", "LA") else "RGB").convert(mode)
    data = image_of(encoded(source))
    wanted = source.convert("RGBA" if "A" in mode else "RGB")
    assert data.shape[-1] == (4 if "A" in mode else 3)
    assert bytes(levels(data)) == wanted.tobytes()


def test_a_transparent_colour_of_a_palette_becomes_alpha() -> None:
    picture = PilImage.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putpixel((1, 0), 1)
    data = image_of(encoded(picture, transparency=1))
    assert levels(data) == [255, 0, 0, 255, 0, 255, 0, 0]


@pytest.mark.parametrize(("color", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bits_keep_their_precision(color: int, channels: int) -> None:
    values = [0, 1, 255, 256, 257, 4660, 30001, 65279, 65534, 65535, 777, 12345]
    width = len(values) // channels
    data = image_of(png(color, (width, 1), [struct.pack(f">{len(values)}H", *values)]))
    exact = (data.double() * 65535).round().int().reshape(width, -1)
    read = torch.tensor(values).reshape(width, channels)
    if channels < 3:
        alpha = [read[:, 1:]] if channels == 2 else []
        read = torch.cat([read[:, :1].expand(-1, 3), *alpha], dim=-1)
    assert exact.tolist() == read.tolist()


def test_sixteen_bits_with_one_transparent_colour_become_four_channels() -> None:
    body = b"tRNS" + struct.pack(">3H", 1, 2, 3)
    extra = struct.pack(">I", 6) + body + struct.pack(">I", zlib.crc32(body))
    data = image_of(png(2, (2, 1), [struct.pack(">6H", 1, 2, 3, 1, 2, 4)], extra))
    assert data[0, 0, :, 3].tolist() == [0, 1]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright_as_its_exif_says(orientation: int) -> None:
    from PIL import ImageOps

    exif = PilImage.Exif()
    exif[0x0112] = orientation
    data = encoded(painted(), exif=exif)
    wanted = ImageOps.exif_transpose(PilImage.open(BytesIO(data)))
    read = image_of(data)
    assert (read.shape[2], read.shape[1]) == wanted.size
    assert bytes(levels(read)) == wanted.tobytes()


def linear_profile() -> bytes:
    """An ICC profile with the primaries of sRGB and no curve: values are light itself."""

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 7) + b"linear\0" + b"\0" * 79,
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.4360747, 0.2225045, 0.0139322),
        b"gXYZ": xyz(0.3850649, 0.7168786, 0.0971045),
        b"bXYZ": xyz(0.1430804, 0.0606169, 0.7141733),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv" + b"\x00" * 8),
    }
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    head = struct.pack(">I", at + len(body)) + b"\0" * 4 + b"\x02\x10\0\0" + b"mntrRGB XYZ "
    head += b"\0" * 12 + b"acsp" + b"\0" * 28 + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def test_a_colour_profile_is_converted_to_srgb() -> None:
    picture = PilImage.new("RGBA", (3, 1))
    for x, level in enumerate((0, 55, 255)):
        picture.putpixel((x, 0), (level, level, level, 100))
    data = image_of(encoded(picture, icc_profile=linear_profile()))
    # Light 55/255 = 0.2157 is the sRGB value 0.5 (1.055 · 0.2157^(1/2.4) − 0.055).
    assert data[0, 0, :, 0].tolist() == pytest.approx([0, 0.5016, 1], abs=0.008)
    assert levels(data[..., 3]) == [100, 100, 100]


@pytest.mark.parametrize("profile", ["srgb", "damaged"])
def test_an_srgb_or_a_damaged_profile_changes_no_pixel(profile: str) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = painted()
    data = encoded(picture, icc_profile=srgb if profile == "srgb" else b"no profile")
    assert bytes(levels(image_of(data))) == picture.tobytes()


def test_a_mask_is_the_transparency_of_a_picture_or_else_its_brightness() -> None:
    clear = PilImage.new("RGBA", (2, 1), (255, 255, 255, 0))
    clear.putpixel((1, 0), (0, 0, 0, 255))
    mask = files.read("Mask", encoded(clear), "image/png", "m.png")
    assert isinstance(mask, Mask)
    assert mask.data.tolist() == [[[0, 1]]]
    plain = PilImage.new("RGB", (2, 1), (255, 255, 255))
    plain.putpixel((1, 0), (255, 0, 0))
    mask = files.read("Mask", encoded(plain), "image/png", "m.png")
    assert isinstance(mask, Mask)
    assert mask.data[0, 0].tolist() == pytest.approx([1, 0.2126], abs=1e-6)


def test_any_file_may_stand_at_a_file_port() -> None:
    file = files.read("File", b"\0what", "x/y", "a.bin")
    assert isinstance(file, File)
    assert (file.data, file.name, file.media) == (b"\0what", "a.bin", "x/y")


def test_what_was_saved_as_safetensors_comes_back_and_is_told_from_other_types() -> None:
    latent = Latent(torch.arange(8.0).reshape(1, 2, 2, 2), "sd15")
    file = files.to_file(latent, "my latent")
    assert file.name == "my latent.safetensors"
    back = files.read("Latent", file.data, file.media, file.name)
    assert isinstance(back, Latent)
    assert back.data.equal(latent.data)
    assert back.family == "sd15"
    with pytest.raises(NodeError, match="holds a Latent, and the port takes Image"):
        files.read("Image", file.data, file.media, file.name)
    with pytest.raises(NodeError, match="holds no value"):
        files.read("Latent", file.data[:40], file.media, file.name)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is no picture"),
        (b"just text", "is no picture"),
        (b"%PDF-1.4", "is no picture"),
        (encoded(painted(size=(64, 64)))[:-2000], "damaged or cut off"),
        (encoded(painted(size=(64, 64)), "JPEG")[:900], "damaged or cut off"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(NodeError, match=words):
        files.read("Image", data, "image/png", "x.png")


def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused_before_it_is_decoded() -> None:
    bomb = png(2, (30_000, 30_000), [b""])
    with pytest.raises(NodeError, match=r"pixels.*make it smaller"):
        files.read("Image", bomb, "image/png", "bomb.png")


def test_damage_anywhere_in_a_picture_never_escapes_as_another_error() -> None:
    rng = random.Random(5)
    whole = [
        files.embed(files.to_file(Image(torch.rand(1, 9, 8, 4)), "x", kind), FACTS).data
        for kind in ("png", "webp")
    ]
    for _ in range(200):
        data = bytearray(rng.choice(whole))
        for _ in range(rng.randrange(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        damaged = bytes(data[: rng.randrange(len(data) // 2, len(data) + 1)])
        files.extract(damaged)
        files.embed(File(damaged, "x"), FACTS)
        with contextlib.suppress(NodeError):
            files.read("Image", damaged, "", "x")


# Writing


@pytest.mark.parametrize("kind", ["png", "webp"])
@pytest.mark.parametrize("channels", [3, 4])
def test_png_and_webp_keep_every_pixel(kind: str, channels: int) -> None:
    values = torch.randint(0, 256, (1, 6, 5, channels)).float() / 255
    file = files.to_file(Image(values), "p", kind)
    assert file.media == f"image/{kind}"
    assert image_of(file.data).equal(values)
    assert files.to_file(Image(values), "p", kind).data == file.data


def test_values_are_clamped_and_rounded_to_the_nearest_level() -> None:
    row = torch.tensor([-1.0, 0.0019, 0.0020, 0.5, 0.9981, 2.0])
    file = files.to_file(Image(row.reshape(1, 1, 2, 3)), "p")
    assert levels(image_of(file.data)) == [0, 0, 1, 128, 255, 255]


def test_jpeg_lays_transparent_pictures_on_white() -> None:
    data = torch.zeros(1, 16, 16, 4)
    file = files.to_file(Image(data), "p.png", "jpeg", 95)
    assert file.name == "p.jpg"
    assert levels(image_of(file.data)[0, 8, 8]) == [255, 255, 255]


def test_quality_makes_webp_smaller() -> None:
    image = Image(torch.rand(1, 64, 64, 3))
    lossless, lossy = (files.to_file(image, "p", "webp", q).data for q in (None, 50))
    assert len(lossy) < len(lossless) / 2


def test_a_mask_becomes_a_grey_png() -> None:
    file = files.to_file(Mask(torch.tensor([[[0.0, 1.0]]])), "m")
    with PilImage.open(BytesIO(file.data)) as picture:
        assert picture.mode == "L"
        assert picture.tobytes() == b"\x00\xff"


def test_a_batch_becomes_numbered_files_and_is_not_one_file() -> None:
    batch = Image(torch.rand(10, 2, 2, 3))
    made = files.to_files(batch, "cat.png")
    assert [file.name for file in made][:2] == ["cat-01.png", "cat-02.png"]
    assert image_of(made[9].data).equal((batch.data[9:] * 255).round() / 255)
    with pytest.raises(NodeError, match=r"10 files.*image\.split"):
        files.to_file(batch, "cat")
    mixed = files.to_files([Image(torch.rand(1, 2, 2, 3)), File(b"x", "given.bin")], "out")
    assert [file.name for file in mixed] == ["out-1.png", "given.bin"]


def test_text_and_json_become_readable_files() -> None:
    assert files.to_file("grüß", "note").data.decode() == "grüß"
    file = files.to_file({"b": [1.0, 2.5], "a": "灯"}, "facts")
    assert file.name == "facts.json"
    assert file.data.decode() == '{\n  "a": "灯",\n  "b": [\n    1,\n    2.5\n  ]\n}\n'


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("a/b\\c:d", "a_b_c_d.png"),
        ("../../etc/passwd", "_.._etc_passwd.png"),
        (" v1.5 test. ", "v1.5 test.png"),
        ("CON", "_CON.png"),
        ("...", "untitled.png"),
        ("x" * 300, "x" * 120 + ".png"),
    ],
)
def test_file_names_are_plain_on_every_system(given: str, made: str) -> None:
    assert files.to_file(Image(torch.zeros(1, 1, 1, 3)), given).name == made


def test_what_cannot_be_saved_is_refused_in_words() -> None:
    with pytest.raises(NodeError, match="not numbers"):
        files.to_file(Image(torch.full((1, 1, 1, 3), float("nan"))), "p")
    with pytest.raises(NodeError, match=r"at most 16383 a side, save PNG"):
        files.to_file(Image(torch.zeros(1, 1, 20_000, 3)), "p", "webp")
    with pytest.raises(NodeError, match="choose one of png, webp, jpeg"):
        files.to_file(Image(torch.zeros(1, 1, 1, 3)), "p", "tga")


# Facts inside pictures


def png_data(data: bytes) -> bytes:
    """The compressed pixels of a PNG, from its IDAT chunks."""
    found, at = b"", 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            found += data[at + 8 : at + 8 + length]
        at += 12 + length
    return found


def webp_chunks(data: bytes) -> dict[bytes, bytes]:
    found, at = {}, 12
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        found[data[at : at + 4]] = data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return found


def test_facts_in_a_png_come_back_and_leave_the_pixels_alone() -> None:
    file = files.to_file(Image(torch.rand(1, 30, 20, 4)), "p")
    made = files.embed(file, FACTS)
    assert files.extract(made.data) == FACTS
    assert png_data(made.data) == png_data(file.data)
    assert image_of(made.data).equal(image_of(file.data))
    with PilImage.open(BytesIO(made.data)) as picture:
        picture.verify()
        assert '"seed":9007199254740991' in picture.info["musegraph"]


@pytest.mark.parametrize("quality", [None, 80])
@pytest.mark.parametrize("channels", [3, 4])
def test_facts_in_a_webp_come_back_and_leave_the_pixels_alone(
    quality: int | None, channels: int
) -> None:
    file = files.to_file(Image(torch.rand(1, 31, 17, channels)), "p", "webp", quality)
    made = files.embed(file, FACTS)
    assert files.extract(made.data) == FACTS
    before, after = webp_chunks(file.data), webp_chunks(made.data)
    for name in (b"VP8 ", b"VP8L", b"ALPH"):
        assert before.get(name) == after.get(name)
    assert next(iter(after)) == b"VP8X"
    assert int.from_bytes(made.data[4:8], "little") == len(made.data) - 8
    assert image_of(made.data).equal(image_of(file.data))
    with PilImage.open(BytesIO(made.data)) as picture:
        assert picture.size == (17, 31)
        assert picture.mode == ("RGBA" if channels == 4 else "RGB")
        assert b"musegraph" in picture.info["xmp"]


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_facts_replace_earlier_ones(kind: str) -> None:
    file = files.to_file(Image(torch.rand(1, 4, 4, 3)), "p", kind)
    once = files.embed(file, FACTS)
    again = files.embed(files.embed(file, {"other": 1}), FACTS)
    assert again.data == once.data
    assert files.embed(once, {}).data.count(b"record") == 0


def test_what_another_program_wrote_into_the_xmp_stays() -> None:
    xmp = (
        '<?xpacket begin="\ufeff"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://'
        'www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="urn:dc" '
        'dc:creator="Ada"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()
    data = encoded(painted(), "WEBP", lossless=True, xmp=xmp)
    made = files.embed(files.embed(File(data, "p.webp"), {"a": 1}), FACTS).data
    assert files.extract(made) == FACTS
    assert b'dc:creator="Ada"' in made
    assert files.extract(data) is None


def test_compressed_text_of_another_program_is_read() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("musegraph", '{"a": [1, 2]}', zip=True)
    assert files.extract(encoded(painted(), pnginfo=info)) == {"a": [1, 2]}


def test_text_that_unpacks_without_end_is_not_read() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("musegraph", '{"a": "' + " " * (17 << 20) + '"}', zip=True)
    data = encoded(painted(), pnginfo=info)
    assert len(data) < 100_000
    assert files.extract(data) is None


@pytest.mark.parametrize(
    "packet",
    [
        b'<!DOCTYPE x [<!ENTITY a "a">]><x xmlns:m="urn:musegraph:facts"><m:facts>{}</m:facts></x>',
        b'<x xmlns:m="urn:musegraph:facts"><m:facts>{"a":1,"a":2}</m:facts></x>',
        b'<x xmlns:m="urn:musegraph:facts"><m:facts>[1]</m:facts></x>',
        b"<x",
    ],
)
def test_facts_that_cannot_be_trusted_or_read_are_none(packet: bytes) -> None:
    assert files.extract(encoded(painted(), "WEBP", xmp=packet)) is None


def test_a_damaged_webp_of_no_pixels_stays_as_it_is() -> None:
    data = bytearray(encoded(painted(), "WEBP", quality=80))
    start = data.index(b"VP8 ") + 8
    data[start + 6 : start + 10] = bytes(4)
    assert files.embed(File(bytes(data), "x"), FACTS).data == data


def test_files_that_hold_no_facts_stay_as_they_are() -> None:
    for data in (b"text", encoded(painted(), "GIF"), b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"):
        file = File(data, "x")
        assert files.embed(file, FACTS).data == data
        assert files.extract(data) is None


def test_a_value_read_and_saved_again_is_the_same_file() -> None:
    file = files.to_file(Image(torch.rand(1, 8, 8, 3)), "p")
    again = files.to_file(files.read("Image", file.data, file.media, file.name), "p")
    assert again.data == file.data
    assert codec.identity(again) == codec.identity(file)
