//! Who signs in: people of the demo world.

/// Names the person; the password comes from the portal, which tells it in demo mode only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    pub login: &'static str,
    pub name: &'static str,
    /// Where the portal takes them after signing in.
    pub home: &'static str,
}

/// Nurse on Ward 4B of Northgate General.
pub const RASHIDA: Person = person("rashida.amadi", "Rashida Amadi", "/ward");
/// Charge nurse of Ward 4B, with an authenticator app.
pub const LOUISE: Person = person("louise.brandt", "Louise Brandt", "/ward");
/// Biomedical engineer of Northgate General.
pub const DANIEL: Person = person("daniel.brooks", "Daniel Brooks", "/staff");
/// Physician of Ward 4B, with an authenticator app.
pub const TOMAS: Person = person("tomas.reuter", "Tomas Reuter", "/ward");
/// Nurse of the other hospital.
pub const IVO: Person = person("ivo.lang", "Ivo Lang", "/ward");
/// Respiratory technician of the home-care provider.
pub const ROSA: Person = person("rosa.lind", "Rosa Lind", "/staff");
/// Support agent of the manufacturer.
pub const BEN: Person = person("ben.fischer", "Ben Fischer", "/staff");
/// Privacy officer of Northgate General.
pub const HELEN: Person = person("helen.frost", "Helen Frost", "/staff");
/// Administrator of Northgate General.
pub const RUTH: Person = person("ruth.adler", "Ruth Adler", "/staff");
/// Operator of the portal.
pub const NILS: Person = person("nils.berg", "Nils Berg", "/staff");
/// Patient at home, with data of last night.
pub const ALAN: Person = person("alan.reed", "Alan Reed", "/patient");
/// Patient at home, without data for four days.
pub const JOAN: Person = person("joan.whitfield", "Joan Whitfield", "/patient");

/// One of each audience.
pub const AUDIENCES: [Person; 4] = [RASHIDA, ROSA, BEN, ALAN];

const fn person(login: &'static str, name: &'static str, home: &'static str) -> Person {
    Person { login, name, home }
}
