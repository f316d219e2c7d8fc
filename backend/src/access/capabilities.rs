//! What a person could do, for a portal that shows no control that would be refused.

use fleetward_common::access::{Action, Capabilities, Capability, DataClass, Kind};

use super::{Access, Actor, Classes, Subject, relations::Standing, store::Stands};
use crate::platform::http::Failure;

impl Access {
    /// What this actor could do to some row: the policy has a way, whether or not a row stands so now.
    pub fn capabilities(&self, actor: &Actor) -> Capabilities {
        collected(Kind::ALL, |kind, action| {
            DataClass::ALL
                .iter()
                .copied()
                .filter(|class| self.reach(actor, kind, *class, action).is_open())
                .collect()
        })
    }

    /// What this actor may do to this row now. A row of which they may nothing is as absent as one that
    /// doesn't exist.
    pub async fn capabilities_on<K: Subject + Stands>(
        &self,
        actor: &Actor,
        id: K::Id,
    ) -> Result<Capabilities, Failure> {
        let now = self.clock.now();
        let standing: Option<Standing> = self
            .db
            .read(move |connection| K::standing(connection, id, now))
            .await?;
        let readable = standing.as_ref().map_or(Classes::NONE, |standing| {
            self.classes::<K>(actor, Action::Read, standing)
        });
        // Told is what they may do, and nothing of the row.
        self.note_row::<K>(actor, id, Action::Read, standing.as_ref(), Classes::NONE);
        let standing = standing
            .filter(|_| !readable.is_empty())
            .ok_or(Failure::NotFound)?;
        Ok(collected(&[K::KIND], |_, action| {
            self.classes::<K>(actor, action, &standing)
        }))
    }
}

fn collected(kinds: &[Kind], classes: impl Fn(Kind, Action) -> Classes) -> Capabilities {
    let mut may = Vec::new();
    for kind in kinds {
        for action in Action::ALL {
            let classes = classes(*kind, *action);
            if !classes.is_empty() {
                may.push(Capability {
                    kind: *kind,
                    action: *action,
                    classes: DataClass::ALL
                        .iter()
                        .copied()
                        .filter(|class| classes.has(*class))
                        .collect(),
                });
            }
        }
    }
    Capabilities { may }
}
