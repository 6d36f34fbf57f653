"""Peer: Python TensorFlow `tf.function`, arrays in and arrays out, for any of the nets."""
import functools
import sys
import time

from protocol import serve, tensorflow_versions

import keras
import numpy as np
import tensorflow as tf

directory = sys.argv[1]
numbers = np.fromfile(f"{directory}/predict.f32", np.float32)


@functools.cache
def load(net):
    """The compiled net, and as many rows of input as there are numbers for."""
    model = keras.models.load_model(f"{directory}/{net}.h5", compile=False)
    row = model.input_shape[1:]
    size = int(np.prod(row))
    rows = len(numbers) // size
    signature = [tf.TensorSpec([None, *row], tf.float32)]
    call = tf.function(lambda x: model(x, training=False), input_signature=signature)
    return call, numbers[: rows * size].reshape(rows, *row)


def answer(net, rows):
    call, inputs = load(net)
    return {"outputs": call(tf.constant(inputs[:rows])).numpy().ravel().tolist()}


def predict(net, batch, calls):
    call, inputs = load(net)
    x = inputs[:batch]
    milliseconds = []
    for _ in range(calls):
        start = time.perf_counter()
        call(tf.constant(x)).numpy()
        milliseconds.append((time.perf_counter() - start) * 1000)
    return {"milliseconds": milliseconds}


serve(tensorflow_versions(), {"answer": answer, "predict": predict})
