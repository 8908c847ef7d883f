"""Containers for the tests: gets podman, makes a base image without a registry, builds the grading image on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

BASE = "localhost/grader-test-base"
PACKAGES = ("podman", "debootstrap", "runc", "iptables")
"""What Debian calls what is needed."""
IN_BASE = "python3,python3-venv,ca-certificates,make"
LIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")
"""Some hosts don't let a container ask for more."""
DOCKER = (
    *("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE"),
    *("NET_RAW", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", "SETFCAP"),
)
"""The rights that Docker leaves to a container; podman's own default is less."""


class Unavailable(Exception):
    """There are no containers to be had here; the text says why and what would help."""


def call(*words: object, timeout: float = 1200.0) -> str:
    """Run a program and return what it prints; raises CalledProcessError with its output."""
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command[:4], done.stdout, done.stderr)
    return done.stdout


def podman(*words: object, timeout: float = 1200.0) -> str:
    """Run podman."""
    runtime = ("--runtime", "runc") if shutil.which("runc") else ()
    return call("podman", *runtime, *words, timeout=timeout)


def prepare() -> None:
    """Install what is missing, where we may; raises Unavailable where there are no containers."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise Unavailable("they need root on Linux")
    missing = [name for name in ("podman", "debootstrap", "runc") if shutil.which(name) is None]
    if missing and shutil.which("apt-get") is None:
        raise Unavailable(f"{', '.join(missing)} isn't installed, and there is no apt-get to install it with")
    if missing:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
            done = subprocess.run(["apt-get", *words], env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Unavailable(f"apt-get {words[0]} failed: {done.stderr.strip()[-300:]}")


def base_image(*, fresh: bool) -> None:
    """Make the base image from Debian's packages, unless an earlier run left it; raises Unavailable."""
    try:
        if fresh or BASE not in podman("images", "--format", "{{.Repository}}"):
            with tempfile.TemporaryDirectory(prefix="grader-base-") as folder:
                root = Path(folder) / "root"
                call("debootstrap", "--variant=minbase", f"--include={IN_BASE}", _release(), root, _mirror())
                for cache in (root / "var/lib/apt/lists", root / "var/cache/apt/archives"):
                    shutil.rmtree(cache, ignore_errors=True)
                packed = Path(folder) / "root.tar"
                call("tar", "-C", root, "-cf", packed, ".")
                podman("import", packed, BASE)
        podman("run", "--rm", "--network", "none", *LIMITS, BASE, "true")
    except (OSError, subprocess.SubprocessError) as error:
        reason = str(getattr(error, "stderr", "") or error).strip()[-400:]
        raise Unavailable(f"a container can't be made or started: {reason}") from None


def _release() -> str:
    match = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text("utf-8"), re.MULTILINE)
    if match is None:
        raise Unavailable("this isn't a Debian: /etc/os-release has no VERSION_CODENAME")
    return match[1]


def _mirror() -> str:
    """The mirror that apt is configured with."""
    for line in call("apt-get", "indextargets", "--format", "$(SITE) $(CODENAME)").splitlines():
        site, _, release = line.partition(" ")
        if release == _release():
            return site
    raise Unavailable("apt is configured with no mirror of this release")


def build(archive: Path, name: str) -> None:
    """Build the Dockerfile in an unpacked bundle, as an instructor would."""
    with tempfile.TemporaryDirectory(prefix="grader-build-") as folder:
        context = Path(folder) / "context"
        with zipfile.ZipFile(archive) as bundle:
            bundle.extractall(context)
        words = ["build", "--network", "host", *LIMITS, "--build-arg", f"BASE_IMAGE={BASE}", "-t", name]
        for source, target in _pip_files(Path(folder)).items():
            words += ["-v", f"{source}:{target}:ro"]
        podman(*words, context)


def _pip_files(folder: Path) -> dict[Path, Path]:
    """What pip needs in the build to find packages as it finds them here: its settings, and local places they name."""
    settings: dict[str, str] = {}
    for line in call(sys.executable, "-m", "pip", "config", "list").splitlines():
        key, _, value = line.partition("=")
        settings[key.rpartition(".")[2]] = value.strip("'\"")
    kept = {
        key: value
        for key, value in settings.items()
        if key in ("cert", "index-url", "extra-index-url", "find-links", "trusted-host", "proxy")
    }
    mounts: dict[Path, Path] = {}
    for value in kept.values():
        for word in value.split():
            path = Path(word.removeprefix("file://"))
            if path.is_absolute() and path.exists():
                # the pages of an index name files beside it
                place = path.parent if word.startswith("file://") else path
                mounts[place] = place
    constraints = folder / "constraints.txt"
    try:
        # here it is a build without support for GPUs, which saves gigabytes
        constraints.write_text(f"torch=={metadata.version('torch')}\n", "ascii")
    except metadata.PackageNotFoundError:
        constraints.write_text("", "ascii")
    mounts[constraints] = Path("/etc/pip-constraints.txt")
    configuration = folder / "pip.conf"
    lines = [f"{key} = {value}" for key, value in kept.items()]
    configuration.write_text("\n".join(["[global]", *lines, "constraint = /etc/pip-constraints.txt", ""]), "utf-8")
    mounts[configuration] = Path("/etc/pip.conf")
    return mounts


def megabytes(name: str) -> float:
    """The size of an image."""
    return int(podman("image", "inspect", "--format", "{{.Size}}", name)) / 1e6


def remove(name: str) -> None:
    """Remove an image."""
    subprocess.run(["podman", "rmi", "-f", name], capture_output=True, check=False)
