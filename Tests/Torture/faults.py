# SPDX-License-Identifier: Apache-2.0
"""What is done to a cluster while clients work: each fault begins, lasts, and is healed before the function returns.

Every function takes a `Run` and returns a sentence for its log. Who is hit is decided by what it does at that moment.
"""

import os
import subprocess
import time
from pathlib import Path

import clients
import cluster_wire
from cluster import TOOL
from node import BINARIES


# MARK: Who

def a_leader(run):
    """The leader of a random partition."""
    return run.cluster.leader(run.topic, run.chance.randrange(run.partitions))


def a_follower(run):
    leader = run.cluster.leader(run.topic, 0)
    return run.chance.choice([one["id"] for one in run.cluster.nodes("broker") if one["id"] != leader])


def someone(run):
    """(role, id) of any node."""
    return run.chance.choice([(one["role"], one["id"]) for one in run.cluster.nodes()])


# MARK: Processes

def kill(run, role, number, why):
    run.cluster.kill(role, number)
    time.sleep(run.chance.uniform(0.5, 4))
    run.cluster.begin(role, number)
    return f"kill -9 of {role} {number}, {why}"


def kill_leader(run):
    return kill(run, "broker", a_leader(run), "a leader")


def kill_controller(run):
    return kill(run, "controller", run.cluster.active_controller(), "the active one")


def kill_coordinator(run):
    return kill(run, "broker", run.cluster.coordinator("group"), "the group's coordinator")


def kill_someone(run):
    return kill(run, *someone(run), "any")


def kill_leader_and_controller(run):
    leader, controller = a_leader(run), run.cluster.active_controller()
    run.cluster.kill("controller", controller)
    run.cluster.kill("broker", leader)
    time.sleep(run.chance.uniform(2, 5))
    run.cluster.begin("controller", controller)
    run.cluster.begin("broker", leader)
    return f"kill -9 of controller {controller}, the active one, and broker {leader}, a leader"


def kill_all(run):
    nodes = run.cluster.nodes()
    for node in nodes:
        if node["pid"]:
            os.kill(node["pid"], 9)
    time.sleep(run.chance.uniform(0.5, 2))
    run.cluster.tool("up")
    return f"kill -9 of all {len(nodes)} nodes"


def pause(run, role, number, why):
    seconds = run.chance.choice([0.5, 1, 2, 5, 10, 20, 30][:7 if run.is_long else 5])
    run.cluster.pause(role, number)
    time.sleep(seconds)
    run.cluster.resume(role, number)
    return f"SIGSTOP of {role} {number}, {why}, for {seconds:g} s"


def pause_leader(run):
    return pause(run, "broker", a_leader(run), "a leader")


def pause_controller(run):
    return pause(run, "controller", run.cluster.active_controller(), "the active one")


def pause_coordinator(run):
    return pause(run, "broker", run.cluster.coordinator("group"), "the group's coordinator")


def pause_someone(run):
    return pause(run, *someone(run), "any")


def restart_in_order(run):
    """One node after the other, as an operator does: on to the next when all replicas are in sync again."""
    for role in ("controller", "broker"):
        for node in run.cluster.nodes(role):
            run.cluster.stop(role, node["id"])
            run.cluster.begin(role, node["id"])
            run.settle()
    return "orderly restart of every node"


# MARK: The network; namespaces needed

def filter_in(node, chains):
    """Replaces the packet filter of a node's namespace."""
    rules = "table inet torture\ndelete table inet torture\n"
    if chains:
        rules += "table inet torture {\n" + "\n".join(chains) + "\n}\n"
    done = subprocess.run(
        ["ip", "netns", "exec", node["namespace"], "nft", "-f", "-"], text=True, capture_output=True, input=rules)
    assert done.returncode == 0, f"nft: {done.stderr.strip()}\n{rules}"


def drop(node, incoming=(), outgoing=()):
    """Drops what comes from, and what goes to, the hosts named."""
    filter_in(node, [chain("input", "saddr", incoming), chain("output", "daddr", outgoing)])


def chain(hook, field, hosts):
    rules = "\n".join(f"ip {field} {host} drop" for host in hosts)
    return f"chain {hook} {{ type filter hook {hook} priority 0;\n{rules}\n}}"


