# SPDX-License-Identifier: Apache-2.0
"""The programs that a benchmark runs: the node, the bare broker beside it, and the load on either."""

import json
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
SOURCES = BENCHMARKS / "Baselines"
BUILD = BENCHMARKS / ".build"
START_SECONDS_MAX = 60
LOAD_SECONDS_MAX = 600
# Two requests of one record: the load measures from the first answer to the next.
LAST_PARTITION = {"value": 100, "batch": 100, "bytes": 200}

TARGETS = {
    "bare-broker": (["broker.c"], ["-lisal"]),
    "load": (["load.c"], ["-lisal"]),
    "malloc_count.so": (["malloc_count.c"], ["-shared", "-fPIC"]),
}


class BenchmarkFailed(Exception):
    """A program did not do what the benchmark needs; the message says which and what it said."""


def raise_descriptor_limit():
    """Servers and loads of many partitions and connections inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def compile_all():
    BUILD.mkdir(exist_ok=True)
    for target, (sources, flags) in TARGETS.items():
        command = ["gcc", "-O2", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-o", str(BUILD / target)]
        subprocess.run(command + [str(SOURCES / source) for source in sources] + flags, check=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def api_versions_answered(port):
    """Whether somebody answers the first request that every Kafka client sends."""
    body = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS_MAX) as connection:
            connection.sendall(struct.pack(">i", len(body)) + body)
            return len(connection.recv(8)) > 0
    except OSError:
        return False


class Server:
    """A broker process on an empty folder of its own, or on one that an earlier process left."""

    name = ""

    def __init__(self, folder, partitions=1, synchronizes=True, capacity=0, counts=None):
        self.folder, self.partitions, self.counts = Path(folder), partitions, counts
        self.synchronizes, self.capacity = synchronizes, capacity
        self.port = free_port()
        self.process = None

    def command(self):
        raise NotImplementedError

    def create_topic(self):
        """Makes the topic that the load uses; the bare broker has its partitions from the start."""

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()
        self.create_topic()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def start(self):
        """Starts the process; returns the seconds until it answered a request."""
        environment = dict(os.environ)
        if self.counts:
            environment |= {"LD_PRELOAD": str(BUILD / "malloc_count.so"), "MALLOC_COUNT_FILE": str(self.counts)}
        log = open(self.folder.with_suffix(".log"), "wb")
        started = time.monotonic()
        self.process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        log.close()
        while not api_versions_answered(self.port):
            if self.process.poll() is not None or time.monotonic() - started > START_SECONDS_MAX:
                raise BenchmarkFailed(f"{self.name} did not start:\n{self.output()}")
            time.sleep(0.0005)
        return time.monotonic() - started

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self):
        """Ends the process as the kernel would."""
        self.process.kill()
        self.process.wait()

    def start_until_written(self):
        """Starts the process; returns the seconds until a record was written to the last partition."""
        started = time.monotonic()
        self.start()
        while True:
            try:
                self.load("produce", first=self.partitions - 1, **LAST_PARTITION)
                return time.monotonic() - started
            except BenchmarkFailed:
                if time.monotonic() - started > START_SECONDS_MAX:
                    raise
                time.sleep(0.005)

    def output(self):
        return self.folder.with_suffix(".log").read_text(errors="replace")[-2000:]

    def resident_bytes(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise BenchmarkFailed(f"{self.name} is gone:\n{self.output()}")

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def load(self, mode, **options):
        """Runs the load against this server; returns its report."""
        options |= {"port": self.port}
        if mode != "create":
            options |= {"pid": self.process.pid}
            if self.counts:
                options |= {"counts": self.counts}
        command = [str(BUILD / "load"), mode] + [f"{name}={value}" for name, value in options.items()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOAD_SECONDS_MAX, check=False)
        if done.returncode != 0:
            raise BenchmarkFailed(
                f"{' '.join(command)}\nagainst {self.name}: {done.stderr.strip()}\n{self.output()}")
        return json.loads(done.stdout) if done.stdout else {}


class Bare(Server):
    name = "bare"

    def command(self):
        mode = ["sync"] if self.synchronizes else []
        return [str(BUILD / "bare-broker"), str(self.port), str(self.folder), str(self.partitions),
                str(self.capacity)] + mode


class Node(Server):
    name = "node"
    executable = None
    settings = ()

    def command(self):
        command = [str(self.executable), "--data", str(self.folder), "--kafka-port", str(self.port),
                   "--rpc-port", str(free_port()), "--admin-port", str(free_port())]
        return command + [word for setting in self.settings for word in ("--set", setting)]

    def create_topic(self):
        caching = {} if self.synchronizes else {"config": "write.caching=true"}
        if self.partitions > 0:
            self.load("create", partitions=self.partitions, **caching)
