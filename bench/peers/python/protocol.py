"""The Python end of the bench's line protocol: one JSON request a line on stdin, one JSON answer a line on stdout."""
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# TensorFlow and Keras print on stdout too; answers keep the real one to themselves.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def say(answer):
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def serve(versions, operations):
    """Announces `versions`, then answers `{"operation", ...arguments}` until stdin ends."""
    say({"ready": versions})
    for line in sys.stdin:
        request = json.loads(line)
        operation = operations[request.pop("operation")]
        say(operation(**request))


def tensorflow_versions():
    import keras
    import tensorflow

    return {"Python": sys.version.split()[0], "TensorFlow": tensorflow.__version__, "Keras": keras.__version__}
