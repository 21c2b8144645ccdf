#!/usr/bin/env bash
# Runs the service in the foreground. The first time, and whenever requirements.txt has changed, it
# installs what is needed into .venv beside this file. Settings: environment variables, see README.md.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "$0")")"

python=${PYTHON:-python3}
hash=$(sha256sum requirements.txt | cut -d' ' -f1)
if [ ! -x .venv/bin/python ] || [ "$(cat .venv/requirements.sha256 2>/dev/null)" != "$hash" ]; then
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "start_api.sh: Python 3.11 or newer is needed (set PYTHON to use one that is not python3)." >&2
        exit 1
    fi
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "start_api.sh: Python cannot make virtual environments here; on Debian and Ubuntu:" >&2
            echo "    sudo apt-get install python3-venv" >&2
            exit 1
        fi
        echo "Making .venv …"
        "$python" -m venv --clear .venv
    fi
    echo "Installing requirements.txt into .venv …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
    echo "$hash" > .venv/requirements.sha256
fi

case ${HOST:-} in
    unix:*) echo "dogorcat: listens at $HOST (Ctrl-C stops it)" ;;
    *) echo "dogorcat: open http://${HOST:-127.0.0.1}:${PORT:-8000} (Ctrl-C stops it)" ;;
esac
exec .venv/bin/gunicorn --config python:api.gunicorn_conf
