"""What schemathesis cannot know of this service: which names exist, and which 5xx is an answer."""

import json
import random

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


# What SageMaker's wire form is about: names of actions in a header, fields in a body of any type.
ACTIONS = [f"{verb}TrainingJob{'s' if verb == 'List' else ''}" for verb in ("Create", "Describe", "List", "Stop")]
FIELDS = ["TrainingJobName", "MaxResults", "NextToken", "StatusEquals", "SortBy", "CreationTimeAfter", "HyperParameters"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def is_sagemaker(operation):
    return operation is not None and operation.path == "/sagemaker"


@schemathesis.hook
def flatmap_body(ctx, body):
    """Half of SageMaker's bodies are JSON with its fields, so that requests reach what lies behind the parser."""
    if not is_sagemaker(ctx.operation):
        return st.just(body)
    fields = st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=4)
    return st.one_of(st.just(body), fields.map(lambda value: json.dumps(value).encode()))


@schemathesis.hook
def before_call(ctx, case, kwargs):
    if is_sagemaker(case.operation):
        case.headers["X-Amz-Target"] = f"SageMaker.{random.choice(ACTIONS)}"


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
