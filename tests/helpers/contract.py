"""What a method lacks of its contract.

``isinstance`` cannot tell: since Python 3.12 it does not see what an ``nn.Module`` keeps in its tables, a backbone say.
"""

from typing import Protocol


def missing_members(method: object, contract: type) -> set[str]:
    """The attributes and methods that the protocol ``contract`` asks for and ``method`` does not have."""
    protocols = [kind for kind in contract.__mro__ if kind not in (object, Protocol) and hasattr(kind, "_is_protocol")]
    wanted = {name for kind in protocols for name in (*vars(kind), *kind.__annotations__) if not name.startswith("_")}
    return {name for name in wanted if not hasattr(method, name)}
