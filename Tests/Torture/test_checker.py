# SPDX-License-Identifier: Apache-2.0
"""The checker finds each anomaly that is planted in a sound history, and nothing in the sound one."""

import re

import checker
import pytest
from checker import Anomaly, History, check, gap, longest_without_acknowledgement, repeats, unread
from history import (
    Acknowledged, Assigned, Committed, Copied, End, Read, Recorder, Refused, Resumed, Sent, Stored, identity, load,
    value)

PARTITIONS = 2


def sound_history(count=10):
    """One producer, a key a partition, a group, a reader, an observer, three replicas; epoch 3, then 4."""
    events = []
    for partition in range(PARTITIONS):
        events.append(Assigned(0.0, "reader", partition))
        events.append(Assigned(0.0, "group/a", partition))
        for number in range(count):
            start, epoch = 1.0 + number, 3 if number < count // 2 else 4
            events += [
                Sent(start, 1, partition, number, partition),
                Acknowledged(start + 0.1, 1, partition, number, partition, number),
                Stored(partition, number, epoch, 700, 0, 1, partition, number),
                Read(start + 0.2, "reader", partition, number, epoch, 1, partition, number),
                Read(start + 0.2, "group/a", partition, number, epoch, 1, partition, number),
                End(start + 0.3, start + 0.4, "observer", partition, epoch, number + 1),
                Committed(start + 0.5, start + 0.6, "group", partition, number + 1),
            ]
            events += [Copied(broker, partition, number, number, epoch, 1000 + number) for broker in (1, 2, 3)]
        events.append(Resumed(90.0, 90.1, "group", partition, count))
    return events


def without(events, *removed):
    assert all(event in events for event in removed)
    return [event for event in events if event not in removed]


def changed(events, old, **fields):
    assert old in events
    return [event._replace(**fields) if event == old else event for event in events]


def names(events):
    return {anomaly.name for anomaly in check(events)}


SOUND = sound_history()
RECORD_5 = Stored(0, 5, 4, 700, 0, 1, 0, 5)
READ_5 = Read(6.2, "reader", 0, 5, 4, 1, 0, 5)
GROUP_5 = Read(6.2, "group/a", 0, 5, 4, 1, 0, 5)
ACK_5 = Acknowledged(6.1, 1, 0, 5, 0, 5)
END_5 = End(6.3, 6.4, "observer", 0, 4, 6)


def lost_at_the_end():
    """The tail of a partition is gone after a failover, and nobody had read it."""
    return without(
        SOUND, Stored(0, 9, 4, 700, 0, 1, 0, 9), Read(10.2, "reader", 0, 9, 4, 1, 0, 9),
        Read(10.2, "group/a", 0, 9, 4, 1, 0, 9), *(Copied(broker, 0, 9, 9, 4, 1009) for broker in (1, 2, 3)))


PLANTED = {
    "lost": lost_at_the_end(),
    "offset_mismatch": changed(SOUND, ACK_5, offset=4),
    "duplicate": SOUND + [Stored(0, 10, 4, 700, 0, 1, 0, 5)],
    "reordered": changed(
        changed(SOUND, RECORD_5, sequence=6), Stored(0, 6, 4, 700, 0, 1, 0, 6), sequence=5),
    "phantom": SOUND + [Stored(0, 10, 4, 700, 0, 1, 0, 77)],
    "failed_visible": SOUND + [Sent(20.0, 1, 0, 10, 0), Refused(20.1, 1, 0, 10, 0, 0, "too large"),
                               Stored(0, 10, 4, 700, 0, 1, 0, 10)],
    "corrupt": changed(SOUND, READ_5, producer=-1, key=-1, sequence=-1),
    "observed_lost": changed(SOUND, READ_5, sequence=6),
    "nonmonotonic": SOUND + [READ_5._replace(time=50.0)],
    "skipped": without(SOUND, READ_5),
    "epoch_regression": changed(SOUND, RECORD_5, epoch=2),
    "hw_regression": SOUND + [End(60.0, 60.1, "observer", 0, 4, 9)],
    "stale_hw": SOUND + [End(60.0, 60.1, "newcomer", 0, 4, 9)],
    "commit_regression": changed(SOUND, Resumed(90.0, 90.1, "group", 0, 10), offset=8),
    "group_skip": without(SOUND, GROUP_5),
    "divergent": changed(SOUND, Copied(2, 0, 5, 5, 4, 1005), digest=1),
}


