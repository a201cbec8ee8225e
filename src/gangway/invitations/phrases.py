"""The matching phrase: two plain words that the mail and the page both show, so people see that they belong together.

It proves nothing to a machine and is no secret: somebody on the phone can read it out. Short, common words that nobody
finds funny or rude in a contract, easy to spell in a foreign language.
"""

import secrets
from typing import Final

FIRST: Final = tuple(  # a list of words reads best as words
    """
    amber blue bright broad calm clear copper coral crisp early eastern even fair fine fresh gentle golden grand
    green happy high honest inner kind large late level light linen little long lucky mild modern narrow new
    noble northern novel open orange outer paper plain polar prime proud quick quiet rapid ready red rich round
    royal safe sandy sharp silent silver simple sincere slow smooth soft solid southern steady still stone
    strong summer sunny sure sweet tall true upper velvet vivid warm western white wide winter wise wooden
    yellow young
    """.split()  # noqa: SIM905
)
SECOND: Final = tuple(  # a list of words reads best as words
    """
    anchor apple arrow autumn basket beach bell bird boat book bread breeze bridge brook button cabin candle
    canyon carpet castle cedar circle city cliff cloud clover coast compass corner cotton desert door dune
    engine falcon feather ferry field flower forest fountain garden gate glacier glass hammer harbour harvest
    hill honey horizon house island ivory jacket journey kettle ladder lake lamp lantern leaf lemon letter
    library lighthouse lily maple market meadow melon mirror moon morning mountain needle oak ocean olive
    orchard oven paddle pebble pencil pepper piano pillow planet plaza pocket pond quarry rain raven river road
    rose saddle sail school shadow shore signal spring station stream street sugar table theatre tower train
    tulip valley village violin walnut water wheel willow window wing
    """.split()  # noqa: SIM905
)


def new_phrase() -> str:
    """Return two words, chosen at random."""
    return f"{secrets.choice(FIRST)} {secrets.choice(SECOND)}"
