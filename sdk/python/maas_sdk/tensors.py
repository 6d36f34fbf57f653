"""Arrays as the bytes of the Open Inference Protocol, which take a third of their length in JSON and no time to write."""
import json

from .errors import BadRequestError, ConnectionError
from .inputs import MAX_BYTES, MAX_ROWS, numpy

_HEADER = "inference-header-content-length"

_TYPES = {
    "BOOL": "|b1",
    "UINT8": "|u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8",
    "INT8": "|i1", "INT16": "<i2", "INT32": "<i4", "INT64": "<i8",
    "FP32": "<f4",
}  # fmt: skip


def as_columns(given, inputs, truths=()):
    """Arrays by input name, or None where `given` is something else than arrays of numbers.

    A list of as many arrays as there are inputs goes to them in order, as in Keras. Truths go as numbers to all but `truths`.
    """
    if numpy is None:
        return None
    if isinstance(given, (list, tuple)) and len(inputs) > 1 and len(given) == len(inputs):
        given = dict(zip(inputs, given))
    elif not isinstance(given, dict) and len(inputs) == 1:
        given = {next(iter(inputs)): given}
    if not isinstance(given, dict) or not any(_is_array(value) for value in given.values()):
        return None
    columns = {name: numpy.asarray(value) for name, value in given.items()}
    if any(column.dtype.kind not in "fiub" or column.ndim == 0 for column in columns.values()):
        return None
    counts = {name: len(column) for name, column in columns.items()}
    if len(set(counts.values())) != 1:
        raise BadRequestError(f"all inputs need as many examples; got {counts}")
    if not next(iter(counts.values())):
        raise BadRequestError("got an empty batch; give at least one example")
    return {name: _sendable(column, name in truths) for name, column in columns.items()}


def _is_array(value):
    return not isinstance(value, (str, bytes, list, tuple, dict)) and hasattr(value, "__array__")


def _sendable(column, truths):
    """Numbers go as a type that holds them, and the service takes what its model holds too; all floats as float32, as in Keras."""
    if column.dtype.kind == "f":
        column = column.astype("<f4")
    elif column.dtype.kind == "b" and not truths:
        column = column.astype("u1")
    elif column.dtype.itemsize == 8 and numpy.array_equal(column, column.astype("<i4")):
        column = column.astype("<i4")
    return numpy.ascontiguousarray(column, dtype=column.dtype.newbyteorder("<"))


def _datatype(column):
    return next(name for name, code in _TYPES.items() if code == column.dtype.str)


def bodies(columns):
    """`(body, headers)` of each request, made one at a time."""
    rows = len(next(iter(columns.values())))
    per_row = max(1, sum(column.nbytes // rows for column in columns.values()))
    step = max(1, min(MAX_ROWS, MAX_BYTES // per_row))
    for start in range(0, rows, step):
        parts = {name: column[start : start + step] for name, column in columns.items()}
        inputs = [
            {
                "name": name,
                "datatype": _datatype(part),
                "shape": list(part.shape),
                "parameters": {"binary_data_size": part.nbytes},
            }
            for name, part in parts.items()
        ]
        head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
        headers = {"content-type": "application/octet-stream", "accept": "application/octet-stream", _HEADER: str(len(head))}
        yield b"".join([head, *(part.tobytes() for part in parts.values())]), headers


def read_answer(body, headers):
    """Arrays by output name; of texts where the output is texts."""
    try:
        length = int(headers.get(_HEADER) or len(body))
        outputs = json.loads(body[:length])["outputs"]
        found, at = {}, length
        for output in outputs:
            size = output["parameters"]["binary_data_size"]
            found[output["name"]] = _array(output, body[at : at + size])
            at += size
        return found
    except (ValueError, KeyError, TypeError) as error:
        raise ConnectionError(f"the service did not answer in tensors: {error!r}") from None


def _array(output, content):
    if output["datatype"] != "BYTES":
        return numpy.frombuffer(content, _TYPES[output["datatype"]]).reshape(output["shape"])
    texts, at = [], 0
    while at < len(content):
        end = at + 4 + int.from_bytes(content[at : at + 4], "little")
        texts.append(content[at + 4 : end].decode())
        at = end
    return numpy.array(texts, dtype=object).reshape(output["shape"])
