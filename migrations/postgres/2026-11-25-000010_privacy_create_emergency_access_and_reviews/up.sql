-- Emergency access: one person, one patient, a quarter of an hour. A grant belongs to the session that
-- proved itself for it. Free text is sealed with the patient's key, like the patient's name.
CREATE TABLE break_glass_grants (
  id BYTEA PRIMARY KEY NOT NULL,
  -- Whose patient it is.
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  patient_id BYTEA NOT NULL REFERENCES patients (id),
  person_id BYTEA NOT NULL REFERENCES people (id),
  membership_id BYTEA NOT NULL REFERENCES memberships (id),
  session_id BYTEA NOT NULL REFERENCES sessions (id),
  reason TEXT NOT NULL CHECK (reason IN ('life', 'arrival', 'asked', 'alarm')),
  purpose TEXT NOT NULL CHECK (purpose IN ('ETREAT', 'ERTREAT', 'BTG')),
  sentence_nonce BYTEA NOT NULL,
  sentence_sealed BYTEA NOT NULL,
  -- Password and code instead of a passkey: accepted, and said to the reviewer.
  weaker_proof BOOLEAN NOT NULL,
  opened_at BIGINT NOT NULL,
  closes_at BIGINT NOT NULL,
  -- Once, with a reason and a sentence of its own.
  extended_at BIGINT,
  extension_reason TEXT CHECK (extension_reason IN ('life', 'arrival', 'asked', 'alarm')),
  extension_nonce BYTEA,
  extension_sealed BYTEA,
  ended_at BIGINT,
  ended_by TEXT CHECK (ended_by IN ('person', 'expiry', 'sign_out', 'suspension')),
  CHECK (closes_at > opened_at),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  CHECK ((extended_at IS NULL) = (extension_reason IS NULL))
);
CREATE INDEX break_glass_grants_by_session ON break_glass_grants (session_id, closes_at);
CREATE INDEX break_glass_grants_by_patient ON break_glass_grants (patient_id, opened_at);
-- The few that are open: what the closing round reads every second.
CREATE INDEX break_glass_grants_open ON break_glass_grants (closes_at) WHERE ended_at IS NULL;

-- What a privacy officer of the patient's organisation has to look at: each emergency access, and
-- access that no rule could explain.
CREATE TABLE access_reviews (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  kind TEXT NOT NULL CHECK (kind IN ('emergency', 'unexplained')),
  person_id BYTEA NOT NULL REFERENCES people (id),
  membership_id BYTEA NOT NULL REFERENCES memberships (id),
  role TEXT NOT NULL,
  -- None when it is about many patients at once.
  patient_id BYTEA REFERENCES patients (id),
  grant_id BYTEA UNIQUE REFERENCES break_glass_grants (id),
  -- Codes of what stood out, joined by commas; the rules' version that found them.
  signals TEXT NOT NULL,
  rules_version BIGINT NOT NULL,
  -- How many patients, where it is about how many.
  patients BIGINT NOT NULL,
  -- First and last view it is about.
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  raised_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('to_decide', 'answer_asked', 'second_review', 'closed')),
  answer_due_at BIGINT,
  verdict TEXT CHECK (verdict IN ('appropriate', 'breach')),
  closed_at BIGINT,
  CHECK ((kind = 'emergency') = (grant_id IS NOT NULL)),
  CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
  CHECK ((closed_at IS NULL) = (verdict IS NULL))
);
-- The queue: open ones of each kind by time left. The three after it: what is similar.
CREATE INDEX access_reviews_open ON access_reviews (organisation_id, kind, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX access_reviews_by_time ON access_reviews (organisation_id, first_at, id);
CREATE INDEX access_reviews_by_person ON access_reviews (person_id, first_at);
CREATE INDEX access_reviews_by_patient ON access_reviews (patient_id, first_at);

-- Each step of a review; nothing is ever changed. A note is sealed with the organisation's key.
CREATE TABLE access_review_decisions (
  id BYTEA PRIMARY KEY NOT NULL,
  review_id BYTEA NOT NULL REFERENCES access_reviews (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  person_id BYTEA NOT NULL REFERENCES people (id),
  step TEXT NOT NULL CHECK (step IN
    ('found_appropriate', 'asked', 'answered', 'found_breach', 'agreed_breach', 'disagreed_breach')),
  note_nonce BYTEA NOT NULL,
  note_sealed BYTEA NOT NULL,
  decided_at BIGINT NOT NULL,
  -- After the deadline that ran then.
  late BOOLEAN NOT NULL
);
CREATE INDEX access_review_decisions_by_review ON access_review_decisions (review_id, decided_at);

-- How long an organisation gives its reviewers; without a row, 72 hours and 7 days.
CREATE TABLE access_review_deadlines (
  organisation_id BYTEA PRIMARY KEY NOT NULL REFERENCES organisations (id),
  emergency_hours BIGINT NOT NULL CHECK (emergency_hours BETWEEN 1 AND 720),
  unexplained_hours BIGINT NOT NULL CHECK (unexplained_hours BETWEEN 1 AND 720),
  answer_hours BIGINT NOT NULL CHECK (answer_hours BETWEEN 1 AND 720)
);

-- Up to which entry of an organisation's record the rules have looked.
CREATE TABLE access_rule_cursors (
  organisation_id BYTEA PRIMARY KEY NOT NULL REFERENCES organisations (id),
  number BIGINT NOT NULL,
  looked_at BIGINT NOT NULL
);

-- What the desk's search goes by, beside person and patient.
CREATE INDEX audit_entries_by_time ON audit_entries (organisation_id, recorded_at, number);
CREATE INDEX audit_entries_by_entity ON audit_entries (entity_id, recorded_at);
