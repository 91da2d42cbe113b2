"""The networks on EfficientNet-Lite's encoders in PyTorch, with the names that Papilla's weights have."""
import math
import torch
import torch.nn.functional as F
from torch import nn

# repeats, kernel, stride, expansion, maps
STAGES = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]
# Which encoder: how many times as wide and as deep; the first convolution, and the depth of the first and the last stage, stay.
SIZES = {"lite0": (1, 1), "lite2": (1.1, 1.2)}
MAPS = {"mask": 2, "contour": 2, "distance": 1}
HEADS = {"m": ["mask"], "mc": ["mask", "contour"], "md": ["mask", "distance"], "mdp": ["mask", "distance"]}


class Layer(nn.Conv2d):
    """A convolution with its normalisation: zeros before and behind as TensorFlow's `same` has them on even sides."""

    def __init__(self, cin, cout, kernel, stride=1, groups=1, epsilon=1e-5, momentum=0.1):
        super().__init__(cin, cout, kernel, stride, groups=groups, bias=False)
        before = (kernel - stride) // 2
        self.pad = [before, kernel - stride - before] * 2
        self.normalisation = nn.BatchNorm2d(cout, eps=epsilon, momentum=momentum)

    def forward(self, x):
        return self.normalisation(F.conv2d(F.pad(x, self.pad), self.weight, None, self.stride, groups=self.groups))


def stages(size):
    wider, deeper = SIZES[size]
    for number, (repeats, *others, maps) in enumerate(STAGES):
        scaled = 0 < number < len(STAGES) - 1
        yield math.ceil(repeats * deeper) if scaled else repeats, *others, round(maps * wider / 8) * 8


class Encoder(nn.ModuleDict):
    def __init__(self, size="lite0"):
        super().__init__()

        def layer(*arguments, **more):
            return Layer(*arguments, **more, epsilon=1e-3, momentum=0.01)

        self["stem"] = layer(3, 32, 3, 2)
        maps, index, self.strides = 32, 0, []
        for repeats, kernel, stride, expansion, out in stages(size):
            for i in range(repeats):
                block, inner, step = nn.ModuleDict(), maps * expansion, stride if i == 0 else 1
                if expansion > 1:
                    block["expand"] = layer(maps, inner, 1)
                block["depthwise"] = layer(inner, inner, kernel, step, groups=inner)
                block["project"] = layer(inner, out, 1)
                self[str(index)] = block
                self.strides.append(step)
                maps, index = out, index + 1

    def forward(self, x):
        x = F.relu6(self["stem"](x))
        taps = []
        for index, stride in enumerate(self.strides):
            block, y = self[str(index)], x
            if stride == 2:
                taps.append(x)
            if "expand" in block:
                y = F.relu6(block["expand"](y))
            y = block["project"](F.relu6(block["depthwise"](y)))
            x = y + x if stride == 1 and y.shape == x.shape else y
        return taps, x


class Level(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv1, self.conv2 = Layer(cin, cout, 3), Layer(cout, cout, 3)

    def forward(self, x, skip):
        x = torch.cat([F.interpolate(x, scale_factor=2, mode="nearest"), skip], 1)
        return F.relu(self.conv2(F.relu(self.conv1(x))))


class Cells(nn.Conv2d):
    def __init__(self, maps):
        super().__init__(96, 1, 3, padding=1)
        self.hidden = Layer(maps, 96, 1)

    def forward(self, x):
        return super().forward(F.relu(self.hidden(x)))


class Network(nn.Module):
    """SIZE-1dec-conv-m, -mc, -md, and -mdp with whether there is something in a cell of 32 x 32 px and in the image."""

    def __init__(self, heads="md", width=32, size="lite0"):
        super().__init__()
        self.heads, self.presence = HEADS[heads], heads.endswith("p")
        reached = [maps for *_, maps in stages(size)]
        maps, skips = [width, width * 3 // 2, width * 2, width * 4, reached[6]], [reached[i] for i in (0, 1, 2, 4)]
        self.encoder = Encoder(size)
        self.decoder = nn.ModuleList([nn.ModuleList([Level(maps[i + 1] + skips[i], maps[i]) for i in range(4)])])
        for head in self.heads:
            setattr(self, head, nn.Conv2d(width, MAPS[head], 3, padding=1))
        if self.presence:
            self.cells, self.frame = Cells(reached[6]), nn.Linear(2 * reached[6], 1)

    def forward(self, x):
        taps, last = self.encoder(x)
        y = last
        for i in (3, 2, 1, 0):
            y = self.decoder[0][i](y, taps[i])
        result = {head: F.interpolate(getattr(self, head)(y), scale_factor=2, mode="bilinear", align_corners=False) for head in self.heads}
        if self.presence:
            result["cells"] = self.cells(last)
            result["frame"] = self.frame(torch.cat([last.amax((2, 3)), last.mean((2, 3))], 1))
        return result
