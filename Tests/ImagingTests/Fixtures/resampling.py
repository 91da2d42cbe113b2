"""Makes resampling.json: what Pillow and SciPy answer for a small image. Run: python resampling.py (numpy, scipy, pillow)."""
import base64
import json
import pathlib

import numpy as np
from PIL import Image
from scipy import ndimage

random = np.random.default_rng(3)
WIDTH, HEIGHT, BORDER = 37, 29, 200
noise = random.integers(0, 256, (HEIGHT, WIDTH, 3))
source = np.where(np.arange(WIDTH)[None, :, None] < 20, noise, ndimage.gaussian_filter(noise.astype(float), (2, 2, 0)) * 2 - 128)
source = source.clip(0, 255).round().astype(np.uint8)


def text(array):
    return base64.b64encode(np.ascontiguousarray(array)).decode()


def pillow(box, width, height, filter):
    """In floating point, channel by channel, on the image with a black border wide enough for every filter's support."""
    x, y, w, h = box
    planes = []
    for channel in range(3):
        padded = np.pad(source[..., channel].astype(np.float32), BORDER)
        area = (x + BORDER, y + BORDER, x + w + BORDER, y + h + BORDER)
        planes.append(np.asarray(Image.fromarray(padded).resize((width, height), filter, box=area)))
    return np.stack(planes, -1).clip(0, 255).round().astype(np.uint8)


def coverage(length, origin, extent, outputs):
    """How much of each input pixel an output pixel covers, as a share of the output pixel (at least one input pixel wide)."""
    scale = extent / outputs
    centres = origin + (np.arange(outputs) + 0.5) * scale
    reach = max(1.0, scale) / 2
    edges = np.arange(length)
    overlap = np.minimum(edges[None] + 1, centres[:, None] + reach) - np.maximum(edges[None], centres[:, None] - reach)
    return overlap.clip(0) / (2 * reach)


def area(box, width, height):
    x, y, w, h = box
    rows, columns = coverage(HEIGHT, y, h, height), coverage(WIDTH, x, w, width)
    return np.einsum("ya,xb,abc->yxc", rows, columns, source.astype(float)).clip(0, 255).round().astype(np.uint8)


cases = []
boxes = {
    "whole, smaller": ((0, 0, 37, 29), 11, 7), "whole, same": ((0, 0, 37, 29), 37, 29), "whole, larger": ((0, 0, 37, 29), 80, 61),
    "fractional": ((3.3, 2.7, 20.25, 17.5), 9, 13), "fractional, larger": ((10.2, 7.6, 5.5, 4.4), 32, 32),
    "beyond every edge": ((-9.5, -12.25, 60, 55), 16, 16), "partly outside, larger": ((30.4, 20.1, 14, 14), 40, 40),
    "wide and flat": ((0, 0, 37, 29), 60, 5), "to one pixel": ((0, 0, 37, 29), 1, 1), "outside": ((100, 3, 10, 10), 8, 8),
}
for name, (box, width, height) in boxes.items():
    for filter in ("area", "triangle", "lanczos"):
        if filter == "area":
            expected = area(box, width, height)
        else:
            expected = pillow(box, width, height, Image.BILINEAR if filter == "triangle" else Image.LANCZOS)
        cases.append({"name": name, "filter": filter, "box": box, "width": width, "height": height, "pixels": text(expected)})
# Where every output pixel covers whole input pixels, Pillow's box filter and the mean over an area are the same.
cases.append({"name": "Pillow's box", "filter": "area", "box": (1, 2, 36, 24), "width": 12, "height": 6,
              "pixels": text(pillow((1, 2, 36, 24), 12, 6, Image.BOX))})

plane = random.normal(size=(9, 13)).astype(np.float32)
planes = []
for box, width, height in [((0, 0, 13, 9), 50, 40), ((0, 0, 13, 9), 13, 9), ((-2.5, 1.25, 18, 6), 37, 21), ((4.2, 3.3, 2, 2), 30, 30)]:
    x, y, w, h = box
    columns = x + (np.arange(width) + 0.5) * w / width - 0.5
    rows = y + (np.arange(height) + 0.5) * h / height - 0.5
    grid = np.meshgrid(rows.clip(0, 8), columns.clip(0, 12), indexing="ij")
    values = ndimage.map_coordinates(plane.astype(float), grid, order=1)
    planes.append({"box": box, "width": width, "height": height, "values": values.round(6).ravel().tolist()})

pathlib.Path(__file__).with_name("resampling.json").write_text(json.dumps({
    "width": WIDTH, "height": HEIGHT, "pixels": text(source), "cases": cases,
    "plane": {"width": 13, "height": 9, "values": plane.astype(float).ravel().tolist()}, "planes": planes}) + "\n")
