"""A model behind a service."""
import os
import re
from urllib.parse import quote

from .errors import BadRequestError, ConnectionError, UnsupportedError
from .http import Http
from .inputs import is_array, numpy, requests_for

_NAME = re.compile(r"([a-z0-9][a-z0-9-]{0,62})(?:@([a-z0-9_]{1,63})|:([1-9][0-9]{0,8}))?")
_EXTENSIONS = (".h5", ".hdf5", ".keras", ".json")


def load_model(file_or_name, url=None, api_key=None, timeout=60.0, max_retries=2):
    """A model by `name`, `name@alias` or `name:version`, of the service at `url` (or MAAS_URL, or this machine's).

    `api_key` defaults to MAAS_API_KEY; `timeout` is in seconds and holds for one attempt.
    """
    if os.sep in file_or_name or "/" in file_or_name or file_or_name.lower().endswith(_EXTENSIONS):
        raise UnsupportedError(
            f"{file_or_name} is a file, and the service does not take files yet; register it where the service's registry is: "
            f"npx maas push {file_or_name} --name NAME, then load_model('NAME')"
        )
    match = _NAME.fullmatch(file_or_name)
    if match is None:
        raise BadRequestError(
            f"{file_or_name!r} is neither a file nor a model; write name, name@alias or name:version, e.g. cifar10@production"
        )
    url = url or os.environ.get("MAAS_URL") or "http://127.0.0.1:8501"
    http = Http(url, api_key or os.environ.get("MAAS_API_KEY"), timeout, max_retries)
    return Model(http, *match.groups())


class Model:
    """Answers batches: arrays in, arrays out; lists in, lists out; one answer per example."""

    def __init__(self, http, name, alias=None, version=None):
        self._http = http
        self.name = name
        base = f"/v1/models/{quote(name)}"
        if version is not None:
            self._path = f"{base}/versions/{version}"
        else:
            self._path = f"{base}/labels/{alias}" if alias and alias != "latest" else base
        self._base = base
        found, _ = http.get(f"{self._path}/metadata")
        try:
            self.version = int(found["model_spec"]["version"])
            signature = found["metadata"]["signature_def"]["signature_def"]["serving_default"]
        except (KeyError, TypeError, ValueError):
            raise ConnectionError(f"{http.url} does not describe {name} as a maas service does; is the url right?") from None
        #: Shapes by name, -1 for any size.
        self.inputs = _shapes(signature["inputs"])
        self.outputs = _shapes(signature["outputs"])

    def predict(self, x, batch_size=None, verbose=None, steps=None):
        """One answer per example; by output name where there are several outputs.

        Takes an array or nested lists (the batch first), a dict of them by input name, images as bytes or paths, or rows of a
        table as dicts. Batches of any size are cut into requests to one and the same version; `batch_size`, `verbose` and
        `steps` are Keras' own and change nothing here.
        """
        rows = [row for answer in self._ask(":predict", "instances", x) for row in answer["predictions"]]
        as_arrays = is_array(x) or (isinstance(x, dict) and any(map(is_array, x.values())))
        shaped = (lambda values: numpy.array(values, dtype="float32")) if as_arrays else (lambda values: values)
        if len(self.outputs) == 1:
            return shaped(rows)
        return {name: shaped([row[name] for row in rows]) for name in self.outputs}

    def classify(self, x):
        """For each example a list of `(label, probability)`, most probable first."""
        answers = self._ask(":classify", "examples", x)
        return [[(label, score) for label, score in ranked] for answer in answers for ranked in answer["results"]]

    def _ask(self, operation, field, x):
        """Later requests go to the version that answered the first: an alias may move meanwhile."""
        path, answers = self._path, []
        for body, content_type in requests_for(x, field):
            answer, headers = self._http.post(path + operation, body, content_type)
            answers.append(answer)
            version = headers.get("x-maas-model-version")
            path = f"{self._base}/versions/{version}" if version else path
        return answers

    def __repr__(self):
        return f"<Model {self.name}:{self.version} at {self._http.url}>"


def _shapes(infos):
    return {name: tuple(int(dim["size"]) for dim in info["tensor_shape"]["dim"]) for name, info in infos.items()}
