//! The pages of joining. Each step lists what proves it, first as open rings, then as ticks.

use fleetward_common::{
    access::Portal,
    people::{NotGiven, RolePreview},
    time::Instant,
};
use maud::{Markup, html};

use crate::{
    identity::{
        SHORTEST_ALONE as SHORTEST,
        pages::{Look, brand},
    },
    people::{notices::moment, store::invitations::Invitation},
    platform::http::shell::glyph,
};

const TICK: &str = r#"<path d="M5 12.5l4.5 4.5L19 7.5"/>"#;
const RING: &str = r#"<circle cx="12" cy="12" r="7.5" stroke-dasharray="3.2 2.7"/>"#;
const NOT: &str = r#"<circle cx="12" cy="12" r="7.5"/><path d="M6.9 17.1L17.1 6.9"/>"#;
const LOCK: &str =
    r#"<rect x="5" y="10.5" width="14" height="10" rx="1.5"/><path d="M8 10.5V8a4 4 0 0 1 8 0v2.5"/>"#;
const CLOCK: &str = r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.2l3.4 2"/>"#;
const WARNING: &str = r#"<circle cx="12" cy="12" r="8.75"/><path d="M12 7v6M12 16.4v.01"/>"#;

/// Where somebody is on the way.
pub struct Step<'a> {
    pub token: &'a str,
    pub invitation: &'a Invitation,
    pub inviter: &'a str,
}

impl Step<'_> {
    fn role_line(&self) -> String {
        let units = self.invitation.unit_names();
        if units.is_empty() {
            self.invitation.role.title().to_owned()
        } else {
            format!("{}, {}", self.invitation.role.title(), units.join(", "))
        }
    }

    /// What they see first.
    fn landing(&self) -> String {
        match (
            self.invitation.role.portal(),
            self.invitation.unit_names().first(),
        ) {
            (Portal::Ward, Some(unit)) => format!("The board of {unit}"),
            (Portal::Ward, None) => "Your ward board".to_owned(),
            (Portal::Staff | Portal::Patient, _) => "Your console".to_owned(),
        }
    }

    fn frame(&self, look: &Look, title: &str, now: usize, task: &Markup) -> Markup {
        let first_name = self.invitation.name.split(' ').next().unwrap_or_default();
        let opened = [
            format!("From {}, {}", self.inviter, moment(self.invitation.created_at)),
            format!("{}, reached", self.invitation.email),
        ];
        look.page(&format!("{title} · Joining · Fleetward"), "Skip to this step", &html! {
            header.gate-top { (brand()) }
            div.join {
                nav.join-steps aria-label="Your steps" {
                    p.join-for {
                        b { (first_name) ", welcome to " (self.invitation.organisation_name) }
                        span.muted { "Four steps, about five minutes" }
                    }
                    ol.steps {
                        (step(1, now, "Invitation opened", &opened))
                        (step(2, now, "Make your sign-in", &["One that only you have".to_owned()]))
                        (step(3, now, "Check your role", &[format!("{}: you confirm it", self.role_line())]))
                        (step(4, now, "See your first page", &[self.landing()]))
                    }
                }
                main #main .panel.join-task {
                    p.caption { "Step " (now) " of 4" }
                    (task)
                }
            }
            footer.gate-foot { span { "Fleetward" } }
        })
    }
}

fn step(number: usize, now: usize, title: &str, proofs: &[String]) -> Markup {
    let done = number < now;
    html! {
        li.done[done].now[number == now] aria-current=[(number == now).then_some("step")] {
            span.mark { @if done { (glyph("i s", TICK)) } @else { (number) } }
            h2 { (title) @if done { span.hidden { " (done)" } } }
            ul.proof {
                @for proof in proofs {
                    li { (glyph("i s", if done { TICK } else { RING })) span { (proof) } }
                }
            }
        }
    }
}

