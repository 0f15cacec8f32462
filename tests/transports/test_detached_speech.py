"""What the attendant says is told from what the command writes, in whatever pieces it comes."""

import random

from opsconductor.transports.ssh.detached.speech import RECORD, Listener, new_mark


def test_words_are_found_anywhere_and_output_stays_whole():
    dice = random.Random(5)
    mark = new_mark()
    stream = (
        f"before{RECORD}no mark{mark[:20]}\n{mark} started\nout\n{mark} ended\nrest{RECORD}".encode() * 20
    )
    for _ in range(300):
        listener, output, said = Listener(mark), b"", []
        rest = stream + b"."
        while rest:
            size = dice.choice((1, 3, 40, 500))
            piece, rest = rest[:size], rest[size:]
            for heard in listener.hear(piece):
                if isinstance(heard, bytes):
                    output += heard
                else:
                    said.append(heard)

        assert output == f"before{RECORD}no mark{mark[:20]}\nout\nrest{RECORD}".encode() * 20 + b"."
        assert said == [["started"], ["ended"]] * 20


def test_ordinary_output_is_passed_on_at_once():
    assert list(Listener(new_mark()).hear(b"no newline yet")) == [b"no newline yet"]


def test_marks_differ():
    assert new_mark() != new_mark()
