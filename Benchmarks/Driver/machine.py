# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured on."""

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path


def load_average():
    return os.getloadavg()[0]


def mount_of(folder):
    """Device, file system type of the mount that holds a folder."""
    folder, found = str(Path(folder).resolve()), ("unknown", "unknown", "")
    for line in Path("/proc/mounts").read_text().splitlines():
        device, point, kind = line.split()[:3]
        point = point.replace("\\040", " ")
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(found[2]):
            found = (device, kind, point)
    return found[0], found[1]


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gibibytes():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))


def commit(root):
    shown = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, check=False)
    return shown.stdout.strip() or "unknown"


def describe(root, data):
    device, kind = mount_of(data)
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": commit(root),
        "processor": processor(),
        "processorCount": os.cpu_count(),
        "memoryGiB": memory_gibibytes(),
        "kernel": platform.release(),
        "disk": device,
        "fileSystem": kind,
        "loadBefore": round(load_average(), 2),
    }
