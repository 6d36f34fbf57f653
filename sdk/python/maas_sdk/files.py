"""Which files of this machine make a model, and the name that their content has at a service."""
import hashlib
import json
import os
import re

from .errors import BadRequestError, NotFoundError

EXTENSIONS = (".h5", ".hdf5", ".keras", ".json")

_CHUNK = 1024 * 1024


def is_file(text):
    """A path if it contains a separator or ends in a known extension, else a name; whether it exists plays no part."""
    text = os.fspath(text)
    return os.sep in text or "/" in text or text.lower().endswith(EXTENSIONS)


class ModelFiles:
    """The model's files below one folder, the model itself first, each with its size in bytes and SHA-256."""

    def __init__(self, path):
        path = os.fspath(path)
        self.path = path
        self.folder, paths = _below(path)
        self.files = [_announced(self.folder, one) for one in paths]
        content = "".join(f"{one['path']}\0{one['sha256']}\n" for one in self.files)
        #: Of all of them.
        self.sha256 = hashlib.sha256(content.encode()).hexdigest()

    @property
    def name(self):
        """As models are named, e.g. `model-0f343b0931126a20`: other content never answers for this."""
        stem = os.path.splitext(os.path.basename(os.path.abspath(self.path)))[0].lower()
        return f"{re.sub('[^a-z0-9]+', '-', stem).strip('-')[:40] or 'model'}-{self.sha256[:16]}"

    def at(self, path):
        """Where one of them lies."""
        return os.path.join(self.folder, *path.split("/"))


def _below(path):
    if os.path.isdir(path):
        if os.path.isfile(os.path.join(path, "saved_model.pb")):
            return path, ["saved_model.pb", *_variables(path)]
        if os.path.isfile(os.path.join(path, "model.json")):
            return path, ["model.json", *_weights(os.path.join(path, "model.json"))]
        raise BadRequestError(f"{path} is a folder without saved_model.pb (SavedModel) or model.json (TF.js)")
    if not os.path.isfile(path):
        raise NotFoundError(f"{path} does not exist", status=404, param=path)
    folder, name = os.path.split(path)
    return folder, [name, *(_weights(path) if name.lower().endswith(".json") else [])]


def _variables(folder):
    inside = os.path.join(folder, "variables")
    return [f"variables/{name}" for name in sorted(os.listdir(inside))] if os.path.isdir(inside) else []


def _weights(path):
    """What a TF.js model.json refers to."""
    try:
        with open(path, encoding="utf-8") as file:
            return [one for group in json.load(file).get("weightsManifest", []) for one in group["paths"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRequestError(f"{path} is no TF.js model.json: {error!r}") from None


def _announced(folder, path):
    location = os.path.join(folder, *path.split("/"))
    digest, size = hashlib.sha256(), 0
    try:
        with open(location, "rb") as file:
            for chunk in iter(lambda: file.read(_CHUNK), b""):
                digest.update(chunk)
                size += len(chunk)
    except FileNotFoundError:
        raise NotFoundError(f"{location} does not exist", status=404, param=path) from None
    except OSError as error:
        raise BadRequestError(f"{location} cannot be read: {error}") from None
    return {"path": path, "size": size, "sha256": digest.hexdigest()}
