//! From a twin's publication to the browsers that listen.

use std::sync::Arc;

use fleetward_common::id::DeviceId;

use super::{Audience, event::Publication};
use crate::live::{Hub, Update, WaveBytes};

impl Audience for Hub {
    fn publish(&self, device: DeviceId, publication: &Publication) {
        let clinical = (!publication.clinical.is_empty()).then(|| Arc::from(publication.clinical.as_slice()));
        let waves = publication.waves.iter().map(|packet| {
            Arc::new(WaveBytes {
                metric: packet.metric,
                start: packet.start,
                bytes: packet.encode().into(),
            })
        });
        let update = Update {
            clinical,
            technical: publication.technical.clone().map(Arc::new),
            waves: waves.collect(),
        };
        Hub::publish(self, device, update);
    }
}
