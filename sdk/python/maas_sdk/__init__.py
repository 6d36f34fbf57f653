"""Models of a maas service, in the words Keras users know.

    import maas_sdk
    model = maas_sdk.load_model("cifar10@production")
    predictions = model.predict(test_images)

Pure Python, no dependencies; where numpy is installed, arrays go in and come out as arrays.
"""
from .errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectionError,
    MaasError,
    NotFoundError,
    NotReadyError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    TimeoutError,
    TooLargeError,
    UnsupportedError,
)
from .model import Model, load_model

__all__ = [
    "AuthenticationError",
    "BadRequestError",
    "ConflictError",
    "ConnectionError",
    "MaasError",
    "Model",
    "NotFoundError",
    "NotReadyError",
    "PermissionDeniedError",
    "RateLimitError",
    "ServerError",
    "TimeoutError",
    "TooLargeError",
    "UnsupportedError",
    "load_model",
]
