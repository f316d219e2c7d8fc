-- Giving people access, changing it and taking it back.

-- A change of role is a new interval; this says which one it goes on from.
ALTER TABLE memberships ADD COLUMN continues_id BYTEA;
-- Access rests, and comes back when an administrator lifts it.
ALTER TABLE memberships ADD COLUMN suspended_at BIGINT;

-- A change can be written down beforehand: from when on it holds, and which end it put another in the place
-- of. Until then it can be taken back, and what was to end then ends when it did before.
ALTER TABLE memberships ADD COLUMN planned_at BIGINT;
ALTER TABLE memberships ADD COLUMN former_until BIGINT;
ALTER TABLE membership_units ADD COLUMN planned_at BIGINT;
ALTER TABLE membership_units ADD COLUMN former_until BIGINT;

-- A closed unit keeps its history and takes nobody and nothing new.
ALTER TABLE units ADD COLUMN closed_at BIGINT;

CREATE TABLE invitations (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  name TEXT NOT NULL,
  -- Lower case.
  email TEXT NOT NULL,
  role TEXT NOT NULL,
  -- When the membership shall end.
  member_until BIGINT,
  invited_by BYTEA NOT NULL REFERENCES people (id),
  created_at BIGINT NOT NULL,
  -- The link's token is never stored, only its SHA-256. Sending again makes a new one.
  token_sha256 BYTEA NOT NULL UNIQUE,
  expires_at BIGINT NOT NULL,
  message_id BYTEA NOT NULL REFERENCES outbox_messages (id),
  withdrawn_at BIGINT,
  joined_at BIGINT,
  -- Who it was, once they have joined.
  membership_id BYTEA REFERENCES memberships (id),
  -- The person has looked at their role and units, and said yes.
  confirmed_at BIGINT,
  CHECK ((joined_at IS NULL) = (membership_id IS NULL))
);
CREATE INDEX invitations_by_organisation ON invitations (organisation_id, created_at);

CREATE TABLE invitation_units (
  invitation_id BYTEA NOT NULL REFERENCES invitations (id),
  unit_id BYTEA NOT NULL REFERENCES units (id),
  member_until BIGINT,
  PRIMARY KEY (invitation_id, unit_id)
);

-- An administrator who knows the person by sight opens the door once more. It takes both halves: the
-- link, which goes to the person's address, and the code, which the administrator tells them.
CREATE TABLE recoveries (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  person_id BYTEA NOT NULL REFERENCES people (id),
  started_by BYTEA NOT NULL REFERENCES people (id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  token_sha256 BYTEA NOT NULL UNIQUE,
  -- HMAC of the code under the token, so that the row alone tells neither.
  code_hmac BYTEA NOT NULL,
  wrong_codes BIGINT NOT NULL DEFAULT 0,
  used_at BIGINT,
  withdrawn_at BIGINT
);
CREATE INDEX recoveries_by_person ON recoveries (person_id, created_at);

-- The same role twice at once, or the same unit twice, would make "until when" a guess.
ALTER TABLE memberships ADD CONSTRAINT memberships_never_overlap
  EXCLUDE USING gist (person_id WITH =, organisation_id WITH =, role WITH =, int8range(valid_from, valid_until) WITH &&);
ALTER TABLE membership_units ADD CONSTRAINT membership_units_never_overlap
  EXCLUDE USING gist (membership_id WITH =, unit_id WITH =, int8range(valid_from, valid_until) WITH &&);
