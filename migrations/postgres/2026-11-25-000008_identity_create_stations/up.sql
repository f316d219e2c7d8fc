-- Ward screens, and what a session is besides someone's.
--
-- A station is the screen of a ward. It has a person of its own, without a password, whose one membership
-- has the role ward_station: the policy gives that role the board and nothing else.
CREATE TABLE stations (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  unit_id BYTEA NOT NULL REFERENCES units (id),
  person_id BYTEA NOT NULL UNIQUE REFERENCES people (id),
  -- As it stands on the screen: Desk 2.
  name TEXT NOT NULL,
  enrolled_by BYTEA NOT NULL REFERENCES memberships (id),
  enrolled_at BIGINT NOT NULL,
  retired_at BIGINT
);
CREATE INDEX stations_by_unit ON stations (unit_id);

-- person: someone's own. kiosk: a station's. acting: someone's, on a station, for the moment.
ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'kiosk', 'acting'));
-- The kiosk session on which an acting one stands; it is worth nothing in another browser.
ALTER TABLE sessions ADD COLUMN kiosk_session_id BYTEA;
-- What the browser says it is, in words, and the network it came from. Never the address itself.
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
CREATE INDEX sessions_by_kiosk ON sessions (kiosk_session_id, created_at);

-- Failed sign-ins, so that a restart forgives nobody. The key is a keyed hash: people type passwords into
-- the name's field.
CREATE TABLE sign_in_failures (
  key_hmac BYTEA PRIMARY KEY NOT NULL,
  failures BIGINT NOT NULL,
  last_failure_at BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_failure_at);

-- Where an account has signed in before: failures from elsewhere do not slow it down there.
CREATE TABLE sign_in_sources (
  key_hmac BYTEA PRIMARY KEY NOT NULL,
  last_success_at BIGINT NOT NULL
);
CREATE INDEX sign_in_sources_by_age ON sign_in_sources (last_success_at);
