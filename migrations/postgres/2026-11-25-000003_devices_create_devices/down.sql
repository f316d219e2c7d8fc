DROP TABLE device_certificates;
DROP TABLE device_assignments;
DROP TABLE device_custody;
DROP TABLE devices;
DROP TABLE device_models;
