"""Peer: Python Keras `fit` on the tutorial's CNN."""
import sys
import time

from protocol import serve, tensorflow_versions

import keras
import numpy as np

directory = sys.argv[1]
x = np.fromfile(f"{directory}/train.u8", np.uint8).reshape(-1, 32, 32, 3).astype(np.float32) / 255
y = np.fromfile(f"{directory}/train.i32", np.int32)
model = keras.models.load_model(f"{directory}/model.keras")
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])


def train(steps, batch):
    images = steps * batch
    start = time.perf_counter()
    model.fit(x[:images], y[:images], batch_size=batch, epochs=1, verbose=0)
    return {"images": images, "seconds": time.perf_counter() - start}


serve(tensorflow_versions(), {"train": train})
