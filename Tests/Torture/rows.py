# SPDX-License-Identifier: Apache-2.0
"""The rows of a torture run: which faults, on what kind of cluster, and how long no partition may be without an ack."""

from dataclasses import dataclass, field

import faults


ALWAYS, IN_TURN = "always", "in turn"


@dataclass
class Row:
    name: str
    faults: list
    # Seconds; None where the fault itself takes longer than any bound, as with all nodes away.
    gap_max: float | None
    namespaces: bool = False
    disk_size: str | None = None
    prepare: list = field(default_factory=list)
    settings: dict = field(default_factory=dict)
    # What is waited for after the last fault.
    until: list = field(default_factory=list)
    # Processes whose wall clock can be moved.
    clocks: bool = False
    # At least so many faults, or the row proves nothing.
    faults_min: int = 3
    # Anomalies that must be found, in a row that proves the checker; nothing else is judged in it.
    expected: frozenset = frozenset()
    replicas: int = 3
    # In continuous integration: ALWAYS, or IN_TURN (some of these each time).
    ci: str = IN_TURN


ROWS = [
    Row("kill", [faults.kill_leader, faults.kill_controller, faults.kill_coordinator, faults.kill_someone,
                 faults.kill_leader_and_controller], gap_max=5, ci=ALWAYS),
    Row("kill-all", [faults.kill_all], gap_max=30, ci=ALWAYS),
    Row("pause", [faults.pause_leader, faults.pause_controller, faults.pause_coordinator, faults.pause_someone],
        gap_max=10),
    Row("network", [faults.cut_leader_from_brokers, faults.cut_leader_from_all_nodes, faults.cut_one_way,
                    faults.cut_bridge, faults.cut_leader_from_controllers, faults.cut_controller, faults.flap],
        # A leader that hears nobody and is reached by its clients is waited for as long as that lasts, 30 s at most.
        gap_max=35, namespaces=True),
    Row("clients-cut-off", [faults.cut_leader_from_clients], gap_max=None, namespaces=True),
    Row("disk", [faults.disk_full, faults.disk_frozen], gap_max=30, disk_size="192M"),
    Row("disk-fails", [faults.disk_fails], gap_max=15, disk_size="192M", prepare=[faults.put_on_failing_disk],
        faults_min=1),
    # A bit that flips where nobody reads is the scrub's to find.
    Row("damage", [faults.damage_while_down, faults.damage_while_all_are_down], gap_max=30,
        settings={"myelin.scrub.interval.ms": 2_000, "myelin.scrub.bytes.per.second": 1 << 26},
        until=[faults.until_scrubbed]),
    Row("rolling-restart", [faults.restart_in_order], gap_max=1, faults_min=1),
    Row("upgrade", [faults.upgrade], gap_max=1, faults_min=1),
    Row("membership", [faults.grow_and_shrink, faults.move_replicas], gap_max=3, faults_min=2),
    Row("clock", [faults.jump_clock], gap_max=3, clocks=True, faults_min=2),
    # A cluster that loses what it acknowledged, because its one copy is cut off: the checker must say so.
    Row("canary", [faults.lose_the_only_copy], gap_max=None, faults_min=1, replicas=1,
        expected=frozenset({"lost", "observed_lost"}), ci=ALWAYS),
]
