# SPDX-License-Identifier: Apache-2.0
"""What surrounds a node's process: the machine itself, or a network namespace and a file system of its own.

With namespaces every node has one interface, `eth0`, on a bridge that the machine is on as well, so that rules of
nftables inside a namespace cut its node off from others, in one direction or both. A disk is a sparse file with ext4.
"""

import os
import shutil
import subprocess

from clusters.model import Trouble


def run(*command, check=True):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if check and result.returncode:
        raise Trouble(f"{' '.join(map(str, command))}: {result.stderr.strip() or result.returncode}")
    return result.returncode == 0


class World:
    def __init__(self, cluster):
        self.cluster = cluster
        if cluster.has_namespaces or cluster.disk_size:
            if os.geteuid() != 0:
                raise Trouble("--netns and --disk-size need root", 2)
            needed = (["ip", "nsenter"] if cluster.has_namespaces else []) + (
                ["mkfs.ext4", "mount"] if cluster.disk_size else [])
            for program in needed:
                if shutil.which(program) is None:
                    raise Trouble(f"{program} is not installed (Debian packages iproute2, util-linux, e2fsprogs)", 2)

    # Names

    @property
    def bridge(self):
        return f"my{self.cluster.base_port}"

    def namespace(self, node):
        return f"{self.bridge}-{node.role}-{node.id}" if self.cluster.has_namespaces else None

    def interface(self, node):
        """The machine's end of the pair whose other end is the node's eth0; at most 15 characters."""
        return f"{self.bridge}{node.role[0]}{node.id}" if self.cluster.has_namespaces else None

    def disk(self, node):
        return self.cluster.folder(node) / "disk"

    def wrapper(self, node):
        if not self.cluster.has_namespaces:
            return []
        return ["nsenter", f"--net=/run/netns/{self.namespace(node)}", "--"]

    # Making; what is there already is left as it is

    def prepare(self, node):
        if self.cluster.has_namespaces:
            self._make_bridge()
            self._make_namespace(node)
        if self.cluster.disk_size:
            self._mount(node)

    def _make_bridge(self):
        if run("ip", "link", "show", self.bridge, check=False):
            return
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "address", "add", f"{self.cluster.subnet}.254/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")

    def _make_namespace(self, node):
        name, outside = self.namespace(node), self.interface(node)
        if run("ip", "-netns", name, "link", "show", "eth0", check=False):
            return
        run("ip", "netns", "delete", name, check=False)
        run("ip", "link", "delete", outside, check=False)
        run("ip", "netns", "add", name)
        run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", outside, "master", self.bridge, "up")
        run("ip", "-netns", name, "address", "add", f"{node.host}/24", "dev", "eth0")
        run("ip", "-netns", name, "link", "set", "lo", "up")
        run("ip", "-netns", name, "link", "set", "eth0", "up")

    def _mount(self, node):
        disk = self.disk(node)
        image = disk.with_name("disk.img")
        disk.mkdir(exist_ok=True)
        if os.path.ismount(disk):
            return
        if not image.exists():
            fresh = image.with_name("disk.img.new")
            run("truncate", "-s", self.cluster.disk_size, fresh)
            run("mkfs.ext4", "-q", "-F", fresh)
            fresh.rename(image)
        run("mount", "-o", "loop", image, disk)
        self.cluster.data(node).mkdir(exist_ok=True)

    # Removing

    def dissolve(self):
        for node in self.cluster.nodes:
            if self.cluster.disk_size and os.path.ismount(self.disk(node)):
                run("umount", self.disk(node))
            if self.cluster.has_namespaces:
                run("ip", "netns", "delete", self.namespace(node), check=False)
                run("ip", "link", "delete", self.interface(node), check=False)
        if self.cluster.has_namespaces:
            run("ip", "link", "delete", self.bridge, check=False)
