import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.access.permissions import ADMINISTRATOR, OPERATOR, PERMISSIONS, ROLES, VIEWER, role_may, with_implied

names = st.sampled_from(sorted(PERMISSIONS))


def test_every_permission_has_both_labels_and_implies_only_known_ones():
    for permission in PERMISSIONS.values():
        assert permission.en and permission.zh
        assert set(permission.implies) <= set(PERMISSIONS)


def test_the_three_roles():
    rights = {role: {name for name in PERMISSIONS if role_may(role, name)} for role in ROLES}
    assert rights[ADMINISTRATOR] == set(PERMISSIONS)
    assert rights[OPERATOR] == set(PERMISSIONS) - {
        "access:manage",
        "customers:erase",
        "payouts:manage",
        "rewards:policy",
        "sources:manage",
    }
    assert rights[VIEWER] == {name for name in PERMISSIONS if name.endswith(":view")} | {"access:self"}


@given(st.frozensets(names))
def test_implied_rights_are_closed(given_rights):
    closed = with_implied(given_rights)
    assert given_rights <= closed == with_implied(closed)
    assert all(implied in closed for name in closed for implied in PERMISSIONS[name].implies)


@given(st.sampled_from(sorted(ROLES)), names)
def test_a_role_that_has_a_right_has_what_it_implies(role, name):
    if role_may(role, name):
        assert all(role_may(role, implied) for implied in PERMISSIONS[name].implies)


def test_an_unknown_right_is_a_mistake_and_an_unknown_role_has_none():
    with pytest.raises(KeyError, match="No permission is called 'customers:delete'"):
        role_may(ADMINISTRATOR, "customers:delete")
    assert not any(role_may("retired", name) for name in PERMISSIONS)
