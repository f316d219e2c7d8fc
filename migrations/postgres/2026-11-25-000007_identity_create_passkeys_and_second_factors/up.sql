-- How people prove who they are beside a password, and what a session has been proven by.

-- The public half of a passkey, and the counter of the last use. The private half never leaves the
-- authenticator.
CREATE TABLE passkeys (
  id BYTEA PRIMARY KEY NOT NULL,
  person_id BYTEA NOT NULL REFERENCES people (id),
  credential_id BYTEA NOT NULL UNIQUE,
  -- Random, the same for all passkeys of a person: the authenticator gives it back at sign-in.
  user_handle BYTEA NOT NULL,
  -- JSON, as the WebAuthn library keeps it.
  credential TEXT NOT NULL,
  -- Signatures made so far; 0 stays 0 with authenticators that do not count.
  counter BIGINT NOT NULL,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT,
  -- Since a counter went backwards: a copy may exist, so it opens nothing any more.
  switched_off_at BIGINT
);
CREATE INDEX passkeys_by_person ON passkeys (person_id, created_at);

-- The secret of an authenticator app, sealed with a key outside the database.
CREATE TABLE second_factors (
  person_id BYTEA PRIMARY KEY NOT NULL REFERENCES people (id),
  nonce BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  since BIGINT NOT NULL,
  -- The 30-second step of the last code that was taken: no code counts twice.
  last_step BIGINT NOT NULL DEFAULT 0,
  -- 1: at every sign-in with the password. 0: only before dangerous actions.
  asked_at_sign_in BIGINT NOT NULL CHECK (asked_at_sign_in IN (0, 1))
);

-- Single use. A keyed hash with the person in it; the codes themselves were shown once.
CREATE TABLE recovery_codes (
  person_id BYTEA NOT NULL REFERENCES people (id),
  code_hmac BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (person_id, code_hmac)
);

-- How and when the person of a session last proved who they are. The token changes with a stronger
-- proof; the one before it is still known for seconds, for requests that are under way, and proves nothing
-- beyond being signed in.
ALTER TABLE sessions ADD COLUMN proof_kind TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sessions ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN previous_token_sha256 BYTEA;
ALTER TABLE sessions ADD COLUMN previous_until BIGINT;
UPDATE sessions SET proven_at = created_at;
CREATE INDEX sessions_by_previous_token ON sessions (previous_token_sha256) WHERE previous_token_sha256 IS NOT NULL;

-- Someone who said "not now" is not asked to make a passkey for a while.
ALTER TABLE people ADD COLUMN passkey_declined_at BIGINT;

-- 0: too short to be the only factor; it counts only beside a code at every sign-in.
ALTER TABLE passwords ADD COLUMN stands_alone BIGINT NOT NULL DEFAULT 1 CHECK (stands_alone IN (0, 1));
