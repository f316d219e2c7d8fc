-- Messages to the outside: written in the transaction of what they tell, carried by a worker afterwards.
CREATE TABLE outbox_messages (
  -- Also the name under which the carrier knows it: the same id is never put or delivered as another message.
  id BLOB PRIMARY KEY NOT NULL,
  -- What it is about: invitation, recovery_notice.
  kind TEXT NOT NULL,
  -- One of the two: a person, whose address is looked up when it leaves, or an address.
  person_id BLOB REFERENCES people (id),
  address TEXT,
  subject TEXT NOT NULL,
  -- The text may hold a link that opens a door, so it is sealed, and erased when it has left.
  nonce BLOB,
  sealed BLOB,
  created_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  next_try_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead', 'withdrawn')),
  -- Why the last try failed, in the carrier's words.
  last_error TEXT,
  settled_at BIGINT,
  CHECK ((person_id IS NULL) <> (address IS NULL))
);
CREATE INDEX outbox_messages_by_next_try ON outbox_messages (state, next_try_at);
CREATE INDEX outbox_messages_by_age ON outbox_messages (created_at);

-- Where mail reaches a person; a login need not be an address.
ALTER TABLE people ADD COLUMN email TEXT;
