"""Writes the one model that every peer runs, as Keras .h5, .keras and ONNX, and the inputs they are measured on.

The model is the tutorial's CNN with seeded random weights: speed does not depend on what was learned.
"""
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import nets

directory = sys.argv[1]


def spread():
    model = nets.tutorial()
    # Spreads the probabilities, so that a wrong answer cannot hide in ten nearly equal numbers.
    last = model.layers[-1]
    kernel, bias = last.get_weights()
    last.set_weights([kernel * 8, bias])
    return model


def to_onnx(model):
    """The same arithmetic in ONNX: channels first, as its convolutions want, with the first dense layer's rows reordered."""
    first, second, dense, last = [layer.get_weights() for layer in model.layers if layer.get_weights()]
    rows = dense[0].reshape(6, 6, 64, 64).transpose(2, 0, 1, 3).reshape(2304, 64)
    weights = {
        "conv1": first[0].transpose(3, 2, 0, 1),
        "conv1_bias": first[1],
        "conv2": second[0].transpose(3, 2, 0, 1),
        "conv2_bias": second[1],
        "dense1": rows,
        "dense1_bias": dense[1],
        "dense2": last[0],
        "dense2_bias": last[1],
    }
    pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        helper.make_node("Transpose", ["input"], ["channels_first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["channels_first", "conv1", "conv1_bias"], ["a"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MaxPool", ["b"], ["c"], **pool),
        helper.make_node("Conv", ["c", "conv2", "conv2_bias"], ["d"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["d"], ["e"]),
        helper.make_node("MaxPool", ["e"], ["f"], **pool),
        helper.make_node("Flatten", ["f"], ["g"]),
        helper.make_node("Gemm", ["g", "dense1", "dense1_bias"], ["h"]),
        helper.make_node("Relu", ["h"], ["i"]),
        helper.make_node("Gemm", ["i", "dense2", "dense2_bias"], ["j"]),
        helper.make_node("Softmax", ["j"], ["output"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tutorial",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 32, 32, 3])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    return made


def pictures(count):
    """Smooth coloured pictures, so that their JPEGs weigh about what photographs of this size do."""
    random = np.random.default_rng(7)
    coarse = random.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((32, 32), Image.Resampling.BICUBIC)) for one in coarse])


def main():
    model = spread()
    model.save(f"{directory}/model.keras")
    model.save(f"{directory}/model.h5")
    onnx.save(to_onnx(model), f"{directory}/model.onnx")

    images = pictures(6400)
    images.tofile(f"{directory}/train.u8")
    np.random.default_rng(8).integers(0, 10, len(images), dtype=np.int32).tofile(f"{directory}/train.i32")
    (images[:256].astype(np.float32) / 255).tofile(f"{directory}/predict.f32")
    with open(f"{directory}/predict.json", "w") as file:
        json.dump({"instances": (images[:1].astype(np.float32) / 255).tolist()}, file)
    Image.fromarray(images[0]).save(f"{directory}/classify.jpg", "JPEG", quality=90)


main()
