#!/usr/bin/env python3
"""Makes codecs.json: small JPEG and PNG files of every kind that is read, with the pixels that must come out.

    python3 codecs.py        (numpy and Pillow 11.3 or newer)

JPEG files are written by Pillow, or put together here from parts that it wrote; what must come out is what Pillow reads, by the same
libjpeg-turbo, with the tolerance that rounding needs. PNG files are written here, from the specification, since Pillow writes only some
kinds; what must come out follows from the samples.
"""
import base64
import io
import json
import pathlib
import struct
import zlib

import numpy
from PIL import Image, ImageOps

WIDTH, HEIGHT = 24, 16
files = []


def text(data):
    return base64.b64encode(bytes(data)).decode()


def add(name, data, rgb=None, tolerance=0, grey=None, phantom=False, error=None):
    entry = {"name": name, "file": text(data), "tolerance": tolerance, "phantom": phantom}
    if rgb is not None:
        rgb = numpy.asarray(rgb, numpy.uint8)
        entry |= {"width": rgb.shape[1], "height": rgb.shape[0], "rgb": text(rgb.tobytes())}
    if grey is not None:
        entry["grey"] = text(numpy.asarray(grey, numpy.uint8).tobytes())
    if error is not None:
        entry["error"] = error
    files.append(entry)


# ---------------------------------------------------------------- pictures
y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
colour = numpy.stack([40 + 8 * x, 220 - 6 * x - 3 * y, 30 + 12 * y], -1).clip(0, 255).round().astype(numpy.uint8)
grey = (20 + 7 * x + 4 * y).clip(0, 255).round().astype(numpy.uint8)
rng = numpy.random.default_rng(7)


def triple(plane):
    return numpy.repeat(plane[..., None], 3, -1)


# ---------------------------------------------------------------- JPEG
def jpeg(array, mode=None, **options):
    stream = io.BytesIO()
    Image.fromarray(array, mode).save(stream, "JPEG", **({"quality": 95, "subsampling": 0} | options))
    return stream.getvalue()


def seen(data):
    return numpy.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def segments(data):
    """The marker segments after the start of image, as (marker, payload); the last is the scan's, with all that follows it."""
    at = 2
    while True:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2:at + 4])[0]
        if marker == 0xDA:
            yield marker, data[at + 4:at + 2 + length], data[at + 2 + length:]
            return
        yield marker, data[at + 4:at + 2 + length], b""
        at += 2 + length


def segment(marker, payload):
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def after_start(data, *extra):
    return data[:2] + b"".join(extra) + data[2:]


for name, options in {
    "baseline": {}, "halved chroma": {"subsampling": 2}, "progressive": {"progressive": True}, "kept RGB": {"keep_rgb": True},
    "restart markers": {"restart_marker_blocks": 2}, "progressive, halved chroma": {"progressive": True, "subsampling": 2},
}.items():
    data = jpeg(colour, **options)
    add(f"jpeg {name}", data, seen(data), 1)
plain = jpeg(colour)
for name, options in {"grey": {}, "grey progressive": {"progressive": True}}.items():
    data = jpeg(grey, **options)
    add(f"jpeg {name}", data, seen(data), 0, grey=numpy.asarray(Image.open(io.BytesIO(data))))
data = jpeg(numpy.full((1, 1, 3), 90, numpy.uint8))
add("jpeg 1x1", data, seen(data), 1)
add("jpeg bytes after the end", plain + b"not part of the image \xff\xd8\xff", seen(plain), 1)
add("jpeg zeros before the end", plain[:-2] + bytes(37) + plain[-2:], seen(plain), 1)
data = jpeg(colour, comment="PHANTOM seed 7")
add("jpeg phantom", data, seen(plain), 1, phantom=True)
add("jpeg another comment", jpeg(colour, comment="a PHANTOM of the opera"), seen(plain), 1)

