"""Peer: Python TensorFlow `tf.function`, arrays in and arrays out."""
import sys
import time

from protocol import serve, tensorflow_versions

import keras
import numpy as np
import tensorflow as tf

directory = sys.argv[1]
inputs = np.fromfile(f"{directory}/predict.f32", np.float32).reshape(-1, 32, 32, 3)
model = keras.models.load_model(f"{directory}/model.keras")


@tf.function(input_signature=[tf.TensorSpec([None, 32, 32, 3], tf.float32)])
def call(x):
    return model(x, training=False)


def answer(rows):
    return {"outputs": call(tf.constant(inputs[:rows])).numpy().ravel().tolist()}


def predict(batch, calls):
    x = inputs[:batch]
    milliseconds = []
    for _ in range(calls):
        start = time.perf_counter()
        call(tf.constant(x)).numpy()
        milliseconds.append((time.perf_counter() - start) * 1000)
    return {"milliseconds": milliseconds}


serve(tensorflow_versions(), {"answer": answer, "predict": predict})
