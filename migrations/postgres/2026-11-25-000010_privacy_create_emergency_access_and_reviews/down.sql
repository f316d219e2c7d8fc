DROP INDEX audit_entries_by_entity;
DROP INDEX audit_entries_by_time;
DROP TABLE access_rule_cursors;
DROP TABLE access_review_deadlines;
DROP TABLE access_review_decisions;
DROP TABLE access_reviews;
DROP TABLE break_glass_grants;
