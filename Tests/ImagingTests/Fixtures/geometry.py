"""Makes geometry.json: what SciPy and scikit-image answer for small masks and points. Run: python geometry.py (numpy, scipy, scikit-image)."""
import json
import pathlib

import numpy as np
from scipy import ndimage
from skimage.measure import EllipseModel, label, regionprops
from skimage.morphology import dilation, disk

random = np.random.default_rng(7)


def rows(mask):
    return ["".join("#" if pixel else "." for pixel in row) for row in mask]


def mask_case(mask):
    regions = regionprops(label(mask, connectivity=2))
    squared = None
    if mask.any():
        squared = np.rint(ndimage.distance_transform_edt(~mask) ** 2).astype(int).tolist()
    return {
        "mask": rows(mask),
        "components": [
            {
                "area": int(region.area),
                "box": [region.bbox[1], region.bbox[0], region.bbox[3] - region.bbox[1], region.bbox[2] - region.bbox[0]],
                "centroid": [region.centroid[1] + 0.5, region.centroid[0] + 0.5],
            }
            for region in regions
        ],
        "filled": rows(ndimage.binary_fill_holes(mask)),
        "boundary": rows(mask & ~ndimage.binary_erosion(mask)),
        "dilated5": rows(dilation(mask, disk(5))),
        "squaredDistances": squared,
    }


def masks():
    yield random.random((23, 31)) < 0.5
    yield random.random((30, 40)) < 0.08
    yield ndimage.gaussian_filter(random.normal(size=(48, 64)), 2) > 0.02
    yield ndimage.gaussian_filter(random.normal(size=(64, 48)), 4) > -0.02
    rings = np.hypot(*np.mgrid[-20:21, -20:21]).astype(int) // 4 % 2 == 0
    yield rings
    yield np.ones((5, 9), bool)
    yield np.zeros((4, 6), bool)
    yield random.random((1, 40)) < 0.4


def ellipse_case(cx, cy, a, b, degrees, count, noise, arc):
    t = np.sort(random.uniform(0, arc * 2 * np.pi, count))
    u = np.radians(degrees)
    x = cx + a * np.cos(t) * np.cos(u) - b * np.sin(t) * np.sin(u) + random.normal(0, noise, count)
    y = cy + a * np.cos(t) * np.sin(u) + b * np.sin(t) * np.cos(u) + random.normal(0, noise, count)
    points = np.round(np.stack([x, y], 1), 6)
    model = EllipseModel.from_estimate(points)
    (xc, yc), (first, second), theta = model.center, model.axis_lengths, model.theta
    # Ours: semi-axes a >= b, the major one's angle counter-clockwise as seen (y is down), in (-90, 90].
    if first < second:
        first, second, theta = second, first, theta + np.pi / 2
    angle = -np.degrees(theta) % 180
    return {"points": points.tolist(), "cx": xc, "cy": yc, "a": first, "b": second, "angle": angle - 180 if angle > 90 else angle}


ellipses = [
    ellipse_case(100, 80, 40, 30, 20, 60, 0.5, 1),
    ellipse_case(1200.5, 900.25, 310, 280, 75, 400, 2, 1),
    ellipse_case(50, 60, 45, 6, -40, 80, 0.3, 1),
    ellipse_case(-30, 20, 25, 15, 130, 50, 0.2, 0.6),
    ellipse_case(300, 300, 90, 85, 10, 200, 6, 1),
]
fixture = {"masks": [mask_case(mask) for mask in masks()], "ellipses": ellipses}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(fixture, separators=(",", ":")))
