"""Peer: Python zipfile, Pillow and Keras, every picture of an archive into a line of JSON with its scores."""
import io
import json
import sys
import time
import zipfile

from protocol import serve, tensorflow_versions

import keras
import numpy as np
import PIL
from PIL import Image

model = keras.models.load_model(f"{sys.argv[1]}/model.keras")
model.predict(np.zeros((256, 32, 32, 3), np.float32), batch_size=256, verbose=0)


def transform(path, folder, root):
    start = time.perf_counter()
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
        pixels = np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in names])
    scores = model.predict(pixels.astype(np.float32) / 255, batch_size=256, verbose=0)
    with open(f"{folder}/python.jsonl", "w") as lines:
        for name, row in zip(names, scores):
            lines.write(json.dumps({"id": name, "prediction": row.tolist()}) + "\n")
    seconds = time.perf_counter() - start
    return {"images": len(names), "seconds": seconds, "outputs": scores[:20].ravel().tolist()}


serve({**tensorflow_versions(), "Pillow": PIL.__version__}, {"transform": transform})
