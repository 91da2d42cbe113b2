"""Two uses:

exchange.py run NETWORK.onnx INPUT.f32 OUTPUT.json     runs a network in ONNX Runtime: N x 3 x side x side values, fp32, little-endian
exchange.py make PEERS                                 makes Fixtures/imported.onnx, .safetensors and -logits.safetensors with PyTorch:
                                                   1enc-2dec-md at width 1, side 32, as torch.onnx.export writes it

run needs onnxruntime and numpy (Deploy/test installs them), make needs torch, onnx and safetensors.
"""
import json
import pathlib
import sys

import numpy as np


def run(network, values, output):
    import onnxruntime

    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    side = session.get_inputs()[0].shape[-1]
    x = np.fromfile(values, "<f4").reshape(-1, 3, side, side)
    names = [o.name for o in session.get_outputs()]
    logits = session.run(names, {session.get_inputs()[0].name: x})
    json.dump({name: value.ravel().astype(float).tolist() for name, value in zip(names, logits)}, open(output, "w"))


def make():
    import torch
    from safetensors.torch import save_file

    import make as fixtures

    class Network(fixtures.Network):
        """1enc-2dec-md: mask on the first decoder, distance on the second; outputs in that order."""

        def __init__(self):
            super().__init__(2, 1, False)
            del self.contour

        def forward(self, x):
            skips = []
            for i, block in enumerate(self.encoder):
                x = block(x)
                if i < 4:
                    skips.append(x)
                    x = torch.nn.functional.max_pool2d(x, 4 if i == 3 else 2)
            ends = []
            for decoder in self.decoder:
                y = x
                for i in (3, 2, 1, 0):
                    y = torch.nn.functional.interpolate(y, scale_factor=4 if i == 3 else 2, mode="nearest")
                    y = decoder[i](torch.cat([y, skips[i]], 1))
                ends.append(y)
            return self.mask(ends[0]), self.distance(ends[1])

    torch.manual_seed(0)
    net = Network().eval()
    here = pathlib.Path(__file__).parent
    x = fixtures.Samples(41).values((1, 3, 32, 32)).float()
    torch.onnx.export(net, (x,), str(here / "imported.onnx"), input_names=["x"], output_names=["mask", "distance"], dynamo=False)
    save_file(net.state_dict(), here / "imported.safetensors")
    mask, distance = net.double()(x.double())
    save_file({"mask": mask.float(), "distance": distance.float()}, here / "imported-logits.safetensors")


if __name__ == "__main__":
    run(*sys.argv[2:]) if sys.argv[1] == "run" else make()
