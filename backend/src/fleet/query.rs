//! What a fleet list is asked for, and how it is cut into pages. Pure.

use fleetward_common::{
    devices::{Connection, DeviceSummary},
    fleet::FleetCounts,
    id::DeviceId,
    page::Page,
    time::Instant,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{devices::summary::is_not_seen, platform::http::Failure};

pub const PAGE: usize = 200;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeviceQuery {
    /// Part of a serial number, a model, a version or a site.
    pub q: Option<String>,
    #[param(inline)]
    pub state: Option<DeviceState>,
    /// `next` of the page before.
    pub after: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    Connected,
    NotSeen,
    Faults,
}

impl DeviceState {
    fn matches(self, device: &DeviceSummary, now: Instant) -> bool {
        match self {
            DeviceState::Connected => matches!(device.connection, Connection::Connected { .. }),
            DeviceState::NotSeen => is_not_seen(device, now),
            DeviceState::Faults => !device.faults.is_empty(),
        }
    }
}

/// The last device of a page: two makers may use one serial number, so it takes the id as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub serial: String,
    pub id: DeviceId,
}

impl Cursor {
    fn of(device: &DeviceSummary) -> Self {
        Self {
            serial: device.serial.as_str().to_owned(),
            id: device.id,
        }
    }

    /// An id has no full stop in it, whatever a serial number has.
    fn text(&self) -> String {
        format!("{}.{}", self.id, self.serial)
    }

    fn parse(text: &str) -> Option<Self> {
        let (id, serial) = text.split_once('.')?;
        Some(Self {
            serial: serial.to_owned(),
            id: id.parse().ok()?,
        })
    }
}

impl DeviceQuery {
    /// Where the page before ended, if there was one.
    pub fn cursor(&self) -> Result<Option<Cursor>, Failure> {
        let Some(after) = &self.after else {
            return Ok(None);
        };
        let broken =
            || Failure::BadRequest("Ask for the next page with what the page before says.".to_owned());
        Cursor::parse(after).map(Some).ok_or_else(broken)
    }

    fn matches(&self, device: &DeviceSummary, now: Instant) -> bool {
        let text = self.q.as_deref().unwrap_or_default().trim().to_lowercase();
        let found = |hay: &str| hay.to_lowercase().contains(&text);
        let named = text.is_empty()
            || found(device.serial.as_str())
            || found(&device.model.name)
            || device.site.as_deref().is_some_and(found)
            || device
                .software
                .as_ref()
                .is_some_and(|version| found(version.as_str()));
        named && self.state.is_none_or(|state| state.matches(device, now))
    }

    /// Nothing is asked for that only a device's twin or its model knows, so the database can cut the page.
    pub fn is_plain(&self) -> bool {
        self.state.is_none() && self.q.as_deref().unwrap_or_default().trim().is_empty()
    }

    /// The page that the database cut: up to `PAGE + 1` devices after [`DeviceQuery::cursor`].
    pub fn cut(mut items: Vec<DeviceSummary>, total: u64) -> Page<DeviceSummary> {
        let more = items.len() > PAGE;
        items.truncate(PAGE);
        let last = items.last().filter(|_| more);
        Page {
            next: last.map(|device| Cursor::of(device).text()),
            items,
            total,
        }
    }

    /// The page asked for. `devices` are in the order of their cursors.
    pub fn page(&self, devices: Vec<DeviceSummary>, now: Instant) -> Result<Page<DeviceSummary>, Failure> {
        let after = self.cursor()?;
        let matching: Vec<DeviceSummary> = devices
            .into_iter()
            .filter(|device| self.matches(device, now))
            .collect();
        let total = matching.len() as u64;
        let items: Vec<DeviceSummary> = matching
            .into_iter()
            .filter(|device| after.as_ref().is_none_or(|after| Cursor::of(device) > *after))
            .take(PAGE + 1)
            .collect();
        Ok(Self::cut(items, total))
    }
}

