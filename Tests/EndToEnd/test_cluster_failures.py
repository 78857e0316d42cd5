# SPDX-License-Identifier: Apache-2.0
"""Half of the controllers away, and nodes that must not join: what goes on, and how the rest is refused."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import cluster_wire
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic
from node import BINARIES, clean_environment, free_ports
from test_cluster_clients import produce, stored


def refusal(cluster, role, config, seconds=25, environment=None, may_answer=False):
    """Starts a node that must not run: what it says until it ends, or for as long as it keeps trying.

    One that `may_answer` says that it is ready: a controller is, before it knows of any other."""
    # By way of env: the first process that libfaketime is loaded into loses its arguments in Swift.
    process = subprocess.Popen(
        ["/usr/bin/env", BINARIES / f"myelin-{role}", "--config", config], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=clean_environment(environment))
    try:
        output, errors = process.communicate(timeout=seconds)
        assert process.returncode != 0, errors[-500:]
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
    assert may_answer or "ready" not in output, errors[-500:]
    return errors


def config_of(node, folder, **changes):
    """A copy of a node's settings with other ports and what is named, keys with dots for underscores."""
    settings = dict(line.split(": ", 1) for line in Path(node["config"]).read_text().splitlines())
    settings = {key: json.loads(value) for key, value in settings.items()}
    path = folder / "config.yaml"
    path.write_text("".join(f"{key}: {json.dumps(str(value))}\n" for key, value in {**settings, **changes}.items()))
    return path


# MARK: Controllers

def test_without_a_majority_of_controllers_records_flow_and_admin_says_why_not(cluster, topic):
    cluster.create(topic, 3)
    produce(cluster, topic, 30)
    first, second = cluster.nodes("controller")[:2]
    for node in (first, second):
        cluster.kill("controller", node["id"])
    time.sleep(3)
    more = produce(cluster, topic, 60, **{"enable.idempotence": False})
    assert len(more) == 60 and stored(cluster, topic) == more
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    (future,) = admin.create_topics([NewTopic(f"{topic}-refused", 1, 3)], operation_timeout=5).values()
    with pytest.raises(KafkaException):
        future.result(60)
    told = cluster.myelin("topic", "create", f"{topic}-refused", "--partitions", "1", check=False)
    assert told.returncode != 0 and "controller" in told.stderr, told.stderr
    cluster.begin("controller", first["id"])
    cluster.until("a controller is active", cluster.active_controller)
    cluster.create(f"{topic}-after", 3)


def test_everything_comes_back_after_all_nodes_were_killed(cluster, topic):
    cluster.create(topic, 6)
    told = produce(cluster, topic, 600)
    for role in ("broker", "controller"):
        cluster.tool("kill", role, "all")
    cluster.tool("up")
    cluster.until_in_sync(topic)
    assert stored(cluster, topic) == told


# MARK: Who must not join

def test_a_broker_of_another_cluster_is_refused(own_cluster):
    ours, theirs = own_cluster(brokers=1, controllers=1), own_cluster(brokers=1, controllers=1)
    stranger, ours_controller = theirs.node("broker", 1), ours.node("controller", 1)
    theirs.stop("broker", 1)
    path = config_of(stranger, theirs.directory, **{
        "controller.quorum.bootstrap.servers": ours_controller["rpc"], "node.id": "1"})
    line = refusal(theirs, "broker", path)
    assert "cluster" in line and ours.metadata().cluster_id in line, line


def test_a_copied_data_folder_is_refused(own_cluster, tmp_path):
    cluster = own_cluster(brokers=2, controllers=1)
    original = cluster.node("broker", 2)
    cluster.stop("broker", 2)
    shutil.copytree(original["data"], tmp_path / "copy")
    cluster.begin("broker", 2)
    kafka, rpc, admin = free_ports(3)
    text = Path(original["config"]).read_text().replace(original["data"], str(tmp_path / "copy"))
    for old, new in ((original["kafka"], kafka), (original["rpc"], rpc), (original["admin"], admin)):
        text = text.replace(old.rpartition(":")[2], str(new))
    path = tmp_path / "config.yaml"
    path.write_text(text)
    line = refusal(cluster, "broker", path)
    assert "2" in line and ("copy" in line or "running" in line or "another" in line), line
    assert cluster.node("broker", 2)["state"] == "ready"


@pytest.mark.parametrize("controllers", [1, 3])
def test_a_copied_folder_of_a_controller_is_refused(own_cluster, tmp_path, controllers):
    cluster = own_cluster(brokers=1, controllers=controllers)
    original = cluster.node("controller", 1)
    shutil.copytree(original["data"], tmp_path / "copy", ignore=shutil.ignore_patterns(".lock"))
    rpc, admin = free_ports(2)
    path = config_of(original, tmp_path, **{
        "log.dirs": tmp_path / "copy", "myelin.rpc.port": rpc, "myelin.admin.port": admin})
    line = refusal(cluster, "controller", path)
    assert "is a copy of the data folder" in line and original["rpc"] in line, line
    assert cluster.node("controller", 1)["state"] == "ready"


