ALTER TABLE membership_units DROP CONSTRAINT membership_units_never_overlap;
ALTER TABLE memberships DROP CONSTRAINT memberships_never_overlap;
DROP TABLE recoveries;
DROP TABLE invitation_units;
DROP TABLE invitations;
ALTER TABLE units DROP COLUMN closed_at;
ALTER TABLE memberships DROP COLUMN suspended_at;
ALTER TABLE memberships DROP COLUMN continues_id;
