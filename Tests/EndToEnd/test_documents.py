# SPDX-License-Identifier: Apache-2.0
"""What the documents name exists: files, commands of make, commands of the CLI."""

import re
import subprocess
from functools import cache

import pytest
from node import BINARIES, ROOT

PAGES = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()


def code(page):
    """What stands in code: prose makes other things."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", (ROOT / page).read_text(), re.S))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text()
    anchors = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.M)}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        if path:
            assert (ROOT / page).parent.joinpath(path).exists(), f"{page} links to {target}"
        elif anchor:
            assert anchor in anchors, f"{page} links to {target}"


def test_every_target_of_make_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for page in PAGES:
        for target in re.findall(r"(?:^|[`$;&] ?)make ([a-z-]+)", code(page), re.M):
            assert target in targets, f"{page}: make {target}"


@cache
def subcommands(*path):
    told = subprocess.run([BINARIES / "myelin", *path, "--help"], capture_output=True, text=True, check=True).stdout
    _, _, listed = told.partition("SUBCOMMANDS:")
    return set(re.findall(r"^  ([a-z-]+)", listed, re.M))


def test_every_command_of_the_cli_that_is_named_exists():
    named = set()
    for page in PAGES:
        for words in re.findall(r"(?:^|[`$;&|] ?)myelin ((?:[a-z][a-z-]*(?:\|[a-z-]+)* ?)+)", code(page), re.M):
            named.add((page, tuple(words.split())))
    assert len(named) > 20
    for page, words in sorted(named):
        path = []
        for word in words:
            known = subcommands(*path)
            if not known:
                break
            unknown = set(word.split("|")) - known
            assert not unknown, f"{page}: myelin {' '.join(words)}; {' '.join(['myelin', *path])} has {sorted(known)}"
            path.append(word.split("|")[0])
