"""The room and its clients: how files travel between parties without anybody mailing them.

The modules are imported one by one, because the server needs packages that a client does not.
"""

__all__: list[str] = []
