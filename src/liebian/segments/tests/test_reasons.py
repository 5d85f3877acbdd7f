"""What is wrong with a rule is said in the reader's language, whatever the library objects to."""

import pytest
from django.utils import translation

from liebian.core.errors import Invalid
from liebian.segments import queries
from liebian.ui.formats import error_text

ORDERS = {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2}
NAMED = {"kind": "attribute", "name": "city", "op": "eq", "value": "上海"}


def nested(levels):
    rule = ORDERS
    for _level in range(levels):
        rule = {"kind": "all_of", "rules": [rule]}
    return rule


BAD = [
    ("{", "规则无法使用：不是 JSON。"),
    ([], "规则无法使用：这里应当是一个条件，即带 kind 的对象。"),
    ({"kind": "all_of", "rules": 3}, "规则在 rules 处无法使用：这里应当是条件列表。"),
    ({"kind": "all_of", "rule": []}, "规则在 rule 处无法使用：没有这个字段。"),
    ({"kind": "all_of", "rules": [ORDERS] * 250}, "规则在 rules[199] 处无法使用：一条规则最多 200 个条件。"),
    ({**ORDERS, "colour": 1}, "规则在 colour 处无法使用：没有这个字段。"),
    ({"kind": "tier", "model": "rfm"}, "规则在 cells 处无法使用：缺少这一项。"),
    ({**ORDERS, "value": "two"}, "not `str`|不是 `str`"),
    ({**ORDERS, "window_days": 0}, "规则在 window_days 处无法使用：请填 1 到"),
    ({**ORDERS, "op": "between", "value": [3, 1]}, "规则在 value 处无法使用：第一个值不能大于第二个。"),
    ({**NAMED, "name": "1"}, "规则在 name 处无法使用：名称以字母开头"),
    ({**NAMED, "op": "between"}, "规则在 value 处无法使用：请给出同一类的两个值，从和到。"),
    ({"kind": "events", "name": ""}, "规则在 name 处无法使用：请指明事件。"),
    (nested(8), "条件最多嵌套 6 层。"),
]


@pytest.mark.parametrize(("rule", "said"), BAD)
def test_a_chinese_reader_is_told_in_chinese(rule, said):
    with pytest.raises(Invalid) as caught:
        queries.parse(rule)
    with translation.override("zh-hans"):
        assert any(words in error_text(caught.value) for words in said.split("|"))
    assert caught.value.code == "bad_rule"
    assert not any("一" <= letter <= "鿿" for letter in str(caught.value))
