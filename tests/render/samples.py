"""Sample items of the invented country office of Almaria, in English, Chinese and Arabic, and small builders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from publisher.render.views import DigestView, ItemView

NOW = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)

_EN = [
    (
        *("story", "The river came back, and so did the school"),
        "Three years after the flood, the children of Lower Tessin no longer cross the valley by boat. A stone"
        " embankment built with the villagers protects the only road, and the school has four new classrooms,"
        " a well and, since January, a library that opens in the evening.",
        ("Quality education", "Climate action"),
    ),
    (
        *("press_release", "Almaria and eleven partners agree on a plan for clean city air"),
        "The plan sets limits for buses, stoves and brick kilns and pays for 340 measuring stations. The first"
        " results are due in October.",
        ("Good health and well-being", "Sustainable cities and communities"),
    ),
    (
        *("speech", "“Count every child”: remarks at the opening of the census conference"),
        "A child without a birth certificate cannot be vaccinated on time, enrol, or inherit. The resident"
        " coordinator asks the provinces to finish registration before the end of the year.",
        ("Peace, justice and strong institutions",),
    ),
    (
        *("video", "Two minutes with the women who repair the mountain grid"),
        "Forty electricians keep the lights on above 3,000 metres. In this film they show how.",
        ("Affordable and clean energy", "Gender equality"),
    ),
    (
        *("publication", "Bread, rice and rain: food prices in Almaria, 2019 to 2025"),
        "Prices rose fastest where roads end. The report compares 212 markets, explains why storage matters"
        " more than harvests, and proposes five measures that cost less than this year's subsidies.",
        ("Zero hunger", "No poverty"),
    ),
    (
        *("event", "Open day at the seed bank, 21 March"),
        "Guided tours every hour, a tasting of forgotten beans, and a workshop for schools.",
        ("Life on land",),
    ),
    (
        *("podcast", "Listening to the harbour: how fishers count what they no longer catch"),
        "Episode 14 follows a night on the boats of Port Selm, where a notebook from 1962 has become the best"
        " data set on the coast.",
        ("Life below water",),
    ),
    (
        *("story", "A bus line for the night shift"),
        "Nurses, bakers and cleaners of the capital used to walk home. Since autumn line 9 runs until three in"
        " the morning, with a conductor who knows most of them by name.",
        ("Decent work and economic growth", "Reduced inequalities"),
    ),
    (
        *("press_release", "Measles campaign reaches 96 per cent of children in the southern provinces"),
        "Mobile teams visited 1,870 villages in nineteen days. The remaining districts follow in May.",
        ("Good health and well-being",),
    ),
    (
        *("story", "What the glaciers leave behind"),
        "A team of herders and hydrologists maps new lakes before they break. Their warnings now reach 40"
        " valleys by radio and text message, in three languages.",
        ("Climate action", "Clean water and sanitation"),
    ),
    (
        *("publication", "Guide for small firms: selling to the public sector"),
        "Sixty pages, no jargon: who buys what, which papers are needed, and how to complain when the invoice"
        " is not paid.",
        ("Industry, innovation and infrastructure",),
    ),
    (
        *("other", "The country office moves: new address from 1 April"),
        "Visitors find us at 12 Harbour Street from 1 April. Telephone numbers stay the same.",
        (),
    ),
]

_ZH = [
    (
        "河水退去之后，学校回来了",
        "洪水过去三年，下泰辛村的孩子们不再需要乘船过河上学。村民与工程人员一起修建的石堤保护着唯一的公路，学校新添了四间教室、一口水井；从今年一月起，图书馆晚上也向全村开放。",
        ("优质教育", "气候行动"),
    ),
    (
        "阿尔马里亚与十一个伙伴就城市清洁空气计划达成一致",
        "计划为公交车、炉灶和砖窑设定排放限值，并出资建设三百四十个监测站。首批结果将于十月公布。",
        ("良好健康与福祉", "可持续城市和社区"),
    ),
    (
        "“让每个孩子都被看见”：在人口普查会议开幕式上的讲话",
        "没有出生证明的孩子无法按时接种疫苗，无法入学，也无法继承财产。协调员呼吁各省在年底前完成登记工作。",
        ("和平、正义与强大机构",),
    ),
    (
        "两分钟认识修理山区电网的女工",
        "四十名电工守护着海拔三千米以上的灯火。她们在片中讲述自己如何工作。",
        ("经济适用的清洁能源",),
    ),
    (
        "面包、大米与雨水：2019至2025年阿尔马里亚的食品价格",
        "道路尽头的地方，价格涨得最快。报告比较了二百一十二个市场，说明为什么仓储比收成更重要，并提出五项花费低于今年补贴的措施。",
        ("零饥饿", "无贫穷"),
    ),
    ("种子库开放日：三月二十一日", "每小时一次导览，品尝被遗忘的豆类，并为学校举办工作坊。", ("陆地生物",)),
    (
        "倾听海港：渔民如何记录他们不再捕到的鱼",
        "第十四集跟随塞尔姆港的渔船出海一夜。一本1962年的笔记成了这片海岸最好的数据。",
        ("水下生物",),
    ),
    (
        "为夜班开设的公交线路",
        "首都的护士、面包师和清洁工过去只能步行回家。自去年秋天起，九路车运行到凌晨三点。",
        ("体面工作和经济增长",),
    ),
    (
        "南部各省麻疹接种覆盖百分之九十六的儿童",
        "流动医疗队在十九天内走访了一千八百七十个村庄。其余地区将于五月接种。",
        ("良好健康与福祉",),
    ),
    (
        "冰川留下了什么",
        "牧民与水文学家一起，在湖泊溃决之前绘制地图。他们的预警如今通过广播和短信以三种语言传到四十个山谷。",
        ("气候行动",),
    ),
    (
        "小企业指南：如何向公共部门销售",
        "六十页，没有术语：谁采购什么，需要哪些文件，款项未付时如何申诉。",
        ("产业、创新和基础设施",),
    ),
    ("办公室迁址通知：四月一日起启用新地址", "四月一日起，请到海港街十二号找我们。电话号码不变。", ()),
]

_AR = [
    (
        "عاد النهر، وعادت معه المدرسة",
        "بعد ثلاث سنوات من الفيضان لم يعد أطفال تيسين السفلى يعبرون الوادي بالقارب. سدّ حجري بناه الأهالي يحمي"
        " الطريق الوحيد، وفي المدرسة أربعة صفوف جديدة وبئر ومكتبة تفتح أبوابها مساءً.",
        ("التعليم الجيد", "العمل المناخي"),
    ),
    (
        "ألماريا وأحد عشر شريكًا يتفقون على خطة لهواء نظيف في المدن",
        "تضع الخطة حدودًا لانبعاثات الحافلات والمواقد وأفران الطوب، وتموّل 340 محطة قياس.",
        ("الصحة الجيدة والرفاه",),
    ),
    (
        "«لكل طفل اسم»: كلمة في افتتاح مؤتمر التعداد",
        "الطفل الذي لا يملك شهادة ميلاد لا يُلقَّح في موعده ولا يلتحق بالمدرسة ولا يرث.",
        ("السلام والعدل والمؤسسات القوية",),
    ),
]

_PICTURE = (
    "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' width='1072' height='{height}'>"
    "<rect width='1072' height='{height}' fill='%23{sky}'/><circle cx='820' cy='190' r='70' fill='%23{sun}'/>"
    "<path d='M0 {a} L260 {b} L470 {c} L760 {d} L1072 {a} V{height} H0Z' fill='%23{hill}'/></svg>"
)


def picture(number: int = 0) -> str:
    """A drawn landscape as a data address: no test fetches anything."""
    skies, hills = ("c9d8e3", "e3d9c9", "cfdccf"), ("5f7f92", "93795f", "5f8a6c")
    return _PICTURE.format(
        height=600, sky=skies[number % 3], sun="f4efe2", hill=hills[number % 3], a=430, b=300, c=420, d=250
    )


def an_item(number: int = 0, **changes: Any) -> ItemView:
    """The English sample item `number`, with `changes`."""
    kind, title, summary, topics = _EN[number % len(_EN)]
    item = ItemView(
        id=number + 1,
        kind=kind,
        title=title,
        url=f"https://almaria.example.org/en/latest/{number + 1}",
        summary=summary,
        published_at=NOW - timedelta(days=number % 7, hours=5),
        language="en",
        topics=topics,
        image_url=picture(number) if number in {0, 3, 7} else "",
        image_alt="Children walk over the new stone embankment" if number == 0 else "",
    )
    return replace(item, **changes)


def a_digest(language: str = "en", **changes: Any) -> DigestView:
    """A digest of twelve items in `language` (en, zh-Hans or ar; Arabic has three written ones, repeated)."""
    texts = {"zh": _ZH, "ar": _AR}.get(language[:2])
    items = [an_item(number) for number in range(12)]
    if texts:
        items = [_translated(item, language, *texts[item.id % len(texts) - 1]) for item in items]
    title, organisation, address, intro = _NAMES[language[:2]]
    view = DigestView(
        title=title,
        language=language,
        items=tuple(items),
        organisation=organisation,
        issued_at=NOW,
        intro=intro,
        address=address,
        zone="Asia/Shanghai",
    )
    return replace(view, **changes)


def _translated(item: ItemView, language: str, title: str, summary: str, topics: tuple[str, ...]) -> ItemView:
    return replace(
        item, title=title, summary=summary, topics=topics, language=language, image_alt=title if item.image_alt else ""
    )


_NAMES = {
    "en": (
        "Almaria Weekly",
        "Country Office of Almaria",
        "3 Linden Court, Port Selm, Almaria",
        "This week: a school that moved back to its village, a plan for cleaner air, and what the harbour can"
        " tell us about the sea.",
    ),
    "zh": (
        "阿尔马里亚周报",
        "阿尔马里亚国家办公室",
        "阿尔马里亚，塞尔姆港，菩提院3号",
        "本周内容：一所迁回村庄的学校，一项清洁空气计划，以及海港告诉我们的大海的故事。",
    ),
    "ar": (
        "نشرة ألماريا الأسبوعية",
        "المكتب القطري في ألماريا",
        "3 ساحة الزيزفون، بورت سلم، ألماريا",
        "في هذا الأسبوع: مدرسة عادت إلى قريتها، وخطة لهواء أنظف، وما يرويه الميناء عن البحر.",
    ),
}
