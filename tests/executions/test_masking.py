"""What is told about actions has no secret in it."""

from pydantic import SecretStr

from opsconductor.executions.masking import masked

SECRETS = [SecretStr("it's 5ecret"), SecretStr("12345678")]


def test_secrets_are_masked_in_texts_names_and_numbers_however_deep() -> None:
    actions = [
        {
            "action_type": "command",
            "action_parameters": {"command": "login 'it'\\''s 5ecret' 12345678", "timeout": 30},
            "variables": {"it's 5ecret": ["aXQncyA1ZWNyZXQ=", 12345678, None, True, 1.5]},
        }
    ]

    assert masked(actions, SECRETS) == [
        {
            "action_type": "command",
            "action_parameters": {"command": "login '•••' •••", "timeout": 30},
            "variables": {"•••": ["•••", "•••", None, True, 1.5]},
        }
    ]
    assert actions[0]["action_parameters"] == {"command": "login 'it'\\''s 5ecret' 12345678", "timeout": 30}


def test_without_secrets_nothing_is_touched() -> None:
    actions = [{"action_parameters": {"command": "login 12345678"}}]

    assert masked(actions, []) is actions


def test_text_that_is_no_unicode_is_masked_too() -> None:
    assert "5ecret" not in masked("\ud800 it's 5ecret", SECRETS)
