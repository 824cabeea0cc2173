#!/bin/sh
# Start the server of this container: SERVE=app (the pages and the REST API) or SERVE=api.
set -eu
lab="$(dirname "$0")/../bin/cluster-lab"
# A Hugging Face Space says under which name visitors reach it.
export CLUSTER_LAB_HOSTS="${CLUSTER_LAB_HOSTS:-${SPACE_HOST:-}}"
if [ "${SERVE:-app}" = api ]; then
    exec "$lab" serve --host 0.0.0.0 --port "${PORT:-8501}"
fi
exec "$lab" app --host 0.0.0.0 --port "${PORT:-8501}" --no-browser "$@"
