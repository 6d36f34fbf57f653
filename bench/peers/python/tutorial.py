"""Peer: the whole CIFAR-10 tutorial in Python Keras, from the zip of JPEGs to a saved model. Prints one JSON line.

    tutorial.py ZIP EPOCHS MODEL.keras
"""
import io
import json
import os
import sys
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from PIL import Image

import nets

archive_path, epochs, destination = sys.argv[1:]
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def read(archive, part):
    names = sorted(name for name in archive.namelist() if name.startswith(f"{part}/") and not name.endswith("/"))
    classes = sorted({name.split("/")[1] for name in names})
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in names])
    return pixels.astype(np.float32) / 255, np.array([classes.index(name.split("/")[1]) for name in names], np.int32)


with zipfile.ZipFile(archive_path) as archive:
    x, y = read(archive, "train")
    x_test, y_test = read(archive, "test")
order = np.random.default_rng(1).permutation(len(x))
validation, training = order[: len(x) // 10], order[len(x) // 10 :]

model = nets.tutorial(seed=1)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
best = keras.callbacks.ModelCheckpoint(destination, monitor="val_accuracy", save_best_only=True)
held = (x[validation], y[validation])
model.fit(x[training], y[training], batch_size=32, epochs=int(epochs), validation_data=held, callbacks=[best], verbose=0)
_, accuracy = keras.models.load_model(destination).evaluate(x_test, y_test, verbose=0)
json.dump({"accuracy": float(accuracy)}, answers)
