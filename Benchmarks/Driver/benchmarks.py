# SPDX-License-Identifier: Apache-2.0
"""What is measured. A case measures one server once; the driver repeats it, node and bare broker by turns."""

import time
from dataclasses import dataclass
from typing import Callable

from Driver.programs import Server

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SETTLE_SECONDS = 1.0


@dataclass(frozen=True)
class Case:
    """`measure(make_server)` returns the figures of one run by name; `units` names them all, in the table's order."""

    name: str
    units: dict[str, str]
    measure: Callable[[Callable[..., Server]], dict[str, float]]
    is_quick: bool = False


def size(count):
    for unit, name in ((MIB, "MiB"), (KIB, "KiB")):
        if count % unit == 0:
            return f"{count // unit}{name}"
    return f"{count}B"


def cost(report):
    gibibytes = report["bytes"] / GIB
    return {
        "cpu": report["processorSeconds"] / gibibytes,
        "rate": report["bytes"] / MIB / report["seconds"],
    }


COST_UNITS = {"cpu": "CPU s/GiB", "rate": "MiB/s"}


# MARK: Ingest

# Batch bytes: bytes to send, and requests in flight with 1 and with 16 connections.
INGEST = {
    1 * KIB: (48 * MIB, {1: 64, 16: 8}),
    16 * KIB: (192 * MIB, {1: 32, 16: 8}),
    64 * KIB: (384 * MIB, {1: 8, 16: 4}),
    1 * MIB: (768 * MIB, {1: 8, 16: 1}),
}


def ingest(value, batch, connections, acks):
    total, depths = INGEST[batch]
    # Waiting for the disk makes a run long without making its figure better.
    total = total // 4 if acks == "all" else total
    warmup = total // 8

    def measure(make_server):
        # Connections take their share of the bytes as they come, so one may send far more than another.
        capacity = (total + warmup) * 2 // connections + 8 * MIB
        with make_server(partitions=connections, synchronizes=acks == "all", capacity=capacity) as server:
            return cost(server.load(
                "produce", connections=connections, depth=depths[connections], value=value, batch=batch,
                acks=-1 if acks == "all" else 1, bytes=total, warmup=warmup))

    name = f"ingest/{size(value)}/{size(batch)}/x{connections}/acks={acks}"
    return Case(name, COST_UNITS, measure, is_quick=(value, connections, acks) == (KIB, 1, "1"))


def ingest_cases():
    return [
        ingest(value, batch, connections, acks)
        for value in (100, KIB) for batch in INGEST for connections in (1, 16) for acks in ("1", "all")
    ]


# MARK: Fetch

