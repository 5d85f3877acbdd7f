"""What the demo shop sells, where its customers come from, and when people buy tea as a gift."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

SHOP_NAME = "拾叶茶礼"
CURRENCY = "CNY"


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    category: str
    price: int  # whole yuan
    is_gift: bool = False


_CATALOGUE = {
    "绿茶": [
        ("明前龙井 100g", 168),
        ("碧螺春 100g", 138),
        ("黄山毛峰 125g", 98),
        ("安吉白茶 100g", 158),
        ("信阳毛尖 125g", 88),
    ],
    "红茶": [("正山小种 125g", 118), ("祁门红茶 100g", 128), ("滇红金芽 150g", 89), ("金骏眉 50g", 198)],
    "乌龙": [
        ("铁观音 250g", 108),
        ("大红袍 100g", 188),
        ("肉桂岩茶 80g", 226),
        ("凤凰单丛 100g", 136),
        ("冻顶乌龙 150g", 118),
    ],
    "白茶与普洱": [
        ("白毫银针 50g", 236),
        ("寿眉茶饼 350g", 158),
        ("熟普散茶 200g", 69),
        ("生普茶饼 357g", 198),
        ("陈皮白茶 120g", 79),
    ],
    "花草茶": [("茉莉龙珠 100g", 79), ("桂花乌龙 100g", 65), ("玫瑰花茶 60g", 45), ("菊花枸杞 120g", 39)],
    "茶具": [("旅行快客杯", 129), ("白瓷盖碗", 88), ("紫砂小壶", 468), ("玻璃公道杯", 49), ("竹制茶盘", 218)],
}
_GIFTS = [
    ("端午茶礼「三山」", 198),
    ("中秋茶礼「明月」", 298),
    ("年货茶礼「满堂」", 398),
    ("岩茶礼盒", 268),
    ("龙井礼盒 250g", 396),
    ("长辈安心礼", 328),
]

PRODUCTS = [
    Product(f"T{group:02d}{number:02d}", name, category, price)
    for group, (category, items) in enumerate(_CATALOGUE.items(), 1)
    for number, (name, price) in enumerate(items, 1)
] + [Product(f"G{number:02d}", name, "礼盒", price, True) for number, (name, price) in enumerate(_GIFTS, 1)]
EVERYDAY = [product for product in PRODUCTS if not product.is_gift]
GIFTS = [product for product in PRODUCTS if product.is_gift]

CHANNELS = {
    "mini_programme": 0.27,
    "tmall": 0.22,
    "store": 0.17,
    "wechat": 0.12,
    "search_ads": 0.10,
    "douyin": 0.08,
    "xiaohongshu": 0.04,
}
CITIES = [
    ("杭州", "浙江", 18), ("上海", "上海", 15), ("苏州", "江苏", 9), ("南京", "江苏", 8), ("北京", "北京", 10),
    ("广州", "广东", 7), ("深圳", "广东", 8), ("宁波", "浙江", 6), ("成都", "四川", 6), ("武汉", "湖北", 5),
    ("厦门", "福建", 4), ("福州", "福建", 4),
]  # fmt: skip
OCCUPATIONS = ["教师", "公务员", "工程师", "医护", "个体经营", "金融", "设计", "学生", "退休", "其他"]
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰秋宁佳琪雨欣子涵思远文博嘉怡晓峰建国志强淑珍雪梅春燕海波俊杰梦瑶诗雅浩然天宇一诺可心安然若曦清和知行景行云舒"

_SPRING = {2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3)}
_DRAGON = {2024: (6, 10), 2025: (5, 31), 2026: (6, 19), 2027: (6, 9), 2028: (5, 28), 2029: (6, 16), 2030: (6, 5)}
_MOON = {2024: (9, 17), 2025: (10, 6), 2026: (9, 25), 2027: (9, 15), 2028: (10, 3), 2029: (9, 22), 2030: (9, 12)}


def _days_until(day: date, feast: dict[int, tuple[int, int]]) -> int | None:
    month_day = feast.get(day.year)
    return (date(day.year, *month_day) - day).days if month_day else None


def season(day: date) -> float:
    """How much more is bought on this day than on an ordinary one (1.0)."""
    factor = {1: 1.0, 2: 0.8, 3: 1.05, 4: 1.15, 5: 1.0, 6: 0.95, 7: 0.8, 8: 0.85, 9: 1.05, 10: 1.0, 11: 1.05, 12: 1.1}[
        day.month
    ]
    if day.month == 6 and day.day <= 18:
        factor *= 1.7 if day.day in {1, 16, 17, 18} else 1.3
    if day.month == 11 and day.day <= 11:
        factor *= 2.6 if day.day in {1, 10, 11} else 1.4
    return factor * (1 + gift_season(day))


def gift_season(day: date) -> float:
    """0 on ordinary days, up to about 1 in the weeks before the three feasts when tea is given away."""
    strongest = 0.0
    for feast, weeks, weight in ((_SPRING, 25, 1.1), (_DRAGON, 14, 0.5), (_MOON, 18, 0.8)):
        until = _days_until(day, feast)
        if until is not None and 0 <= until <= weeks:
            strongest = max(strongest, weight * (1 - until / (weeks + 6)))
        elif until is not None and feast is _SPRING and -7 <= until < 0:
            strongest = max(strongest, -0.5)
    return strongest
