-- Devices and who has them. Custody: which organisation holds a device. Assignment: on which patient,
-- in which bed, for which unit. Data belongs to whoever held the interval when it was measured.
CREATE TABLE device_models (
  id BYTEA PRIMARY KEY NOT NULL,
  -- The maker.
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  name TEXT NOT NULL,
  device_type TEXT NOT NULL,
  -- Silent for longer than this: not seen.
  expected_interval_s BIGINT NOT NULL
);
CREATE INDEX device_models_by_maker ON device_models (organisation_id);

CREATE TABLE devices (
  id BYTEA PRIMARY KEY NOT NULL,
  model_id BYTEA NOT NULL REFERENCES device_models (id),
  -- Copied from the model, so that a list filtered by maker needs no join.
  maker_id BYTEA NOT NULL REFERENCES organisations (id),
  home_region TEXT NOT NULL,
  serial TEXT NOT NULL,
  software TEXT,
  revoked_at BIGINT,
  created_at BIGINT NOT NULL,
  UNIQUE (maker_id, serial)
);
-- Two makers may use one serial.
CREATE INDEX devices_by_serial ON devices (serial);

CREATE TABLE device_custody (
  id BYTEA PRIMARY KEY NOT NULL,
  device_id BYTEA NOT NULL REFERENCES devices (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  site_id BYTEA REFERENCES sites (id),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT,
  CHECK (valid_until IS NULL OR valid_until > valid_from)
);
CREATE INDEX device_custody_by_device ON device_custody (device_id, valid_from);
CREATE INDEX device_custody_by_organisation ON device_custody (organisation_id, valid_from);

CREATE TABLE device_assignments (
  id BYTEA PRIMARY KEY NOT NULL,
  device_id BYTEA NOT NULL REFERENCES devices (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  -- A device can stand at a bed before its patient comes, and go home with a patient without a bed.
  patient_id BYTEA REFERENCES patients (id),
  bed_id BYTEA REFERENCES beds (id),
  unit_id BYTEA REFERENCES units (id),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT,
  CHECK (patient_id IS NOT NULL OR bed_id IS NOT NULL OR unit_id IS NOT NULL),
  CHECK (valid_until IS NULL OR valid_until > valid_from)
);
CREATE INDEX device_assignments_by_device ON device_assignments (device_id, valid_from);
CREATE INDEX device_assignments_by_patient ON device_assignments (patient_id, valid_from);
CREATE INDEX device_assignments_by_bed ON device_assignments (bed_id, valid_from);
CREATE INDEX device_assignments_by_unit ON device_assignments (unit_id, valid_from);

-- One row per certificate ever issued; the certificate itself is the device's.
CREATE TABLE device_certificates (
  -- SHA-256 of the DER.
  fingerprint BYTEA PRIMARY KEY NOT NULL,
  device_id BYTEA NOT NULL REFERENCES devices (id),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX device_certificates_by_device ON device_certificates (device_id);
