# SPDX-License-Identifier: Apache-2.0
"""Judges a history. Unknown outcomes count as neither lost nor phantom; everything else is told by its name and place.

    lost                acknowledged, and not in the log
    offset_mismatch     acknowledged at one offset, stored at another only
    duplicate           stored twice by one (producer id, epoch); under another pair the client itself sent it again
    reordered           a key's records lie in another order than they were sent
    phantom             stored or read, and never sent
    failed_visible      refused for good, and stored
    corrupt             a value whose own checksum is wrong
    observed_lost       read at an offset where the log has something else, or nothing
    nonmonotonic        a reader went back without a new assignment
    skipped             a reader went past a record
    epoch_regression    leader epochs fall along the log
    hw_regression       the end of a partition went back for one observer
    stale_hw            an end lay before a record that was acknowledged earlier, under an epoch not newer
    commit_regression   a committed offset went back
    group_skip          a group committed past a record that none of its members was given
    divergent           a replica's batch differs from another's at the same offsets
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from typing import NamedTuple

from history import (
    UNKNOWN, Acknowledged, Assigned, Committed, Copied, End, Read, Refused, Resumed, Sent, Stored)


class Anomaly(NamedTuple):
    name: str
    partition: int
    text: str


class History:
    """Events by kind, and the final log by place and by record."""

    def __init__(self, events):
        self.by_kind = defaultdict(list)
        for event in events:
            self.by_kind[type(event)].append(event)
        self.log = defaultdict(list)
        for record in sorted(self.by_kind[Stored]):
            self.log[record.partition].append(record)
        self.at = {(record.partition, record.offset): record for record in self.by_kind[Stored]}
        self.sent = {who(event) for event in self.by_kind[Sent]}
        self.offsets = {partition: [record.offset for record in log] for partition, log in self.log.items()}

    def stored_between(self, partition, first, end):
        """Offsets of the final log in first..<end."""
        offsets = self.offsets.get(partition, [])
        return offsets[bisect_left(offsets, first):bisect_left(offsets, end)]


def who(event):
    return event.producer, event.key, event.sequence


def check(events):
    """Every anomaly of a history, in the order of the list above."""
    history = History(events)
    checks = (
        acknowledged, stored_once, in_order, sent_at_all, refused, sound, as_read, reading, epochs, ends, commits,
        group_coverage, replicas)
    return [anomaly for one in checks for anomaly in one(history)]


# MARK: What producers were told

def acknowledged(history):
    places = defaultdict(set)
    for record in history.by_kind[Stored]:
        places[who(record)].add((record.partition, record.offset))
    for event in history.by_kind[Acknowledged]:
        found = places.get(who(event), set())
        if not found:
            yield Anomaly("lost", event.partition, f"{who(event)} acknowledged at {event.offset}")
        elif event.offset != UNKNOWN and (event.partition, event.offset) not in found:
            yield Anomaly(
                "offset_mismatch", event.partition,
                f"{who(event)} acknowledged at {event.offset}, is at {sorted(found)}")


def stored_once(history):
    seen = {}
    for partition, log in history.log.items():
        for record in log:
            if record.producer < 0:
                continue
            name = (*who(record), record.producer_id, record.producer_epoch)
            if name in seen:
                yield Anomaly("duplicate", partition, f"{who(record)} at {seen[name]} and {record.offset}")
            seen[name] = record.offset


def repeats(history):
    """How often a client stored a record again under a new producer id or epoch: its own doing."""
    pairs = defaultdict(set)
    for record in history.by_kind[Stored]:
        pairs[who(record)].add((record.producer_id, record.producer_epoch))
    return sum(len(found) - 1 for found in pairs.values())


def in_order(history):
    """A repeat of a client under a new epoch is left out: its first place counts."""
    for partition, log in history.log.items():
        last, first_place = {}, set()
        for record in log:
            if record.producer < 0 or who(record) in first_place:
                continue
            first_place.add(who(record))
            key = (record.producer, record.key)
            if record.sequence < last.get(key, -1):
                yield Anomaly("reordered", partition, f"{who(record)} at {record.offset} after {last[key]}")
            last[key] = max(record.sequence, last.get(key, -1))


def sent_at_all(history):
    for kind in (Stored, Read):
        for event in history.by_kind[kind]:
            if event.producer >= 0 and who(event) not in history.sent:
                yield Anomaly("phantom", event.partition, f"{who(event)} at {event.offset}")


def refused(history):
    stored = {who(record) for record in history.by_kind[Stored]}
    for event in history.by_kind[Refused]:
        if not event.stored and who(event) in stored:
            yield Anomaly("failed_visible", event.partition, f"{who(event)} refused with {event.error}")


def sound(history):
    for kind in (Stored, Read):
        for event in history.by_kind[kind]:
            if event.producer < 0:
                yield Anomaly("corrupt", event.partition, f"{kind.__name__} at {event.offset}")


# MARK: What readers were given

def as_read(history):
    for event in history.by_kind[Read]:
        record = history.at.get((event.partition, event.offset))
        if event.producer < 0:
            continue
        if record is None or who(record) != who(event):
            yield Anomaly(
                "observed_lost", event.partition,
                f"{event.reader} read {who(event)} at {event.offset}, where {record and who(record)} is")
        elif event.epoch >= 0 and event.epoch != record.epoch:
            yield Anomaly(
                "observed_lost", event.partition,
                f"{event.reader} read epoch {event.epoch} at {event.offset}, where {record.epoch} is")


def reading(history):
    """Readers ascend, and pass nothing that is there."""
    position = {}
    for event in sorted(history.by_kind[Assigned] + history.by_kind[Read], key=lambda event: event.time):
        place = (event.reader, event.partition)
        if isinstance(event, Assigned):
            position.pop(place, None)
            continue
        before = position.get(place)
        if before is not None and event.offset <= before:
            yield Anomaly("nonmonotonic", event.partition, f"{event.reader} read {event.offset} after {before}")
        elif before is not None and event.offset > before + 1:
            passed = history.stored_between(event.partition, before + 1, event.offset)
            if passed:
                yield Anomaly("skipped", event.partition, f"{event.reader} read {event.offset} after {before}")
        position[place] = event.offset


def epochs(history):
    for partition, log in history.log.items():
        highest = -1
        for record in log:
            if record.epoch < highest:
                yield Anomaly("epoch_regression", partition, f"epoch {record.epoch} at {record.offset} after {highest}")
            highest = max(highest, record.epoch)


def ends(history):
    """The end never goes back at one observer, nor behind an acknowledgement that came before the question.

    A deposed leader that does not know it yet may answer with an old end: only acknowledgements of epochs up to the
    answering leader's own bind it.
    """
    for place, events in grouped(history.by_kind[End], lambda event: (event.observer, event.partition)):
        highest = None
        for event in sorted(events, key=lambda event: event.started):
            if highest is not None and event.started >= highest.time and event.offset < highest.offset:
                yield Anomaly(
                    "hw_regression", place[1],
                    f"{event.offset} at epoch {event.epoch} after {highest.offset} at epoch {highest.epoch}")
            if highest is None or event.offset >= highest.offset:
                highest = event
    bounds = acknowledged_bounds(history)
    for event in history.by_kind[End]:
        bound = binding(bounds.get(event.partition, {}), event)
        if bound is not None and event.offset <= bound:
            yield Anomaly(
                "stale_hw", event.partition,
                f"{event.observer} was told {event.offset} at epoch {event.epoch}, {bound} was acknowledged before")


def acknowledged_bounds(history):
    """By partition and epoch: times of acknowledgements, ascending, and the highest offset acknowledged until each."""
    times = defaultdict(lambda: defaultdict(list))
    for event in sorted(history.by_kind[Acknowledged], key=lambda event: event.time):
        record = history.at.get((event.partition, event.offset))
        if record is None:
            continue
        known = times[event.partition][record.epoch]
        known.append((event.time, max(event.offset, known[-1][1] if known else -1)))
    return times


def binding(by_epoch, event):
    """The highest offset whose acknowledgement the answer `event` has to know of."""
    bounds = []
    for epoch, known in by_epoch.items():
        if epoch <= event.epoch:
            index = bisect_right(known, event.started, key=lambda entry: entry[0]) - 1
            if index >= 0:
                bounds.append(known[index][1])
    return max(bounds, default=None)


# MARK: What groups were told

def commits(history):
    events = history.by_kind[Committed] + history.by_kind[Resumed]
    for place, known in grouped(events, lambda event: (event.group, event.partition)):
        finished = sorted((event for event in known if isinstance(event, Committed)), key=lambda event: event.time)
        times = [event.time for event in finished]
        highest, running = [], -1
        for event in finished:
            running = max(running, event.offset)
            highest.append(running)
        for event in known:
            index = bisect_right(times, event.started) - 1
            if index >= 0 and event.offset < highest[index]:
                verb = "committed" if isinstance(event, Committed) else "was told"
                yield Anomaly(
                    "commit_regression", place[1],
                    f"{place[0]} {verb} {event.offset}, {highest[index]} was committed before")


def group_coverage(history):
    """A group is the part of a reader's name before the slash."""
    given = defaultdict(set)
    for event in history.by_kind[Read]:
        if "/" in event.reader:
            given[event.reader.partition("/")[0], event.partition].add(event.offset)
    for place, events in grouped(history.by_kind[Committed], lambda event: (event.group, event.partition)):
        highest = max(event.offset for event in events)
        missing = [offset for offset in history.stored_between(place[1], 0, highest) if offset not in given[place]]
        if missing:
            yield Anomaly(
                "group_skip", place[1],
                f"{place[0]} committed {highest}; nobody was given {len(missing)} records, the first at {missing[0]}")


