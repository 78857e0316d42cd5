# SPDX-License-Identifier: Apache-2.0
"""Figures, the table of them, and the thresholds they are held to."""

import json
import statistics
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Figure:
    name: str
    unit: str
    node: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    @property
    def node_median(self):
        return statistics.median(self.node)

    @property
    def bare_median(self):
        return statistics.median(self.bare)

    @property
    def ratio(self):
        """Node ÷ bare, of the medians; None where the bare broker needs nothing at all."""
        return self.node_median / self.bare_median if self.bare_median > 0 else None

    def as_json(self):
        return {
            "name": self.name, "unit": self.unit, "node": self.node_median, "bare": self.bare_median,
            "ratio": self.ratio, "nodeRuns": self.node, "bareRuns": self.bare,
        }


@dataclass(frozen=True)
class Threshold:
    """The most that a figure may be: a ratio to the bare broker, or a plain count. Never a time."""

    kind: str
    maximum: float

    def value(self, figure):
        return figure.ratio if self.kind == "ratioMax" else figure.node_median

    def is_exceeded(self, figure):
        value = self.value(figure)
        return value is not None and value > self.maximum


def read_thresholds(folder, figure_names):
    """Every threshold by the name of its figure, one of `figure_names`."""
    thresholds = {}
    for path in sorted(Path(folder).glob("*.json")):
        for name, limit in json.loads(path.read_text()).items():
            if name not in figure_names:
                raise ValueError(f"{path}: there is no figure {name}")
            if name in thresholds or len(limit) != 1 or not set(limit) <= {"ratioMax", "countMax"}:
                raise ValueError(f"{path}: {name}: one ratioMax or countMax, once")
            (kind, maximum), = limit.items()
            thresholds[name] = Threshold(kind, maximum)
    return thresholds


def number(value):
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def row(figure, threshold):
    limit, verdict = "", ""
    if threshold:
        limit = ("× " if threshold.kind == "ratioMax" else "") + f"{threshold.maximum:g}"
        verdict = "EXCEEDED" if threshold.is_exceeded(figure) else ""
    return [figure.name, number(figure.node_median), number(figure.bare_median), figure.unit, number(figure.ratio),
            limit, verdict]


HEADINGS = ["figure", "node", "bare C", "unit", "ratio", "at most", ""]
ALIGNED_RIGHT = {1, 2, 4, 5}


def table(figures, thresholds):
    rows = [HEADINGS] + [row(figure, thresholds.get(figure.name)) for figure in figures]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in ALIGNED_RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths))).rstrip()
        for cells in rows)
