"""Is it a picture, and nothing else? PNG and JPEG are read part by part, and only what makes the picture is kept.

A PNG's pixels are unpacked, counted and packed anew. Of a JPEG the frame, its tables and scans stay; comments,
positions, thumbnails, profiles and whatever follows the end are left out. Nothing here draws: no library that decodes
pictures runs in the process that strangers talk to. SVG is no picture but a document that can run scripts; it is never
taken.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import Final

from gangway.organizations.errors import InvalidPicture

MOST_BYTES: Final = 100 * 1024
MOST_PIXELS: Final = 1024
"""Along each side."""

PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
_PNG_BEGINS: Final = b"\x89PNG\r\n\x1a\n"
_JPEG_BEGINS: Final = b"\xff\xd8"
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS: Final = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_PALETTE: Final = 3
_MOST_COLOURS: Final = 256
_LAST_FILTER: Final = 4

_MARKS: Final = 0xFF
_SHORTEST: Final = 2
"""A part's length counts itself."""
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_TABLES: Final = frozenset({0xC4, 0xDB, 0xDD})
_SCAN: Final = 0xDA
_ENDS: Final = 0xD9
_LEFT_OUT: Final = frozenset({*range(0xE0, 0xF0), 0xFE})
_RESTARTS: Final = frozenset({0x00, *range(0xD0, 0xD8)})
"""What may follow 0xFF within a scan: a byte of its own, or a mark to begin again at."""
_COMPONENTS: Final = frozenset({1, 3})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept."""

    media_type: str
    data: bytes
    width: int
    height: int


def checked_picture(raw: bytes) -> Picture:
    """Return the picture without anything else that was in the file. Raises InvalidPicture at "logo"."""
    if len(raw) > MOST_BYTES:
        raise InvalidPicture(f"The picture is larger than {MOST_BYTES // 1024} KB.", field="logo")
    try:
        if raw.startswith(_PNG_BEGINS):
            return _png(raw)
        if raw.startswith(_JPEG_BEGINS):
            return _jpeg(raw)
    except (struct.error, IndexError, zlib.error, ValueError) as error:
        raise InvalidPicture(field="logo") from error
    raise InvalidPicture(field="logo")


def size_of(kept: bytes) -> tuple[int, int]:
    """Return width and height of a picture that was checked when it came in."""
    if kept.startswith(_PNG_BEGINS):
        width, height = struct.unpack_from(">II", kept, len(_PNG_BEGINS) + 8)
        return width, height
    place = len(_JPEG_BEGINS)
    while (found := _part(kept, place)) is not None:
        mark, part, place = found
        if mark in _FRAMES:
            return _frame(part)
    raise InvalidPicture


def _png(raw: bytes) -> Picture:
    parts = _chunks(raw)
    width, height, depth, colour, packed, filtered, interlaced = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    _within(width, height)
    if depth not in _DEPTHS.get(colour, ()) or (packed, filtered, interlaced) != (0, 0, 0):
        raise ValueError
    line = 1 + (width * depth * _CHANNELS[colour] + 7) // 8
    pixels = _unpacked(parts[b"IDAT"], line * height)
    if any(pixels[place] > _LAST_FILTER for place in range(0, len(pixels), line)):
        raise ValueError
    kept = [(b"IHDR", parts[b"IHDR"]), *_colours(parts, colour), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return Picture(PNG, _PNG_BEGINS + b"".join(_chunk(name, content) for name, content in kept), width, height)


def _chunks(raw: bytes) -> dict[bytes, bytes]:
    """Return the parts by name, those of the pixels joined; each must have its own checksum."""
    parts: dict[bytes, bytes] = {}
    place = len(_PNG_BEGINS)
    while b"IEND" not in parts:
        length, name = struct.unpack_from(">I4s", raw, place)
        content = raw[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", raw, place + 8 + length)
        if checksum != zlib.crc32(name + content) or (not parts and name != b"IHDR"):
            raise ValueError
        if name in parts and name != b"IDAT":
            raise ValueError
        parts[name] = parts.get(name, b"") + content
        place += 12 + length
    return parts


def _unpacked(packed: bytes, size: int) -> bytes:
    """Return exactly so many bytes; a file that holds more, or less, is none of ours."""
    unpacker = zlib.decompressobj()
    pixels = unpacker.decompress(packed, size + 1)
    if len(pixels) != size or not unpacker.eof:
        raise ValueError
    return pixels


def _colours(parts: dict[bytes, bytes], colour: int) -> list[tuple[bytes, bytes]]:
    """Return the palette and what is transparent, where there are any."""
    palette, transparent = parts.get(b"PLTE", b""), parts.get(b"tRNS", b"")
    if len(palette) % 3 or len(palette) > 3 * _MOST_COLOURS or len(transparent) > _MOST_COLOURS:
        raise ValueError
    if colour == _PALETTE and not palette:
        raise ValueError
    return [(name, content) for name, content in ((b"PLTE", palette), (b"tRNS", transparent)) if content]


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _jpeg(raw: bytes) -> Picture:
    kept: list[bytes] = []
    size, scans, place = None, 0, len(_JPEG_BEGINS)
    while (found := _part(raw, place)) is not None:
        mark, part, place = found
        if mark in _LEFT_OUT:
            continue
        if mark in _FRAMES and size is None:
            size = _frame(part)
        elif mark == _SCAN and size is not None:
            end, scans = _end_of_scan(raw, place), scans + 1
            part, place = part + raw[place:end], end
        elif mark not in _TABLES:
            raise ValueError
        kept.append(part)
    if size is None or not scans:
        raise ValueError
    return Picture(JPEG, b"".join([_JPEG_BEGINS, *kept, bytes([_MARKS, _ENDS])]), *size)


def _part(raw: bytes, place: int) -> tuple[int, bytes, int] | None:
    """Return the mark and the whole of the part that begins here, and where the next one does; None at the end."""
    if raw[place] != _MARKS:
        raise ValueError
    while raw[place + 1] == _MARKS:  # a mark may be padded with more of them
        place += 1
    mark = raw[place + 1]
    if mark == _ENDS:
        return None
    (length,) = struct.unpack_from(">H", raw, place + 2)
    part = raw[place : place + 2 + length]
    if length < _SHORTEST or len(part) != 2 + length:
        raise ValueError
    return mark, part, place + 2 + length


def _frame(part: bytes) -> tuple[int, int]:
    depth, height, width, components = struct.unpack_from(">BHHB", part, 4)
    _within(width, height)
    if depth != 8 or components not in _COMPONENTS or len(part) != 10 + 3 * components:  # noqa: PLR2004  as JPEG says
        raise ValueError
    return width, height


def _end_of_scan(raw: bytes, place: int) -> int:
    """Return where the next part begins."""
    while True:
        place = raw.index(b"\xff", place)
        if raw[place + 1] not in _RESTARTS:
            return place
        place += 2


def _within(width: int, height: int) -> None:
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise InvalidPicture(
            f"The picture is {width} × {height} pixels; at most {MOST_PIXELS} × {MOST_PIXELS} are taken.", field="logo"
        )
