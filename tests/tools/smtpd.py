"""A real mail server for tests: says in lines of JSON what it is sent, and behaves as the lines say that it reads.

smtpd.py PORT [--tls implicit|starttls] [--certificate FILE --key FILE] [--login NAME:PASSWORD]

It reads: accept; refuse CODE, at every recipient; slow SECONDS, before it takes a mail; drop, which closes the connection in the middle of one.
It ends with its input.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(**what):
    print(json.dumps(what), flush=True)


class Handler:
    behaviour = ["accept"]

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.behaviour[0] == "refuse":
            say(refused=address)
            return f"{self.behaviour[1]} <{address}> is not taken"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.behaviour[0] == "slow":
            say(slow=True)
            await asyncio.sleep(float(self.behaviour[1]))
        if self.behaviour[0] == "drop":
            say(dropped=True)
            server.transport.abort()
            return "421 gone"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
        say(
            sender=envelope.mail_from,
            to=envelope.rcpt_tos,
            headers={name: str(value) for name, value in mail.items()},
            text=parts.get("text/plain"),
            html=parts.get("text/html"),
            tls=server.transport.get_extra_info("sslcontext") is not None,
            login=bool(session.authenticated),
        )
        return "250 OK"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--tls", choices=["implicit", "starttls"])
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--login")
    args = parser.parse_args()
    handler, context = Handler(), None
    if args.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(args.certificate, args.key)

    def knows(server, session, envelope, mechanism, data):
        login = f"{data.login.decode()}:{data.password.decode()}"
        return AuthResult(success=login == args.login, handled=False)

    def talk():
        return SMTP(
            handler,
            hostname="mail.test",
            tls_context=context if args.tls == "starttls" else None,
            require_starttls=args.tls == "starttls",
            authenticator=knows if args.login else None,
            auth_required=bool(args.login),
            # To it a connection that was encrypted from the start is none that is.
            auth_require_tls=args.tls == "starttls",
            timeout=60,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        talk, "127.0.0.1", args.port, ssl=context if args.tls == "implicit" else None
    )
    say(port=server.sockets[0].getsockname()[1])
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        handler.behaviour = line.decode().split()
        say(behaves=handler.behaviour)


asyncio.run(main())