def hold(run, node, text, **cut):
    seconds = run.chance.choice([1, 3, 6, 10, 20, 30][:6 if run.is_long else 4])
    drop(node, **cut)
    time.sleep(seconds)
    filter_in(node, [])
    return f"{text} for {seconds} s"


def hosts(run, role, *but):
    return [node["host"] for node in run.cluster.nodes(role) if node["host"] not in but]


def cut_leader_from_brokers(run):
    node = run.cluster.node("broker", a_leader(run))
    others = hosts(run, "broker", node["host"])
    return hold(run, node, f"broker {node['id']}, a leader, cut off from the brokers", incoming=others, outgoing=others)


def cut_leader_from_controllers(run):
    node = run.cluster.node("broker", a_leader(run))
    others = hosts(run, "controller")
    return hold(run, node, f"broker {node['id']}, a leader, cut off from the controllers",
                incoming=others, outgoing=others)


def cut_leader_from_all_nodes(run):
    """Clients still reach it: a leader that does not know that it is none any more."""
    node = run.cluster.node("broker", a_leader(run))
    others = hosts(run, None, node["host"])
    return hold(run, node, f"broker {node['id']}, a leader, cut off from all nodes", incoming=others, outgoing=others)


def cut_leader_from_clients(run):
    node = run.cluster.node("broker", a_leader(run))
    client = [node["host"].rpartition(".")[0] + ".254"]
    return hold(run, node, f"broker {node['id']}, a leader, cut off from the clients", incoming=client, outgoing=client)


def cut_controller(run):
    node = run.cluster.node("controller", run.cluster.active_controller())
    others = hosts(run, "controller", node["host"])
    return hold(run, node, f"controller {node['id']}, the active one, cut off from the others",
                incoming=others, outgoing=others)


def cut_one_way(run):
    """A node that hears but is not heard, or the other way round."""
    node = run.cluster.node(*run.chance.choice([
        ("broker", a_leader(run)), ("controller", run.cluster.active_controller()), someone(run)]))
    others = hosts(run, None, node["host"])
    way = run.chance.choice(["incoming", "outgoing"])
    return hold(run, node, f"{node['role']} {node['id']}: {way} packets of all nodes dropped", **{way: others})


def cut_bridge(run):
    """A–B–C: two brokers that do not reach each other, and a third that both reach."""
    first, second = run.chance.sample(run.cluster.nodes("broker"), 2)
    return hold(run, first, f"brokers {first['id']} and {second['id']} cut off from each other",
                incoming=[second["host"]], outgoing=[second["host"]])


def flap(run):
    """On and off each second."""
    node = run.cluster.node("broker", a_leader(run))
    others = hosts(run, None, node["host"])
    turns = 10 if run.is_long else 4
    for _ in range(turns):
        drop(node, incoming=others, outgoing=others)
        time.sleep(1)
        filter_in(node, [])
        time.sleep(1)
    return f"broker {node['id']} cut off from all nodes and back, {turns} times"


# MARK: Disks; a file system for each node needed

def disk_full(run):
    node = run.cluster.node("broker", a_leader(run))
    ballast = Path(node["disk"]) / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while file.write(b"\0" * size) == size:
                        pass
                except OSError:
                    pass
        time.sleep(run.chance.uniform(3, 8))
    finally:
        ballast.unlink(missing_ok=True)
    return f"disk of broker {node['id']} full"


def disk_frozen(run):
    node = run.cluster.node("broker", a_leader(run))
    seconds = run.chance.choice([1, 5, 10, 60][:4 if run.is_long else 3])
    command("fsfreeze", "-f", node["disk"])
    try:
        time.sleep(seconds)
    finally:
        command("fsfreeze", "-u", node["disk"])
    return f"disk of broker {node['id']} frozen for {seconds} s"


# The broker whose disk breaks.
FAILING = 2


def disk_fails(run):
    """Write-back finds no room below the file system: the kernel tells it once, with the next synchronize."""
    if run.small is None:
        # Where it was mounted, the machine's own disk would be filled.
        time.sleep(1)
        return "nothing: the disk was replaced already"
    node = run.cluster.node("broker", FAILING)
    with (run.small / "ballast").open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * (1 << 16)):
                pass
        except OSError:
            pass
    time.sleep(15)
    replace_disk(run, node)
    return f"synchronize of broker {FAILING} failed; started again on an empty disk"