# MARK: What replicas hold

def replicas(history):
    """Batches of all brokers agree byte for byte where two of them have one; a replica may end earlier."""
    seen = {}
    for copy in sorted(history.by_kind[Copied], key=lambda copy: (copy.partition, copy.offset, copy.broker)):
        place = (copy.partition, copy.offset)
        other = seen.setdefault(place, copy)
        if (other.last, other.epoch, other.digest) != (copy.last, copy.epoch, copy.digest):
            yield Anomaly("divergent", copy.partition, f"brokers {other.broker} and {copy.broker} at {copy.offset}")


# MARK: Figures

def longest_without_acknowledgement(events, began, ended):
    """Seconds: over all partitions together, and of the worst partition. Without any, the whole time."""
    times = defaultdict(list)
    for event in events:
        if isinstance(event, Acknowledged) and began <= event.time <= ended:
            times[event.partition].append(event.time)
    together = gap(sorted(time for known in times.values() for time in known), began, ended)
    partitions = {event.partition for event in events if isinstance(event, Sent)}
    worst = max((gap(sorted(times[partition]), began, ended) for partition in partitions), default=ended - began)
    return together, worst


def gap(times, began, ended):
    moments = [began, *times, ended]
    return max(later - earlier for earlier, later in zip(moments, moments[1:]))


def unread(history):
    """By reader or group: how many records of the log it was never given."""
    given = defaultdict(set)
    for event in history.by_kind[Read]:
        given[event.reader.partition("/")[0]].add((event.partition, event.offset))
    return {name: len(missing) for name, places in sorted(given.items()) if (missing := history.at.keys() - places)}


def counts(events):
    return Counter(type(event).__name__ for event in events)


def grouped(events, key):
    groups = defaultdict(list)
    for event in events:
        groups[key(event)].append(event)
    return sorted(groups.items())
