"""What callers give, as the rows of requests that stay under the service's limits."""
import base64
import json
import os

from .errors import BadRequestError, NotFoundError

try:
    import numpy
except ImportError:
    numpy = None

#: Below the 6 MB which the service takes.
MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 1024

_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


def image_type(content):
    """Only the content decides what kind of image it is; None for anything else."""
    return next((kind for magic, kind in _MAGIC.items() if content.startswith(magic)), None)


def is_array(value):
    """Numpy's own, and whatever can become one: tensors of other libraries."""
    return numpy is not None and not isinstance(value, (str, bytes, list, tuple, dict)) and hasattr(value, "__array__")


def requests_for(given, field):
    """`(body, content type)` of each request, made one at a time."""
    if isinstance(given, (str, bytes, bytearray, os.PathLike)):
        given = [given]
    if is_array(given):
        yield from _json(_array_rows(numpy.asarray(given)), field)
    elif isinstance(given, dict):
        yield from _json(_named_rows(given), field)
    elif isinstance(given, (list, tuple)) and given and _is_image(given[0]):
        yield from _images([_image_bytes(one) for one in given], field)
    elif isinstance(given, (list, tuple)):
        yield from _json((row.tolist() if is_array(row) else row for row in given), field)
    else:
        raise BadRequestError(
            f"got {type(given).__name__}; give an array or nested lists (the batch first), a dict of them by input name, "
            "images as bytes or paths, or rows of a table as dicts"
        )


def _is_image(value):
    return isinstance(value, (str, bytes, bytearray, os.PathLike))


def _array_rows(array):
    if array.ndim == 0:
        raise BadRequestError("got a single number; the first axis is the batch")
    return _rows_of(array)


def _rows_of(array):
    """Rows as nested lists."""
    if array.dtype.kind == "f":
        array = _shortened(array.astype("float32"))
    return (row.tolist() for row in array)


def _shortened(array):
    """Each float32 as the double with the fewest decimals that is still the same float32: half the bytes in JSON."""
    result = array.astype("float64")
    left = numpy.isfinite(array)
    for decimals in (10, 9, 8, 7):
        rounded = numpy.round(array.astype("float64"), decimals)
        same = left & (rounded.astype("float32") == array)
        result[same] = rounded[same]
    return result


def _named_rows(columns):
    lists = {name: list(_rows_of(numpy.asarray(value))) if is_array(value) else list(value) for name, value in columns.items()}
    counts = {name: len(values) for name, values in lists.items()}
    if len(set(counts.values())) != 1:
        raise BadRequestError(f"all inputs need as many examples; got {counts}")
    return (dict(zip(lists, row)) for row in zip(*lists.values()))


def _json(rows, field):
    """Rows until a request is full."""
    head = json.dumps({field: []})[:-2]
    texts, size, any_row = [], 0, False
    for row in rows:
        text = json.dumps(row)
        any_row = True
        if texts and (size + len(text) > MAX_BYTES or len(texts) == MAX_ROWS):
            yield (head + ",".join(texts) + "]}").encode(), "application/json"
            texts, size = [], 0
        texts.append(text)
        size += len(text) + 1
    if not any_row:
        raise BadRequestError("got an empty batch; give at least one example")
    yield (head + ",".join(texts) + "]}").encode(), "application/json"


def _image_bytes(source):
    if isinstance(source, (bytes, bytearray)):
        content, what = bytes(source), f"{len(source)} bytes"
    else:
        what = os.fspath(source)
        try:
            with open(what, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            raise NotFoundError(f"{what} does not exist", status=404, param=what) from None
    if image_type(content) is None:
        raise BadRequestError(f"{what}: no JPEG, PNG or WebP; numbers are given as arrays or nested lists")
    return content


def _images(images, field):
    """One image goes as it is, several as base64."""
    if len(images) == 1:
        yield images[0], image_type(images[0])
        return
    yield from _json(({"b64": base64.b64encode(image).decode()} for image in images), field)
