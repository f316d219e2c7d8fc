pub mod support_grants;
