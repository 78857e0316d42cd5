# SPDX-License-Identifier: Apache-2.0
"""The process as scripts see it: command line, settings, exit status, streams, folders."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request

import pytest
import wire
from node import BINARIES, Node, clean_environment, free_ports
from test_clients import create
from test_records import consume, produce

PROGRAM = str(BINARIES / "myelin-standalone")


def run(*arguments, environment=None, wrapper=()):
    return subprocess.run(
        [*wrapper, PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60,
        env=clean_environment(environment))


def ports():
    kafka, rpc, admin = free_ports(3)
    return ["--kafka-port", kafka, "--rpc-port", rpc, "--admin-port", admin]


def assert_refused(result, *words):
    """Exit status 2, one line on stderr that says what is wrong, nothing on stdout."""
    assert result.returncode == 2, (result.returncode, result.stderr)
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0], lines[0]


# MARK: Help

def test_help_and_version():
    helped = run("--help")
    assert helped.returncode == 0 and helped.stderr == ""
    for flag in ("--data", "--kafka-port", "--rpc-port", "--admin-port", "--config", "--set"):
        assert flag in helped.stdout
    version = run("--version")
    assert version.returncode == 0 and version.stderr == ""
    assert version.stdout.startswith("myelin ") and len(version.stdout.splitlines()) == 1


# MARK: Start and stop

def test_ready_is_printed_once_and_nothing_else(own_node, topic):
    node = own_node()
    create(node, topic)
    produce(node, topic, ["x"])
    assert node.stop() == 0
    assert node.output == ["ready\n"]


def test_every_listener_answers_when_ready_is_printed(own_node):
    node = own_node()
    for port in (node.kafka_port, node.rpc_port, node.admin_port):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_node_in_order(own_node, topic, number):
    node = own_node()
    create(node, topic)
    assert produce(node, topic, ["a"]) == [0]
    node.process.send_signal(number)
    assert node.process.wait(30) == 0
    node.start()
    assert produce(node, topic, ["b"]) == [1]
    assert [message.value() for message in consume(node, topic, 2)] == [b"a", b"b"]


def test_an_orderly_stop_does_not_wait_for_clients_that_wait(own_node, topic):
    """A long poll, an idle connection and half a request are no reason to stay."""
    node = own_node()
    create(node, topic)
    with wire.Connection(node.kafka_port) as waiting, wire.Connection(node.kafka_port) as idle, \
            wire.Connection(node.kafka_port) as half:
        fetch = wire.int32(-1) + wire.int32(60_000) + wire.int32(1 << 20) + wire.int32(1 << 20) + wire.int8(0)
        fetch += wire.array([wire.string(topic) + wire.array([wire.int32(0) + wire.int64(0) + wire.int32(1 << 20)])])
        waiting.send(waiting.request(wire.FETCH, 4, fetch))
        half.send(wire.int32(500) + b"\0" * 20)
        assert idle.ask(wire.API_VERSIONS, 0, b"").int16() == 0
        started = time.monotonic()
        assert node.stop() == 0
        assert time.monotonic() - started < 15


def test_without_a_data_folder_a_temporary_one_is_used_and_removed(tmp_path):
    node = Node(environment={"TMPDIR": str(tmp_path)})
    command = [part for part in node.command() if part not in ("--data", str(node.data))]
    node.command = lambda: command
    node.start()
    try:
        (folder,) = tmp_path.iterdir()
        assert (folder / "meta.properties").exists()
        assert node.stop() == 0
        assert list(tmp_path.iterdir()) == []
    finally:
        node.close()


def test_a_port_of_zero_takes_any_free_one(own_node):
    node = Node()
    node.kafka_port = 0
    try:
        node.start()
        node.kafka_port = int(re.search(r"kafka=127\.0\.0\.1:(\d+)", node.says("kafka="))[1])
        create(node, "any")
        assert produce(node, "any", ["x"]) == [0]
    finally:
        node.close()


# MARK: Refusals

def test_a_second_process_on_the_same_data_is_refused(own_node, topic):
    node = own_node()
    assert_refused(run("--data", node.data, *ports()), "data folder")
    # The first one is not troubled.
    create(node, topic)
    assert produce(node, topic, ["x"]) == [0]


def test_a_lock_left_by_a_killed_process_does_not_matter(own_node):
    node = own_node()
    node.restart(kill=True)


@pytest.mark.parametrize("which", ["kafka", "rpc", "admin"])
def test_a_port_in_use_is_refused(tmp_path, which):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        arguments = ports()
        arguments[arguments.index(f"--{which}-port") + 1] = port
        assert_refused(run("--data", tmp_path / "data", *arguments), str(port))


@pytest.mark.parametrize("arguments, words", [
    (["--no-such-flag"], ["--no-such-flag"]),
    (["--kafka-port", "70000"], ["70000"]),
    (["--kafka-port", "abc"], ["abc"]),
    (["--set", "no.such.setting=1"], ["no.such.setting"]),
    (["--set", "log.retention.ms"], ["log.retention.ms"]),
    (["--set", "=1"], ["=1"]),
    (["--set", "log.retention.ms=soon"], ["log.retention.ms", "soon"]),
    (["--set", "num.partitions=0"], ["num.partitions"]),
    (["--set", "myelin.disk.mechanism=magic"], ["myelin.disk.mechanism", "magic"]),
    (["--set", "log.format=xml"], ["log.format", "xml"]),
    (["--config", "/no/such/file.yaml"], ["/no/such/file.yaml"]),
    (["unexpected"], ["unexpected"]),
])
def test_a_bad_command_line_is_refused_and_nothing_written(tmp_path, arguments, words):
    assert_refused(run("--data", tmp_path / "data", *arguments), *words)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("text, words", [
    ("log.retention.ms: soon\n", ["log.retention.ms", "soon"]),
    ("no:\n  such:\n    setting: 1\n", ["no.such.setting"]),
    ("- a\n- b\n", ["mapping"]),
    ("a: [1\n", ["--config"]),
    ("a: &x 1\nb: *x\n", []),
])
def test_a_bad_configuration_file_is_refused_and_nothing_written(tmp_path, text, words):
    path = tmp_path / "node.yaml"
    path.write_text(text)
    assert_refused(run("--data", tmp_path / "data", "--config", path), *words)
    assert not (tmp_path / "data").exists()


def test_bad_environment_variables_are_refused(tmp_path):
    data = ["--data", tmp_path / "data"]
    assert_refused(run(*data, environment={"MYELIN_LOG_RETENTION_MS": "soon"}), "soon")
    assert not (tmp_path / "data").exists()


def test_a_variable_that_names_no_setting_is_told_of_and_does_no_harm(own_node):
    """Kubernetes makes MYELIN_SERVICE_HOST and the like; the ops tool has MYELIN_CLUSTER."""
    node = own_node(environment={"MYELIN_SERVICE_HOST": "10.0.0.1", "MYELIN_CLUSTER": "127.0.0.1:9190"})
    assert " warning " in node.says("MYELIN_SERVICE_HOST")
    assert not any("MYELIN_CLUSTER" in line for line in node.errors)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    path = tmp_path / "data"
    path.write_text("mine")
    assert_refused(run("--data", path, *ports()), str(path))
    assert_refused(run("--data", path / "below", *ports()), str(path))
    assert path.read_text() == "mine"


def test_a_folder_that_takes_no_writes_is_refused(tmp_path):
    if os.geteuid() != 0:
        folder = tmp_path / "data"
        folder.mkdir(mode=0o500)
        return assert_refused(run("--data", folder, *ports()), str(folder))
    folder = tmp_path / "mounted"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine allows no mounts")
    try:
        assert_refused(run("--data", folder, *ports()), str(folder))
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("properties, words", [
    ("version=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAA\nnode.id=1\n", ["Kafka"]),
    ("product=myelin\nversion=99\n", ["99"]),
    ("product=myelin\nversion=1\n", ["cluster.id"]),
])
def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path, properties, words):
    (tmp_path / "meta.properties").write_text(properties)
    (tmp_path / "orders-0").mkdir()
    assert_refused(run("--data", tmp_path, *ports()), *words)
    assert (tmp_path / "meta.properties").read_text() == properties
    assert [path.name for path in (tmp_path / "orders-0").iterdir()] == []


def test_partitions_without_an_owner_are_left_alone(tmp_path):
    (tmp_path / "orders-0").mkdir()
    (tmp_path / "orders-0" / "00000000000000000000.log").write_bytes(b"precious")
    assert_refused(run("--data", tmp_path, *ports()), "orders-0")
    assert (tmp_path / "orders-0" / "00000000000000000000.log").read_bytes() == b"precious"


def test_a_folder_of_another_node_is_refused(own_node):
    node = own_node()
    assert node.stop() == 0
    assert_refused(run("--data", node.data, *ports(), "--set", "node.id=7"), "node 1")


# MARK: Settings

def partitions_by_default(node):
    produce(node, "counted", ["x"])
    (found,) = [t for t in json.loads(node.kcat("-L", "-J").stdout)["topics"] if t["topic"] == "counted"]
    return len(found["partitions"])


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path):
    path = tmp_path / "node.yaml"
    path.write_text("num:\n  partitions: 2\n")
    layers = [
        (dict(arguments=["--config", str(path)]), 2),
        (dict(arguments=["--config", str(path)], environment={"MYELIN_NUM_PARTITIONS": "3"}), 3),
        (dict(arguments=["--config", str(path)], environment={"MYELIN_NUM_PARTITIONS": "3"},
              settings={"num.partitions": 4}), 4),
    ]
    for options, expected in layers:
        node = Node(**options)
        try:
            assert partitions_by_default(node.start()) == expected
        finally:
            node.close()


def test_logs_can_be_json(own_node):
    node = own_node(settings={"log.format": "json"})
    assert node.stop() == 0
    lines = [json.loads(line) for line in node.errors]
    assert lines and all(isinstance(line, dict) for line in lines)


def test_health_and_metrics_answer(own_node):
    node = own_node()
    for path in ("/healthz", "/readyz", "/metrics"):
        with urllib.request.urlopen(f"http://127.0.0.1:{node.admin_port}{path}", timeout=20) as answer:
            assert answer.status == 200, path
            assert answer.read(), path


def test_files_of_the_data_folder_are_nobody_elses(own_node, topic):
    """Records can be secrets: no file may be read or written by other users."""
    node = own_node()
    create(node, topic)
    produce(node, topic, ["x"])
    for path in node.data.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, f"{path} has mode {path.stat().st_mode & 0o777:o}"
