"""aiocoap as a foreign peer: `aiocoap-peer.py server ADDRESS PORT` and `aiocoap-peer.py client URL`.

The server keeps what is put to /state, which can be observed, and to /store; it says `ready` once it listens. The client
does to URL what its functions below say, and prints what it found as one JSON object.
"""

import asyncio
import hashlib
import json
import sys

import aiocoap
from aiocoap import Message, resource
from aiocoap.numbers.codes import CHANGED, CONTENT, GET, PUT

BODY = bytes(i % 251 for i in range(5000))
STATES = 4


def told(payload: bytes) -> dict:
    return {"bytes": len(payload), "sha256": hashlib.sha256(payload).hexdigest()}


class Kept(resource.ObservableResource):
    def __init__(self):
        super().__init__()
        self.body = b"0"

    async def render_get(self, request):
        return Message(code=CONTENT, payload=self.body, max_age=30)

    async def render_put(self, request):
        self.body = request.payload
        self.updated_state()
        return Message(code=CHANGED, payload=json.dumps(told(self.body)).encode())


async def serve(address: str, port: int) -> None:
    site = resource.Site()
    for name in ("state", "store"):
        site.add_resource([name], Kept())
    context = await aiocoap.Context.create_server_context(site, bind=(address, port))
    print("ready", flush=True)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await context.shutdown()


async def put(context, uri: str, payload: bytes, tag: bytes | None = None):
    request = Message(code=PUT, uri=uri, payload=payload)
    if tag is not None:
        request.opt.request_tag = (tag,)
    return await context.request(request).response


async def observe(context, url: str) -> list[str]:
    """Each state brings about the next, up to STATES."""
    asked = context.request(Message(code=GET, uri=f"{url}/state", observe=0))
    seen = [(await asked.response).payload.decode()]
    await put(context, f"{url}/state", b"1")
    async for state in asked.observation:
        seen.append(state.payload.decode())
        if len(seen) > STATES:
            break
        await put(context, f"{url}/state", str(len(seen)).encode())
    asked.observation.cancel()
    return seen


async def ask(url: str) -> None:
    context = await aiocoap.Context.create_client_context()
    up = await put(context, f"{url}/store", BODY)
    down = await context.request(Message(code=GET, uri=f"{url}/store")).response
    large = await context.request(Message(code=GET, uri=f"{url}/large")).response
    both = await asyncio.gather(
        *(put(context, f"{url}/store", fill * 5000, tag) for fill, tag in ((b"x", b"1"), (b"y", b"2")))
    )
    print(
        json.dumps(
            {
                "up": str(up.code.dotted),
                "down": told(down.payload),
                "large": told(large.payload),
                "both": [answer.payload.decode() for answer in both],
                "states": await observe(context, url),
            }
        ),
        flush=True,
    )
    await context.shutdown()


if __name__ == "__main__":
    if sys.argv[1] == "server":
        asyncio.run(serve(sys.argv[2], int(sys.argv[3])))
    else:
        asyncio.run(ask(sys.argv[2]))
