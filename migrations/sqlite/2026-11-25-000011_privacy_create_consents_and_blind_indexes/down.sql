DROP TABLE audit_journal_merged;
DROP TABLE patient_blind_indexes;
DROP TABLE support_grants;
DROP TABLE consents;
