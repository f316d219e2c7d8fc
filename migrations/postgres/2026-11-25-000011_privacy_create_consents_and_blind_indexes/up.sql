-- What a patient agreed to share, and with whom. A consent is never changed: withdrawing one ends its
-- interval, giving it again makes the next version.
CREATE TABLE consents (
  id BYTEA PRIMARY KEY NOT NULL,
  -- Who cares for the patient.
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  patient_id BYTEA NOT NULL REFERENCES patients (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('manufacturer_support', 'research', 'named_person')),
  -- The maker, or the organisation that does the research.
  grantee_organisation_id BYTEA REFERENCES organisations (id),
  grantee_person_id BYTEA REFERENCES people (id),
  version BIGINT NOT NULL,
  -- Which words were on the page when it was given: named_person/1.
  wording TEXT NOT NULL,
  given_by BYTEA NOT NULL REFERENCES people (id),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT,
  withdrawn_by BYTEA REFERENCES people (id),
  CHECK ((grantee_organisation_id IS NULL) <> (grantee_person_id IS NULL)),
  CHECK ((valid_until IS NULL) = (withdrawn_by IS NULL)),
  CHECK (valid_until IS NULL OR valid_until >= valid_from)
);
CREATE INDEX consents_by_patient ON consents (patient_id, purpose, version);
CREATE INDEX consents_by_person ON consents (grantee_person_id, valid_from);
CREATE INDEX consents_by_organisation ON consents (grantee_organisation_id, valid_from);
-- One of each kind and receiver at a time.
CREATE UNIQUE INDEX consents_once_for_an_organisation ON consents (patient_id, purpose, grantee_organisation_id)
  WHERE valid_until IS NULL AND grantee_organisation_id IS NOT NULL;
CREATE UNIQUE INDEX consents_once_for_a_person ON consents (patient_id, purpose, grantee_person_id)
  WHERE valid_until IS NULL AND grantee_person_id IS NOT NULL;

-- A custodian opened one device to one person of its maker, until a time that was set beforehand. Opens
-- nothing by itself: the patient's consent must be in force too.
CREATE TABLE support_grants (
  id BYTEA PRIMARY KEY NOT NULL,
  -- The custodian.
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  device_id BYTEA NOT NULL REFERENCES devices (id),
  person_id BYTEA NOT NULL REFERENCES people (id),
  granted_by BYTEA NOT NULL REFERENCES people (id),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  CHECK (valid_until > valid_from)
);
CREATE INDEX support_grants_by_device ON support_grants (device_id, valid_from);
CREATE INDEX support_grants_by_person ON support_grants (person_id, valid_from);

-- Finding a patient without opening anybody's identity: keyed digests of what people search by.
CREATE TABLE patient_blind_indexes (
  patient_id BYTEA NOT NULL REFERENCES patients (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  -- Of the surname with the birth date, and of the surname's first three letters.
  kind TEXT NOT NULL CHECK (kind IN ('surname_and_birth', 'surname_start')),
  digest BYTEA NOT NULL,
  PRIMARY KEY (patient_id, kind)
);
CREATE INDEX patient_blind_indexes_by_digest ON patient_blind_indexes (organisation_id, kind, digest);

-- Entries of the emergency journal that are in their chain already.
CREATE TABLE audit_journal_merged (
  hmac BYTEA PRIMARY KEY NOT NULL
);