def fetch(connections):
    stored, read = 256 * MIB, 2 * GIB
    records = {"value": KIB, "batch": 64 * KIB}

    def measure(make_server):
        with make_server(synchronizes=False, capacity=stored + 2 * MIB) as server:
            server.load("produce", depth=8, bytes=stored, **records)
            return cost(server.load("fetch", connections=connections, bytes=read, warmup=read // 16, **records))

    return Case(f"fetch/catch-up/x{connections}", COST_UNITS, measure, is_quick=connections == 1)


# MARK: Latency

LATENCY_UNITS = {"p50": "µs", "p99": "µs", "cpu": "CPU µs/request"}
PACED_REQUESTS = 3000


def latency(name, follow, synchronizes):
    def measure(make_server):
        with make_server(synchronizes=synchronizes, capacity=32 * MIB) as server:
            report = server.load("pace", rate=1000, requests=PACED_REQUESTS, warmup=500, follow=int(follow), acks=-1)
            return {
                "p50": report["latencyMicroseconds"]["p50"],
                "p99": report["latencyMicroseconds"]["p99"],
                "cpu": report["processorSeconds"] * 1e6 / report["requests"],
            }

    kind = "fsync" if synchronizes else "write.caching"
    return Case(f"{name}/1000 per s/{kind}", LATENCY_UNITS, measure, is_quick=name == "produce")


# MARK: Start and memory

def start(partitions):
    def measure(make_server):
        with make_server(partitions=partitions) as server:
            server.stop()
            return {"time": server.start() * 1000}

    return Case(f"start/{partitions} partitions", {"time": "ms"}, measure, is_quick=True)


def memory(partitions):
    def measure(make_server):
        with make_server(partitions=partitions) as server:
            time.sleep(SETTLE_SECONDS)
            return {"resident": server.resident_bytes() / MIB}

    return Case(f"memory/{partitions} partitions", {"resident": "MiB"}, measure, is_quick=True)


def memory_after_load():
    def measure(make_server):
        with make_server(partitions=16, synchronizes=False, capacity=64 * MIB) as server:
            server.load("produce", connections=16, depth=8, value=KIB, batch=64 * KIB, bytes=512 * MIB)
            return {"resident": server.resident_bytes() / MIB}

    return Case("memory/after 512 MiB over x16", {"resident": "MiB"}, measure)


# MARK: Allocations

def allocations(value, batch, depth):
    requests = 20_000 if batch == KIB else 2_000

    def measure(make_server):
        total = requests * batch
        with make_server(synchronizes=False, capacity=2 * total, counts=True) as server:
            report = server.load(
                "produce", depth=depth, value=value, batch=batch, bytes=total, warmup=total // 4)
            return {"count": (report["allocations"] + report["reallocations"]) / report["requests"]}

    kind = "alone" if depth == 1 else f"{depth} in flight"
    return Case(f"allocations/{size(value)}/{size(batch)}/{kind}", {"count": "a request"}, measure, is_quick=True)


# MARK: Scale

SCALE_UNITS = COST_UNITS | {
    "resident": "MiB", "descriptors": "open files", "start": "ms", "start after kill -9": "ms"}
SCALE_BYTES, SCALE_CONNECTIONS = 512 * MIB, 16


def scale(partitions, connections):
    """Requests of 16 KiB in turn to all partitions; then both ways to start again on what was written."""
    def measure(make_server):
        # Connections take their share as they come, so one partition may get more than another.
        capacity = 2 * SCALE_BYTES // partitions + (8 * MIB if partitions < 1000 else MIB)
        with make_server(partitions=partitions, synchronizes=False, capacity=capacity) as server:
            figures = cost(server.load(
                "produce", connections=connections, depth=max(1, 128 // connections), value=KIB, batch=16 * KIB,
                bytes=SCALE_BYTES, warmup=SCALE_BYTES // 8, spread=partitions))
            figures |= {"resident": server.resident_bytes() / MIB, "descriptors": server.descriptor_count()}
            server.stop()
            figures["start"] = server.start_until_written() * 1000
            server.kill()
            figures["start after kill -9"] = server.start_until_written() * 1000
            return figures

    return measure


def scale_cases():
    return [
        *(Case(f"scale/{count} partitions", SCALE_UNITS, scale(count, SCALE_CONNECTIONS))
          for count in (1, 100, 1000, 10_000)),
        *(Case(f"scale/{count} producers", SCALE_UNITS, scale(100, count)) for count in (1, 100, 2000)),
    ]


def all_cases():
    return [
        *ingest_cases(),
        fetch(1), fetch(16),
        *(latency(name, follow, synchronizes)
          for name, follow in (("produce", False), ("tail", True)) for synchronizes in (True, False)),
        start(0), start(1000),
        memory(0), memory(1000), memory_after_load(),
        *scale_cases(),
        *(allocations(value, batch, depth)
          for value, batch, deep in ((KIB, KIB, 64), (KIB, 64 * KIB, 8), (100, 64 * KIB, 8)) for depth in (1, deep)),
    ]


def figure_names():
    return {f"{case.name}/{figure}" for case in all_cases() for figure in case.units}
