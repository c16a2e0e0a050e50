"""What cannot be translated, in either direction."""


class Wrong(ValueError):
    """A request says what cannot be told to a switch; the message is told to whoever sent it."""


class Foreign(Exception):
    """A switch says what the wire has no words for: it is not of our flows."""
