-- check: SELECT COUNT(*) FROM incident
-- refuse: {count} incidents, and who reported them, would be lost.
ALTER TABLE ticket DROP COLUMN incident;
DROP TABLE incident_event;
DROP TABLE incident_member;
DROP TABLE incident;
DROP TABLE report;
