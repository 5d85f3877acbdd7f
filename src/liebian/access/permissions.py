"""Every right of the product, as data: its labels, what it implies, and which role has it.

Plain Python. A view names one of these in `guard.requires`; a name that is not here is refused when the module loads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Permission:
    name: str
    en: str
    zh: str
    implies: tuple[str, ...] = ()

    @property
    def is_view(self) -> bool:
        return self.name.endswith(":view")


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    en: str
    zh: str
    about_en: str
    about_zh: str
    grants: frozenset[str]


_ALL = (
    Permission("access:self", "Own profile, password and language", "自己的资料、密码和语言"),
    Permission("access:manage", "Users, roles, organisation and audit", "用户、角色、企业信息与审计记录"),
    Permission("insights:view", "See the home page and reports", "查看首页与报表"),
    Permission("customers:view", "See customers, masked", "查看客户（已打码）"),
    Permission(
        "customers:reveal", "Reveal a personal field, with a reason", "说明原因后查看个人信息", ("customers:view",)
    ),
    Permission(
        "customers:erase",
        "Erase a customer and everything that names them",
        "删除客户及其所有个人信息",
        ("customers:view",),
    ),
    Permission("tiers:view", "See tiers", "查看分级"),
    Permission("tiers:edit", "Change tiers", "修改分级", ("tiers:view",)),
    Permission("segments:view", "See segments", "查看分群"),
    Permission("segments:edit", "Change segments", "修改分群", ("segments:view",)),
    Permission("referrals:view", "See referral programmes", "查看裂变活动"),
    Permission("referrals:edit", "Change referral programmes", "修改裂变活动", ("referrals:view",)),
    Permission("referrals:publish", "Publish referral programmes", "发布裂变活动", ("referrals:edit",)),
    Permission("rewards:view", "See rewards", "查看奖励"),
    Permission(
        "rewards:review", "Approve, hold, reject and take back rewards", "审批、暂缓、拒绝和收回奖励", ("rewards:view",)
    ),
    Permission(
        "rewards:coupons",
        "Make coupons, fill pools of codes, download codes",
        "制作优惠券、补充券码池、下载券码",
        ("rewards:view",),
    ),
    Permission(
        "rewards:ship",
        "Make gifts and privileges, count stocks, keep addresses, send gifts",
        "制作礼品与特权、清点库存、保存地址、寄送礼品",
        ("rewards:view",),
    ),
    Permission(
        "rewards:points",
        "Correct points, give them on, take them back, let go what carts hold",
        "调整、转赠、追回积分，释放购物车占用的积分",
        ("rewards:view",),
    ),
    Permission("rewards:terms", "Change the terms of points", "修改积分规则", ("rewards:view",)),
    Permission("rewards:policy", "Say when two persons have to agree", "设置何时需要双人复核", ("rewards:review",)),
    Permission("payouts:view", "See payouts", "查看打款", ("rewards:view",)),
    Permission(
        "payouts:prepare", "Prepare payouts and say what became of them", "准备打款并登记结果", ("payouts:view",)
    ),
    Permission("payouts:approve", "Let payouts of others go", "复核他人准备的打款", ("payouts:view",)),
    Permission("payouts:manage", "Change payout accounts", "管理打款账户", ("payouts:view",)),
    Permission("ledger:view", "See the ledger", "查看账本"),
    Permission("ledger:fund", "Put money into a budget", "给预算充值", ("ledger:view",)),
    Permission("imports:view", "See imports", "查看数据导入"),
    Permission("imports:run", "Run imports", "导入数据", ("imports:view",)),
    Permission("events:view", "See the event log and what arrives", "查看事件记录和实时到达"),
    Permission("sources:view", "See sources", "查看数据来源"),
    Permission("sources:manage", "Change sources and see write keys", "管理数据来源和写入密钥", ("sources:view",)),
    Permission("schemas:view", "See event schemas", "查看事件规范"),
    Permission("schemas:manage", "Change event schemas", "修改事件规范", ("schemas:view",)),
    Permission("quarantine:view", "See the quarantine, masked", "查看隔离区（已打码）"),
    Permission("quarantine:manage", "Repair, replay and dismiss", "修复、重放和忽略隔离的消息", ("quarantine:view",)),
    Permission("pipeline:view", "See the pipeline", "查看处理流程"),
    Permission(
        "pipeline:manage", "Pause, resume and check the pipeline", "暂停、恢复和检查处理流程", ("pipeline:view",)
    ),
    Permission("lake:view", "See the lake: tables, versions, how to open them", "查看数据湖：数据表、版本与打开方式"),
    Permission("ui:gallery", "See the component gallery", "查看组件库"),
)
PERMISSIONS: dict[str, Permission] = {permission.name: permission for permission in _ALL}
_VIEW = frozenset(permission.name for permission in _ALL if permission.is_view)

ADMINISTRATOR = "administrator"
OPERATOR = "operator"
VIEWER = "viewer"
_ROLES = (
    Role(
        name=ADMINISTRATOR,
        en="Administrator",
        zh="管理员",
        about_en="Everything, users and settings included.",
        about_zh="全部，包括用户和设置。",
        grants=frozenset(PERMISSIONS),
    ),
    Role(
        name=OPERATOR,
        en="Operator",
        zh="运营",
        about_en="All daily work: imports, quarantine, tiers, segments, programmes, budgets, rewards. No users, no settings, no write keys, no erasing of customers.",
        about_zh="全部日常工作：导入、隔离区、分级、分群、裂变活动、预算、奖励。不管用户、设置和写入密钥，不能删除客户。",
        grants=frozenset(PERMISSIONS)
        - {"access:manage", "customers:erase", "sources:manage", "rewards:policy", "payouts:manage"},
    ),
    Role(
        name=VIEWER,
        en="Viewer",
        zh="只读",
        about_en="Looks at every figure, changes nothing, and sees personal fields only masked.",
        about_zh="能看所有数字，不能改动，个人信息始终打码。",
        grants=_VIEW | {"access:self"},
    ),
)
ROLES: dict[str, Role] = {role.name: role for role in _ROLES}


@lru_cache(maxsize=64)
def with_implied(names: frozenset[str]) -> frozenset[str]:
    """The rights and everything that they imply, through any number of steps.

    >>> sorted(with_implied(frozenset({"referrals:publish"})))
    ['referrals:edit', 'referrals:publish', 'referrals:view']
    """
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(PERMISSIONS[name].implies)
    return frozenset(found)


def role_may(role: str, permission: str) -> bool:
    """Whether a role has a right. An unknown role has none; an unknown right is a mistake in the code.

    >>> role_may("viewer", "customers:view"), role_may("viewer", "customers:reveal"), role_may("retired", "ledger:view")
    (True, False, False)
    """
    if permission not in PERMISSIONS:
        raise KeyError(f"No permission is called {permission!r}. They are listed in liebian/access/permissions.py.")
    return role in ROLES and permission in with_implied(ROLES[role].grants)
