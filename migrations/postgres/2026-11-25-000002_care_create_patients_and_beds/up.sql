-- A patient row says nothing about who it is. Identity is sealed, per patient; the keys that open it
-- live in a store of their own, so destroying one key erases one person from every backup.
CREATE TABLE patients (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  home_region TEXT NOT NULL,
  -- IANA zone of the patient's home or ward: nights run noon to noon in it.
  time_zone TEXT NOT NULL,
  -- HMAC of the record number with the organisation's key: exact look-up without opening anything.
  record_number_hmac BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  erased_at BIGINT,
  UNIQUE (organisation_id, record_number_hmac)
);

CREATE TABLE patient_identities (
  patient_id BYTEA PRIMARY KEY NOT NULL REFERENCES patients (id),
  -- XChaCha20-Poly1305; associated data is the patient's id.
  nonce BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  changed_at BIGINT NOT NULL
);

-- A patient who signs in, and those who act for a patient.
CREATE TABLE patient_people (
  id BYTEA PRIMARY KEY NOT NULL,
  patient_id BYTEA NOT NULL REFERENCES patients (id),
  person_id BYTEA NOT NULL REFERENCES people (id),
  relation TEXT NOT NULL CHECK (relation IN ('self', 'parent', 'carer')),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT,
  CHECK (valid_until IS NULL OR valid_until > valid_from)
);
CREATE INDEX patient_people_by_person ON patient_people (person_id, valid_from);
CREATE INDEX patient_people_by_patient ON patient_people (patient_id, valid_from);

CREATE TABLE beds (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  unit_id BYTEA NOT NULL REFERENCES units (id),
  label TEXT NOT NULL,
  -- Place on the board; never changes under anyone's eyes.
  position BIGINT NOT NULL,
  UNIQUE (unit_id, label),
  UNIQUE (unit_id, position)
);

-- Patient in bed. A bed holds one patient at a time, a patient lies in one bed at a time.
CREATE TABLE bed_stays (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  patient_id BYTEA NOT NULL REFERENCES patients (id),
  bed_id BYTEA NOT NULL REFERENCES beds (id),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT,
  CHECK (valid_until IS NULL OR valid_until > valid_from)
);
CREATE INDEX bed_stays_by_bed ON bed_stays (bed_id, valid_from);
CREATE INDEX bed_stays_by_patient ON bed_stays (patient_id, valid_from);

-- Which organisation's members care for a patient: a whole unit, or one member.
CREATE TABLE care_teams (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  patient_id BYTEA NOT NULL REFERENCES patients (id),
  unit_id BYTEA REFERENCES units (id),
  membership_id BYTEA REFERENCES memberships (id),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT,
  CHECK ((unit_id IS NULL) <> (membership_id IS NULL)),
  CHECK (valid_until IS NULL OR valid_until > valid_from)
);
CREATE INDEX care_teams_by_patient ON care_teams (patient_id, valid_from);
CREATE INDEX care_teams_by_unit ON care_teams (unit_id, valid_from);
CREATE INDEX care_teams_by_membership ON care_teams (membership_id, valid_from);
