# Sourced by the scripts beside it: installs the Debian packages that Papilla builds on, with sudo only where it is needed.

packages="libdnnl-dev libjpeg-dev libpng-dev liblcms2-dev libcairo2-dev libsqlite3-dev libsystemd-dev pkg-config fonts-dejavu-core"
# What the program papilla-dicom is built with; Papilla is built and runs without it, and then reads no DICOM files.
dicom_packages="libdcmtk-dev libopenjp2-7-dev"
# What the tests need besides: other programs' runtimes, CPUs that this machine does not have, several processes, a database server, and
# judges of DICOM files.
test_packages="python3-venv qemu-user postgresql dicom3tools openmpi-bin $dicom_packages"

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

install_packages() {  # [MORE PACKAGES]
    missing=""
    for package in $packages "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "Installing Debian packages:$missing"
    as_root=""
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    # shellcheck disable=SC2086  # a list of names
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
}

need_swift() {
    command -v swift >/dev/null && return 0
    echo "No Swift toolchain found. Expected: swift 6.2 or newer on PATH (https://www.swift.org/install/linux/)." >&2
    exit 1
}

# Sets clang_format to the formatter of C that the gate uses, from PyPI: other versions format some lines otherwise.
need_clang_format() {
    clang_format_version=23.1.5
    clang_format=$top/.build/clang-format/bin/clang-format
    "$clang_format" --version 2>/dev/null | grep -qF "$clang_format_version" && return 0
    install_packages python3-venv
    say "Installing clang-format $clang_format_version"
    python3 -m venv "$top/.build/clang-format" && "$top/.build/clang-format/bin/python3" -m pip -q install "clang-format==$clang_format_version"
}
