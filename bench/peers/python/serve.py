"""Peer: FastAPI on uvicorn (uvloop, httptools), orjson, Pillow, `tf.function`; the same two routes as ours."""
import io
import os
import socket
import sys

from protocol import say, tensorflow_versions

import fastapi
import keras
import numpy as np
import orjson
import PIL
import tensorflow as tf
import uvicorn
from PIL import Image

directory = sys.argv[1]
labels = [str(number) for number in range(10)]
model = keras.models.load_model(f"{directory}/model.keras")
app = fastapi.FastAPI()


@tf.function(input_signature=[tf.TensorSpec([None, 32, 32, 3], tf.float32)])
def call(x):
    return model(x, training=False)


def reply(answer):
    return fastapi.Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


# Both handlers stay on the event loop: a hop to the thread pool costs more than this model does.
@app.post("/v1/models/bench:predict")
async def predict(request: fastapi.Request):
    body = orjson.loads(await request.body())
    x = np.asarray(body["instances"], np.float32)
    return reply({"predictions": call(tf.constant(x)).numpy()})


@app.post("/v1/models/bench:classify")
async def classify(request: fastapi.Request):
    image = Image.open(io.BytesIO(await request.body())).convert("RGB")
    x = np.asarray(image, np.float32)[None] * np.float32(1 / 255)
    probabilities = call(tf.constant(x)).numpy()[0]
    order = np.argsort(-probabilities)
    return reply({"results": [[[labels[i], float(probabilities[i])] for i in order]]})


call(tf.zeros([1, 32, 32, 3]))
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
listening.listen(1024)
versions = tensorflow_versions()
versions |= {"FastAPI": fastapi.__version__, "uvicorn": uvicorn.__version__, "Pillow": PIL.__version__}
say({"ready": versions, "url": f"http://127.0.0.1:{listening.getsockname()[1]}", "pid": os.getpid()})
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listening])
