"""The page of the exchange and the actions say the same."""

from __future__ import annotations

import inspect
import re

import pytest

from solvent import bundle, rulebook
from solvent.exchange import Group, all_actions
from solvent.rules import all_rules

PAGE = (bundle.spec() / "exchange.md").read_text(encoding="utf-8")
README = (bundle.spec() / "README.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([a-z_]+)` (\|.+\|)$", PAGE, re.MULTILINE))
"""The row of each action, without its name."""
LINK = re.compile(r"\[([A-Z0-9-]+)\]\((rules/[^)]+)\)")
RULE = re.compile(r"\b(?:" + "|".join({i.partition("-")[0] for i in all_rules()}) + r")-[A-Z0-9-]*[A-Z0-9]\b")


def listed(group):
    """The actions in the table of a group, in its order."""
    table = PAGE.partition(f"\n### {group.capitalize()} actions\n")[2].partition("\n#")[0]
    return re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)


def rules_of(action):
    """The rules that the text of an action names."""
    return set(RULE.findall(inspect.getsource(action)))


@pytest.mark.parametrize("group", Group)
def test_the_table_of_a_group_names_each_of_its_actions_once_and_no_other(group):
    names = [name for name, action in all_actions().items() if action.group is group]

    assert sorted(listed(group)) == sorted(names)


@pytest.mark.parametrize("name", all_actions())
def test_the_row_of_an_action_has_a_guard_and_an_effect(name):
    _, guard, effect, _ = (cell.strip() for cell in ROWS[name].split("|"))

    assert guard
    assert effect


@pytest.mark.parametrize("name", [name for name, action in all_actions().items() if rules_of(action)])
def test_the_row_of_an_action_names_every_rule_that_its_text_names(name):
    named = {identifier for identifier, _ in LINK.findall(ROWS[name])}

    assert rules_of(all_actions()[name]) <= named


def test_every_rule_that_the_page_names_is_a_link_to_its_heading():
    listed_links = set(LINK.findall(README))

    assert set(LINK.findall(PAGE)) <= listed_links
    assert set(RULE.findall(LINK.sub("", PAGE))) == set()


def test_what_chapters_link_to_on_the_page_are_its_headings():
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}

    chapters = [path.read_text(encoding="utf-8") for path in rulebook.chapters()]
    linked = {anchor for text in chapters for anchor in re.findall(r"\(\.\./exchange\.md#([^)]+)\)", text)}
    assert linked
    assert linked <= anchors
