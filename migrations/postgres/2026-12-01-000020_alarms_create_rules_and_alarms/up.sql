-- Rules that raise alarms, as JSON: see common/src/alarms/rules.rs. A unit has one set in force, a patient may
-- have limits of their own. A change ends the version before and begins the next.
CREATE TABLE alarm_rules (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  -- One of the two.
  unit_id BYTEA REFERENCES units (id),
  patient_id BYTEA REFERENCES patients (id),
  version BIGINT NOT NULL,
  rules TEXT NOT NULL,
  changed_by BYTEA NOT NULL REFERENCES people (id),
  valid_from BIGINT NOT NULL,
  valid_until BIGINT,
  CHECK ((unit_id IS NULL) <> (patient_id IS NULL)),
  CHECK (valid_until IS NULL OR valid_until >= valid_from)
);
CREATE UNIQUE INDEX alarm_rules_one_of_a_unit ON alarm_rules (unit_id) WHERE valid_until IS NULL AND unit_id IS NOT NULL;
CREATE UNIQUE INDEX alarm_rules_one_of_a_patient ON alarm_rules (patient_id) WHERE valid_until IS NULL AND patient_id IS NOT NULL;

-- One alarm, from its first moment to its end.
CREATE TABLE alarms (
  id BYTEA PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  unit_id BYTEA NOT NULL REFERENCES units (id),
  bed_id BYTEA NOT NULL REFERENCES beds (id),
  patient_id BYTEA NOT NULL REFERENCES patients (id),
  device_id BYTEA NOT NULL REFERENCES devices (id),
  -- below:spo2, device-gone
  condition TEXT NOT NULL,
  priority TEXT NOT NULL CHECK (priority IN ('low', 'medium', 'high')),
  -- When the cause began, as measured; when it was raised here.
  since BIGINT NOT NULL,
  raised_at BIGINT NOT NULL,
  -- What crossed the limit, and the limit, with all their digits.
  value TEXT,
  limit_value TEXT,
  -- The cause is over and the alarm waits for somebody.
  over_at BIGINT,
  acknowledged_by BYTEA REFERENCES people (id),
  acknowledged_at BIGINT,
  asked_level TEXT NOT NULL CHECK (asked_level IN ('nurse', 'charge_nurse', 'physician_on_call')),
  asked_at BIGINT NOT NULL,
  ended_at BIGINT,
  ended_because TEXT CHECK (ended_because IN ('cause_over', 'patient_left', 'device_left', 'rule_changed')),
  CHECK ((acknowledged_by IS NULL) = (acknowledged_at IS NULL)),
  CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
-- One cause has at most one open alarm.
CREATE UNIQUE INDEX alarms_one_of_a_cause ON alarms (patient_id, device_id, condition) WHERE ended_at IS NULL;
CREATE INDEX alarms_open ON alarms (unit_id, raised_at) WHERE ended_at IS NULL;
CREATE INDEX alarms_by_bed ON alarms (bed_id, raised_at);
CREATE INDEX alarms_by_patient ON alarms (patient_id, raised_at);
CREATE INDEX alarms_by_unit ON alarms (unit_id, raised_at);

-- The lane: what happened to alarms and to the sound of beds, in the order in which it was written down. A
-- screen says up to which number it has heard and gets what came after. Never changed, never removed.
CREATE TABLE alarm_events (
  number BIGINT PRIMARY KEY NOT NULL,
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  unit_id BYTEA NOT NULL REFERENCES units (id),
  bed_id BYTEA NOT NULL REFERENCES beds (id),
  alarm_id BYTEA REFERENCES alarms (id),
  happened_at BIGINT NOT NULL,
  event TEXT NOT NULL CHECK (event IN ('raised', 'latched', 'returned', 'acknowledged', 'asked', 'ended',
    'sound_paused', 'sound_resumed', 'switched_off', 'switched_on', 'limits_changed')),
  -- Nobody, when the system itself did it.
  person_id BYTEA REFERENCES people (id)
);
CREATE INDEX alarm_events_by_unit ON alarm_events (unit_id, number);
CREATE INDEX alarm_events_by_alarm ON alarm_events (alarm_id, number);

-- What is silent at a bed, on this board only: the sound paused, or alarms off.
CREATE TABLE bed_silences (
  bed_id BYTEA PRIMARY KEY NOT NULL REFERENCES beds (id),
  organisation_id BYTEA NOT NULL REFERENCES organisations (id),
  paused_by BYTEA REFERENCES people (id),
  paused_from BIGINT,
  paused_until BIGINT,
  -- The alarms that the pause is for, as JSON.
  paused_alarms TEXT,
  off_by BYTEA REFERENCES people (id),
  off_reason TEXT CHECK (off_reason IN ('care', 'procedure', 'away', 'comfort')),
  off_from BIGINT,
  off_until BIGINT,
  CHECK ((paused_by IS NULL) = (paused_until IS NULL)),
  CHECK ((off_by IS NULL) = (off_until IS NULL))
);

CREATE FUNCTION refuse_alarm_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what happened to an alarm is append-only';
END $$;
CREATE TRIGGER alarm_events_refuse_rewrite BEFORE UPDATE OR DELETE ON alarm_events
  FOR EACH ROW EXECUTE FUNCTION refuse_alarm_rewrite();
