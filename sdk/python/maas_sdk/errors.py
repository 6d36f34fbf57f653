"""What a call can fail with: one class per situation, as in the TypeScript SDK."""


class MaasError(Exception):
    """Base of everything raised on purpose; the message is the service's own where there is one."""

    def __init__(self, message, status=None, code=None, param=None, request_id=None, retry_after=None):
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.request_id = request_id
        #: Seconds after which the same call may succeed.
        self.retry_after = retry_after


class BadRequestError(MaasError):
    """400: the input is not allowed; `param` says which part."""


class AuthenticationError(MaasError):
    """401: no key, or one that is not known."""


class PermissionDeniedError(MaasError):
    """403: the key does not allow this."""


class NotFoundError(MaasError):
    """404: no such model, version, alias or file."""


class ConflictError(MaasError):
    """409 and 412: somebody else was first."""


class TooLargeError(MaasError):
    """413: the request is over a limit."""


class UnsupportedError(MaasError):
    """422: well formed, but nothing there can do it."""


class RateLimitError(MaasError):
    """429: over the quota; see `retry_after`."""


class NotReadyError(MaasError):
    """503: alive but not able to answer yet; see `retry_after`."""


class ServerError(MaasError):
    """Any other 5xx: the service failed; see `request_id`."""


class TimeoutError(MaasError):
    """No answer within the time allowed."""


class ConnectionError(MaasError):
    """The service could not be reached, or broke off."""


_CLASSES = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    413: TooLargeError,
    422: UnsupportedError,
    429: RateLimitError,
    503: NotReadyError,
    504: TimeoutError,
}


def error_for(status, message, **details):
    """The error for an HTTP status."""
    default = ServerError if status >= 500 else BadRequestError
    return _CLASSES.get(status, default)(message, status=status, **details)