# Inks. Pillow takes every CMYK file for Adobe's inverted kind and writes that kind; only with the marker is it so here.
inks = numpy.stack([10 + 6 * x, 90 - 2 * y, 5 + 9 * y, 3 * x + y], -1).clip(0, 255).round().astype(numpy.uint8)
adobe = jpeg(inks, "CMYK")
add("jpeg CMYK of Adobe", adobe, seen(adobe), 2)
parts = [part for part in segments(adobe) if part[0] != 0xEE]
bare = b"\xff\xd8" + b"".join(segment(m, p) + rest for m, p, rest in parts)
stored = 255 - numpy.asarray(Image.open(io.BytesIO(adobe)), float)
expected = (255 - stored[..., :3]) * (255 - stored[..., 3:]) / 255
add("jpeg CMYK without a marker", bare, expected.round(), 2)
ycc = numpy.asarray(Image.fromarray(255 - (255 - inks[..., :3])).convert("YCbCr"))
marked = jpeg(255 - numpy.dstack([ycc, 255 - inks[..., 3]]), "CMYK")
at = marked.index(b"Adobe") + 11
marked = marked[:at] + b"\x02" + marked[at + 1:]
add("jpeg YCCK", marked, seen(marked), 2)


def exif(orientation, little=True, entry=0):
    order = "<" if little else ">"
    tags = [(0x010F, 2, 3, b"ab\0\0")] * entry + [(0x0112, 3, 1, struct.pack(order + "HH", orientation, 0))]
    tiff = (b"II*\0" if little else b"MM\0*") + struct.pack(order + "IH", 8, len(tags))
    return tiff + b"".join(struct.pack(order + "HHI", *tag[:3]) + tag[3] for tag in tags) + bytes(4)


for orientation in range(1, 9):
    data = after_start(plain, segment(0xE1, b"Exif\0\0" + exif(orientation, orientation % 2 == 0, orientation % 3)))
    upright = numpy.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    add(f"jpeg orientation {orientation}", data, upright, 1)
for name, block in {
    "orientation 0": exif(0), "orientation 9": exif(9), "orientation cut": exif(6)[:19], "a directory far away": b"II*\0\xff\xff\xff\x7f" + bytes(8),
    "a directory of 65535 entries": b"II*\0\x08\0\0\0\xff\xff" + bytes(40), "no orientation": b"MM\0*\0\0\0\x08\0\0\0\0\0\0",
}.items():
    add(f"jpeg exif: {name}", after_start(plain, segment(0xE1, b"Exif\0\0" + block)), seen(plain), 1)

# Three grey files make one of three scans.
planes = [jpeg(numpy.ascontiguousarray(numpy.asarray(Image.fromarray(colour).convert("YCbCr"))[..., i])) for i in range(3)]
scans = []
for number, plane in enumerate(planes):
    body = list(segments(plane))[-1][2][:-2]
    scans.append(segment(0xDA, bytes([1, number + 1, 0, 0, 63, 0])) + body)
tables = b"".join(segment(m, p) for m, p, _ in segments(planes[0]) if m in (0xDB, 0xC4))
frame = segment(0xC0, struct.pack(">BHHB", 8, HEIGHT, WIDTH, 3) + b"".join(bytes([i + 1, 0x11, 0]) for i in range(3)))


def assembled(*scans):
    return b"\xff\xd8" + frame + tables + b"".join(scans) + b"\xff\xd9"


