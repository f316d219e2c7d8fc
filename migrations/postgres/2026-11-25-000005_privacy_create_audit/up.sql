-- Append-only, one chain per organisation. Each entry's HMAC covers the one before it; the key lives
-- outside the database, so nobody who can write rows can write history.
CREATE TABLE audit_entries (
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  number BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  -- FHIR AuditEvent.action: C R U D E.
  action TEXT NOT NULL CHECK (action IN ('C', 'R', 'U', 'D', 'E')),
  -- What happened, in the past tense: session_started, device_registered.
  event TEXT NOT NULL,
  -- FHIR AuditEvent.outcome: 0 success, 4 minor, 8 serious, 12 major failure.
  outcome BIGINT NOT NULL CHECK (outcome IN (0, 4, 8, 12)),
  person_id BYTEA,
  membership_id BYTEA,
  role TEXT,
  purpose TEXT,
  entity_kind TEXT,
  entity_id BYTEA,
  patient_id BYTEA,
  -- JSON without names or values.
  detail TEXT NOT NULL,
  previous_hmac BYTEA NOT NULL,
  hmac BYTEA NOT NULL,
  PRIMARY KEY (organisation_id, number)
);
CREATE INDEX audit_entries_by_patient ON audit_entries (patient_id, recorded_at);
CREATE INDEX audit_entries_by_person ON audit_entries (person_id, recorded_at);
