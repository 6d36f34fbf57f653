"""Sends a model's files to a service, which checks them and registers a version; parts that it has already are not sent again."""
import hashlib
import json
import time

from .errors import BadRequestError, ConnectionError, NotFoundError, TimeoutError, UnsupportedError

#: Seconds for the check: conversion, parity, compilation.
_LONGEST_CHECK = 900.0
_OVER = ("registered", "failed")


def push(http, model, sleep=time.sleep):
    """Registers the `ModelFiles` under the name of their content and gives the version.

    The same files are the same import, so an interrupted one goes on. One that is over already failed, or its version was
    deleted since: it is forgotten and made again. UnsupportedError and BadRequestError give the service's reasons.
    """
    state = _create(http, model)
    if state["status"] in _OVER:
        _forget(http, state)
        state = _create(http, model)
    for file in model.files:
        for upload in state.get("uploads", []):
            if (upload["sha256"], upload["size"], upload["status"]) == (file["sha256"], file["size"], "pending"):
                _send(http, upload, model.at(file["path"]))
    state = _checked(http, http.post(f"/imports/{state['id']}/complete", b"{}")[0], sleep)
    if "version" in state:
        return state["version"]
    error = state.get("error", {})
    kind = BadRequestError if error.get("code") == "invalid_input" else UnsupportedError
    raise kind(f"{model.path} was refused by {http.url}: {error.get('message')}", code=error.get("code"))


def _create(http, model):
    key = hashlib.sha256(f"maas_sdk\0{model.name}\0{model.sha256}".encode()).hexdigest()
    body = json.dumps({"model": model.name, "files": model.files}).encode()
    return http.post("/imports", body, headers={"idempotency-key": key})[0]


def _forget(http, state):
    try:
        http.delete(f"/imports/{state['id']}")
    except NotFoundError:
        pass  # by somebody else, or by a first attempt whose answer was lost


def _send(http, upload, path):
    size = upload["part_bytes"]
    with open(path, "rb") as file:
        for number in range(1, upload["parts"] + 1):
            if number in upload["received"]:
                continue
            file.seek((number - 1) * size)
            part = file.read(size)
            asked = json.dumps({"parts": [{"number": number, "sha256": hashlib.sha256(part).hexdigest()}]}).encode()
            http.put_signed(
                lambda: http.post(f"/uploads/{upload['id']}/parts", asked)[0]["parts"][0],
                part,
                # A file of one part is written only once.
                there=412 if upload["parts"] == 1 else None,
            )


def _checked(http, state, sleep):
    pause, end = 0.1, time.monotonic() + _LONGEST_CHECK
    while state["status"] == "checking":
        if time.monotonic() > end:
            raise TimeoutError(f"import {state['id']} at {http.url} is still being checked after {_LONGEST_CHECK:g} s")
        sleep(pause)
        pause = min(pause * 1.3, 2.0)
        state, _ = http.get(f"/imports/{state['id']}")
    if state["status"] not in _OVER:
        raise ConnectionError(f"{http.url} left import {state['id']} in the state {state['status']}")
    return state
