"""Adding, removing, grouping and turning: what the builder's buttons do to a draft."""

from __future__ import annotations

from liebian.segments.forms.draft import BRANCHES, MAX_DEPTH, MAX_NODES, Node, new_condition, new_group


def apply_action(root: Node, action: str) -> Node:
    """`add:`, `group:`, `turn:`, `remove:` with a path; anything else leaves the draft as it is."""
    verb, _colon, path = action.partition(":")
    target = next((node for node in root.walk() if node.path == path), None)
    if target is None:
        return root
    if verb in {"add", "group"} and target.branch and sum(1 for _node in root.walk()) < MAX_NODES - 1:
        _add(target, verb)
    elif verb == "turn" and target.branch:
        target.branch = BRANCHES[(BRANCHES.index(target.branch) + 1) % len(BRANCHES)]
    elif verb == "remove" and target is not root:
        parent = next(node for node in root.walk() if any(child is target for child in node.children))
        parent.children = [child for child in parent.children if child is not target]
    return root.renumber()


def _add(target: Node, verb: str) -> None:
    if verb == "add":
        target.children.append(new_condition())
    elif target.depth < MAX_DEPTH - 1:
        target.children.append(new_group("any_of" if target.branch == "all_of" else "all_of"))
