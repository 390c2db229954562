"""A small Internet in network namespaces: the lab on a public network, a public host, and a home behind a NAT.

    world 203.0.113.1 ─┬─ near 203.0.113.3
                       └─ router 203.0.113.2 │ 192.168.77.1 ── home 192.168.77.10

Everything is in namespaces of its own; the machine's network is not touched. It needs root, iproute2, nftables and a kernel that lets it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from support.lab import PATIENCE, TOOLS, Lab

__all__ = ["HOME", "NEAR", "ROUTER", "WORLD", "SmallInternet", "WorldLab", "why_not"]

WORLD, ROUTER, NEAR, HOME = "203.0.113.1", "203.0.113.2", "203.0.113.3", "192.168.77.10"


def why_not() -> str | None:
    """Why there can be no namespaces here, or None."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces need root"
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [program for program in ("ip", "nft", "turnserver", "baresip", "kamailio") if shutil.which(program, path=path) is None]
    if missing:
        return f"the lab lacks {', '.join(missing)}: run tests/lab/install.sh as root"
    try:
        with SmallInternet():
            return None
    except subprocess.CalledProcessError as error:
        return f"the kernel allows no network namespaces with NAT: {error.stderr.strip()}"


class SmallInternet:
    """A context manager: the namespaces exist within it."""

    def __init__(self) -> None:
        self._names = {kind: f"bq{os.getpid()}{kind}" for kind in ("world", "router", "near", "home")}

    def inside(self, kind: str, *command: str) -> list[str]:
        """``command`` in the namespace "world", "near", "home" or "router"."""
        return ["ip", "netns", "exec", self._names[kind], *command]

    def __enter__(self) -> SmallInternet:
        try:
            self._build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def _build(self) -> None:
        for name in self._names.values():
            _run(f"ip netns add {name}")
            _run(f"ip -n {name} link set lo up")
        self._in("world", "ip link add br0 type bridge", "ip link set br0 up", f"ip address add {WORLD}/24 dev br0")
        for kind, address in (("router", ROUTER), ("near", NEAR)):
            self._cable("world", f"to-{kind}", kind, "wan", f"{address}/24")
            self._in("world", f"ip link set to-{kind} master br0 up")
        self._cable("router", "lan", "home", "eth0", f"{HOME}/24")
        self._in("router", "ip address add 192.168.77.1/24 dev lan", "ip link set lan up", "sysctl -qw net.ipv4.ip_forward=1")
        self._in("home", "ip route add default via 192.168.77.1")
        self._in(
            "router", "nft add table ip nat", "nft add chain ip nat post { type nat hook postrouting priority 100 ; }",
            "nft add rule ip nat post oifname wan masquerade",
            # like every home router: nothing comes in that was not asked for, nor takes a port away from who asks a moment later
            "nft add chain ip nat in { type filter hook forward priority -1 ; }", "nft add rule ip nat in iifname wan ct state new drop",
            "nft add chain ip nat own { type filter hook input priority 0 ; }", "nft add rule ip nat own iifname wan drop",
        )  # fmt: skip

    def _cable(self, one: str, its_end: str, other: str, other_end: str, address: str) -> None:
        first, second = self._names[one], self._names[other]
        _run(f"ip -n {first} link add {its_end} type veth peer name {other_end} netns {second}")
        self._in(other, f"ip address add {address} dev {other_end}", f"ip link set {other_end} up")

    def _in(self, kind: str, *commands: str) -> None:
        for command in commands:
            _run(" ".join(self.inside(kind, command)))

    def _remove(self) -> None:
        for name in self._names.values():
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


class WorldLab(Lab):
    """The lab in the world, on its public address."""

    def __init__(self, directory: Path, net: SmallInternet) -> None:
        super().__init__(directory, 15000)
        self._net = net
        self._environment["LAB_IP"] = WORLD

    @property
    def nameserver(self) -> str:
        return f"{WORLD}:{self.port(53)}"

    def proxy(self, transport: str) -> str:
        return f"{WORLD}:{self.port(60)};transport={transport}"

    def _lab(self, *arguments: str, settings: dict[str, str] | None = None) -> None:
        command = self._net.inside("world", str(TOOLS / "lab.sh"), *arguments)
        # files instead of pipes: the daemons that it starts would keep those open
        log = self.directory / "lab.log"
        with log.open("w") as output:
            environment = {**self._environment, **(settings or {})}
            done = subprocess.run(command, env=environment, stdout=output, stderr=output, timeout=300, check=False)
        assert done.returncode == 0, f"lab.sh {' '.join(arguments)}: {log.read_text()}"

    def baresip(self, who: str, command: str, parameters: str = "") -> str:
        """Run one command of baresip ``who``."""
        script = f". {TOOLS / 'env.sh'}; exec $LAB_PYTHON {TOOLS / 'tools' / 'baresip.py'} {who} {command} {parameters}"
        done = subprocess.run(
            self._net.inside("world", "bash", "-c", script), env=self._environment, capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def _run(command: str) -> None:
    subprocess.run(command.split(), capture_output=True, text=True, check=True)
