"""Which statements PostgreSQL takes with many rows at once."""

import pytest

from store.postgres import insert_of_many


def test_a_plain_insert_takes_its_rows_from_one_array() -> None:
    text = insert_of_many(
        "INSERT INTO posting (segment, number) VALUES (:segment, :number) ON CONFLICT DO NOTHING"
    )
    assert text == (
        "INSERT INTO posting (segment, number) SELECT r.segment, r.number "
        "FROM json_populate_recordset(NULL::posting, %s::json) AS r ON CONFLICT DO NOTHING"
    )


def test_constants_stay_constants() -> None:
    text = insert_of_many("INSERT INTO budget (account, free_at) VALUES (:account, 0)")
    assert text is not None
    assert "SELECT r.account, 0 FROM" in text


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ticket SET status = :status WHERE id = :id",
        "INSERT INTO lease (name) VALUES (:name) ON CONFLICT (name) DO UPDATE SET holder = :holder",
        "INSERT INTO message (id) SELECT id FROM other WHERE id = :id",
        "INSERT INTO message (id) VALUES (:another_name)",
        "INSERT INTO job (id) VALUES (:id) RETURNING id",
    ],
)
def test_everything_else_goes_row_by_row(sql: str) -> None:
    assert insert_of_many(sql) is None
