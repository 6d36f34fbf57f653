"""Peer: Python Keras `fit` on one net, the tutorial's unless another is named."""
import sys
import time

from protocol import serve, tensorflow_versions

import keras
import numpy as np

directory, net = (*sys.argv[1:], "model")[:2]
model = keras.models.load_model(f"{directory}/{net}.keras")
height, width = model.input_shape[1:3]
pixels = np.fromfile(f"{directory}/train.u8", np.uint8)
images = min(len(pixels) // (height * width * 3), 6400)
x = pixels[: images * height * width * 3].reshape(-1, height, width, 3).astype(np.float32) / 255
y = np.fromfile(f"{directory}/train.i32", np.int32)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])


def train(steps, batch):
    images = steps * batch
    start = time.perf_counter()
    model.fit(x[:images], y[:images], batch_size=batch, epochs=1, verbose=0)
    return {"images": images, "seconds": time.perf_counter() - start}


serve(tensorflow_versions(), {"train": train})
