from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.version import VERSION

HEADER = (b"x-convertik-version", VERSION.encode())


class VersionHeader:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), HEADER]
            await send(message)

        await self.app(scope, receive, send_with_version)
