//! The text of a field that its person is writing in. A redraw leaves it alone; only when what it should
//! begin with changes is it written anew.

use web_sys::HtmlInputElement;
use yew::{NodeRef, hook, use_effect_with, use_node_ref};

/// The field to give to the input, in the place of a `value`: with one, every redraw would write it back.
#[hook]
pub fn use_text(begins_with: String) -> NodeRef {
    let field = use_node_ref();
    {
        let field = field.clone();
        use_effect_with(begins_with, move |text| {
            if let Some(input) = field.cast::<HtmlInputElement>() {
                input.set_value(text);
            }
        });
    }
    field
}

/// The same for the field to begin in.
#[hook]
pub fn use_first_text(begins_with: String) -> NodeRef {
    let field = use_text(begins_with);
    {
        let field = field.clone();
        use_effect_with((), move |()| {
            if let Some(input) = field.cast::<HtmlInputElement>() {
                // A field that can't take focus just doesn't.
                let _ = input.focus();
            }
        });
    }
    field
}

/// What stands in it now.
pub fn text_of(field: &NodeRef) -> String {
    field
        .cast::<HtmlInputElement>()
        .map(|input| input.value())
        .unwrap_or_default()
}
