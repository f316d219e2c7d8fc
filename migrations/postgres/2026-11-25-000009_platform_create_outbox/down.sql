ALTER TABLE people DROP COLUMN email;
DROP TABLE outbox_messages;
