"""Debian's Dovecot on a loopback port, with one mailbox: the second judge of our IMAP."""

import asyncio
import contextlib
import getpass
import grp
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from tests.support.ports import free_port

MISSING = "Dovecot wanted: apt install dovecot-imapd"
CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap
listen = 127.0.0.1
{ssl}
auth_mechanisms = plain login
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login_user}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{base}/mail
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
"""


PLAIN = "ssl = no\ndisable_plaintext_auth = no"
SECURE = "ssl = required\nssl_cert = <{folder}/server.pem\nssl_key = <{folder}/server.pem"


class Dovecot:
    """A running server.  port: where it listens.  maildir: deliver by writing a file into ``new``.

    With ``server.pem`` (key and certificate) in the folder it takes no
    password without TLS, and listens on ``tls_port`` too.
    """

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self.maildir = folder / "mail"
        self.port = free_port()
        self.tls_port = free_port() if (folder / "server.pem").exists() else 0
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._write_config(password)

    def deliver(self, raw: bytes) -> None:
        """As a mail transfer agent does it: written aside, then moved in."""
        self._count += 1
        for name in ("tmp", "new", "cur"):
            (self.maildir / name).mkdir(parents=True, exist_ok=True)
        aside = self.maildir / "tmp" / f"{1_700_000_000 + self._count}.M{self._count}.test"
        aside.write_bytes(raw)
        _give(self.maildir)
        aside.rename(self.maildir / "new" / aside.name)

    async def start(self) -> None:
        with (self.folder / "stderr").open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: ASYNC220
                [shutil.which("dovecot") or "dovecot", "-F", "-c", str(self.folder / "dovecot.conf")],
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        async with asyncio.timeout(15):
            while not await self._answers():
                await asyncio.to_thread(_breathe)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)
            self._process = None

    def rebuild(self) -> None:
        """Forget every number: the next UIDVALIDITY is another one."""
        for path in self.maildir.glob("dovecot*"):
            path.unlink()

    async def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            greeting = await reader.readline()
            writer.close()
            return greeting.startswith(b"* OK")
        return False

    def _write_config(self, password: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        me, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
        as_root = os.geteuid() == 0
        text = CONFIG.format(
            base=self.folder,
            password=password,
            port=self.port,
            tls_port=self.tls_port,
            ssl=SECURE.format(folder=self.folder) if self.tls_port else PLAIN,
            user="dovecot" if as_root else me,
            group="dovecot" if as_root else group,
            login_user="dovenull" if as_root else me,
            uid="nobody" if as_root else me,
            gid="nogroup" if as_root else group,
        )
        (self.folder / "dovecot.conf").write_text(text)
        for name in ("mail", "home"):
            (self.folder / name).mkdir(exist_ok=True)
        _give(self.maildir)
        _give(self.folder / "home")


@contextlib.asynccontextmanager
async def running_dovecot(folder: Path, password: str) -> AsyncIterator[Dovecot]:
    server = Dovecot(folder, password)
    await server.start()
    try:
        yield server
    finally:
        server.stop()


def _give(folder: Path) -> None:
    """As root the mailbox belongs to nobody, as Dovecot refuses to read mail as root; its way in must be open."""
    if os.geteuid() != 0:
        return
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")
    for parent in folder.parents:
        with contextlib.suppress(OSError):
            parent.chmod(parent.stat().st_mode | 0o001)
        if parent == Path("/tmp"):
            break


def _breathe() -> None:
    import threading

    threading.Event().wait(0.02)
