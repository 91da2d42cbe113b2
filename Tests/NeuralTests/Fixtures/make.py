"""Makes network.safetensors, normalised.safetensors and adam.safetensors: PyTorch in float64, rounded once to float32.

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors && venv/bin/python make.py

The weights and images are not stored: Samples.swift makes the same ones from the same seeds.
"""
import pathlib
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import nn

HERE = pathlib.Path(__file__).parent
MAPS = {"mask": 2, "contour": 2, "distance": 1}
HEADS = ["mask", "contour", "distance"]


class Samples:
    """SplitMix64, 24 bits a value, -1..<1. The same as Samples.swift."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        z ^= z >> 31
        return (z >> 40) / (1 << 23) - 1

    def values(self, shape, times=1.0, plus=0.0):
        count = int(np.prod(shape))
        numbers = np.array([plus + self.uniform() * times for _ in range(count)]).astype(np.float32)
        return torch.from_numpy(numbers.astype(np.float64)).reshape(shape)


class Block(nn.Module):
    def __init__(self, cin, cout, normalised):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        self.norm1, self.norm2 = (nn.BatchNorm2d(cout), nn.BatchNorm2d(cout)) if normalised else (nn.Identity(), nn.Identity())

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(x)))


class Network(nn.Module):
    """Murugesan et al. 2019: one encoder, `decoders` decoders, three 3x3 heads; head i on decoder min(i, decoders - 1)."""

    def __init__(self, decoders, width, normalised):
        super().__init__()
        c = [width * 2**i for i in range(5)]
        self.encoder = nn.ModuleList([Block(3 if i == 0 else c[i - 1], c[i], normalised) for i in range(5)])
        self.decoder = nn.ModuleList(
            [nn.ModuleList([Block(c[i + 1] + c[i], c[i], normalised) for i in range(4)]) for _ in range(decoders)])
        for head in HEADS:
            setattr(self, head, nn.Conv2d(width, MAPS[head], 3, padding=1))

    def forward(self, x):
        skips = []
        for i, block in enumerate(self.encoder):
            x = block(x)
            if i < 4:
                skips.append(x)
                x = F.max_pool2d(x, 4 if i == 3 else 2)
        ends = []
        for decoder in self.decoder:
            y = x
            for i in (3, 2, 1, 0):
                y = F.interpolate(y, scale_factor=4 if i == 3 else 2, mode="nearest")
                y = decoder[i](torch.cat([y, skips[i]], 1))
            ends.append(y)
        return {head: getattr(self, head)(ends[min(k, len(ends) - 1)]) for k, head in enumerate(HEADS)}

    def seed(self, weights, normalisation):
        """He's initialisation by Samples.weights, then scales and shifts by Samples.normalisation."""
        samples = Samples(weights)
        for name, parameter in self.named_parameters():
            if ".norm" in name:
                continue
            fan_in = int(np.prod(parameter.shape[1:]))
            parameter.data = samples.values(parameter.shape, np.sqrt(6 / fan_in) if parameter.dim() > 1 else 0.1)
        samples = Samples(normalisation)
        for part in list(self.encoder) + [block for decoder in self.decoder for block in decoder]:
            for norm in (part.norm1, part.norm2):
                if isinstance(norm, nn.BatchNorm2d):
                    norm.weight.data = samples.values(norm.weight.shape, 0.5, 1.0)
                    norm.bias.data = samples.values(norm.bias.shape, 0.5)


def batch(images, side, seed):
    x = Samples(seed).values((images, 3, side, side))
    first = x[:, 0]
    return x, (first > 0.25).long(), (first > 0.5).long(), ((first + 1) / 2).float().double()


def losses(logits, mask, contour, distance):
    return {
        "mask": F.cross_entropy(logits["mask"], mask),
        "contour": F.cross_entropy(logits["contour"], contour),
        "distance": F.mse_loss(torch.sigmoid(logits["distance"][:, 0]), distance),
    }


def save(name, tensors):
    arrays = {key: np.ascontiguousarray(value.detach().numpy().astype(np.float32)) for key, value in tensors.items()}
    save_file(arrays, HERE / f"{name}.safetensors", metadata={"made_by": "make.py", "torch": torch.__version__})


def parameter_name(name):
    """norm1.weight -> conv1.scale, as the tests call it."""
    return name.replace("norm1.weight", "conv1.scale").replace("norm1.bias", "conv1.shift").replace(
        "norm2.weight", "conv2.scale").replace("norm2.bias", "conv2.shift")


def network():
    """1enc-1dec-conv-mcd, width 2, side 32, batch 2: logits, losses, gradients."""
    net = Network(1, 2, False).double()
    net.seed(11, 0)
    x, *targets = batch(2, 32, 12)
    logits = net(x)
    parts = losses(logits, *targets)
    sum(parts.values()).backward()
    tensors = {f"logits.{head}": value for head, value in logits.items()}
    tensors |= {f"loss.{head}": value.reshape(1) for head, value in parts.items()}
    tensors |= {f"gradient.{name}": parameter.grad for name, parameter in net.named_parameters()}
    save("network", tensors)


def normalised():
    """1enc-1dec-conv-mcd with batch normalisation, width 1, side 64, batch 2: two forward passes that move the running statistics,
    gradients of the first, and the logits of the network in evaluation, which is what folding must give (every other pixel)."""
    net = Network(1, 1, True).double()
    # Of a dozen seeds the one on which PyTorch's own fp32 is nearest to its float64 (1.2e-5 in the worst tensor; 1e-4 elsewhere).
    net.seed(18, 19)
    x, *targets = batch(2, 64, 15)
    parts = losses(net(x), *targets)
    sum(parts.values()).backward()
    tensors = {f"loss.{head}": value.reshape(1) for head, value in parts.items()}
    tensors |= {
        f"gradient.{parameter_name(name)}": parameter.grad for name, parameter in net.named_parameters()
        if not ("conv" in name and name.endswith("bias"))
    }
    net(batch(2, 64, 16)[0])
    # In training the bias in front of a normalisation has no effect and moves the running mean alone; ours has none there.
    for part in list(net.encoder) + [block for decoder in net.decoder for block in decoder]:
        for conv, norm in ((part.conv1, part.norm1), (part.conv2, part.norm2)):
            norm.running_mean -= conv.bias.data * (1 - 0.9**2)
            conv.bias.data.zero_()
    net.eval()
    tensors |= {f"folded.{head}": value[:1, :, ::2, ::2] for head, value in net(x).items()}
    save("normalised", tensors)


def adam():
    """Twenty steps of torch.optim.Adam on recorded gradients of 48 values over six orders of magnitude."""
    samples = Samples(17)
    value = nn.Parameter(samples.values((48,)))
    scale = torch.logspace(-6, 0, 48, dtype=torch.float64)
    optimiser = torch.optim.Adam([value], lr=1e-3)
    gradients, values = [], [value.detach().clone()]
    for _ in range(20):
        value.grad = (samples.values((48,)) * scale).float().double()
        optimiser.step()
        gradients.append(value.grad.clone())
        values.append(value.detach().clone())
    save("adam", {"gradients": torch.stack(gradients), "values": torch.stack(values)})


if __name__ == "__main__":
    torch.manual_seed(0)
    network()
    normalised()
    adam()
