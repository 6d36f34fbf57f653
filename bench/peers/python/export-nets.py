"""Writes the further nets whose training is measured, with seeded random weights, as Keras .h5 and .keras files."""
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

directory = sys.argv[1]
k = keras.layers

keras.utils.set_random_seed(7)
small = keras.Sequential(
    [
        k.Input((16, 16, 3)),
        k.Conv2D(8, 3, activation="relu"),
        k.BatchNormalization(),
        k.SeparableConv2D(16, 3, activation="relu"),
        k.Dropout(0.25),
        k.LayerNormalization(),
        k.GlobalAveragePooling2D(),
        k.Dense(10, activation="softmax"),
    ]
)
mobilenet = keras.applications.MobileNetV2((224, 224, 3), weights=None, classes=10)
for name, model in (("small", small), ("mobilenet", mobilenet)):
    model.save(f"{directory}/{name}.keras")
    model.save(f"{directory}/{name}.h5")