/// Step 2. `me`: somebody is signed in at this browser.
pub fn sign_in_step(look: &Look, at: &Step<'_>, me: Option<&str>, trouble: Option<&str>) -> Markup {
    let way = |last: &str| format!("/join/{}/{last}", at.token);
    at.frame(look, "Make your sign-in", 2, &html! {
        h1 { "Make your sign-in" }
        p.join-lead { (at.inviter) " invites you as " b { (at.role_line()) } ". Your sign-in is yours alone; nobody at " (at.invitation.organisation_name) " ever knows it." }
        @if let Some(trouble) = trouble {
            div.trouble role="alert" tabindex="-1" { (glyph("i", WARNING)) div { h2 { (trouble) } } }
        }
        @if let Some(me) = me {
            form.join-form method="post" action=(way("as-me")) {
                button.button.primary.tall type="submit" { "Join as " (me) }
                p.caption { "You are signed in as " (me) ". Your sign-in stays; this adds a second membership to it." }
            }
            p.or { span { "or, if you are somebody else" } }
        }
        form.join-form method="post" action=(way("password")) {
            div.field {
                label for="email" { "You will sign in with" }
                input #email name="email" value=(at.invitation.email) autocomplete="username" readonly;
            }
            div.field.wrong[trouble.is_some() && me.is_none()] {
                label for="password" { "Choose a password" }
                p.caption #password-hint { "At least " (SHORTEST) " characters; a few words are good. Paste and password managers work." }
                input #password name="password" type="password" autocomplete="new-password" minlength=(SHORTEST)
                    required autofocus[me.is_none()] aria-describedby="password-hint";
            }
            div.join-go {
                button.button.primary.tall[me.is_none()] type="submit" { "Go on with this password" }
            }
        }
        @if me.is_none() {
            form.join-form method="post" action=(way("existing")) {
                button.button.quiet type="submit" { "I sign in to Fleetward already" }
            }
        }
        p.join-note { (glyph("i s", CLOCK)) span { "You can stop at any time. This link comes back to this step until " b { (moment(at.invitation.expires_at)) } "." } }
        p.join-note { (glyph("i s", LOCK)) span { "Then you can make a passkey: your finger, face or PIN instead of the password, and no false page can steal it." } }
    })
}

/// Step 3: what the policy gives, before it is used for the first time. Its button has no focus of
/// its own: an Enter held since the step before would answer the question unread.
pub fn role_step(look: &Look, at: &Step<'_>, preview: &RolePreview) -> Markup {
    at.frame(look, "Check your role", 3, &html! {
        h1 { "Check your role" }
        p.join-lead { "At " (at.invitation.organisation_name) " you are " b { (at.role_line()) } ". Is that right?" }
        div.preview-two {
            (given("You see", &preview.sees))
            (not_given("You don’t see", &preview.cannot_see))
            (given("You may", &preview.may))
            (not_given("You may not", &preview.may_not))
        }
        form.join-form method="post" action={ "/join/" (at.token) "/role" } {
            div.join-go {
                button.button.primary.tall type="submit" { "Yes, take me to my first page" }
            }
        }
        p.join-note { (glyph("i s", WARNING)) span { "Something is wrong? Go on all the same, and tell " (at.inviter) ": they can change it in a minute." } }
    })
}

fn given(title: &str, lines: &[String]) -> Markup {
    html! {
        section {
            h2 { (title) }
            ul.ticks {
                @for line in lines { li { (glyph("i s", TICK)) span { (line) } } }
                @if lines.is_empty() { li { span { "Nothing yet" } } }
            }
        }
    }
}

fn not_given(title: &str, lines: &[NotGiven]) -> Markup {
    html! {
        section {
            h2 { (title) }
            ul.ticks.no {
                @for line in lines {
                    li { (glyph("i s", if line.never { LOCK } else { NOT })) span { (line.what) @if line.never { b { ", never" } } } }
                }
            }
        }
    }
}

/// A link that opens nothing, and what to do about it.
fn stop(look: &Look, title: &str, body: &Markup) -> Markup {
    look.page(
        &format!("{title} · Fleetward"),
        "Skip to the page",
        &html! {
            header.gate-top { (brand()) }
            main.gate-main #main {
                h1 { (title) }
                section.panel.gate-card { (body) }
            }
            footer.gate-foot { span { "Fleetward" } }
        },
    )
}

pub fn unknown(look: &Look) -> Markup {
    stop(
        look,
        "This link does not work",
        &html! {
            p { "Perhaps part of it is missing: copy the whole line from the message. Or a newer message came after it: only the latest link works." }
            p { "Still nothing? Ask whoever invited you to send it again." }
        },
    )
}

pub fn withdrawn(look: &Look, inviter: &str) -> Markup {
    stop(
        look,
        "This invitation was taken back",
        &html! {
            p { "Ask " (inviter) " if you think that you should have access." }
        },
    )
}

pub fn expired(look: &Look, inviter: &str, at: Instant) -> Markup {
    stop(
        look,
        "This link has expired",
        &html! {
            p { "It worked until " b { (moment(at)) } ". Ask " (inviter) " to send it again: the new link works at once." }
        },
    )
}

pub fn used(look: &Look, at: &Step<'_>) -> Markup {
    stop(
        look,
        "You have joined already",
        &html! {
            p { "This link made the sign-in of " b { (at.invitation.name) } " and is used up. Sign in, and you are where you stopped." }
            form method="get" action="/sign-in" {
                input type="hidden" name="as" value="yourself";
                button.button.primary.tall.wide type="submit" { "Sign in" }
            }
            p.caption { "It was not you who joined? Tell " (at.inviter) " at once." }
        },
    )
}
