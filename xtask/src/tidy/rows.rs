//! What comes out of a table never goes onto a wire as it is.

use super::{Offence, Rule, Source, Tree, code::has_word};

pub const RULES: &[Rule] = &[Rule {
    name: "rows never derive Serialize",
    advice: "build the wire type by hand in store/, so that a new column cannot leak",
    check: serialized_rows,
}];

fn serialized_rows(tree: &Tree) -> Vec<Offence> {
    tree.under("backend/")
        .filter(|source| source.is_rust())
        .flat_map(in_source)
        .collect()
}

fn in_source(source: &Source) -> Vec<Offence> {
    let mut offences = Vec::new();
    let (mut derives, mut is_row, mut open) = (false, false, false);
    for (line, code) in source.code_lines() {
        let begins = code.contains("derive(");
        if begins || open {
            open = !code.contains(']');
            derives |= has_word(code, "Serialize");
            is_row |= ["Queryable", "QueryableByName", "Selectable", "Insertable"]
                .iter()
                .any(|name| has_word(code, name));
        } else if has_word(code, "struct") || has_word(code, "enum") {
            if derives && is_row {
                offences.push(Offence::at(source, line, format!("`{}`", code.trim())));
            }
            (derives, is_row) = (false, false);
        }
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_serializes_is_found_even_over_two_attributes() {
        let tree = Tree::of(&[(
            "backend/src/care/store/rows.rs",
            "#[derive(Queryable, Selectable)]\nstruct BedRow;\n\n#[derive(Serialize)]\nstruct Wire;\n\n#[derive(\n    Queryable,\n)]\n#[derive(Serialize)]\nstruct Leak {",
        )]);
        let lines: Vec<_> = serialized_rows(&tree)
            .into_iter()
            .map(|offence| offence.line)
            .collect();
        assert_eq!(lines, [11]);
    }
}
