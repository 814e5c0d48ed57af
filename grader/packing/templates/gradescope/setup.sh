#!/usr/bin/env bash
# Run once by Gradescope, as root, when it builds the image of the autograder.
set -euo pipefail

root="${AUTOGRADER_ROOT:-/autograder}"
home="${GRADER_HOME:-/opt/grader}"
umask 022  # student code runs as another user, who has to read this Python

# The Python that the versions in constraints.txt were tested with, else the nearest one there is.
for version in @PYTHON@ 3.12 3.13 3.11; do
  command -v "python$version" >/dev/null && break
done
if ! command -v "python$version" >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  for version in @PYTHON@ 3.12 3.13 3.11; do
    apt-get install -y --no-install-recommends "python$version" && break
  done
fi
if ! "python$version" -m venv "$home"; then
  apt-get update
  apt-get install -y --no-install-recommends "python$version-venv"
  "python$version" -m venv "$home"
fi

"$home/bin/pip" install --no-cache-dir --constraint "$root/source/constraints.txt" \
  "$root"/source/*.whl
