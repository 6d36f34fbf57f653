#!/bin/sh
# `serve`, which SageMaker and other hosts say, serves the model of a folder over HTTP; anything else is Lambda's handler.
set -eu
if [ "${1:-}" = serve ]; then
  exec node "${MAAS_TASK_ROOT:-/var/task}/serve.mjs"
fi
exec /lambda-entrypoint.sh "$@"
