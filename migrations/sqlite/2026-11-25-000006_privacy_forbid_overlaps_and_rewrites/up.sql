-- Intervals of one thing never overlap, and the audit is only ever appended to: the database says so
-- itself, whoever writes.

CREATE TRIGGER bed_stays_bed_never_overlap_on_insert BEFORE INSERT ON bed_stays
WHEN EXISTS (
  SELECT 1 FROM bed_stays other
  WHERE other.bed_id = NEW.bed_id AND other.id <> NEW.id
    AND other.valid_from < COALESCE(NEW.valid_until, 9223372036854775807)
    AND NEW.valid_from < COALESCE(other.valid_until, 9223372036854775807))
BEGIN SELECT RAISE(ABORT, 'a bed holds one patient at a time'); END;

CREATE TRIGGER bed_stays_bed_never_overlap_on_update BEFORE UPDATE ON bed_stays
WHEN EXISTS (
  SELECT 1 FROM bed_stays other
  WHERE other.bed_id = NEW.bed_id AND other.id <> NEW.id
    AND other.valid_from < COALESCE(NEW.valid_until, 9223372036854775807)
    AND NEW.valid_from < COALESCE(other.valid_until, 9223372036854775807))
BEGIN SELECT RAISE(ABORT, 'a bed holds one patient at a time'); END;

CREATE TRIGGER bed_stays_patient_never_overlap_on_insert BEFORE INSERT ON bed_stays
WHEN EXISTS (
  SELECT 1 FROM bed_stays other
  WHERE other.patient_id = NEW.patient_id AND other.id <> NEW.id
    AND other.valid_from < COALESCE(NEW.valid_until, 9223372036854775807)
    AND NEW.valid_from < COALESCE(other.valid_until, 9223372036854775807))
BEGIN SELECT RAISE(ABORT, 'a patient lies in one bed at a time'); END;

CREATE TRIGGER bed_stays_patient_never_overlap_on_update BEFORE UPDATE ON bed_stays
WHEN EXISTS (
  SELECT 1 FROM bed_stays other
  WHERE other.patient_id = NEW.patient_id AND other.id <> NEW.id
    AND other.valid_from < COALESCE(NEW.valid_until, 9223372036854775807)
    AND NEW.valid_from < COALESCE(other.valid_until, 9223372036854775807))
BEGIN SELECT RAISE(ABORT, 'a patient lies in one bed at a time'); END;

CREATE TRIGGER device_custody_device_never_overlap_on_insert BEFORE INSERT ON device_custody
WHEN EXISTS (
  SELECT 1 FROM device_custody other
  WHERE other.device_id = NEW.device_id AND other.id <> NEW.id
    AND other.valid_from < COALESCE(NEW.valid_until, 9223372036854775807)
    AND NEW.valid_from < COALESCE(other.valid_until, 9223372036854775807))
BEGIN SELECT RAISE(ABORT, 'a device is in one custody at a time'); END;

CREATE TRIGGER device_custody_device_never_overlap_on_update BEFORE UPDATE ON device_custody
WHEN EXISTS (
  SELECT 1 FROM device_custody other
  WHERE other.device_id = NEW.device_id AND other.id <> NEW.id
    AND other.valid_from < COALESCE(NEW.valid_until, 9223372036854775807)
    AND NEW.valid_from < COALESCE(other.valid_until, 9223372036854775807))
BEGIN SELECT RAISE(ABORT, 'a device is in one custody at a time'); END;

CREATE TRIGGER device_assignments_device_never_overlap_on_insert BEFORE INSERT ON device_assignments
WHEN EXISTS (
  SELECT 1 FROM device_assignments other
  WHERE other.device_id = NEW.device_id AND other.id <> NEW.id
    AND other.valid_from < COALESCE(NEW.valid_until, 9223372036854775807)
    AND NEW.valid_from < COALESCE(other.valid_until, 9223372036854775807))
BEGIN SELECT RAISE(ABORT, 'a device has one assignment at a time'); END;

CREATE TRIGGER device_assignments_device_never_overlap_on_update BEFORE UPDATE ON device_assignments
WHEN EXISTS (
  SELECT 1 FROM device_assignments other
  WHERE other.device_id = NEW.device_id AND other.id <> NEW.id
    AND other.valid_from < COALESCE(NEW.valid_until, 9223372036854775807)
    AND NEW.valid_from < COALESCE(other.valid_until, 9223372036854775807))
BEGIN SELECT RAISE(ABORT, 'a device has one assignment at a time'); END;

CREATE TRIGGER audit_entries_refuse_update BEFORE UPDATE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

CREATE TRIGGER audit_entries_refuse_delete BEFORE DELETE ON audit_entries
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
