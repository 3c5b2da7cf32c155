"""Wapiti, run by its own Python, with two of its habits changed that would keep it from most of the program.

It gives no header of the specification, so that what wants an `Idempotency-Key` would refuse it at once: here every request
has one of its own. And it attacks GET and POST alone: here PUT and DELETE are forms to it as well.
"""

import sys
import uuid

import httpx
from wapitiCore.main.wapiti import wapiti_asyncio_wrapper
from wapitiCore.net.sql_persister import SqlPersister

build = httpx.AsyncClient.build_request


def keyed(client, method, url, *, headers=None, **more):
    return build(client, method, url, headers={**(headers or {}), "Idempotency-Key": str(uuid.uuid4())}, **more)


async def forms(self, path=None, attack_module=""):
    async for request, response in self._get_paths(path=path, crawled=True, module=attack_module):
        if request.method != "GET":
            yield request, response


httpx.AsyncClient.build_request = keyed
SqlPersister.get_forms = forms
sys.exit(wapiti_asyncio_wrapper())