data = assembled(*scans)
add("jpeg one scan for each component", data, seen(data), 1)
add("jpeg without its last component", assembled(*scans[:2]), error="corrupt")
flat = list(segments(jpeg(numpy.full_like(grey, 128))))[-1][2][:-2]
again = [segment(0xDA, bytes([1, 2, 0, 0, 63, 0])) + flat]
data = assembled(*scans, *again * 100)
add("jpeg of 103 scans", data, seen(data), 1)
add("jpeg of 203 scans", assembled(*scans, *again * 200), error="corrupt")
progressive = jpeg(colour, progressive=True)
last = progressive.rindex(b"\xff\xda")
last = progressive.rindex(b"\xff\xc4", 0, last)
add("jpeg progressive without its last scan", progressive[:last] + b"\xff\xd9", error="corrupt")
at = plain.index(b"\xff\xc0")
add("jpeg of 12 bits", plain[:at + 4] + b"\x0c" + plain[at + 5:], error="unsupported_format")
add("jpeg lossless", plain[:at + 1] + b"\xc3" + plain[at + 2:], error="unsupported_format")
add("jpeg of 65500 x 65500", plain[:at + 5] + struct.pack(">HH", 65500, 65500) + plain[at + 9:], error="too_large")
middle = plain.index(b"\xff\xda") + 60
add("jpeg with an end in its middle", plain[:middle] + b"\xff\xd9" + plain[middle:], error="corrupt")
add("jpeg with stray bytes before its end", plain[:-2] + bytes(range(1, 40)) + plain[-2:], error="corrupt")
add("jpeg without an end", plain[:-2], error="truncated")
add("jpeg filled up with zeros", plain[:middle] + bytes(len(plain) - middle), error="truncated")


# ---------------------------------------------------------------- PNG
def chunk(kind, payload, damage=0):
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload) ^ damage)


def packed(samples, depth):
    """Rows of samples (height x width x channels) as PNG packs them."""
    rows = samples.reshape(samples.shape[0], -1)
    if depth == 16:
        return [row.astype(">u2").tobytes() for row in rows]
    if depth == 8:
        return [row.astype(numpy.uint8).tobytes() for row in rows]
    bits = ((rows[..., None] >> numpy.arange(depth - 1, -1, -1)) & 1).reshape(rows.shape[0], -1)
    return [row.tobytes() for row in numpy.packbits(bits.astype(numpy.uint8), axis=1)]


PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, depth, kind, interlaced=False, before=(), after=(), size=None, damage=0, raw=None, ihdr_damage=0):
    samples = samples.reshape(*samples.shape[:2], -1).astype(int)
    height, width = size or samples.shape[:2]
    views = [samples[y::dy, x::dx] for x, y, dx, dy in PASSES] if interlaced else [samples]
    rows = b"".join(b"\0" + row for view in views if view.size for row in packed(view, depth))
    body = raw if raw is not None else zlib.compress(rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced), ihdr_damage)
            + b"".join(before) + chunk(b"IDAT", body, damage) + b"".join(after) + chunk(b"IEND", b""))


