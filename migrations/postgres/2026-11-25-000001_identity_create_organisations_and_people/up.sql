-- Organisations, their places and people. Everything that belongs to someone has an organisation and a
-- home region. Who has what is an interval [valid_from, valid_until); an open one has no end.
CREATE TABLE organisations (
  id BYTEA PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('hospital', 'provider', 'manufacturer', 'platform')),
  home_region TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE sites (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  name TEXT NOT NULL,
  -- What a manufacturer is told instead of the name: HERON-11.
  spoken_code TEXT NOT NULL UNIQUE,
  time_zone TEXT NOT NULL
);
CREATE INDEX sites_by_organisation ON sites (organisation_id);

-- A ward or a clinic.
CREATE TABLE units (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  site_id BYTEA NOT NULL REFERENCES sites (id),
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX units_by_organisation ON units (organisation_id);

-- People who sign in. A patient who signs in is a person too, tied to the record by patient_people.
CREATE TABLE people (
  id BYTEA PRIMARY KEY NOT NULL,
  home_region TEXT NOT NULL,
  name TEXT NOT NULL,
  -- Lower case; compared exactly.
  login TEXT NOT NULL UNIQUE,
  suspended_at BIGINT,
  created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
  id BYTEA PRIMARY KEY NOT NULL,
  person_id BYTEA NOT NULL REFERENCES people (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  role TEXT NOT NULL,
  valid_from BIGINT NOT NULL,
  valid_until BIGINT,
  CHECK (valid_until IS NULL OR valid_until > valid_from)
);
CREATE INDEX memberships_by_person ON memberships (person_id, valid_from);
CREATE INDEX memberships_by_organisation ON memberships (organisation_id, role);

CREATE TABLE membership_units (
  id BYTEA PRIMARY KEY NOT NULL,
  membership_id BYTEA NOT NULL REFERENCES memberships (id),
  unit_id BYTEA NOT NULL REFERENCES units (id),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT,
  CHECK (valid_until IS NULL OR valid_until > valid_from)
);
CREATE INDEX membership_units_by_membership ON membership_units (membership_id, unit_id, valid_from);
CREATE INDEX membership_units_by_unit ON membership_units (unit_id, valid_from);

-- Argon2id, as a PHC string: the parameters travel with the hash.
CREATE TABLE passwords (
  person_id BYTEA PRIMARY KEY NOT NULL REFERENCES people (id),
  phc TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  failures_in_a_row BIGINT NOT NULL DEFAULT 0,
  last_failure_at BIGINT,
  disabled_at BIGINT
);

-- The cookie's token is never stored, only its SHA-256.
CREATE TABLE sessions (
  id BYTEA PRIMARY KEY NOT NULL,
  token_sha256 BYTEA NOT NULL UNIQUE,
  person_id BYTEA NOT NULL REFERENCES people (id),
  membership_id BYTEA NOT NULL REFERENCES memberships (id),
  purpose TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX sessions_by_person ON sessions (person_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
