"""What schemathesis cannot know of this service: which names exist, and which 5xx is an answer."""

import json

import schemathesis
from hypothesis import strategies as st

# Made by run.ts. What is deleted is deleted from `spare`.
KNOWN = {
    "model": ["tiny"],
    "version": ["1", "2"],
    "label": ["production", "latest"],
    "alias": ["production", "canary"],
    "release": ["1", "production", "latest"],
    "endpoint": ["tiny", "tiny@production", "tiny:2"],
}


@schemathesis.hook
def flatmap_path_parameters(ctx, path_parameters):
    """Half of the names are ones that exist, so that requests reach what lies behind the name."""
    if not path_parameters:
        return st.just(path_parameters)
    deletes = ctx.operation is not None and ctx.operation.method.lower() == "delete"
    known = {**KNOWN, "model": ["spare"] if deletes else KNOWN["model"]}
    choices = {
        name: st.one_of(st.just(value), st.sampled_from(known[name]))
        if name in known
        else st.just(value)
        for name, value in path_parameters.items()
    }
    return st.fixed_dictionaries(choices)


@schemathesis.serializer("application/x-amz-json-1.1")
def aws_json(ctx, value):
    """SageMaker's wire form is JSON by another name."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.check
def no_unexpected_server_error(ctx, response, case):
    """503 is an answer when it says when to come again; nothing else from 500 on is."""
    if response.status_code < 500:
        return
    if response.status_code == 503 and "retry-after" in response.headers:
        return
    raise AssertionError(f"{response.status_code}: {response.text[:300]}")
