//! Why nothing may arrive, the likeliest first, each with a picture.

use yew::{Html, component, html};

#[component(WhatToCheck)]
pub fn what_to_check() -> Html {
    html! {
        <section class="card todo">
            <h2>{ "Please check, in this order" }</h2>
            <ol class="steps">
                <li>{ plug() }<div><p><b>{ "1. Is it plugged in?" }</b></p><p class="small">{ "Any button lights the screen." }</p></div></li>
                <li>{ plane() }<div><p><b>{ "2. Is flight mode off?" }</b></p><p class="small">{ "The screen shows no plane." }</p></div></li>
                <li>{ window() }<div><p><b>{ "3. Is the signal weak?" }</b></p><p class="small">{ "Try it nearer to a window." }</p></div></li>
            </ol>
        </section>
    }
}

fn plug() -> Html {
    html! {
        <svg class="pic" viewBox="0 0 64 56" aria-hidden="true">
            <rect class="fill" x="4" y="8" width="26" height="40" rx="4" />
            <circle class="dot" cx="12" cy="28" r="2" /><circle class="dot" cx="22" cy="28" r="2" />
            <path d="M60 28H48M32 24.500h6M32 31.500h6" /><path class="soft" d="M38 20h6a5 5 0 0 1 5 5v6a5 5 0 0 1-5 5h-6z" />
        </svg>
    }
}

fn plane() -> Html {
    html! {
        <svg class="pic" viewBox="0 0 64 56" aria-hidden="true">
            <rect class="fill" x="4" y="8" width="56" height="40" rx="5" /><rect class="soft" x="11" y="14" width="42" height="28" rx="3" />
            <path d="M40 28c0-.9-.7-1.500-1.800-1.500h-3.900L30.400 20.700h-1.500l1.700 5.800h-3.800l-1.600-1.700h-1.300l.9 3.200-.9 3.200h1.300l1.600-1.700h3.800l-1.700 5.800h1.500l3.900-5.800h3.900c1.100 0 1.800-.6 1.800-1.500z" />
        </svg>
    }
}

fn window() -> Html {
    html! {
        <svg class="pic" viewBox="0 0 64 56" aria-hidden="true">
            <rect class="fill" x="4" y="6" width="30" height="44" rx="2" /><path d="M19 6v44M4 28h30" />
            <rect class="soft" x="40" y="36" width="20" height="14" rx="3" /><path d="M44 29a9 9 0 0 1 12 0M40.500 24a14 14 0 0 1 19 0" />
        </svg>
    }
}
