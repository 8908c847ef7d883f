#!/bin/bash
# Prepares a machine or a container for grading: run once, as root, without questions.
# Makes a virtual environment in a place that every user can read, installs what the assignment needs, and makes the
# user that student code runs as. The system's own python3 is left as it is.
#
#   GRADER_VENV    where the environment goes              (default: /opt/grader)
#   GRADER_PYTHON  the interpreter to make it with         (default: python3)
#   GRADER_TORCH   1 to install torch, for torch homework  (default: as the bundle's assignment says)
#   TORCH_INDEX    an index with CPU builds of torch       (default: as the bundle says, else the usual one,
#                                                           whose builds for GPUs take gigabytes)
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
venv=${GRADER_VENV:-/opt/grader}
python=${GRADER_PYTHON:-python3}

if [ "$(id -u)" -ne 0 ]; then
    echo "setup.sh: run this as root; without root use 'make demo', which needs no set-up" >&2
    exit 2
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
        rm -rf /var/lib/apt/lists/*
    else
        echo "setup.sh: $python has no venv module; install it, or name another interpreter in GRADER_PYTHON" >&2
        exit 2
    fi
fi

fresh=
[ -e "$venv" ] || fresh=1
"$python" -m venv "$venv"
pip() {
    if ! "$venv/bin/python" -m pip "$@" --quiet --disable-pip-version-check --no-cache-dir --root-user-action=ignore
    then
        [ -z "$fresh" ] || rm -rf "$venv"
        echo "setup.sh: packages can't be installed, for pip's reason above; without a network here, name an index" \
            "that is reached in PIP_INDEX_URL, or a folder of wheels in PIP_FIND_LINKS, and run this again" >&2
        exit 1
    fi
}
extra=
if [ "${GRADER_TORCH:-}" = 1 ] || [ -e "$here/NEEDS_TORCH" ]; then
    extra='[torch]'
    index=${TORCH_INDEX:-$(cat "$here/NEEDS_TORCH" 2>/dev/null || true)}
    if [ -n "$index" ]; then
        pip install --index-url "$index" torch
    fi
fi
pip install "$here$extra"
chmod -R a+rX "$venv"

if ! id grader-worker >/dev/null 2>&1; then
    useradd --system --no-create-home --shell /usr/sbin/nologin grader-worker
fi

"$venv/bin/grader" doctor
