# Read by bin/demo and bin/test, not run. Gives `environment NAME`: the Python environment of that name, made from its
# lock file when it is missing, half made or out of date. POSIX shell; needs Python 3.11 or newer and its pip; uses `uv`
# when it is there, because it is faster. Expects to be read in the folder that holds `locks/`.

# What a person has set for other projects must not leak in: neither Python's and pip's ways of installing somewhere else,
# nor an address of a database or a setting of a Gangway that is in use. Proxies, certificates and indexes stay.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE PYTHONSAFEPATH PYTHONDONTWRITEBYTECODE VIRTUAL_ENV
unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_CONSTRAINT PIP_REQUIREMENT PIP_REQUIRE_HASHES PIP_NO_BINARY PIP_PRE
unset UV_PYTHON UV_SYSTEM_PYTHON UV_PROJECT_ENVIRONMENT UV_CONSTRAINT UV_OVERRIDE UV_REQUIRE_HASHES UV_NO_BINARY UV_TARGET
unset DJANGO_SETTINGS_MODULE DATABASE_URL PYTEST_ADDOPTS PYTEST_PLUGINS MYPYPATH RUFF_CONFIG
for setting in $(env | sed -n 's/^\(GANGWAY_[A-Z0-9_]*\)=.*/\1/p'); do
    case $setting in
        GANGWAY_TEST_*) ;; # meant for us
        *) unset "$setting" ;;
    esac
done
export PIP_REQUIRE_VIRTUALENV=0 PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# The first Python on the PATH that is new enough.
find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

# What an environment was made from. The folder counts too: an environment doesn't survive being moved.
fingerprint() { # lock, python
    { cat "$1" pyproject.toml emulator/pyproject.toml mailcatcher/pyproject.toml; pwd; "$2" -VV; } | cksum
}

install() { # environment's folder, python, then what pip is to install
    into=$1/bin/python
    with=$2
    shift 2
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python "$into" "$@"
    elif "$with" -m pip --version >/dev/null 2>&1; then
        "$with" -m pip --python "$into" install --quiet --no-input "$@"
    else
        fail "$with has no pip. On Debian: apt-get install python3-pip"
    fi
}

environment() { # name; afterwards it is in .venvs/<name>
    lock=locks/$1.txt
    venv=.venvs/$1
    python=$(find_python) || fail "Gangway needs Python 3.11 or newer on the PATH. On Debian: apt-get install python3 python3-pip"
    made_from=$(fingerprint "$lock" "$python")
    fits && return
    mkdir -p .venvs
    exec 9>"$venv.lock" # somebody else may be making the same one: then wait for it
    "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
    if ! fits; then make_environment "$1"; fi
    exec 9>&-
}

fits() { # whether the environment is there, whole and up to date
    [ "$(cat "$venv/made-from" 2>/dev/null)" = "$made_from" ] && "$venv/bin/python" -c '' 2>/dev/null
}

make_environment() { # name
    echo "Making the Python environment $venv from $lock (once) …" >&2
    rm -f "$venv/made-from" # from here on it is half made, until the last line says otherwise
    "$python" -m venv --clear --without-pip "$venv" || fail "Could not make $venv with $python."
    install "$venv" "$python" --require-hashes -r "$lock" || fail "Could not install $lock."
    if [ "$1" != judges ] && [ "$1" != bench ] && [ "$1" != attack ]; then # other people's clients know nothing of us
        install "$venv" "$python" --no-deps --no-build-isolation --editable . --editable ./emulator \
            --editable ./mailcatcher || fail "Could not install Gangway into $venv."
    fi
    printf '%s\n' "$made_from" >"$venv/made-from"
}
