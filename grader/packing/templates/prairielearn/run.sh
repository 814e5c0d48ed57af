#!/usr/bin/env bash
# PrairieLearn's entry point, run as root in the image for each submission: run.sh LESSON
set -u

root="${GRADE_ROOT:-/grade}"
python="${GRADER_PYTHON:-/opt/grader/bin/python}"
own="$root/serverFilesCourse/grader"
@EXPORTS@
umask 077
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Student code is another user here. Rubrics, secret and submission are not for it.
course="$("$python" -I -c 'from grader.kernel.mounted import course_folder; print(course_folder())')"
chmod -R o-rwx "$course" "$own" "$root/student" || exit 2
mkdir -p "$root/results"

"$python" -I -m grader grade "$root/student" --layout one --student student --lesson "$1" \
  --to "$work/graded" --seed "$own/seed" --isolation user @OPTIONS@ \
  --format prairielearn --quiet
status=$?
cp "$work/graded/results.json" "$root/results/results.json" || exit "$status"
