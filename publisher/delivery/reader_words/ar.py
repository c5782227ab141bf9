"""Letters to readers in Arabic."""

from __future__ import annotations

from typing import Final

from publisher.delivery.reader_words.text import DIGESTS, Language, Text

_FOOT: Final = "{organisation}\n{postal_address}"

LANGUAGE: Final = Language(
    quote="«{title}»",
    between="، ",
    texts={
        "confirm": Text(
            "يرجى تأكيد الاشتراك: {titles}",
            (
                "طلب أحدهم، ونأمل أنه أنت، عبر {site} إرسال {titles} إلى هذا العنوان.",
                "افتح هذه الصفحة واضغط الزر فيها للتأكيد. الرابط صالح لسبعة أيام:",
                "{link}",
                "إن لم تكن أنت من طلب ذلك فلا تفعل شيئا: لا اشتراك دون تأكيدك.",
                _FOOT,
            ),
        ),
        "already": Text(
            "أنت مشترك بالفعل: {titles}",
            (
                "طلب أحدهم، ونأمل أنه أنت، عبر {site} إرسال {titles} إلى هذا العنوان.",
                "أنت مشترك بالفعل ولم يتغير شيء. هذه الروابط لك وحدك:",
                DIGESTS,
                "إن لم تكن أنت من طلب ذلك فلا تفعل شيئا.",
                _FOOT,
            ),
            "{title}\nغيّر ما يصلك: {preferences}\nإلغاء الاشتراك: {unsubscribe}",
        ),
        "welcome": Text(
            "مرحبا بك في {titles}",
            (
                "{greeting}",
                "أكدت اشتراكك في {titles}. شكرا لك.",
                DIGESTS,
                "تصلك هذه الرسالة لأنك اشتركت عبر {site}.",
                _FOOT,
            ),
            "{title}\nأحدث عدد: {latest}\nغيّر ما يصلك: {preferences}\nإلغاء الاشتراك: {unsubscribe}",
        ),
        "change_old": Text(
            "سيُرسل بريدك إلى عنوان آخر",
            (
                "طلب أحدهم، ونأمل أنه أنت، عبر {site} إرسال {titles} إلى {new} بدلا من هذا العنوان.",
                "افتح هذه الصفحة واضغط الزر فيها للموافقة. سنسأل العنوان الآخر أيضا. الرابط صالح لسبعة أيام:",
                "{link}",
                "إن لم تكن أنت من طلب ذلك فارفض في تلك الصفحة، أو لا تفعل شيئا: يبقى كل شيء كما هو.",
                _FOOT,
            ),
        ),
        "change_new": Text(
            "يرجى تأكيد عنوانك الجديد",
            (
                "طلب أحدهم، ونأمل أنه أنت، عبر {site} إرسال {titles} إلى هذا العنوان بدلا من {old}.",
                "افتح هذه الصفحة واضغط الزر فيها للموافقة. سنسأل العنوان الآخر أيضا. الرابط صالح لسبعة أيام:",
                "{link}",
                "إن لم تكن أنت من طلب ذلك فارفض في تلك الصفحة، أو لا تفعل شيئا: لن يُرسل إليك شيء.",
                _FOOT,
            ),
        ),
    },
)
