"""Makes lite0-96.safetensors, lite0-128.safetensors and lite2-128.safetensors: lite0-1dec-conv-mdp and lite2-1dec-conv-mdp in PyTorch, in
float64, rounded once to float32.

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors && venv/bin/python lite.py

At 96 the deepest maps have an odd side; there rounding sends some value to the other side of a rectifier's corner, here as in PyTorch's own
fp32, and a thousandth of the gradients with it. At 128 every map is far from the corners: open, or closed below 0, or above 6. Of each gradient 24 values are kept, from all over it. LiteTests.swift makes the same weights.
"""
import pathlib
import sys
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE / "../../../Deploy/models/pretrained"))
from network import Layer, Network  # noqa: E402


class Samples:
    """SplitMix64, 24 bits a value, -1..<1. The same as Samples.swift, many at a time."""

    def __init__(self, seed):
        self.state = np.uint64(seed)

    def values(self, shape, times=1.0, plus=0.0):
        count = int(np.prod(shape))
        step = np.uint64(0x9E3779B97F4A7C15)
        with np.errstate(over="ignore"):
            z = self.state + step * np.arange(1, count + 1, dtype=np.uint64)
            self.state = self.state + step * np.uint64(count)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        numbers = plus + ((z >> np.uint64(40)).astype(np.float64) / (1 << 23) - 1) * times
        return torch.from_numpy(numbers.astype(np.float32).astype(np.float64)).reshape(shape)


def layers(net):
    """Every hidden convolution by name, in the order of the state dict."""
    return [(name, module) for name, module in net.named_modules() if isinstance(module, Layer)]


def seed(net, weights, normalisation, apart):
    hidden = {name for name, _ in layers(net)}
    samples = Samples(weights)
    for name, tensor in net.named_parameters():
        if ".normalisation." in name:
            continue
        fan_in = int(np.prod(tensor.shape[1:]))
        tensor.data = samples.values(tensor.shape, np.sqrt(6 / fan_in) if tensor.dim() > 1 else 0.1)
        if name.removesuffix(".weight") in hidden:
            samples.values((tensor.shape[0],))  # the bias that a folded network has
    samples = Samples(normalisation)
    for _, layer in layers(net):
        rule, maps = layer.normalisation, (layer.out_channels,)
        rule.weight.data, rule.bias.data = samples.values(maps, 0.5, 1.0), samples.values(maps, 0.5)
        if apart:
            rule.weight.data *= 0.25
            rule.bias.data += torch.tensor([3.0, -4.0, 3.0, 10.0]).repeat(len(rule.bias) // 4)
        rule.running_mean, rule.running_var = samples.values(maps, 0.5), samples.values(maps, 0.5, 1.0)


def batch(side):
    x = Samples(22).values((2, 3, side, side))
    first = x[:, 0]
    mask = (first > 0.25).long()
    mask[0, 36:] = 0
    mask[0, :, 40:] = 0
    mask[1] = 0
    return x, mask, ((first + 1) / 2).float().to(x.dtype)


def losses(logits, mask, distance):
    share = F.avg_pool2d(mask[:, None].to(distance.dtype), 32)
    asked = ((share == 0) | (share > 0.1)).to(distance.dtype)
    cells = F.binary_cross_entropy_with_logits(logits["cells"], (share > 0.1).to(distance.dtype), reduction="none")
    there = (mask.sum((1, 2)) > 20).to(distance.dtype)
    return {
        "mask": F.cross_entropy(logits["mask"], mask),
        "distance": F.mse_loss(torch.sigmoid(logits["distance"][:, 0]), distance),
        "cells": 0.25 * (cells * asked).mean(),
        "frame": 0.25 * F.binary_cross_entropy_with_logits(logits["frame"][:, 0], there),
    }


def some(tensor):
    values = tensor.reshape(-1)
    count = min(24, len(values))
    return values[[i * len(values) // count for i in range(count)]]


def run(size, side, type):
    net = Network("mdp", size=size)
    seed(net, 20, 21, side == 128)
    net = net.to(type)
    x, mask, distance = batch(side)
    x, distance = x.to(type), distance.to(type)
    parts = losses(net(x), mask, distance)
    sum(parts.values()).backward()
    tensors = {f"loss.{head}": value.reshape(1) for head, value in parts.items()}
    tensors |= {f"gradient.{name}": some(tensor.grad) for name, tensor in net.named_parameters()}
    tensors |= {f"statistics.{name}.{kind}": some(getattr(layer.normalisation, f"running_{kind}")) for name, layer in layers(net) for kind in ("mean", "var")}
    net.eval()
    with torch.no_grad():
        logits = net(x)
    tensors |= {f"folded.{head}": value[:1, :, ::4, ::4] if value.shape[-1] == side else value for head, value in logits.items()}
    return {name: value.detach().numpy().astype(np.float64) for name, value in tensors.items()}


if __name__ == "__main__":
    for size, side in (("lite0", 96), ("lite0", 128), ("lite2", 128)):
        exact, plain = run(size, side, torch.float64), run(size, side, torch.float32)
        for kind in ("loss", "gradient", "statistics", "folded"):
            distances = {n: np.linalg.norm(plain[n] - exact[n]) / max(np.linalg.norm(exact[n]), 1e-30) for n in exact if n.startswith(kind)}
            worst = max(distances, key=distances.get)
            print(size, side, kind, "PyTorch's own fp32 is off by", np.median(list(distances.values())), "worst", worst, distances[worst])
        save_file({n: np.ascontiguousarray(v.astype(np.float32)) for n, v in exact.items()}, HERE / f"{size}-{side}.safetensors", metadata={"made_by": "lite.py", "torch": torch.__version__})
