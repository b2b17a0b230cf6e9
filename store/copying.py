"""A whole SQLite store into an empty PostgreSQL database, in batches that may end at any moment.

Tables, columns, keys and the order that foreign keys ask for are read from
the databases' own catalogues.  Each batch is one transaction on the target
and carries its progress with it, in a table ``copying`` that goes with the
last step.  Until then the target shows no schema version, so that no service
starts on half a store.

Rows are compared by a hash of each row in one canonical form (MessagePack),
added up modulo 2^256: the sum is the same in whatever order they are read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

from store import schema
from store.engine import Row
from store.sides import PROGRESS, VERSION, Digest, Done, Fold, Source, Table, Target, listed, some
from store.sqlite import SqliteEngine
from tickets.errors import Refused, SchemaMismatch

BATCH_ROWS = 1_000
BATCH_BYTES = 8 * 1024 * 1024
"""A batch ends with the row that reaches it."""


class Step(NamedTuple):
    """How far a table is.  rows: so many of ``total`` are done."""

    doing: Literal["checked", "copied", "compared"]
    table: str
    rows: int
    total: int


class Compared(NamedTuple):
    """A table on both sides."""

    table: str
    source: Digest
    target: Digest

    @property
    def equal(self) -> bool:
        return self.source == self.target


Watch = Callable[[Step], None]


class Copying:
    """Both databases, open.  left_out: tables of the source that are none of Switchboard's."""

    def __init__(self, source: Source, target: Target, watch: Watch) -> None:
        self._source = source
        self._target = target
        self._watch = watch
        self._tables: list[Table] = []
        self.left_out: tuple[str, ...] = ()

    async def prepare(self) -> Literal["begun", "resumed", "anew"]:
        """Make the target ready; ``anew`` when the source has changed since the copying began.

        Raises Refused for a target that holds anything of another origin,
        SchemaMismatch where the two are or can be of no common schema.
        """
        if not self._target.has(PROGRESS):
            await self._begin()
            return "begun"
        if self._goes_on():
            return "resumed"
        self._target.clear()
        await self._begin()
        return "anew"

    def copy(self) -> None:
        """Everything that is still missing.  Raises StoreError for a row that the target refuses."""
        with self._source.snapshot():
            done = self._target.progress()
            for table in self._tables:
                self._copy_table(table, done[table.name])

    def compare(self) -> Iterator[Compared]:
        """Each table with what both sides hold, as read now."""
        self._read_tables()
        with self._source.snapshot(), self._target.snapshot():
            for table in self._tables:
                total = 2 * self._source.count(table.name)
                ours = self._digest(table, self._source.rows(table), "compared", 0, total)
                theirs = self._digest(table, self._target.rows(table), "compared", ours.rows, total)
                yield Compared(table.name, ours, theirs)

    def finish(self) -> None:
        """Number on behind what was copied, and let the services in."""
        highest = {one: self._source.highest(one) for one in self._tables if one.serial is not None}
        self._target.finish(highest, self._source.version)

    @property
    def unfinished(self) -> bool:
        """Whether the target waits for the rest of a copy."""
        return self._target.has(PROGRESS)

    async def _begin(self) -> None:
        await self._refuse_occupied()
        await self._target.bring_up()
        self._read_tables()
        self._target.begin(self._tables, self._source.origin, self._source.version)

    async def _refuse_occupied(self) -> None:
        """Raises Refused when the target holds more than the migrations put into an empty database."""
        version = self._target.version()
        schema.missing(version, schema.migrations())
        with TemporaryDirectory() as folder:
            fresh = Path(folder) / "fresh.db"
            await _make_store(fresh, version)
            with Source.opened(fresh) as empty:
                names = set(self._target.names())
                occupied = sorted(names - empty.names() - {VERSION})
                occupied += [name for name in sorted(empty.names() & names) if self._differs(empty, name)]
        if occupied:
            raise Refused(
                f"The target is not empty: it holds {some(occupied)}. Nothing was changed. Give an empty "
                "database, or an empty schema as its search_path; --verify compares a finished copy."
            )

    def _differs(self, empty: Source, name: str) -> bool:
        columns = listed(empty.columns(name))
        seeded = empty.all(f'SELECT {columns} FROM "{name}"')
        found = self._target.all(f'SELECT {columns} FROM "{name}" LIMIT {len(seeded) + 1}')
        return Counter(seeded) != Counter(found)

    def _goes_on(self) -> bool:
        """Whether what was copied is still the beginning of the source.

        Raises Refused when the target holds something else by now.
        """
        done = self._target.progress()
        self._refuse_strange(done)
        origin, version = self._target.begun_from()
        if version == self._source.version:
            self._read_tables()
            if all(self._unchanged(table, done[table.name]) for table in self._tables):
                return True
        if origin != self._source.origin:
            raise Refused(
                f"The target holds the unfinished copy of another database ({origin}). Give another target, "
                "or empty this one."
            )
        return False

    def _refuse_strange(self, done: dict[str, Done]) -> None:
        others = sorted(set(self._target.names()) - done.keys() - {PROGRESS, VERSION})
        others += [name for name, one in sorted(done.items()) if self._target.count(name) != one.digest.rows]
        if others:
            raise Refused(
                f"Something else has written to the target since the copying began: {some(others)}. "
                "Empty the target, or give another, and copy again."
            )

    def _unchanged(self, table: Table, done: Done) -> bool:
        if done.key is None:
            return True
        rows = self._source.rows(table, until=done.key)
        return self._digest(table, rows, "checked", 0, done.digest.rows) == done.digest

    def _read_tables(self) -> None:
        tables = self._target.tables(self._source)
        names = {table.name for table in tables}
        self.left_out = tuple(sorted(self._source.names() - names - {VERSION}))
        self._tables = tables

    def _copy_table(self, table: Table, done: Done) -> None:
        total = self._source.count(table.name)
        fold = Fold(done.digest)
        for batch in _batches(self._source.rows(table, after=done.key)):
            for row in batch:
                fold.add(row)
            self._target.put(table, batch, Done(fold.digest, table.key_of(batch[-1])))
            self._watch(Step("copied", table.name, fold.rows, total))

    def _digest(
        self, table: Table, rows: Iterable[Row], doing: Literal["checked", "compared"], before: int, total: int
    ) -> Digest:
        fold = Fold()
        for row in rows:
            fold.add(row)
            if fold.rows % BATCH_ROWS == 0:
                self._watch(Step(doing, table.name, before + fold.rows, total))
        self._watch(Step(doing, table.name, before + fold.rows, total))
        return fold.digest


@contextmanager
def opened(path: Path, url: str, watch: Watch) -> Iterator[Copying]:
    """Both databases, until the end of the block; nobody else copies into the target meanwhile.

    path: of the SQLite file, which is only read.  url: never shown in errors.
    watch: told of every step.  Raises ConfigError for a URL of another kind,
    SchemaMismatch when the file is of another schema than the program,
    Refused while somebody else copies, StoreUnavailable.
    """
    _refuse_old(schema.version_in_file(path))
    with Source.opened(path) as source, Target.opened(url) as target:
        yield Copying(source, target, watch)


def _refuse_old(version: int) -> None:
    known = schema.migrations()
    if schema.missing(version, known):
        raise SchemaMismatch(
            f"The database to copy stands at schema {version}, this program at {max(known)}. Run `switchboard "
            "migrate` first, which brings it up, then copy."
        )


async def _make_store(path: Path, version: int) -> None:
    """What the migrations make of an empty file."""
    engine = SqliteEngine(path)
    await engine.open()
    try:
        if version:
            known = {number: step for number, step in schema.migrations().items() if number <= version}
            await schema.bring_up(engine, "sqlite", known=known)
    finally:
        await engine.close()


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)
        if len(batch) == BATCH_ROWS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