def put_on_failing_disk(run):
    """Moves a broker's file system into a sparse file on a small tmpfs."""
    node = run.cluster.node("broker", FAILING)
    disk, image = Path(node["disk"]), Path(node["disk"]).with_name("disk.img")
    run.cluster.stop("broker", FAILING)
    command("umount", disk)
    run.small = disk.with_name("small")
    run.small.mkdir()
    command("mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", run.small)
    command("cp", "--sparse=always", image, run.small / "disk.img")
    command("mount", "-o", "loop", run.small / "disk.img", disk)
    run.cluster.begin("broker", FAILING)
    small = run.small
    run.undo.append(lambda: subprocess.run(["umount", "-l", small], capture_output=True))


def replace_disk(run, node):
    """What an operator does with a broken disk: a new one in its place, with nothing on it."""
    disk, image = Path(node["disk"]), Path(node["disk"]).with_name("disk.img")
    if run.cluster.node("broker", node["id"])["pid"]:
        run.cluster.kill("broker", node["id"])
    command("umount", "-l", disk)
    image.unlink()
    command("umount", "-l", run.small)
    run.small = None
    run.cluster.begin("broker", node["id"])


def command(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr.strip()}"


# MARK: Damage of one replica

def damaged_segment(run, node):
    """A random segment of the topic in one broker's folder, with its used length: preallocated zeros do not count."""
    found = [path for partition in range(run.partitions)
             for path in clients.segments(Path(node["data"]), run.topic, partition)]
    path = run.chance.choice([path for path in sorted(found) if used(path) > 2000])
    return path, used(path)


def used(path):
    return sum(len(batch.raw) for batch in cluster_wire.batches(path.read_bytes()))


def flip(run, path, length):
    place = run.chance.randrange(length)
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1 << run.chance.randrange(8)]))
    return f"a bit of {path.parent.name}/{path.name} at {place} of {length} flipped"


def cut_short(run, path, length):
    place = run.chance.randrange(length)
    with path.open("r+b") as file:
        file.truncate(place)
    return f"{path.parent.name}/{path.name} cut from {length} to {place} bytes"


def damage_while_down(run):
    """One broker is away, and comes back with a damaged file."""
    number = run.chance.choice([one["id"] for one in run.cluster.nodes("broker")])
    run.cluster.kill("broker", number)
    text = run.chance.choice([flip, cut_short])(run, *damaged_segment(run, run.cluster.node("broker", number)))
    run.cluster.begin("broker", number)
    return f"broker {number} away, {text}"


def damage_while_all_are_down(run):
    """Every node stops; one comes back with a damaged file that was in sync before."""
    for node in run.cluster.nodes():
        if node["pid"]:
            os.kill(node["pid"], 9)
    time.sleep(0.5)
    number = run.chance.choice([one["id"] for one in run.cluster.nodes("broker")])
    text = run.chance.choice([flip, cut_short])(run, *damaged_segment(run, run.cluster.node("broker", number)))
    run.cluster.tool("up")
    return f"all nodes away, broker {number}: {text}"


def until_scrubbed(run):
    """Every broker has checked all its bytes since the last fault, and what it found is mended."""
    began = time.monotonic()

    def is_whole(node):
        age = run.cluster.sample(node, "myelin_scrub_age_seconds")
        return age < time.monotonic() - began and run.cluster.sample(node, "myelin_log_damaged_ranges") == 0
    run.cluster.until(
        "all bytes are checked and mended", lambda: all(is_whole(node) for node in run.cluster.nodes("broker")), 60)


def lose_the_only_copy(run):
    """Cuts the last fifth off a partition that has one replica, while all are away."""
    time.sleep(2)
    for node in run.cluster.nodes():
        os.kill(node["pid"], 9)
    time.sleep(0.5)
    path, length = damaged_segment(run, run.cluster.node("broker", a_holder(run)))
    whole, kept = path.read_bytes(), 0
    for batch in cluster_wire.batches(whole):
        if kept + len(batch.raw) > length * 4 // 5:
            break
        kept += len(batch.raw)
    with path.open("r+b") as file:
        file.truncate(kept)
    run.cluster.tool("up")
    return f"{path.parent.name}, without another replica, cut from {length} to {kept} bytes"


