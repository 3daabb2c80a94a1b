"""Contents that an item which came with a request lets go of. Does not know where their bytes lie.

The transaction that lets go writes them down itself, so no route, job or crash can pass them by; they stay
written down until whoever keeps the bytes has taken note. All functions work within the caller's transaction.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert, select

from sightline.catalogue.parts import in_parts
from sightline.catalogue.tables import loose

OWNER = "sightline_owner"  # an execution option: whose folder has the bytes of what comes here
_NOTED = "sightline_loose"


def begin(connection: Connection) -> list[str]:
    """What this transaction will have let go of, filled while it goes on."""
    noted: list[str] = []
    connection.info[_NOTED] = noted
    return noted


def note(connection: Connection, contents: Iterable[bytes]) -> None:
    """More than once for the same content is right: one who takes note in between misses nothing."""
    gone = list(dict.fromkeys(bytes(content) for content in contents))
    if gone:
        owner = connection.get_execution_options()[OWNER]
        connection.execute(insert(loose), [{"owner": owner, "sha256": content} for content in gone])
        connection.info[_NOTED] += [content.hex() for content in gone]


def noted(connection: Connection) -> list[str]:
    """What no one has taken note of yet."""
    query = select(loose.c.sha256).where(loose.c.owner == connection.get_execution_options()[OWNER])
    return [bytes(content).hex() for content in connection.scalars(query.distinct())]


def drop(connection: Connection, contents: Sequence[str]) -> None:
    mine = loose.c.owner == connection.get_execution_options()[OWNER]
    for part in in_parts([bytes.fromhex(content) for content in contents]):
        connection.execute(delete(loose).where(mine, loose.c.sha256.in_(part)))
