"""Text that must not be seen: it prints as dots and refuses to be written anywhere by accident."""

import hmac
from typing import Never

DOTS = "••••"


class SealedText:
    """A secret in memory. `reveal()` is the one way to its text, so every use can be found by that name.

    Printing, formatting and logging show dots; pickling and copying into JSON raise TypeError.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        """Hold `text`. An already sealed text is refused with TypeError: that would be a mistake of ours."""
        if not issubclass(type(text), str):
            message = f"SealedText holds str, not {type(text).__name__}"
            raise TypeError(message)
        self.__text = text

    def reveal(self) -> str:
        """The text itself. Call it at the last moment, where it is sent or sealed."""
        return self.__text

    def __repr__(self) -> str:
        return DOTS

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return DOTS

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __eq__(self, other: object) -> bool:
        """Equality in constant time, only with another SealedText."""
        if not isinstance(other, SealedText):
            return NotImplemented
        return hmac.compare_digest(self.__text.encode(), other.__text.encode())

    def __hash__(self) -> int:
        return hash((SealedText, self.__text))

    def __reduce_ex__(self, _protocol: object) -> Never:
        message = "SealedText can't be pickled or copied"
        raise TypeError(message)