pub fn counts(devices: &[DeviceSummary], now: Instant) -> FleetCounts {
    let count =
        |state: DeviceState| devices.iter().filter(|device| state.matches(device, now)).count() as u64;
    FleetCounts {
        total: devices.len() as u64,
        connected: count(DeviceState::Connected),
        not_seen: count(DeviceState::NotSeen),
        with_faults: count(DeviceState::Faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetward_common::{
        devices::{DeviceType, ModelSummary},
        id::DeviceModelId,
        text::{FaultCode, SerialNumber},
    };

    const NOW: Instant = Instant::from_millis(10_000_000);

    fn monitor(number: usize, connection: Connection) -> DeviceSummary {
        DeviceSummary {
            id: DeviceId::new(NOW, [0; 10]),
            serial: SerialNumber::parse(&format!("NW-M40-{number:06}")).unwrap(),
            model: ModelSummary {
                id: DeviceModelId::new(NOW, [0; 10]),
                name: "Monitor M40".to_owned(),
                device_type: DeviceType::PatientMonitor,
                expected_interval_s: 60,
            },
            software: None,
            site: Some("LARK-04".to_owned()),
            connection,
            last_seen: None,
            battery_percent: None,
            faults: Vec::new(),
            clock_offset_ms: None,
            clock_trusted: true,
        }
    }

    fn gone(seconds: i64) -> Connection {
        Connection::Gone {
            since: NOW.shifted(-seconds * 1_000_000),
        }
    }

    #[test]
    fn a_monitor_that_left_a_minute_ago_is_not_yet_missing() {
        let fleet = [
            monitor(1, Connection::Connected { since: NOW }),
            monitor(2, gone(59)),
            monitor(3, gone(61)),
            monitor(4, Connection::NeverSeen),
        ];
        let counts = counts(&fleet, NOW);
        assert_eq!((counts.total, counts.connected, counts.not_seen), (4, 1, 2));
    }

    #[test]
    fn pages_meet_without_a_device_lost_or_shown_twice() {
        let fleet: Vec<_> = (0..PAGE * 2 + 7).map(|number| monitor(number, gone(1))).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let query = DeviceQuery {
                after,
                ..DeviceQuery::default()
            };
            let page = query.page(fleet.clone(), NOW).unwrap();
            assert_eq!(page.total, fleet.len() as u64);
            seen.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, fleet);
    }

    #[test]
    fn of_two_makers_devices_with_one_serial_number_the_page_between_them_loses_none() {
        let mut fleet: Vec<_> = (0..PAGE).map(|number| monitor(number, gone(1))).collect();
        let mut of_another_maker = monitor(PAGE - 1, gone(1));
        of_another_maker.id = DeviceId::new(NOW, [9; 10]);
        fleet.push(of_another_maker.clone());
        let first = DeviceQuery::default().page(fleet.clone(), NOW).unwrap();
        assert_eq!(first.items, fleet[..PAGE]);
        let second = DeviceQuery {
            after: first.next,
            ..DeviceQuery::default()
        };
        let second = second.page(fleet, NOW).unwrap();
        assert_eq!(second.items, [of_another_maker]);
        assert_eq!(second.next, None);
    }

    #[test]
    fn a_page_after_nothing_that_was_on_one_is_refused() {
        for after in ["", "NW-M40-000317", "no-id.NW-M40-000317"] {
            let query = DeviceQuery {
                after: Some(after.to_owned()),
                ..DeviceQuery::default()
            };
            assert!(
                matches!(query.page(Vec::new(), NOW), Err(Failure::BadRequest(_))),
                "{after}"
            );
        }
    }

    #[test]
    fn a_device_is_found_by_part_of_its_serial_and_by_its_fault() {
        let mut broken = monitor(317, gone(1));
        broken.faults.push(FaultCode::parse("F-311").unwrap());
        let fleet = vec![monitor(1, gone(1)), broken];
        let find = |q: Option<&str>, state| {
            let query = DeviceQuery {
                q: q.map(str::to_owned),
                state,
                after: None,
            };
            query.page(fleet.clone(), NOW).unwrap().total
        };
        assert_eq!(find(Some("000317"), None), 1);
        assert_eq!(find(Some("lark"), None), 2);
        assert_eq!(find(None, Some(DeviceState::Faults)), 1);
        assert_eq!(find(Some("heron"), None), 0);
    }
}
