//! The door: sign-in as server HTML that works without script and without wasm.

use fleetward_common::{
    access::{Portal, Role},
    identity::DemoPerson,
};
use maud::{DOCTYPE, Markup, html};

use crate::{
    app::App,
    platform::http::{
        Failure,
        failure::whole_seconds,
        shell::{glyph, icon},
    },
};

const EYE: &str = r#"<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.75"/>"#;
const ARROW: &str = r#"<path d="M4.5 12h14M13 6.5l5.5 5.5-5.5 5.5"/>"#;
const KEY: &str = r#"<circle cx="8" cy="12" r="4.25"/><path d="M12.25 12H21v3.5M17 12v2.75"/>"#;
const WARNING: &str = r#"<circle cx="12" cy="12" r="8.75"/><path d="M12 7v6M12 16.4v.01"/>"#;
const CLOCK: &str = r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.2l3.4 2"/>"#;
const PEOPLE: &str = r#"<circle cx="9" cy="8.5" r="3.25"/><path d="M2.5 19c.7-3.3 3.2-5 6.5-5s5.8 1.7 6.5 5M15.5 5.5a3.2 3.2 0 0 1 0 6M17.5 14.3c2.2.6 3.5 2.2 4 4.7"/>"#;
const HOSPITAL: &str =
    r#"<path d="M4.5 21V6.5h15V21M2.5 21h19M9.5 21v-4.5h5V21M12 8.8v5M9.5 11.3h5M8 6.5V3.5h8v3"/>"#;
const HOUSE: &str = r#"<path d="M3.5 11.5L12 4l8.5 7.5M6 9.5V20.5h12V9.5M10 20.5v-5.5h4v5.5"/>"#;
const FACTORY: &str = r#"<path d="M3.5 20.5V9l5.5 3.5V9l5.5 3.5V4.5h5v16zM7.5 16.5h2M13.5 16.5h2"/>"#;
const HEART: &str = r#"<path d="M12 20C6.5 16.2 3.5 12.9 3.5 9.2A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 8.5 2.2c0 3.7-3 7-8.5 10.8z"/>"#;
const MAST: &str = r#"<path d="M12 12v9M8.5 21h7M12 10.5v.01M8.5 14a5 5 0 0 1 0-7M15.5 7a5 5 0 0 1 0 7M5.7 16.8a9 9 0 0 1 0-12.6M18.3 4.2a9 9 0 0 1 0 12.6"/>"#;
const SHIELD: &str = r#"<path d="M4 3h16v11.5c0 3.6-3.4 5.6-8 7-4.6-1.4-8-3.4-8-7z" fill="none" stroke="var(--primary)" stroke-width="2" stroke-linejoin="round"/><path d="M5.5 12h3.2l1.8-4.2 3 7.4 1.7-3.2h3.3" fill="none" stroke="var(--text)" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>"#;

pub const fn portal_path(role: Role) -> &'static str {
    match role.portal() {
        Portal::Ward => "/ward",
        Portal::Staff => "/staff",
        Portal::Patient => "/patient",
    }
}

/// What a page needs to know beside its words.
pub struct Look {
    style: Option<String>,
    /// Address and integrity of the passkey script.
    script: Option<(String, Option<String>)>,
    theme: &'static str,
    demo: bool,
}

impl Look {
    pub fn of(app: &App, query: &str) -> Self {
        Self {
            style: app.portal.address("sign-in.css").map(str::to_owned),
            script: app.portal.address("passkey.js").map(|address| {
                let integrity = app.portal.integrity(address).map(str::to_owned);
                (address.to_owned(), integrity)
            }),
            theme: if query.contains("theme=night") {
                "night"
            } else {
                "light"
            },
            demo: app.demo_people().is_some(),
        }
    }

    pub fn page(&self, title: &str, skip: &str, body: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" data-theme=(self.theme) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    (icon())
                    @if let Some(style) = &self.style { link rel="stylesheet" href=(style); }
                    @if let Some((address, integrity)) = &self.script {
                        script src=(address) integrity=[integrity.as_deref()] defer {}
                    }
                }
                body.gate {
                    a.skip href="#main" { (skip) }
                    (body)
                }
            }
        }
    }
}

pub fn brand() -> Markup {
    html! { a.brand href="/" { (glyph("", SHIELD)) "Fleetward" } }
}

/// For a browser at an address that leads nowhere. One text, whatever is or isn't behind it.
pub fn nothing_here(look: &Look) -> Markup {
    look.page(
        "Nothing here · Fleetward",
        "Skip to the page",
        &html! {
            header.gate-top { (brand()) }
            main.gate-main #main {
                h1 { "There is nothing here, or it is not yours to see" }
                p.lead { "The address may be mistyped, or what it led to has moved." }
                p { a.button href="/" { "Go to your own page" } }
            }
        },
    )
}