def eight(samples, depth):
    return (samples * 255 + (2 ** depth - 1) // 2) // (2 ** depth - 1)


def on_black(values, alpha):
    return (values.astype(int) * alpha + 127) // 255


for depth in (1, 2, 4, 8, 16):
    for interlaced in (False, True):
        samples = rng.integers(0, 2 ** depth, (11, 13))
        name = f"png grey of {depth} bits" + (", interlaced" if interlaced else "")
        value = eight(samples, depth)
        add(name, png(samples, depth, 0, interlaced), triple(value), grey=value)
        if depth <= 8:
            table = rng.integers(0, 256, (2 ** depth, 3))
            name = f"png palette of {depth} bits" + (", interlaced" if interlaced else "")
            add(name, png(samples, depth, 3, interlaced, [chunk(b"PLTE", table.astype(numpy.uint8).tobytes())]), table[samples])
for depth in (8, 16):
    for interlaced in (False, True):
        tail = f" of {depth} bits" + (", interlaced" if interlaced else "")
        samples = rng.integers(0, 2 ** depth, (11, 13, 4))
        value = eight(samples, depth)
        add("png RGB" + tail, png(samples[..., :3], depth, 2, interlaced), value[..., :3])
        add("png RGB and alpha" + tail, png(samples, depth, 6, interlaced), on_black(value[..., :3], value[..., 3:]))
        add("png grey and alpha" + tail, png(samples[..., 2:], depth, 4, interlaced), triple(on_black(value[..., 2], value[..., 3])))

samples = rng.integers(0, 4, (9, 10))
table = rng.integers(0, 256, (4, 3))
palette = chunk(b"PLTE", table.astype(numpy.uint8).tobytes())
alphas = numpy.array([0, 100, 255, 255])
add("png palette with alphas", png(samples, 2, 3, False, [palette, chunk(b"tRNS", bytes([0, 100]))]),
    on_black(table[samples], alphas[samples][..., None]))
add("png grey with a transparent value", png(samples * 85, 8, 0, False, [chunk(b"tRNS", struct.pack(">H", 170))]),
    triple(numpy.where(samples == 2, 0, samples * 85)))
samples = rng.integers(0, 256, (6, 5, 3))
add("png RGB with a transparent colour", png(samples, 8, 2, False, [chunk(b"tRNS", struct.pack(">HHH", *samples[2, 3]))]),
    numpy.where((samples == samples[2, 3]).all(-1, keepdims=True), 0, samples))
data_set = rng.choice([0, 128, 255], (12, 14))
add("png mask 0 128 255", png(data_set, 8, 0), triple(data_set), grey=data_set)
add("png mask in RGB", png(triple(data_set), 8, 2), triple(data_set), grey=data_set)
add("png 1x1", png(numpy.array([[77]]), 8, 0), [[[77, 77, 77]]])
add("png gamma and profile ignored", png(data_set, 8, 0, False, [
    chunk(b"gAMA", struct.pack(">I", 100000)), chunk(b"iCCP", b"broken\0\0no profile"), chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(100000)))]),
    triple(data_set))
add("png phantom", png(data_set, 8, 0, False, [chunk(b"tEXt", b"Papilla\0PHANTOM seed 7")]), triple(data_set), phantom=True)
add("png phantom said at the end", png(data_set, 8, 0, False, [], [chunk(b"tEXt", b"Papilla\0PHANTOM")]), triple(data_set), phantom=True)
add("png another text", png(data_set, 8, 0, False, [chunk(b"tEXt", b"Title\0PHANTOM")]), triple(data_set))
add("png orientation 6", png(samples, 8, 2, False, [chunk(b"eXIf", exif(6))]), numpy.rot90(samples, -1))
add("png bytes after the end", png(data_set, 8, 0) + b"more", triple(data_set))
filters = numpy.asarray(Image.fromarray(colour).resize((60, 40), Image.BICUBIC))
stream = io.BytesIO()
Image.fromarray(filters).save(stream, "PNG", optimize=True)
add("png filtered rows", stream.getvalue(), filters)

add("png checksum of the pixels", png(samples, 8, 2, damage=1), error="corrupt")
add("png checksum of the header", png(samples, 8, 2, ihdr_damage=1), error="corrupt")
add("png checksum of a text", png(samples, 8, 2, before=[chunk(b"tEXt", b"a\0b", 1)]), error="corrupt")
add("png pixels that do not inflate", png(samples, 8, 2, raw=b"\x78\x9c" + bytes(range(40))), error="corrupt")
add("png too few rows", png(samples, 8, 2, size=(60, 5)), error="corrupt")
add("png without a palette", png(rng.integers(0, 4, (9, 10)), 2, 3), error="corrupt")
add("png of no width", png(samples, 8, 2, size=(6, 0)), error="corrupt")
add("png of depth 3", png(samples, 3, 2), error="corrupt")
add("png header of 40000 x 40000", png(samples, 8, 2, size=(40000, 40000))[:33], error="too_large")
add("png of 40000 x 40000", png(samples, 8, 2, size=(40000, 40000)), error="too_large")
add("png of 4294967295 x 4294967295", png(samples, 8, 2, size=(2 ** 32 - 1, 2 ** 32 - 1)), error="corrupt")

pathlib.Path(__file__).with_name("codecs.json").write_text(
    "[\n" + ",\n".join(json.dumps(entry) for entry in files) + "\n]\n")
