DROP TABLE sessions;
DROP TABLE passwords;
DROP TABLE membership_units;
DROP TABLE memberships;
DROP TABLE people;
DROP TABLE units;
DROP TABLE sites;
DROP TABLE organisations;
