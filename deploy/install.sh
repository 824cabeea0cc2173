#!/bin/sh
# Install Cluster Lab into a new folder, for a server. What Dockerfile runs; also works by itself:
#     deploy/install.sh /opt/cluster-lab [all|demo|classify]
# all: the app with training (about 2 GB). demo: the app without training, for visitors who
# classify. classify: only the REST API and published pages.
set -eu
target=$1
kind=${2:-all}
cd "$(dirname "$0")/.."

case $kind in
    all) requirements=requirements.txt ;;
    demo | classify) requirements=deploy/requirements-$kind.txt ;;
    *) echo "The kind of installation is all, demo or classify, not $kind." >&2; exit 2 ;;
esac

python3 -m venv "$target"
pip="$target/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check"
$pip -r "$requirements"
# Without dependencies: the package itself asks for all of requirements.txt.
$pip --no-deps .
