-- Intervals of one thing never overlap, and the audit is only ever appended to: the database says so
-- itself, whoever writes.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- a bed holds one patient at a time
ALTER TABLE bed_stays ADD CONSTRAINT bed_stays_bed_never_overlap
  EXCLUDE USING gist (bed_id WITH =, int8range(valid_from, valid_until) WITH &&);

-- a patient lies in one bed at a time
ALTER TABLE bed_stays ADD CONSTRAINT bed_stays_patient_never_overlap
  EXCLUDE USING gist (patient_id WITH =, int8range(valid_from, valid_until) WITH &&);

-- a device is in one custody at a time
ALTER TABLE device_custody ADD CONSTRAINT device_custody_device_never_overlap
  EXCLUDE USING gist (device_id WITH =, int8range(valid_from, valid_until) WITH &&);

-- a device has one assignment at a time
ALTER TABLE device_assignments ADD CONSTRAINT device_assignments_device_never_overlap
  EXCLUDE USING gist (device_id WITH =, int8range(valid_from, valid_until) WITH &&);

CREATE FUNCTION refuse_audit_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is append-only';
END $$;
CREATE TRIGGER audit_entries_refuse_rewrite BEFORE UPDATE OR DELETE ON audit_entries
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_rewrite();
