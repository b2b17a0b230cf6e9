-- check: SELECT COUNT(*) FROM challenge
-- refuse: what {count} people showed of who they are would be lost.
DROP TABLE challenge;
