//! What a provider sees of patients at home.

mod home_patients_page;

pub use home_patients_page::HomePatientsPage;
