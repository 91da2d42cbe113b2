"""Makes targets.json: contour and distance maps of two small masks by scipy and scikit-image. Needs numpy, scipy, scikit-image.

python3 make_targets.py > targets.json
"""

import json

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import find_boundaries

SIDE = 32
RADIUS = max(1.0, 5 * SIDE / 256)
LIMIT = SIDE / 4


def boundary(mask):
    """Foreground pixels with a background pixel, or the image's outside, among their four neighbours."""
    padded = np.pad(mask, 1)
    return find_boundaries(padded, connectivity=1, mode="inner", background=0)[1:-1, 1:-1]


def case(mask):
    edge = boundary(mask)
    distance = distance_transform_edt(~edge)
    reached = np.minimum(distance, LIMIT) / LIMIT
    return {
        "mask": ["".join("#" if p else "." for p in row) for row in mask],
        "contour": ["".join("#" if p else "." for p in row) for row in distance <= RADIUS],
        "D1": np.where(mask, 0, reached).round(6).flatten().tolist(),
        "D2": reached.round(6).flatten().tolist(),
        "D3": (0.5 + np.where(mask, -0.5, 0.5) * reached).round(6).flatten().tolist(),
    }


y, x = np.mgrid[:SIDE, :SIDE]
ellipse = ((x - 12) / 9) ** 2 + ((y - 17) / 6) ** 2 <= 1
two = ((x - 6) ** 2 + (y - 6) ** 2 <= 16) | ((x > 20) & (y > 22))
print(json.dumps([case(ellipse), case(two)]))