/// The form. After a failure it keeps the name, empties the password and says what to do.
pub fn sign_in(look: &Look, login: &str, failure: Option<&Failure>) -> Markup {
    let title = match failure {
        None => "Sign in · Fleetward",
        Some(Failure::SlowedDown(_)) => "One moment · Sign in · Fleetward",
        Some(_) => "That didn’t work · Sign in · Fleetward",
    };
    let failed = matches!(failure, Some(Failure::SignInFailed));
    look.page(title, "Skip to sign-in", &html! {
        header.gate-top {
            (brand())
            @if look.demo {
                div.end { a.button.quiet href="/sign-in" { (glyph("i s", PEOPLE)) "Demo people" } }
            }
        }
        main.gate-main #main {
            h1 { "Sign in" }
            @if failure.is_none() { p.lead { "For hospitals, home care, manufacturers and patients" } }
            section.panel.gate-card aria-label="Sign in" {
                @match failure {
                    None => {}
                    Some(Failure::SlowedDown(wait)) => {
                        div.trouble.wait role="alert" tabindex="-1" {
                            (glyph("i", CLOCK))
                            div {
                                h2 { "A password has to wait " span.count { (minutes(whole_seconds(*wait))) } }
                                p { "Several wrong ones came in. Each makes the next wait a little longer, at most 5 minutes. Nobody is locked out." }
                            }
                        }
                    }
                    Some(_) => {
                        div.trouble role="alert" tabindex="-1" {
                            (glyph("i", WARNING))
                            div {
                                h2 { "That name and password don’t go together" }
                                p { "We never say which of them is wrong, or whether an account exists. That protects yours too." }
                            }
                        }
                    }
                }
                // Shown by the script, where the browser knows passkeys.
                div.passkey hidden {
                    button.button.primary.tall.wide type="button" data-passkey="sign-in" { (glyph("i", KEY)) "Use a passkey" }
                    p.hint { "Finger, face, PIN or security key. Nothing to type." }
                    p.error role="alert" data-passkey-error hidden {}
                    p.or { "or with a password" }
                }
                form method="post" action="/sign-in" {
                    input type="hidden" name="passkeys" value="no";
                    div.field {
                        label for="name" { "E-mail or staff number" }
                        input #name name="login" autocomplete="username webauthn" autocapitalize="none"
                            spellcheck="false" value=(login) required autofocus[!failed];
                    }
                    div.field.wrong[failed] {
                        label for="password" { "Password" }
                        @if failed {
                            p.error #password-error { (glyph("i s", WARNING)) "Type it again, or paste it." }
                        }
                        div.inset {
                            input #password name="password" type="password" autocomplete="current-password" required
                                autofocus[failed] aria-invalid=[failed.then_some("true")]
                                aria-describedby=[failed.then_some("password-error")];
                            button.button type="button" data-show hidden aria-pressed="false" aria-controls="password" {
                                (glyph("i s", EYE)) "Show"
                            }
                        }
                    }
                    button.button.primary.tall.wide type="submit" data-submit { "Sign in" }
                }
            }
            p.gate-help {
                @match failure {
                    Some(Failure::SlowedDown(_)) => { "Patient in danger? The bedside monitor works without anyone signed in." }
                    _ => { "Invited? Just open the link in your invitation." }
                }
            }
        }
        footer.gate-foot {
            span { @if look.demo { "Demo data. No real patient is in here." } @else { "Fleetward" } }
        }
    })
}

/// After a right password, for those who are asked for a code.
pub fn code(look: &Look, failure: Option<&Failure>) -> Markup {
    let failed = failure.is_some();
    look.page("One more step · Sign in · Fleetward", "Skip to the code", &html! {
        header.gate-top { (brand()) }
        main.gate-main #main {
            h1 { "One more step" }
            p.lead { "Your password was right. Now the code of your authenticator app." }
            section.panel.gate-card aria-label="Code" {
                @if let Some(Failure::SlowedDown(wait)) = failure {
                    div.trouble.wait role="alert" tabindex="-1" {
                        (glyph("i", CLOCK))
                        div {
                            h2 { "A code has to wait " span.count { (minutes(whole_seconds(*wait))) } }
                            p { "Several wrong ones came in. Nobody is locked out." }
                        }
                    }
                } @else if failed {
                    div.trouble role="alert" tabindex="-1" {
                        (glyph("i", WARNING))
                        div {
                            h2 { "That code is not right, or was used before" }
                            p { "A new one comes every 30 seconds. Is the clock of your phone right?" }
                        }
                    }
                }
                form method="post" action="/sign-in/code" {
                    div.field.wrong[failed] {
                        label for="code" { "Code" }
                        input #code name="code" inputmode="numeric" autocomplete="one-time-code" autocapitalize="none"
                            spellcheck="false" required autofocus aria-describedby="code-hint"
                            aria-invalid=[failed.then_some("true")];
                        p.hint #code-hint { "Six digits. Phone lost? One of your recovery codes does too." }
                    }
                    button.button.primary.tall.wide type="submit" { "Sign in" }
                }
            }
            p.gate-help { a href="/sign-in" { "Start again" } }
        }
        footer.gate-foot { span { "Fleetward" } }
    })
}

