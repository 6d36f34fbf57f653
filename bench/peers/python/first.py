"""Peer: a fresh Python process that loads the model, answers once and says so."""
import sys

from protocol import say, tensorflow_versions

import keras
import numpy as np
import tensorflow as tf

directory = sys.argv[1]
model = keras.models.load_model(f"{directory}/model.keras", compile=False)
inputs = np.fromfile(f"{directory}/predict.f32", np.float32, 3072).reshape(1, 32, 32, 3)
call = tf.function(lambda x: model(x, training=False))
outputs = call(tf.constant(inputs)).numpy().ravel().tolist()
say({"ready": tensorflow_versions(), "outputs": outputs})
