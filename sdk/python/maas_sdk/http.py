"""Requests to a service by the standard library: time limits, retries that honour Retry-After, errors by status."""
import http.client
import json
import random
import socket
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from .errors import ConnectionError, MaasError, TimeoutError, error_for

#: Answers after which the same request may succeed; everything sent here may be repeated.
_PASSING = {408, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 60.0


class Http:
    """Sends requests until one is answered or the retries are used up. Times are in seconds."""

    def __init__(self, url, api_key=None, timeout=60.0, max_retries=2, sleep=time.sleep):
        if not url.startswith(("http://", "https://")):
            raise ConnectionError(f"url: got {url!r}; it must start with http:// or https://")
        self.url = url.rstrip("/")
        self._api_key = api_key
        self._timeout = timeout
        self._max_retries = max_retries
        self._sleep = sleep

    def get(self, path):
        """Parsed JSON and headers."""
        return self._json("GET", path)

    def post(self, path, body, content_type="application/json", headers=None):
        """`body` as bytes; parsed JSON and headers."""
        return self._json("POST", path, body, {"content-type": content_type, **(headers or {})})

    def post_bytes(self, path, body, headers):
        """`body` as bytes; the answer's bytes and headers."""
        return self._retried(lambda: self._attempt("POST", path, body, headers))

    def delete(self, path):
        """Nothing is answered."""
        self._json("DELETE", path)

    def put_signed(self, address, body, there=None):
        """Sends `body` to where `address()` says, asked anew each time as addresses age; status `there` means it arrived before."""

        def attempt():
            signed = address()
            try:
                return self._open("PUT", urljoin(f"{self.url}/", signed["url"]), body, signed["headers"])
            except MaasError as error:
                if error.status != there:
                    raise

        self._retried(attempt)

    def _json(self, method, path, body=None, headers=None):
        text, found = self._retried(
            lambda: self._attempt(method, path, body, {"content-type": "application/json", **(headers or {})})
        )
        try:
            return json.loads(text or b"null"), found
        except ValueError as error:
            raise ConnectionError(f"{self.url} did not answer in JSON: {error}") from None

    def _retried(self, attempt):
        for count in range(self._max_retries + 1):
            try:
                return attempt()
            except (ConnectionError, TimeoutError) as error:
                failure = error
            except MaasError as error:
                if error.status not in _PASSING:
                    raise
                failure = error
            if count == self._max_retries:
                raise failure
            self._sleep(_pause(count, failure.retry_after))

    def _attempt(self, method, path, body, headers):
        own = {"x-api-key": self._api_key} if self._api_key else {}
        return self._open(method, self.url + path, body, {"accept": "application/json", **headers, **own})

    def _open(self, method, url, body, headers):
        request = urllib.request.Request(url, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                return response.read(), response.headers
        except urllib.error.HTTPError as error:
            raise _failure(error) from None
        except (socket.timeout, TimeoutError) as error:
            raise TimeoutError(f"no answer from {self.url} within {self._timeout:g} s") from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, socket.timeout):
                raise TimeoutError(f"no answer from {self.url} within {self._timeout:g} s") from error
            raise ConnectionError(
                f"{self.url} cannot be reached: {error.reason}. Is the service running? npx maas serve"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionError(f"{self.url} broke off: {error!r}") from error


def _failure(error):
    text = error.read().decode("utf-8", "replace")
    try:
        found = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        found = f"HTTP {error.code}: {text[:200]}"
    details = found if isinstance(found, dict) else {"message": found}
    return error_for(
        error.code,
        details.get("message") or f"HTTP {error.code}",
        code=details.get("code"),
        param=details.get("param"),
        request_id=details.get("request_id") or error.headers.get("x-request-id"),
        retry_after=_retry_after(error.headers.get("retry-after")),
    )


def _retry_after(header):
    """Seconds; the header holds seconds or a date."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _pause(attempt, asked):
    """What the service asked for plus up to a tenth, else doubling from a quarter second with full jitter."""
    if asked is not None:
        return min(asked * (1 + random.random() / 10), _LONGEST_PAUSE)
    return min(0.25 * 2**attempt, _LONGEST_PAUSE) * random.random()