def test_a_voter_is_found_at_its_new_address(own_cluster, tmp_path, topic):
    cluster = own_cluster(brokers=1, controllers=3)
    voter = cluster.node("controller", next(one for one in (1, 2) if one != cluster.active_controller()))
    cluster.stop("controller", voter["id"])
    rpc, admin = free_ports(2)
    cluster.myelin("cluster", "controllers", "move", str(voter["id"]), f"127.0.0.1:{rpc}", "--yes")
    path = config_of(voter, tmp_path, **{"myelin.rpc.port": rpc, "myelin.admin.port": admin})
    with subprocess.Popen([BINARIES / "myelin-controller", "--config", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env=clean_environment()) as moved:
        try:
            assert b"ready" in moved.stdout.readline()
            third = ({1, 2, 3} - {voter["id"], cluster.active_controller()}).pop()
            cluster.kill("controller", third)
            cluster.create(topic, 1, 1)
        finally:
            moved.kill()


def test_an_empty_folder_in_the_place_of_a_broker_that_runs_is_refused(own_cluster, tmp_path):
    cluster = own_cluster(brokers=2, controllers=1)
    original = cluster.node("broker", 2)
    kafka, rpc, admin = free_ports(3)
    text = Path(original["config"]).read_text().replace(original["data"], str(tmp_path / "empty"))
    for old, new in ((original["kafka"], kafka), (original["rpc"], rpc), (original["admin"], admin)):
        text = text.replace(old.rpartition(":")[2], str(new))
    path = tmp_path / "config.yaml"
    path.write_text(text)
    assert "2" in refusal(cluster, "broker", path)


def test_a_broker_with_an_older_folder_does_not_take_the_place_of_a_newer_one(own_cluster, topic, tmp_path):
    """A folder that was put back from before: what was acknowledged since then must not go with it."""
    cluster = own_cluster()
    cluster.create(topic, 3)
    produce(cluster, topic, 30)
    number = 1
    node = cluster.node("broker", number)
    cluster.stop("broker", number)
    shutil.copytree(node["data"], tmp_path / "old")
    cluster.begin("broker", number)
    cluster.until_in_sync(topic)
    told = produce(cluster, topic, 300)
    cluster.kill("broker", number)
    shutil.rmtree(node["data"])
    shutil.copytree(tmp_path / "old", node["data"])
    cluster.tool("start", "broker", str(number), check=False)
    cluster.until(
        "the others lead", lambda: all(one.leader > 0 for one in cluster.partitions(topic).values()))
    found = stored(cluster, topic)
    assert {number: found.get(number) for number in told} == told


@pytest.mark.parametrize("victims", [[1], [1, 2, 3]])
def test_a_broker_serves_clients_only_as_a_member(cluster, topic, victims):
    """Before, what it knows is of the time before its start: it would send clients to leaders and coordinators that are
    none, or tell them that there are no brokers, and librdkafka 2.16 then gives up every connection for good."""
    cluster.create(topic, 3)
    for number in victims:
        cluster.kill("broker", number)
    for number in victims:
        cluster.begin("broker", number, wait=False)
    asked = {number: 0 for number in victims}
    addresses = {number: cluster.address(number) for number in victims}
    # Longer than the sessions of those that were killed last, which is how long nobody can take their places.
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for number, address in addresses.items():
            try:
                with cluster_wire.connect(address, 5) as connection:
                    known = cluster_wire.metadata(connection, [topic]).brokers
            except OSError:
                continue
            assert number in known, f"broker {number} told a client of {sorted(known)}"
            asked[number] += 1
    assert min(asked.values()) > 0, f"answers: {asked}"
    cluster.begin("broker", "all")
    cluster.until_in_sync(topic)


def shifted(by):
    """An environment in which the wall clock, and no other, is wrong."""
    library = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
    if not library.exists():
        pytest.skip("the Debian package faketime is not installed")
    return {"LD_PRELOAD": str(library), "FAKETIME": by, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def test_a_controller_with_a_wrong_clock_is_refused_by_the_others(own_cluster, topic):
    """Were it active, it would refuse every broker whose clock is right."""
    cluster = own_cluster()
    cluster.create(topic)
    for by in ("+1h", "-1h"):
        cluster.stop("controller", 3)
        said = refusal(cluster, "controller", cluster.node("controller", 3)["config"], 8, shifted(by), True)
        assert "clock of controller 3" in said and ("ahead of" if by == "+1h" else "behind") in said, said
        assert "Set the clock" in said
        cluster.create(f"{topic}{by.replace('+', '-after-')}")
    # It waits until the controller is ready, which takes a leader.
    cluster.begin("controller", 3)


@pytest.mark.parametrize("shift", ["+1h", "-1h"])
def test_a_broker_with_a_wrong_clock_is_refused(own_cluster, shift):
    """A record's time, retention and every log line would be wrong by as much."""
    environment = shifted(shift)
    cluster = own_cluster(brokers=2, controllers=1)
    node = cluster.node("broker", 2)
    cluster.stop("broker", 2)
    line = refusal(cluster, "broker", node["config"], environment=environment)
    assert "clock" in line, line
    cluster.begin("broker", 2)


def test_a_lost_disk_is_filled_again_by_the_others(own_cluster, topic):
    cluster = own_cluster()
    cluster.create(topic, 3, **{"min.insync.replicas": "2"})
    told = produce(cluster, topic, 300)
    node = cluster.node("broker", 1)
    cluster.kill("broker", 1)
    shutil.rmtree(node["data"])
    cluster.begin("broker", 1)
    cluster.until_in_sync(topic)
    for number in (2, 3):
        cluster.kill("broker", number)
        cluster.until("broker 1 goes on", lambda: all(
            number not in one.isr for one in cluster.partitions(topic).values()))
        assert stored(cluster, topic) == told
        cluster.begin("broker", number)
        cluster.until_in_sync(topic)
