DROP TABLE sign_in_sources;
DROP TABLE sign_in_failures;
DROP INDEX sessions_by_kiosk;
ALTER TABLE sessions DROP COLUMN network;
ALTER TABLE sessions DROP COLUMN browser;
ALTER TABLE sessions DROP COLUMN kiosk_session_id;
ALTER TABLE sessions DROP COLUMN kind;
DROP TABLE stations;
