"""Passwords that guessing tries first are refused at the field, with what to do; others are not."""

import pytest

from crosstalk.features.accounts.password_rules import _common_passwords, password_problem
from people import fresh
from rest import ask
from server import Server

COMMON = [
    "password", "Password1", "PASSWORD123", "qwertyuiop", "iloveyou", "baseball", "1q2w3e4r", "P@ssw0rd", "ｐａｓｓｗｏｒｄ",
    "dragon2024", "!!monkey!!", "monkeymonkey", "Monkey Monkey", "  sunshine  ", "letmein 2026!", "123password123", "p a s s w o r d",
]  # fmt: skip
SIMPLE = [
    "12345678", " " * 8, "\u3000" * 9, "\t \t \t \t ", "aaaaaaaa", "11111111", "abababab", "12121212", "aaaabbbb", "abcabcabc", "abcdefgh", "zyxwvuts",
    "9876543210", "1234567890", "0987654321", "ABCDEFGHIJ", "🙂" * 8, "密密密密密密密密", "あいあいあいあい",
]  # fmt: skip
NAMES = [
    "dora mayfield", "Dora Mayfield", "DoraMayfield1", "doramayfield2024", " dora  mayfield ", "Ｄora Mayfield", "1dora mayfield!",
    "doramayfielddoramayfield", "crosstalk", "Crosstalk2026", "crosstalkcrosstalk",
]  # fmt: skip
GOOD = [
    "correct horse battery", "long enough", "a very secret word", "tr0ub4dor&3x", "我的密码是一句话", "пароль-из-слов", "x9$kQ!2vLm",
    "dora mayfield likes tea", "monkey see monkey do", "2024 was a good year", "🙂🚀🌍🎉 and more",
]  # fmt: skip


@pytest.mark.parametrize(
    ("passwords", "words"),
    [(COMMON, "most common"), (SIMPLE, "must not be blank|too simple"), (NAMES, "must not be the name")],
    ids=["common", "simple", "the name"],
)
def test_what_guessing_tries_first_is_refused(passwords: list[str], words: str) -> None:
    for password in passwords:
        problem = password_problem(password, "Dora Mayfield")
        assert problem is not None, password
        assert any(one in problem for one in words.split("|")), (password, problem)


@pytest.mark.parametrize("password", ["dora dfc853601", "DoraDFC85360!", "2026dora dfc85360"])
def test_a_name_that_ends_with_digits_is_no_better(password: str) -> None:
    assert password_problem(password, "Dora dfc85360") is not None


@pytest.mark.parametrize("password", GOOD)
def test_a_phrase_is_good(password: str) -> None:
    assert password_problem(password, "Dora Mayfield") is None


def test_the_list_has_ten_thousand_passwords_of_a_length_that_is_allowed() -> None:
    assert len([one for one in _common_passwords() if len(one) >= 8]) > 10_000


@pytest.mark.parametrize("password", ["password", "12345678", " " * 8, "the name itself"])
def test_signing_up_names_the_field_and_makes_no_account(server: Server, password: str) -> None:
    name = fresh("dora")
    refused = ask(server.port, "POST", "/api/accounts", {"name": name, "password": name if "name" in password else password})
    assert refused.status == 400
    assert refused.code == "invalid"
    assert refused.fields.keys() == {"password"}
    assert "choose" in refused.fields["password"] or "use" in refused.fields["password"]
    assert server.query("SELECT id FROM users WHERE name = ?", name) == []
    assert ask(server.port, "POST", "/api/accounts", {"name": name, "password": "a phrase of my own"}).status == 201