def a_holder(run):
    """A broker with a replica that has something in it, found by the files: nobody runs."""
    return run.chance.choice([
        node["id"] for node in run.cluster.nodes("broker")
        if any(used(path) > 2000 for partition in range(run.partitions)
               for path in clients.segments(Path(node["data"]), run.topic, partition))])


# MARK: Clocks

LIBFAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


def clock_binaries(folder):
    """Programs that start ours with a wall clock that a file moves: faketime(1), the monotonic clock left alone.

    By way of env: libfaketime changes the environment of the first process that it is loaded into, and Swift, which looks
    for the arguments beside the environment, finds none there.
    """
    assert LIBFAKETIME.exists(), "the Debian package faketime is not installed"
    folder.mkdir()
    (folder / "myelin").symlink_to(BINARIES / "myelin")
    for role in ("broker", "controller"):
        program = folder / f"myelin-{role}"
        program.write_text(f"""#!/bin/sh
if [ "$1" = --config ]; then
    id=$(sed -n 's/^node.id: "\\(.*\\)"/\\1/p' "$2")
    export FAKETIME_TIMESTAMP_FILE={folder}/{role}-$id FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_CACHE_DURATION=1
    [ -e "$FAKETIME_TIMESTAMP_FILE" ] || echo +0 > "$FAKETIME_TIMESTAMP_FILE"
    export LD_PRELOAD={LIBFAKETIME}
fi
exec /usr/bin/env {BINARIES}/myelin-{role} "$@"
""")
        program.chmod(0o755)
    return folder


def jump_clock(run):
    """One node an hour ahead or behind, or both by turns each two seconds."""
    role, number = someone(run)
    file = run.cluster.binaries / f"{role}-{number}"
    jumps = run.chance.choice([["+1h"], ["-1h"], ["+1h", "-1h"] * 3])
    for jump in jumps:
        file.write_text(f"{jump}\n")
        time.sleep(8 if len(jumps) == 1 else 2)
    file.write_text("+0\n")
    time.sleep(2)
    return f"clock of {role} {number}: {', '.join(jumps)}"


# MARK: Membership

def grow_and_shrink(run):
    """A fourth broker takes over what one of the three holds, gives it back, and leaves for good."""
    run.cluster.tool("add-broker")
    new = max(node["id"] for node in run.cluster.nodes("broker"))
    old = a_leader(run)
    run.cluster.myelin("cluster", "drain", str(old), "--yes")
    run.check(new, old)
    run.cluster.myelin("cluster", "drain", str(old), "--undo")
    run.cluster.myelin("cluster", "drain", str(new), "--yes")
    run.check(old, new)
    run.cluster.stop("broker", new)
    run.cluster.myelin("cluster", "brokers", "unregister", str(new), "--yes")
    return f"broker {new} joined, broker {old} drained to it and back, broker {new} forgotten"


def move_replicas(run):
    """Another order of the replicas of every partition, then the old one again, leaders elected anew each time."""
    for step in (1, 2):
        for index, one in sorted(run.cluster.partitions(run.topic).items()):
            turned = one.replicas[step:] + one.replicas[:step]
            run.cluster.myelin(
                "partition", "move", f"{run.topic}:{index}", "--replicas", ",".join(map(str, turned)), "--yes")
        run.cluster.myelin("partition", "elect-leader", run.topic, "--yes", check=False)
    return "replicas of every partition put in another order and back, leaders elected"


def upgrade(run):
    """The ops tool restarts every node in order; what restarts one is the local cluster's script."""
    tool = f"'{run.cluster.directory}'"
    command = f"{TOOL} --dir {tool} stop {{role}} {{id}} && " \
              f"{TOOL} --dir {tool} --binaries {run.cluster.binaries} start {{role}} {{id}}"
    run.cluster.myelin("cluster", "upgrade", "--restart-command", command, "--yes", seconds=300)
    return "myelin cluster upgrade: every node restarted in order"
