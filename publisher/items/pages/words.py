"""The words of listing pages in English, Chinese, French and Spanish: kinds, months, section heads, endings of teasers.

To teach the importer a new word, add it here. All are compared in the form of `folded`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from publisher.items.schema import Kind

# kind: {language: words}. A word may stand in more than one language (“Podcast”).
_KINDS: Final[dict[Kind, dict[str, str]]] = {
    "story": {
        "en": "story, stories, feature, feature story, news, news story, article, blog, blog post, opinion, op-ed, interview, "
        "photo story, photo essay, human interest story",
        "zh": "故事, 报道, 專題, 专题, 专题报道, 新闻, 新聞, 文章, 博客, 评论, 專訪, 专访, 特写",
        "fr": "article, récit, histoire, reportage, actualité, actualités, nouvelle, tribune, entretien",
        "es": "historia, historias, reportaje, noticia, noticias, artículo, crónica, entrevista, opinión",
    },
    "press_release": {
        "en": "press release, press releases, media release, news release, media advisory, press advisory, statement, "
        "joint statement, press statement",
        "zh": "新闻稿, 新聞稿, 新闻发布, 新闻公报, 声明, 聲明, 联合声明, 媒体通告",
        "fr": "communiqué de presse, communiqués de presse, communiqué, déclaration, note aux médias",
        "es": "comunicado de prensa, comunicados de prensa, comunicado, nota de prensa, declaración, nota informativa",
    },
    "speech": {
        "en": "speech, speeches, remarks, address, message, keynote, lecture",
        "zh": "讲话, 講話, 演讲, 演講, 致辞, 致辭, 发言, 發言, 致词",
        "fr": "discours, allocution, allocutions, message, intervention",
        "es": "discurso, discursos, intervención, alocución, mensaje, palabras",
    },
    "video": {
        "en": "video, videos, film, watch",
        "zh": "视频, 視頻, 影片, 短片",
        "fr": "vidéo, vidéos, film",
        "es": "video, vídeo, videos, vídeos, película",
    },
    "publication": {
        "en": "publication, publications, resource, resources, report, reports, document, documents, fact sheet, brochure, "
        "policy brief, newsletter, study",
        "zh": "出版物, 资源, 資源, 报告, 報告, 文件, 研究报告, 简报, 手册, 刊物",
        "fr": "publication, publications, ressource, ressources, rapport, rapports, document, documents, étude, fiche",
        "es": "publicación, publicaciones, recurso, recursos, informe, informes, documento, documentos, estudio, folleto",
    },
    "event": {
        "en": "event, events, conference, webinar, workshop, seminar, exhibition",
        "zh": "活动, 活動, 会议, 會議, 研讨会, 展览",
        "fr": "événement, évènement, événements, conférence, webinaire, atelier, séminaire, exposition",
        "es": "evento, eventos, conferencia, seminario, taller, exposición, acto",
    },
    "podcast": {
        "en": "podcast, podcasts, audio, podcast episode",
        "zh": "播客, 音频, 音頻",
        "fr": "podcast, podcasts, balado, audio",
        "es": "podcast, pódcast, podcasts, audio",
    },
    "other": {
        "en": "other, update, announcement, vacancy, job, tender, photo gallery, gallery",
        "zh": "其他, 公告, 通知, 招聘, 招标, 图片集",
        "fr": "autre, annonce, mise à jour, avis, appel d'offres, galerie",
        "es": "otro, otra, anuncio, aviso, vacante, licitación, galería",
    },
}

_MONTHS: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
        "september sep sept", "october oct", "november nov", "december dec",
    ),
    "fr": (
        "janvier janv", "février fevrier févr fév", "mars", "avril avr", "mai", "juin", "juillet juil", "août aout",
        "septembre sept", "octobre oct", "novembre nov", "décembre decembre déc",
    ),
    "es": (
        "enero ene", "febrero feb", "marzo mar", "abril abr", "mayo may", "junio jun", "julio jul", "agosto ago",
        "septiembre setiembre sept sep set", "octubre oct", "noviembre nov", "diciembre dic",
    ),
}  # fmt: skip

_SECTION_HEADS: Final = (
    "latest, latest news, latest stories, latest press releases, latest resources, latest updates, latest publications, "
    "latest videos, latest events, latest speeches, news, stories, press releases, press centre, press center, resources, "
    "publications, videos, podcasts, events, speeches, more news, more stories, related, featured, highlights, recent, "
    "最新, 最新动态, 最新消息, 最新新闻, 最新资源, 最新故事, 最新新闻稿, 最新出版物, 新闻中心, 更多新闻, 更多, 相关内容, 精选, "
    "actualités, à la une, dernières actualités, dernières nouvelles, derniers articles, derniers communiqués, "
    "dernières ressources, dernières publications, ressources, publications, communiqués de presse, "
    "lo último, últimas noticias, últimas historias, últimos comunicados, últimos recursos, últimas publicaciones, noticias, "
    "recursos, publicaciones, comunicados de prensa, destacados, actualidad"
)
_TEASER_ENDS: Final = (
    "learn more, read more, more, see more, view more, find out more, read the full story, read full story, read on, "
    "watch now, listen now, download, view all, see all, show more, load more, previous, next, "
    "了解更多, 查看更多, 阅读更多, 更多, 详情, 阅读全文, 查看全部, 下载, 观看视频, 上一页, 下一页, "
    "en savoir plus, lire la suite, lire plus, voir plus, voir tout, plus, télécharger, précédent, suivant, "
    "más información, leer más, saber más, conozca más, ver más, ver todo, seguir leyendo, descargar, anterior, siguiente"
)
# Endings that may stand behind the last sentence of a teaser, on its line.
_INLINE_ENDS: Final = (
    "learn more, read more, find out more, 了解更多, 阅读更多, 查看更多, 阅读全文, en savoir plus, lire la suite, "
    "más información, leer más, saber más"
)
COUNTER: Final = re.compile(
    r"\d{1,4}\s*(?:of|/|／|de|sur|von)\s*\d{1,4}|第?\s*\d{1,4}\s*(?:页|項|项|条)?\s*[,，/／]?\s*共\s*\d{1,4}\s*(?:页|項|项|条)?",
    re.IGNORECASE,
)


def folded(text: str) -> str:
    """For comparing words: compatibility form, case folded, without the marks that open or close a label."""
    return unicodedata.normalize("NFKC", text).casefold().strip(" \t:：.。…>›»→-–—|[]()（）【】")


def _split(words: str) -> list[str]:
    return [folded(word) for word in words.split(",") if word.strip()]


def _kinds() -> dict[str, dict[str, Kind]]:
    found: dict[str, dict[str, Kind]] = {}
    for kind, by_language in _KINDS.items():
        for language, words in by_language.items():
            for word in _split(words):
                found.setdefault(word, {})[language] = kind
    return found


def _months() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for language, names in _MONTHS.items():
        for number, spellings in enumerate(names, start=1):
            for spelling in spellings.split():
                found.setdefault(folded(spelling), {})[language] = number
    return found


KINDS: Final = _kinds()
"""word: {language: kind}"""
MONTHS: Final = _months()
"""word: {language: 1 to 12}; no word names two months"""
SECTION_HEADS: Final = frozenset(_split(_SECTION_HEADS))
TEASER_ENDS: Final = frozenset(_split(_TEASER_ENDS))
INLINE_END: Final = re.compile(
    r"(?<=[.!?…。！？”\"'’)）])\s*(?:"
    + "|".join(re.escape(word) for word in _split(_INLINE_ENDS))
    + r")\s*[.…>›»→]*$",
    re.IGNORECASE,
)
