"""Peer: Keras, load_model of a `.h5`."""
import time

from protocol import serve, tensorflow_versions

import keras
import numpy as np


def load(path):
    start = time.perf_counter()
    model = keras.models.load_model(path)
    seconds = time.perf_counter() - start
    outputs = model(np.ones((1, model.input_shape[1]), "float32"))
    return {"seconds": seconds, "outputs": np.asarray(outputs)[0].tolist()}


serve(tensorflow_versions(), {"load": load})