/// After a right password, for those who have no passkey: what it is, and the choice.
pub fn passkey_offer(look: &Look, name: &str) -> Markup {
    look.page("Make a passkey · Fleetward", "Skip to the offer", &html! {
        header.gate-top { (brand()) div.end { span.muted { (name) } } }
        main.gate-main #main {
            h1 { "Next time without a password?" }
            p.lead { "A passkey replaces it. Your finger, face or PIN unlocks it and never leaves your device." }
            section.panel.gate-card aria-label="Make a passkey" {
                div.passkey hidden {
                    div.field {
                        label for="passkey-name" { "What will you call it?" }
                        input #passkey-name maxlength="60" value="My passkey" autocomplete="off" aria-describedby="passkey-hint";
                        p.hint #passkey-hint { "The device it will be on: you see this name in your list." }
                    }
                    button.button.primary.tall.wide type="button" data-passkey="register" { (glyph("i", KEY)) "Make a passkey" }
                    p.error role="alert" data-passkey-error hidden {}
                }
                form method="post" action="/sign-in/passkey/later" {
                    button.button.tall.wide type="submit" { "Not now" }
                }
            }
            p.gate-help { "At a PC that others use too, keep it on your phone or a security key, never on the PC." }
        }
        footer.gate-foot { span { "You are signed in." } }
    })
}

fn minutes(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

struct Audience {
    label: &'static str,
    icon: &'static str,
    /// The organisation behind the heading; people of another one carry its name on their card.
    beside: &'static str,
    has: fn(Role) -> bool,
}

const HOSPITALS: Audience = Audience {
    label: "Hospital",
    icon: HOSPITAL,
    beside: "Northgate General",
    has: |role| {
        matches!(
            role,
            Role::Nurse
                | Role::ChargeNurse
                | Role::Physician
                | Role::BiomedicalEngineer
                | Role::PrivacyOfficer
                | Role::HospitalAdministrator
        )
    },
};
const HOME_CARE: Audience = Audience {
    label: "Home-care provider",
    icon: HOUSE,
    beside: "Larkfield Sleep Clinic",
    has: |role| {
        matches!(
            role,
            Role::ProviderClinician | Role::RespiratoryTechnician | Role::ProviderAdministrator
        )
    },
};
const MANUFACTURERS: Audience = Audience {
    label: "Manufacturer",
    icon: FACTORY,
    beside: "Northwind Medical",
    has: |role| {
        matches!(
            role,
            Role::SupportAgent
                | Role::FieldTechnician
                | Role::ReleaseEngineer
                | Role::ProductSecurity
                | Role::ProductManager
                | Role::ManufacturerAdministrator
        )
    },
};
const PATIENTS: Audience = Audience {
    label: "Patient and family",
    icon: HEART,
    beside: "at home",
    has: |role| matches!(role, Role::Patient | Role::Proxy),
};
const PLATFORM: Audience = Audience {
    label: "This portal",
    icon: MAST,
    beside: "on call",
    has: |role| matches!(role, Role::PlatformOperator),
};

/// Every person of the demo, one press away.
pub fn demo(look: &Look, people: &[DemoPerson]) -> Markup {
    look.page("Choose a person · Fleetward demo", "Skip to the people", &html! {
        header.gate-top {
            (brand())
            span.chip.watch { "Demo" }
            div.end {
                a.button.quiet href="/sign-in?as=yourself" {
                    (glyph("i s", KEY)) span { "Sign in" span.wide-only { " as yourself" } }
                }
            }
        }
        main.demo-main #main {
            div.page-head {
                div {
                    h1 { "Who will you be?" }
                    p.muted { "One press signs you in. Every person, patient and device here is made up; the devices are running now." }
                }
            }
            form.audiences method="post" action="/sign-in/demo" {
                (audience(&HOSPITALS, people))
                div.audience-stack {
                    (audience(&HOME_CARE, people))
                    p.aside-note {
                        (glyph("i", PEOPLE))
                        span { b { "See both sides." } " Open a second person in a private window: Louise’s board and Ben’s fleet page show the same monitor, each through what they are allowed." }
                    }
                }
                (audience(&MANUFACTURERS, people))
                div.audience-stack {
                    (audience(&PATIENTS, people))
                    (audience(&PLATFORM, people))
                }
            }
        }
        footer.gate-foot { span { "Demo data. No real patient is in here." } }
    })
}

fn audience(audience: &Audience, people: &[DemoPerson]) -> Markup {
    html! {
        section.audience aria-label=(audience.label) {
            h2 { (glyph("i", audience.icon)) (audience.label) span { (audience.beside) } }
            @for person in people.iter().filter(|person| (audience.has)(person.role)) {
                button.person-card name="person" value=(person.login) {
                    b { (person.name) }
                    span.role { (role_line(audience, person)) }
                    @if person.role == Role::ChargeNurse { span.chip.watch { "Start here" } }
                    span.sees { (glyph("i s", EYE)) (person.sees) }
                    (glyph("i", ARROW))
                }
            }
        }
    }
}

fn role_line(audience: &Audience, person: &DemoPerson) -> String {
    let at_home = matches!(person.role, Role::Patient | Role::Proxy | Role::PlatformOperator);
    if at_home || person.organisation == audience.beside {
        person.role.title().to_owned()
    } else {
        format!("{}, {}", person.role.title(), person.organisation)
    }
}
