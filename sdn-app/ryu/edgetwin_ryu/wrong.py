"""What a request says that cannot be told to a switch."""


class Wrong(ValueError):
    """The message is told to whoever sent the request; it begins with where in the request the fault stands."""
