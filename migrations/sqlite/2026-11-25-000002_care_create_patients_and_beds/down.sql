DROP TABLE care_teams;
DROP TABLE bed_stays;
DROP TABLE beds;
DROP TABLE patient_people;
DROP TABLE patient_identities;
DROP TABLE patients;
