"""A host that is lost, over a real network: two network namespaces, a veth pair, and TCP."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import pytest
from safetensors.numpy import load_file

import launchers
from chainrule.scale.launch import MARK

HERE = Path(__file__).parent
RECIPE = HERE.parents[1] / "examples" / "cluster" / "hosts.sh"
NEAR, FAR = "10.213.77.1", "10.213.77.2"
TRAIN = ["digits", "--epochs", "40", "--layers", "64", "--engine", "numpy", "--quiet"]
# Processes with a view of their own on /proc: the supervisor cannot see those of the other host.
ALONE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
SSH = """#!/usr/bin/env bash
# In place of ssh. A host is reached only while the link is up.
while [ "${{1#-}}" != "$1" ]; do shift; done
host=$1; shift
if [ "$host" = {near} ]; then exec sh -c "$*"; fi
ip link show wire | grep -q "state UP" || exit 255
exec {python} {program} {socket} "$*"
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=10)


@pytest.fixture
def hosts(tmp_path):
    """Two namespaces that a link joins, and a server in the far one."""
    version = [launchers.needed(), "--version"]
    if "Open MPI" in subprocess.run(version, capture_output=True, text=True, timeout=20).stdout:
        pytest.skip("hosts.sh is for MPICH's mpirun")
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        pytest.skip("there is no ip, or no unshare")
    near, far = (f"cr-{os.getpid()}-{side}" for side in ("near", "far"))
    try:
        ip("netns", "add", near)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces are not allowed here: {error.stderr.strip()}")
    server = None
    try:
        ip("netns", "add", far)
        ip("link", "add", "wire", "netns", near, "type", "veth", "peer", "name", "wire",
           "netns", far)  # fmt: skip
        for name, address in ((near, NEAR), (far, FAR)):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "wire")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", "wire", "up")
        socket = tmp_path / "socket"
        program = [sys.executable, str(HERE / "other_host.py"), "serve", str(socket)]
        server = subprocess.Popen(["ip", "netns", "exec", far, *ALONE, *program])
        ssh = tmp_path / "ssh"
        ssh.write_text(
            SSH.format(
                near=NEAR, python=sys.executable, program=HERE / "other_host.py", socket=socket
            )
        )
        ssh.chmod(0o755)
        yield near, far, ssh
    finally:
        if server is not None:
            server.kill()  # and with it all of its host's processes
            server.wait()
        for name in (near, far):
            subprocess.run(["ip", "netns", "del", name], check=False, timeout=10)


def launch(folder, hosts, stall):
    near, _, ssh = hosts
    command = ["ip", "netns", "exec", near, *ALONE, sys.executable, "-m", "chainrule.cli", "launch"]
    command += ["-n", "2", "--stall-timeout", str(stall), "--mpirun", str(RECIPE), "train", *TRAIN]
    command += ["--checkpoint", str(folder / "saved"), "--output", str(folder / "m.safetensors")]
    network = {"UCX_TLS": "tcp,self", "UCX_NET_DEVICES": "wire", "IFACE": "wire"}
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | network | {"HOSTS": f"{NEAR},{FAR}", "REMOTE": str(ssh)}
    return subprocess.Popen(
        command, env=environment | {"PATH": places}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def ended(process, folder):
    said, _ = process.communicate(timeout=150)
    assert process.returncode == 0, said
    return {n: a.tobytes() for n, a in load_file(folder / "m.safetensors").items()}, said


def ranks(namespace):
    """Return the ranks of a launch that run in this network."""
    here = subprocess.run(
        ["ip", "netns", "pids", namespace], capture_output=True, text=True, timeout=10, check=True
    )
    found = []
    for pid in here.stdout.split():
        with suppress(OSError):
            words = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
            if any(w.startswith(f"{MARK}=") for w in words) and launchers.is_rank(words):
                found.append(pid)
    return found


def received(namespace):
    """Return how many bytes have come through the link."""
    shown = ["ip", "netns", "exec", namespace, "cat", "/sys/class/net/wire/statistics/rx_bytes"]
    return int(subprocess.run(shown, capture_output=True, text=True, timeout=10, check=True).stdout)


@pytest.mark.slow
def test_a_lost_host_is_left_out_and_the_weights_are_the_undisturbed_ones(hosts, tmp_path):
    near, far, _ = hosts
    weights, said = ended(launch(tmp_path / "calm", hosts, 60), tmp_path / "calm")
    assert f"2 processes on {NEAR} {FAR}" in said
    assert received(near) > 4 * 40 * 50_000  # gradients went through the link

    process = launch(tmp_path / "torn", hosts, 15)
    deadline = monotonic() + 60
    while not list((tmp_path / "torn" / "saved").glob("step-*")) and monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        sleep(0.005)
    ip("-n", near, "link", "set", "wire", "down")
    orphans = ranks(far)
    assert orphans
    again, said = ended(process, tmp_path / "torn")
    assert again == weights
    assert "a host is lost" in said
    assert f"1 processes on {NEAR}" in said
    deadline = monotonic() + 30  # the far host's ranks have ended themselves, or do so soon
    while ranks(far) and monotonic() < deadline:
        sleep(0.1)
    assert not ranks(far)


@pytest.mark.parametrize("recipe", ["hosts.sh", "train.slurm"])
def test_the_recipes_are_sound_shell(recipe):
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    subprocess.run(["bash", "-n", str(RECIPE.with_name(recipe))], check=True, timeout=10)
