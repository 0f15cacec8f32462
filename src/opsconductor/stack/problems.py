"""What can go wrong before the stack is up; each text says what to do."""


class StackProblem(Exception):
    """The stack can't do what was asked for; the text is for the person at the terminal."""
