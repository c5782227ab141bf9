"""A real Dovecot of its own on loopback: IMAP with IDLE, POP3 and LMTP. Not a fake; it stands beside them for the same use.

One user `ilse`, password `a-pass-word`, whose mailbox is a Maildir. Use as a context manager.
"""

from __future__ import annotations

import getpass
import grp
import imaplib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.fakes.certificate import self_signed
from tests.folders import an_open_folder

USER, PASSWORD = "ilse@office.example.org", "a-pass-word"
HOST = "localhost"

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
instance_name = publisher-tests
{users}
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{pem}
ssl_key = <{pem}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
mail_location = maildir:{folder}/mail
mail_uid = {owner}
mail_gid = {group}
first_valid_uid = 1
mail_fsync = never
maildir_very_dirty_syncs = no
{plugins}
protocol imap {{
  imap_capability = {capability}
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  {chroot}
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service anvil {{
  {chroot}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/home allow_all_users=yes
}}
"""

QUOTA = """
mail_plugins = quota
plugin {{
  quota = maildir:User quota
  quota_rule = *:messages={most}
}}
"""


class Dovecot:
    """`without`: what it does not say that it can, such as IDLE. `most`: messages that its mailbox holds; then it is full."""

    def __init__(self, *, introspection: str = "", without: tuple[str, ...] = (), most: int = 0) -> None:
        self._introspection, self._without, self._most = introspection, without, most

    def __enter__(self) -> Dovecot:
        self._things = ExitStack()
        self.folder = self._things.enter_context(an_open_folder())
        for name in ("run", "state", "mail", "home"):
            (self.folder / name).mkdir()
        self.pem = self_signed(self.folder, HOST)
        self.imap, self.imaps, self.pop3, self.pop3s, self.lmtp = free_ports(5)
        root = os.geteuid() == 0
        self.owner = "nobody" if root else getpass.getuser()
        group = _group(self.owner)
        if root:
            for name in ("mail", "home"):
                shutil.chown(self.folder / name, self.owner, group)
        users = "" if root else f"default_internal_user = {self.owner}\ndefault_login_user = {self.owner}\n"
        users += "" if root else f"default_internal_group = {group}\n"
        (self.folder / "oauth2.conf").write_text(
            f"introspection_mode = post\nintrospection_url = {self._introspection or 'http://127.0.0.1:1/'}\n"
            "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
        )
        all_words = [
            "IMAP4rev1",
            "LITERAL+",
            "ENABLE",
            "UIDPLUS",
            "MOVE",
            "NAMESPACE",
            "UNSELECT",
            "ID",
            "IDLE",
        ]
        capability = (
            " ".join(word for word in all_words if word not in self._without) if self._without else ""
        )
        config = CONFIG.format(
            folder=self.folder,
            users=users,
            plugins=QUOTA.format(most=self._most) if self._most else "",
            chroot="" if root else "chroot =",
            pem=self.pem,
            owner=self.owner,
            group=group,
            capability=capability,
            password=PASSWORD,
            imap=self.imap,
            imaps=self.imaps,
            pop3=self.pop3,
            pop3s=self.pop3s,
            lmtp=self.lmtp,
        )
        self._config = self.folder / "dovecot.conf"
        self._config.write_text(config)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._things.close()

    def start(self) -> None:
        program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "Dovecot is missing: .ci/system-packages installs it"
        self._process = subprocess.Popen(
            [program, "-F", "-c", str(self._config)], stderr=subprocess.PIPE, text=True
        )
        for _ in range(200):
            if self._process.poll() is not None:
                raise AssertionError(f"Dovecot ended: {self._process.stderr and self._process.stderr.read()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.imap)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"Dovecot does not answer: {self.log()}")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        path = self.folder / "dovecot.log"
        return path.read_text() if path.exists() else ""

    def append(self, raw: bytes, folder: str = "INBOX") -> None:
        """Put a message into the mailbox."""
        with self.client() as client:
            said, data = client.append(folder, "", "", raw)
            assert said == "OK", data

    def client(self) -> imaplib.IMAP4:
        """Somebody else's connection, for looking."""
        client = imaplib.IMAP4("127.0.0.1", self.imap, timeout=10)
        client.login(USER, PASSWORD)
        return client

    def count(self, folder: str = "INBOX", criteria: str = "ALL") -> int:
        with self.client() as client:
            said, _data = client.select(f'"{folder}"', readonly=True)
            if said != "OK":
                return 0
            return len(client.search(None, criteria)[1][0].split())

    @property
    def maildir(self) -> Path:
        return self.folder / "mail"


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody uses."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _group(user: str) -> str:
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


class Introspection:
    """What Dovecot asks whether an access token holds (RFC 7662)."""

    refuses = False

    def __enter__(self) -> Introspection:
        asked = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                said = {"active": "false"} if asked.refuses else {"active": "true", "username": USER}
                body = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/introspect"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
