"""placeholder"""
from __future__ import annotations
import warnings
from pathlib import Path
import torch
from training.token_classifier.model import Network

INPUTS = ("ids", "boxes", "starts", "mask")

def write_onnx(network: Network, path: Path) -> None:
    network.eval()
    n, length = 2, 16
    example = (
        torch.ones(n, length, dtype=torch.long),
        torch.zeros(n, length, 4, dtype=torch.long),
        torch.zeros(n, length, dtype=torch.long),
        torch.ones(n, length, dtype=torch.bool),
    )
    names = list(network.heads)
    axes = {name: {0: "n", 1: "length"} for name in (*INPUTS, *names)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, example, str(path), dynamo=False, opset_version=17,
            input_names=list(INPUTS), output_names=names, dynamic_axes=axes)

def quantize(full: Path, small: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic
    quantize_dynamic(full, small, weight_type=QuantType.QInt8, per_channel=True)
