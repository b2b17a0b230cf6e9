-- check: SELECT COUNT(*) FROM spending
-- refuse: {count} sums of what platforms cost would be lost.
DROP TABLE spending;
