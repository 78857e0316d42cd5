# SPDX-License-Identifier: Apache-2.0
"""Starting, watching and ending the processes of a local cluster."""

import json
import os
import resource
import signal
import subprocess
import sys
import time

from clusters.model import Trouble, say, write_whole

POLL_SECONDS = 0.01
LOG_LINES_SHOWN = 20
# How long a node may take to hand its partitions over and to close its logs.
STOP_SECONDS = 60


class Processes:
    """The processes of one cluster, found again by the files they were noted in."""

    def __init__(self, cluster, binaries, world):
        self.cluster = cluster
        self.binaries = binaries
        self.world = world

    # Looking

    def pid(self, node):
        """The process of a node; None when it does not run. A number that somebody else got since does not count."""
        try:
            noted = json.loads((self.cluster.folder(node) / "process.json").read_text())
        except (FileNotFoundError, NotADirectoryError):
            return None
        found = process_state(noted["pid"])
        return noted["pid"] if found and found[1] == noted["startTime"] else None

    def state(self, node):
        """`stopped`, `paused`, `starting` or `ready`."""
        pid = self.pid(node)
        if pid is None:
            return "stopped"
        if process_state(pid)[0] in "Tt":
            return "paused"
        return "ready" if self.is_ready(node) else "starting"

    def is_ready(self, node):
        try:
            return "ready\n" in (self.cluster.folder(node) / "out").read_text()
        except FileNotFoundError:
            return False

    def running(self):
        return [node for node in self.cluster.nodes if self.pid(node) is not None]

    def write_pids(self):
        lines = [f"{node.role}\t{node.id}\t{self.pid(node)}\n" for node in self.running()]
        write_whole(self.cluster.directory / "pids.tsv", "".join(lines))

    # Starting

    def start(self, nodes, seconds):
        """Starts those that do not run, at the same time.

        Returns when all are ready; with `seconds` 0 at once. Where one ends or is late, those started here are killed
        and the ends of the logs shown.
        """
        started = {}
        for node in nodes:
            if self.pid(node) is None:
                started[node.name] = (node, self._launch(node))
        self.write_pids()
        if seconds:
            try:
                self._wait_until_ready(nodes, started, seconds)
            except BaseException:
                for _, process in started.values():
                    process.kill()
                    process.wait()
                self.write_pids()
                raise
        return [node for node, _ in started.values()]

    def _launch(self, node):
        cluster = self.cluster
        program = self.binaries / f"myelin-{node.role}"
        if not os.access(program, os.X_OK):
            raise Trouble(f"{program} is not there: 'swift build -c release' makes it, or name another --binaries", 2)
        cluster.write_config(node)
        self.world.prepare(node)
        if node.role == "controller":
            self._format(node, program)
        soft_limit()
        with open(cluster.folder(node) / "out", "wb") as out, open(cluster.log(node), "ab") as log:
            process = subprocess.Popen(
                [*self.world.wrapper(node), program, "--config", cluster.config(node)], stdin=subprocess.DEVNULL,
                stdout=out, stderr=log, env=clean_environment(), start_new_session=True)
        noted = {"pid": process.pid, "startTime": process_state(process.pid, even_dead=True)[1]}
        write_whole(cluster.folder(node) / "process.json", json.dumps(noted) + "\n")
        return process

    def _format(self, node, program):
        data = self.cluster.data(node)
        if (data / "meta.properties").exists():
            return
        result = subprocess.run(
            [program, "format", "--cluster-id", self.cluster.cluster_id, "--data", data, "--node-id", str(node.id)],
            capture_output=True, text=True, env=clean_environment())
        if result.returncode:
            raise Trouble(f"{node.name} could not be formatted: {result.stderr.strip()}")

    def _wait_until_ready(self, nodes, started, seconds):
        begin = time.monotonic()
        said = begin
        while True:
            waiting = [node for node in nodes if not self.is_ready(node)]
            dead = [node for node in waiting if node.name in started and started[node.name][1].poll() is not None]
            if dead:
                self._fail(dead, f"{names(dead)} ended with status {started[dead[0].name][1].returncode}")
            if not waiting:
                break
            now = time.monotonic()
            if now - begin > seconds:
                self._fail(waiting, f"{names(waiting)} not ready after {seconds:g} s")
            if now - said >= (0.2 if sys.stderr.isatty() else 5):
                said = now
                progress(f"waiting for {names(waiting)}, {now - begin:.0f} s")
            time.sleep(POLL_SECONDS)
        progress("")

    def _fail(self, nodes, text):
        progress("")
        for node in nodes:
            say(f"the end of {self.cluster.log(node)}:")
            lines = self.cluster.log(node).read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
            print("\n".join(f"    {line}" for line in lines), file=sys.stderr)
        raise Trouble(text)

    # Ending and pausing

    def stop_all(self):
        """Brokers first, which ask controllers to take them out of the cluster. Who is late is killed."""
        for role in ("broker", "controller"):
            self.stop(self.cluster.of(role), must=True)

    def stop(self, nodes, seconds=STOP_SECONDS, must=False):
        """SIGTERM to all at once, then waits. With `must`, who is late is killed; without, that is an error."""
        pids = {node.name: self.pid(node) for node in nodes}
        pids = {name: pid for name, pid in pids.items() if pid is not None}
        for pid in pids.values():
            send(pid, signal.SIGTERM)
            send(pid, signal.SIGCONT)
        late = wait_for_end(pids, seconds)
        if late and must:
            say(f"{', '.join(late)} did not stop within {seconds:g} s: killed")
            for name in late:
                send(pids[name], signal.SIGKILL)
            late = wait_for_end({name: pids[name] for name in late}, 10)
        self.write_pids()
        if late:
            raise Trouble(f"{', '.join(late)} did not stop within {seconds:g} s; 'cluster kill' ends a process at once")

    def signal(self, nodes, number):
        """SIGKILL, SIGSTOP or SIGCONT; all must run."""
        pids = {node.name: self.pid(node) for node in nodes}
        for name, pid in pids.items():
            if pid is None:
                raise Trouble(f"{name} does not run", 2)
        for pid in pids.values():
            send(pid, number)
        if number == signal.SIGKILL:
            late = wait_for_end(pids, 10)
            if late:
                raise Trouble(f"{', '.join(late)} did not end after SIGKILL: the disk holds it up")
        self.write_pids()


def names(nodes):
    return ", ".join(node.name for node in nodes)


def progress(text):
    """A line that the next one replaces on a terminal, and a line of its own elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        say(text)


def clean_environment():
    """Without MYELIN_ variables, which a node would read as settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MYELIN_")}


def soft_limit():
    """As many open files as the system lets us have: partitions need several each."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def process_state(pid, even_dead=False):
    """State letter and start time of a process (proc(5)); None when it is gone or only waits to be collected."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] in "ZX" and not even_dead:
        return None
    return fields[0], int(fields[19])


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_for_end(pids, seconds):
    """Names of those that are still there after `seconds`."""
    starts = {name: process_state(pid) for name, pid in pids.items()}
    deadline = time.monotonic() + seconds
    while True:
        late = []
        for name, pid in pids.items():
            collect(pid)
            found = process_state(pid)
            if found and starts[name] and found[1] == starts[name][1]:
                late.append(name)
        if not late or time.monotonic() > deadline:
            return late
        time.sleep(POLL_SECONDS)


def collect(pid):
    """Takes the exit status of a child of ours, so that it does not stay a zombie."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
