"""What stops a letter from being written at all: an error that the sender can mend."""

from __future__ import annotations


class LetterError(Exception):
    """A letter that cannot be made; the message names the file and line, or says what to change."""
