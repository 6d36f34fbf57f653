"""Requests to a service by the standard library: time limits, retries that honour Retry-After, errors by status."""
import json
import random
import socket
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime

from .errors import ConnectionError, TimeoutError, error_for

#: Answers after which the same request may succeed; predictions change nothing, so repeating them does no harm.
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
        return self._send("GET", path, None, "application/json")

    def post(self, path, body, content_type="application/json"):
        """`body` as bytes; parsed JSON and headers."""
        return self._send("POST", path, body, content_type)

    def _send(self, method, path, body, content_type):
        for attempt in range(self._max_retries + 1):
            try:
                return self._attempt(method, path, body, content_type)
            except (ConnectionError, TimeoutError) as error:
                failure = error
            except Exception as error:
                if getattr(error, "status", None) not in _PASSING:
                    raise
                failure = error
            if attempt == self._max_retries:
                raise failure
            self._sleep(_pause(attempt, failure.retry_after))

    def _attempt(self, method, path, body, content_type):
        headers = {"accept": "application/json", "content-type": content_type}
        if self._api_key:
            headers["x-api-key"] = self._api_key
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                return json.loads(response.read() or b"null"), response.headers
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
        except (OSError, ValueError) as error:
            raise ConnectionError(f"{self.url} broke off or did not answer in JSON: {error}") from error


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
