DROP TABLE quarantined_frames;
DROP TABLE unknown_metrics;
DROP TABLE twin_snapshots;
DROP TABLE minute_rollups;
DROP TABLE frame_gaps;
DROP TABLE wave_frames;
DROP TABLE numeric_frames;
DROP TABLE device_streams;