def test_a_sound_history_is_sound():
    assert check(SOUND) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_anomaly_is_found(name):
    assert name in names(PLANTED[name])


def test_every_name_has_a_planted_case():
    assert re.findall(r"^    (\w+)  ", checker.__doc__, re.MULTILINE) == list(PLANTED)


def test_an_anomaly_tells_where_it_is():
    (found,) = check(lost_at_the_end())
    assert found == Anomaly("lost", 0, "(1, 0, 9) acknowledged at 9")


# MARK: What is no anomaly

def test_an_unknown_outcome_is_neither_lost_nor_phantom():
    unknown = [Sent(20.0, 1, 0, 10, 0), Refused(80.0, 1, 0, 10, 0, 1, "timed out")]
    assert check(SOUND + unknown) == []
    assert check(SOUND + unknown + [Stored(0, 10, 4, 700, 0, 1, 0, 10)]) == []


def test_a_record_without_any_answer_may_be_stored_or_not():
    assert check(SOUND + [Sent(20.0, 1, 0, 10, 0)]) == []
    assert check(SOUND + [Sent(20.0, 1, 0, 10, 0), Stored(0, 10, 4, 700, 0, 1, 0, 10)]) == []


def test_a_repeat_under_a_new_producer_epoch_is_the_clients_own():
    again = SOUND + [Stored(0, 10, 4, 700, 1, 1, 0, 5)]
    assert check(again) == []
    assert repeats(History(again)) == 1


def test_a_reader_with_a_new_assignment_may_read_again():
    again = [Assigned(49.0, "group/a", 0), GROUP_5._replace(time=50.0)]
    assert check(SOUND + again) == []


def test_a_hole_in_the_log_is_not_skipped_over():
    """An offset that holds no record, as a control batch does."""
    hole = without(SOUND, RECORD_5, READ_5, GROUP_5, ACK_5, Sent(6.0, 1, 0, 5, 0))
    assert check(hole) == []


def test_a_deposed_leader_may_know_an_old_end():
    """It answers of epoch 3 what was the end then; what epoch 4 acknowledged does not bind it."""
    assert check(SOUND + [End(60.0, 60.1, "newcomer", 0, 3, 5)]) == []
    assert names(SOUND + [End(60.0, 60.1, "newcomer", 0, 3, 4)]) == {"stale_hw"}


def test_answers_that_overlap_may_come_in_any_order():
    assert check(SOUND + [End(10.35, 10.5, "observer", 0, 4, 10), End(10.2, 10.6, "observer", 0, 4, 10)]) == []
    assert check(SOUND + [Committed(10.5, 10.7, "group", 0, 10)]) == []


def test_a_replica_may_end_earlier():
    assert check(without(SOUND, Copied(3, 0, 9, 9, 4, 1009))) == []


# MARK: Figures and files

def test_the_longest_time_without_an_acknowledgement_counts_both_ends():
    events = [Sent(0.0, 1, 0, 0, 0), Sent(0.0, 1, 1, 0, 1)]
    events += [Acknowledged(second, 1, 0, 0, 0, 0) for second in (1.0, 2.0, 5.5)]
    events += [Acknowledged(4.0, 1, 1, 0, 1, 0)]
    assert longest_without_acknowledgement(events, 0.0, 6.0) == (2.0, 4.0)
    assert gap([], 1.0, 8.0) == 7.0


def test_records_that_a_reader_or_a_group_was_never_given_are_counted():
    assert unread(History(SOUND)) == {}
    late = SOUND + [Stored(1, 10, 4, 700, 0, 1, 1, 10), Read(90.0, "group/b", 1, 10, 4, 1, 1, 10)]
    assert unread(History(late)) == {"reader": 1}
    assert unread(History(without(SOUND, GROUP_5))) == {"group": 1}


def test_a_file_gives_back_what_was_noted(tmp_path):
    recorder = Recorder(tmp_path / "client.tsv")
    for event in SOUND:
        recorder.note(event)
    recorder.close()
    with open(tmp_path / "client.tsv", "a") as file:
        file.write("Sent\t1.0\t5")
    assert load(tmp_path) == SOUND


def test_a_value_names_its_record_until_a_bit_flips():
    content = value(3, 14, 159)
    assert len(content) == 200
    assert identity(content) == (3, 14, 159)
    for bit in range(0, len(content) * 8, 7):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        assert identity(bytes(damaged)) == (-1, -1, -1)
