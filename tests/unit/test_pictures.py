"""A logo is a picture and nothing else: what else a file holds is left out, and what is no picture is refused."""

import struct
import zlib

import pytest

from gangway.organizations.errors import InvalidPicture
from gangway.organizations.pictures import JPEG, MOST_BYTES, PNG, checked_picture

SCRIPT = b"<script>alert(1)</script>"


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(
    *, width: int = 2, height: int = 2, colour: int = 2, depth: int = 8, more: bytes = b"", pixels: bytes | None = None
) -> bytes:
    lines = bytes(7) * 2 if pixels is None else pixels
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def part(mark: int, content: bytes) -> bytes:
    return bytes([0xFF, mark]) + struct.pack(">H", 2 + len(content)) + content


FRAME = part(0xC0, struct.pack(">BHHB", 8, 3, 5, 1) + b"\x01\x11\x00")
SCAN = part(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"


def jpeg(*parts: bytes, end: bytes = b"\xff\xd9") -> bytes:
    return b"\xff\xd8" + b"".join(parts) + end


def test_a_png_keeps_its_pixels_and_loses_everything_else():
    plain = checked_picture(png())
    dressed = checked_picture(png(more=chunk(b"tEXt", SCRIPT) + chunk(b"eXIf", SCRIPT)) + SCRIPT)
    assert (plain.media_type, plain.width, plain.height) == (PNG, 2, 2)
    assert dressed == plain
    assert checked_picture(plain.data) == plain


def test_a_jpeg_keeps_its_scans_and_loses_everything_else():
    plain = checked_picture(jpeg(part(0xDB, bytes(65)), FRAME, SCAN))
    dressed = checked_picture(
        jpeg(part(0xE0, b"JFIF"), part(0xE1, SCRIPT), part(0xFE, SCRIPT), part(0xDB, bytes(65)), FRAME, b"\xff", SCAN)
        + SCRIPT
    )
    assert (plain.media_type, plain.width, plain.height) == (JPEG, 5, 3)
    assert dressed == plain
    assert SCRIPT not in dressed.data


REFUSED = {
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "html": b"<html>",
    "gif": b"GIF89a" + bytes(40),
    "nothing of a png": b"\x89PNG\r\n\x1a\n",
    "nothing of a jpeg": b"\xff\xd8",
    "a png that is cut off": png()[:-14],
    "a jpeg that is cut off": jpeg(FRAME, SCAN)[:-2],
    "a checksum that is wrong": png().replace(chunk(b"IEND", b""), chunk(b"IEND", b"")[:-1] + b"x"),
    "a bomb of pixels": png(pixels=bytes(2_000_000)),
    "too few pixels": png(pixels=bytes(3)),
    "a filter that is none": png(pixels=b"\x09" + bytes(13)),
    "a colour that is none": png(colour=5),
    "a palette without colours": png(colour=3, pixels=bytes(6)),
    "no pixels in width": png(width=0),
    "too wide": png(width=1025, height=1, pixels=bytes(3076)),
    "too many bytes": png() + bytes(MOST_BYTES),
    "a jpeg without a frame": jpeg(SCAN),
    "a jpeg without a scan": jpeg(FRAME),
    "a jpeg of four colours": jpeg(part(0xC0, struct.pack(">BHHB", 8, 3, 5, 4) + bytes(12)), SCAN),
    "a jpeg too high": jpeg(part(0xC0, struct.pack(">BHHB", 8, 2000, 5, 1) + bytes(3)), SCAN),
    "a part that is none": jpeg(part(0xC8, b"x"), FRAME, SCAN),
    "a part of no length": jpeg(b"\xff\xdb\x00\x00", FRAME, SCAN),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_picture_or_too_large_a_one_is_refused(raw):
    with pytest.raises(InvalidPicture) as refused:
        checked_picture(raw)
    assert refused.value.field == "logo"
