DROP TABLE bed_silences;
DROP TABLE alarm_events;
DROP TABLE alarms;
DROP TABLE alarm_rules;
DROP FUNCTION refuse_alarm_rewrite;
