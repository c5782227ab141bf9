"""Stored English sentences are told in the reader's language, and what the catalogue does not know is left alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from publisher.core.told import Phrasebook

BOOK = Phrasebook(
    [
        ("The account was refused.", "账号被拒绝。"),
        ("The picture at %(address)s is gone.", "%(address)s 的图片已不存在。"),
        ("It is tried again in %(n)s minutes, at most %(n)s.", "将在 %(n)s 分钟后重试，最多 %(n)s。"),
        ("%(what)s: %(why)s", "%(what)s：%(why)s"),
        ("Nothing was changed.", ""),
        ("%(n)s%% of the budget is used.", "预算已使用 %(n)s%%。"),
        ("None of %(total)s slots is free: %(listed)s.", "%(total)s 个时段均不可用：%(listed)s。"),
        ("public holiday: %(holiday)s", "公共假日：%(holiday)s"),
        ("taken, or too close to another post", "已被占用"),
        ("Labour Day", "劳动节"),
        ("days exchanged in %(year)s are not known yet", "%(year)s 年的调休安排尚未公布"),
    ]
)


def test_a_whole_sentence_is_told() -> None:
    assert BOOK.tell("The account was refused.") == "账号被拒绝。"


def test_places_are_read_out_and_filled_in() -> None:
    assert (
        BOOK.tell("The picture at https://a.example/b%20c is gone.")
        == "https://a.example/b%20c 的图片已不存在。"
    )
    assert BOOK.tell("80% of the budget is used.") == "预算已使用 80%。"


def test_a_place_that_stands_twice_holds_the_same() -> None:
    assert BOOK.tell("It is tried again in 5 minutes, at most 5.") == "将在 5 分钟后重试，最多 5。"
    differ = "It is tried again in 5 minutes, at most 6."
    assert BOOK.tell(differ) == differ


def test_sentences_are_told_one_by_one_and_foreign_words_stay_between_them() -> None:
    assert BOOK.tell("The account was refused. The picture at x is gone.") == "账号被拒绝。x 的图片已不存在。"
    assert BOOK.tell("550 no such user. The account was refused.") == "550 no such user. 账号被拒绝。"


def test_what_is_not_translated_stays_english() -> None:
    assert BOOK.tell("Nothing was changed.") == "Nothing was changed."


def test_a_text_of_little_more_than_places_takes_nothing_for_its_own() -> None:
    assert BOOK.tell("At the login: 535 bad") == "At the login: 535 bad"


def test_a_place_that_holds_a_sentence_is_told_too() -> None:
    said = "It is tried again in The account was refused. minutes, at most The account was refused.."
    assert BOOK.tell(said) == "将在 账号被拒绝。 分钟后重试，最多 账号被拒绝。。"


def test_each_of_several_reasons_is_told_with_what_stands_behind_it() -> None:
    said = "None of 9 slots is free: taken, or too close to another post (4); public holiday: Labour Day (CN) (5)."
    assert BOOK.tell(said) == "9 个时段均不可用：已被占用 (4); 公共假日：劳动节 (CN) (5)。"


def test_what_stands_in_brackets_is_told_too() -> None:
    said = "Labour Day (CN; days exchanged in 2027 are not known yet)"
    assert BOOK.tell(said) == "劳动节 (CN; 2027 年的调休安排尚未公布)"
    assert BOOK.tell("550 no such user (here)") == "550 no such user (here)"


@given(st.text(max_size=200))
def test_any_text_is_told_without_an_error(text: str) -> None:
    assert isinstance(BOOK.tell(text), str)


@given(st.text(min_size=1, max_size=80))
def test_any_value_of_a_place_comes_through(value: str) -> None:
    assert BOOK.tell(f"The picture at {value} is gone.") == f"{value} 的图片已不存在。"
