-- What devices sent. A frame is stored once, under (device, epoch, seq); numerics and waves apart,
-- because they are kept for different times. Times measured are the server's mapping of the device's
-- clock; the payload holds the device's own.
CREATE TABLE device_streams (
  device_id BLOB NOT NULL REFERENCES devices (id),
  -- The device's epoch is an unsigned number; stored as the same 64 bits.
  epoch BIGINT NOT NULL,
  next_seq BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  PRIMARY KEY (device_id, epoch)
) WITHOUT ROWID;

CREATE TABLE numeric_frames (
  device_id BLOB NOT NULL,
  epoch BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  measured_from BIGINT NOT NULL,
  measured_until BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  clock_untrusted BOOLEAN NOT NULL,
  payload BLOB NOT NULL,
  crc32c BIGINT NOT NULL,
  PRIMARY KEY (device_id, epoch, seq)
) WITHOUT ROWID;
CREATE INDEX numeric_frames_by_time ON numeric_frames (device_id, measured_until);
-- The few frames that hold more than an hour, so that a search by time needs to look no further back.
CREATE INDEX numeric_frames_long ON numeric_frames (device_id, measured_from)
  WHERE measured_until - measured_from > 3600000000;

CREATE TABLE wave_frames (
  device_id BLOB NOT NULL,
  epoch BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  measured_from BIGINT NOT NULL,
  measured_until BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  clock_untrusted BOOLEAN NOT NULL,
  payload BLOB NOT NULL,
  payload_bytes BIGINT NOT NULL,
  crc32c BIGINT NOT NULL,
  PRIMARY KEY (device_id, epoch, seq)
) WITHOUT ROWID;
CREATE INDEX wave_frames_by_time ON wave_frames (device_id, measured_until);
CREATE INDEX wave_frames_long ON wave_frames (device_id, measured_from)
  WHERE measured_until - measured_from > 3600000000;
-- Retention walks this from the oldest.
CREATE INDEX wave_frames_by_arrival ON wave_frames (received_at, payload_bytes);

-- Sequence numbers that never came: the device had to drop these frames.
CREATE TABLE frame_gaps (
  device_id BLOB NOT NULL,
  epoch BIGINT NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  measured_from BIGINT NOT NULL,
  measured_until BIGINT NOT NULL,
  PRIMARY KEY (device_id, epoch, first_seq)
) WITHOUT ROWID;
CREATE INDEX frame_gaps_by_time ON frame_gaps (device_id, measured_until);

-- Values are mantissas at the row's exponent, so that digits survive. When its first and last reading
-- were made, and the first and last one with a value, is kept so that a chart of days has the gaps of a
-- chart of minutes.
CREATE TABLE minute_rollups (
  device_id BLOB NOT NULL,
  metric BIGINT NOT NULL,
  minute BIGINT NOT NULL,
  exponent SMALLINT NOT NULL,
  readings BIGINT NOT NULL,
  absent BIGINT NOT NULL,
  min_value BIGINT,
  max_value BIGINT,
  sum_value BIGINT,
  last_value BIGINT,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  known_from BIGINT,
  known_until BIGINT,
  -- Why readings had no value to show; null when none lacked one.
  absent_reason SMALLINT,
  interval_ms BIGINT NOT NULL,
  -- The minute before the metric: the rows of one minute lie side by side and cost one page.
  PRIMARY KEY (device_id, minute, metric)
) WITHOUT ROWID;

-- The live state of a device, so that a restart shows it again with its true age.
CREATE TABLE twin_snapshots (
  device_id BLOB PRIMARY KEY NOT NULL REFERENCES devices (id),
  state BLOB NOT NULL,
  saved_at BIGINT NOT NULL
);

-- Metrics that no registry line explains: kept, listed for a person, not shown.
CREATE TABLE unknown_metrics (
  device_id BLOB NOT NULL REFERENCES devices (id),
  metric BIGINT NOT NULL,
  unit BIGINT NOT NULL,
  first_seen_at BIGINT NOT NULL,
  PRIMARY KEY (device_id, metric)
) WITHOUT ROWID;

-- Rows whose checksum did not hold. They are never served; they are kept for whoever finds out why.
CREATE TABLE quarantined_frames (
  device_id BLOB NOT NULL,
  epoch BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  lane TEXT NOT NULL CHECK (lane IN ('numeric', 'wave')),
  found_at BIGINT NOT NULL,
  PRIMARY KEY (device_id, epoch, seq, lane)
) WITHOUT ROWID;
