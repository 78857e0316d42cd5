# SPDX-License-Identifier: Apache-2.0
"""A real myelin-standalone process under a test's control."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("MYELIN_BINARIES", ROOT / ".build" / "release"))


def free_ports(count):
    """Ports that nobody listens on now; all are held open together so that none is given twice."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def clean_environment(additions=None):
    """Ours without MYELIN_ variables, which a node would read as settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MYELIN_")}
    return {**inherited, **(additions or {})}


class Node:
    """Starts, stops, kills and restarts one node on the same data and ports."""

    def __init__(self, data=None, settings=None, arguments=None, wrapper=None, environment=None):
        self.owns_data = data is None
        self.data = Path(data or tempfile.mkdtemp(prefix="myelin-test-"))
        self.kafka_port, self.rpc_port, self.admin_port = free_ports(3)
        self.settings = dict(settings or {})
        self.arguments = list(arguments or [])
        self.wrapper = list(wrapper or [])
        self.environment = clean_environment(environment)
        self.process = None
        self.output = []
        self.errors = []

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self.kafka_port}"

    @property
    def cluster(self):
        return f"127.0.0.1:{self.rpc_port}"

    def command(self):
        settings = [f"--set={key}={value}" for key, value in self.settings.items()]
        return [
            *self.wrapper, str(BINARIES / "myelin-standalone"), "--data", str(self.data),
            "--kafka-port", str(self.kafka_port), "--rpc-port", str(self.rpc_port),
            "--admin-port", str(self.admin_port), *settings, *self.arguments,
        ]

    def start(self, seconds=30):
        self.output, self.errors = [], []
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment)
        ready = threading.Event()
        self._follow(self.process.stdout, self.output, ready)
        self._follow(self.process.stderr, self.errors, None)
        deadline = time.monotonic() + seconds
        while not ready.wait(0.01):
            if self.process.poll() is not None:
                time.sleep(0.1)
                raise AssertionError(f"exit {self.process.returncode} before ready:\n" + "".join(self.errors[-20:]))
            if time.monotonic() > deadline:
                raise AssertionError(f"not ready after {seconds} s:\n" + "".join(self.errors[-20:]))
        return self

    @staticmethod
    def _follow(stream, lines, ready):
        def read():
            for line in stream:
                lines.append(line)
                if ready is not None and line.strip() == "ready":
                    ready.set()
        threading.Thread(target=read, daemon=True).start()

    def says(self, text, seconds=20):
        """Waits for a line on stderr that contains `text`, and returns it."""
        deadline = time.monotonic() + seconds
        while True:
            for line in list(self.errors):
                if text in line:
                    return line
            assert time.monotonic() < deadline, f"no {text!r} in:\n" + "".join(self.errors[-20:])
            time.sleep(0.01)

    def stop(self, seconds=30):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self, kill=False):
        self.kill() if kill else self.stop()
        return self.start()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if self.owns_data:
            shutil.rmtree(self.data, ignore_errors=True)

    def resident_kibibytes(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def myelin(self, *arguments, check=True, input=None, environment=None):
        """Runs the ops CLI against this node."""
        result = subprocess.run(
            [str(BINARIES / "myelin"), "--cluster", self.cluster, *arguments], input=input, text=True,
            capture_output=True, timeout=60, env=clean_environment(environment))
        if check and result.returncode != 0:
            raise AssertionError(f"myelin {' '.join(arguments)}: exit {result.returncode}\n{result.stderr}")
        return result

    def kcat(self, *arguments, input=None, check=True, binary=False):
        result = subprocess.run(
            ["kcat", "-b", self.bootstrap, *arguments], input=input, capture_output=True, text=not binary, timeout=60)
        if check and result.returncode != 0:
            raise AssertionError(f"kcat {' '.join(arguments)}: exit {result.returncode}\n{result.stderr}")
        return result
