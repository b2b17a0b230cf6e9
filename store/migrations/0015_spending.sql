-- What platforms take money for, summed by month (as 2026-11); micros: millionths of a dollar.
CREATE TABLE spending (
    account TEXT NOT NULL,
    month TEXT NOT NULL,
    what TEXT NOT NULL,
    units BIGINT NOT NULL,
    micros BIGINT NOT NULL,
    PRIMARY KEY (account, month, what)
);
