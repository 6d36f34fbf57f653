"""A model behind a service."""
import os
import re
from urllib.parse import quote

from .errors import BadRequestError, ConnectionError, NotFoundError
from .files import ModelFiles, is_file
from .http import Http
from .inputs import is_array, numpy, requests_for
from .push import push
from .tensors import as_columns, bodies, read_answer

_NAME = re.compile(r"([a-z0-9][a-z0-9-]{0,62})(?:@([a-z0-9_]{1,63})|:([1-9][0-9]{0,8}))?")


def load_model(file_or_name, url=None, api_key=None, timeout=60.0, max_retries=2):
    """A model of the service at `url` (or MAAS_URL, or this machine's), by file or by `name`, `name@alias` or `name:version`.

    A file (`.h5`, `.keras`, `.json`, anything with a slash) is sent to the service, which checks it and keeps it under a name
    made of its content: the same file is not sent again. `api_key` defaults to MAAS_API_KEY; for a file that is new it must
    allow imports. `timeout` is in seconds and holds for one attempt.
    """
    url = url or os.environ.get("MAAS_URL") or "http://127.0.0.1:8501"
    http = Http(url, api_key or os.environ.get("MAAS_API_KEY"), timeout, max_retries)
    if is_file(file_or_name):
        return _load_file(http, ModelFiles(file_or_name))
    match = _NAME.fullmatch(file_or_name)
    if match is None:
        raise BadRequestError(
            f"{file_or_name!r} is neither a file nor a model; write name, name@alias or name:version, e.g. cifar10@production"
        )
    return Model(http, *match.groups())


def _load_file(http, files):
    try:
        return Model(http, files.name)
    except NotFoundError:
        return Model(http, files.name, version=push(http, files))


class Model:
    """Answers batches: arrays in, arrays out; lists in, lists out; one answer per example."""

    def __init__(self, http, name, alias=None, version=None):
        self._http = http
        self.name = name
        if version is not None:
            self._release = ("versions", str(version))
        else:
            self._release = ("labels", alias) if alias and alias != "latest" else None
        found, _ = http.get(f"{self._path(self._release)}/metadata")
        try:
            self.version = int(found["model_spec"]["version"])
            signature = found["metadata"]["signature_def"]["signature_def"]["serving_default"]
        except (KeyError, TypeError, ValueError):
            raise ConnectionError(f"{http.url} does not describe {name} as a maas service does; is the url right?") from None
        #: Shapes by name, -1 for any size.
        self.inputs = _shapes(signature["inputs"])
        self.outputs = _shapes(signature["outputs"])
        self._truths = {name for name, info in signature["inputs"].items() if info["dtype"] == "DT_BOOL"}

    def predict(self, x, batch_size=None, verbose=None, steps=None):
        """One answer per example; by output name where there are several outputs.

        Takes an array or nested lists (the batch first), a dict of them by input name, images as bytes or paths, or rows of a
        table as dicts. Batches of any size are cut into requests to one and the same version; `batch_size`, `verbose` and
        `steps` are Keras' own and change nothing here.
        """
        columns = as_columns(x, self.inputs, self._truths)
        if columns is not None:
            return self._infer(columns)
        rows = [row for answer in self._ask(":predict", "instances", x) for row in answer["predictions"]]
        shaped = numpy.array if is_array(x) or (isinstance(x, dict) and any(map(is_array, x.values()))) else list
        if len(self.outputs) == 1:
            return shaped(rows)
        return {name: shaped([row[name] for row in rows]) for name in self.outputs}

    def classify(self, x):
        """For each example a list of `(label, probability)`, most probable first."""
        answers = self._ask(":classify", "examples", x)
        return [[(label, score) for label, score in ranked] for answer in answers for ranked in answer["results"]]

    def _infer(self, columns):
        answers, release = [], self._release
        for body, headers in bodies(columns):
            path = f"/v2/models/{quote(self.name)}" + (f"/versions/{release[1]}" if release else "")
            answer, found = self._http.post_bytes(f"{path}/infer", body, headers)
            answers.append(read_answer(answer, found))
            release = _answering(found, release)
        whole = {name: numpy.concatenate([answer[name] for answer in answers]) for name in self.outputs}
        return whole if len(whole) > 1 else next(iter(whole.values()))

    def _ask(self, operation, field, x):
        answers, release = [], self._release
        for body, content_type in requests_for(x, field):
            answer, found = self._http.post(self._path(release) + operation, body, content_type)
            answers.append(answer)
            release = _answering(found, release)
        return answers

    def _path(self, release):
        return "/".join(["/v1/models", quote(self.name), *(release or ())])

    def __repr__(self):
        return f"<Model {self.name}:{self.version} at {self._http.url}>"


def _answering(headers, release):
    """Later requests go to the version that answered the first: an alias may move meanwhile."""
    version = headers.get("x-maas-model-version")
    return ("versions", version) if version else release


def _shapes(infos):
    return {name: tuple(int(dim["size"]) for dim in info["tensor_shape"]["dim"]) for name, info in infos.items()}
