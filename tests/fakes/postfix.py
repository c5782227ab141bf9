"""A real Postfix of its own on loopback, which takes mail for every domain and sends it where `routes` says. It needs root.

Its other ports refuse in the ways in which mailbox providers do. Use as a context manager.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack

from tests.fakes.dovecot import free_ports
from tests.folders import an_open_folder

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
myhostname = relay.office.example.org
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
disable_dns_lookups = yes
relay_domains = unknown.example
relay_recipient_maps = texthash:{folder}/conf/somebody
transport_maps = texthash:{folder}/conf/transport
recipient_delimiter = +
smtpd_peername_lookup = no
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
maximal_queue_lifetime = 4s
bounce_queue_lifetime = 60s
smtputf8_enable = no
"""

# A: takes all. The others are other organisations' servers, with names of their own.
MASTER = """
127.0.0.1:{open} inet n - n - - smtpd
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_reject_unlisted_recipient=no
127.0.0.1:{unknown} inet n - n - - smtpd
  -o myhostname=mx.unknown.example
127.0.0.1:{denied} inet n - n - - smtpd
  -o myhostname=mx.denied.example
  -o mynetworks=192.0.2.1/32
  -o smtpd_relay_restrictions=reject_unauth_destination
127.0.0.1:{grey} inet n - n - - smtpd
  -o myhostname=mx.grey.example
  -o smtpd_recipient_restrictions=check_recipient_access,texthash:{folder}/conf/grey
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
"""


class Postfix:
    """`routes`: further domains, and where their mail goes (`lmtp:inet:127.0.0.1:24`)."""

    def __init__(self, **routes: str) -> None:
        self._routes = routes

    def __enter__(self) -> Postfix:
        self._things = ExitStack()
        self.folder = self._things.enter_context(an_open_folder())
        for name in ("conf", "queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        ports = dict(zip(("open", "unknown", "denied", "grey"), free_ports(4), strict=True))
        self.url = f"smtp://127.0.0.1:{ports['open']}"
        self._port = ports["open"]
        conf = self.folder / "conf"
        (conf / "main.cf").write_text(MAIN.format(folder=self.folder))
        (conf / "master.cf").write_text(MASTER.format(folder=self.folder, **ports))
        (conf / "grey").write_text("grey.example 450 4.2.0 Greylisted, come again in five minutes\n")
        (conf / "somebody").write_text("somebody@unknown.example x\n")
        routes = {
            f"{name}.example": f"smtp:[127.0.0.1]:{ports[name]}" for name in ("unknown", "denied", "grey")
        }
        routes |= {name.replace("__", "."): where for name, where in self._routes.items()}
        (conf / "transport").write_text("".join(f"{domain} {where}\n" for domain, where in routes.items()))
        self._process = subprocess.Popen(
            ["/usr/sbin/postfix", "-c", str(conf), "start-fg"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        for _ in range(400):
            if self._process.poll() is not None:
                out = self._process.stdout
                raise AssertionError(f"Postfix ended: {out and out.read().decode()} {self.log()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return self
            time.sleep(0.05)
        raise AssertionError(f"Postfix does not answer: {self.log()}")

    def __exit__(self, *_: object) -> None:
        subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self.folder / "conf"), "stop"], check=False, capture_output=True
        )
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._things.close()

    def log(self) -> str:
        path = self.folder / "mail.log"
        return path.read_text() if path.exists() else ""
