//! The hospital that the bench measures in: made through the server's own library, in a fresh data
//! folder, before the server starts on it.

use fleetward::{
    app::{App, Parts},
    devices::store::registration::register_certificate,
    platform::{
        clock::Clock,
        config::Store,
        db::{Db, DbError},
        http::{assets::Portal, budget::Limits},
    },
};
use fleetward_common::{
    id::{DeviceId, UnitId},
    text::SerialNumber,
    time::Span,
};
use fleetward_device::agent::Credentials;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};

use crate::{
    failure::{Failure, Step},
    hospital::{self, Monitor, Nurse, Size},
    rulers::echo::Identity,
};

const DAY: Duration = Duration::from_secs(86_400);

pub struct Device {
    pub id: DeviceId,
    pub serial: SerialNumber,
    pub credentials: Credentials,
}

pub struct World {
    data: PathBuf,
    /// The n-th stands in the n-th ward, round and round.
    pub devices: Vec<Device>,
    pub wards: Vec<UnitId>,
    nurses: Vec<Nurse>,
}

impl World {
    pub async fn create(data: &Path, monitors: usize, wards: usize) -> Result<Self, Failure> {
        let app = open(data).await?;
        let made = hospital::build(&app, Size { wards, monitors }).await?;
        Ok(Self {
            data: data.to_owned(),
            devices: issue(&app, made.monitors).await?,
            wards: made.wards,
            nurses: made.nurses,
        })
    }

    /// The n-th monitor.
    pub fn monitor(&self, number: usize) -> Result<DeviceId, Failure> {
        let device = self.devices.get(number).map(|device| device.id);
        device.ok_or_else(|| Failure::new("there is no such monitor"))
    }

    /// A session's cookie for each ward, of a nurse who works there.
    pub async fn sign_in(&self, portal: &str) -> Result<Vec<HeaderValue>, Failure> {
        let client = reqwest::Client::new();
        let mut cookies = Vec::with_capacity(self.wards.len());
        for nurse in &self.nurses {
            let answer = loop {
                let answer = client
                    .post(format!("{portal}/api/v1/session"))
                    .json(&json!({ "login": nurse.login, "password": nurse.password }))
                    .send()
                    .await
                    .step("sign in")?;
                // Everyone here signs in from one address, which has its limit.
                let Some(wait) = told_to_wait(&answer) else {
                    break answer.error_for_status().step("sign in")?;
                };
                tokio::time::sleep(wait).await;
            };
            let cookie = answer
                .headers()
                .get(reqwest::header::SET_COOKIE)
                .and_then(|cookie| {
                    let pair = cookie.to_str().ok()?.split(';').next()?;
                    HeaderValue::from_str(pair).ok()
                });
            let cookie = cookie.ok_or_else(|| Failure::new("signing in set no cookie"))?;
            cookies.extend(std::iter::repeat_n(cookie, nurse.wards));
        }
        Ok(cookies)
    }

    /// What the device port answers with, for the ruler that takes its place.
    pub fn device_port_identity(&self) -> Identity {
        let secret = |name| self.data.join("secrets").join(name);
        Identity {
            certificate: secret("device-port.pem"),
            key: secret("device-port.key"),
            device_authority: secret("device-ca.pem"),
        }
    }
}

/// Monitors that are only registered, and the database that knows them.
pub async fn register(data: &Path, monitors: usize) -> Result<(Db, Vec<Monitor>), Failure> {
    let app = open(data).await?;
    let made = hospital::build(&app, Size { wards: 1, monitors }).await?;
    Ok((app.db.clone(), made.monitors))
}

/// Certificates of the server's own device authority, registered like any other.
async fn issue(app: &App, monitors: Vec<Monitor>) -> Result<Vec<Device>, Failure> {
    let now = app.clock.now();
    let valid = Span {
        from: now - DAY,
        until: now + DAY,
    };
    let root = certificate(app.authority.server_root_pem())?;
    let mut devices = Vec::with_capacity(monitors.len());
    let mut certificates = Vec::with_capacity(monitors.len());
    for Monitor { device, serial } in monitors {
        let issued = app
            .authority
            .issue_device(device, &serial, valid)
            .step("issue a certificate")?;
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).step("read a device's key")?;
        let credentials = Credentials::new(key, vec![issued.certificate.clone()], vec![root.clone()]);
        let credentials = credentials.step("use a certificate")?;
        certificates.push((device, issued.certificate));
        devices.push(Device {
            id: device,
            serial,
            credentials,
        });
    }
    let registered = app.db.write(move |connection| {
        for (device, certificate) in certificates {
            register_certificate(connection, device, &certificate, valid)?;
        }
        Ok::<_, DbError>(())
    });
    registered.await.step("register certificates")?;
    Ok(devices)
}

pub async fn open(data: &Path) -> Result<App, Failure> {
    let parts = Parts {
        store: Store {
            data: data.to_owned(),
            database_url: None,
        },
        clock: Clock::system(),
        portal: Portal::default(),
        demo: false,
        limits: Limits::default(),
    };
    App::open(parts).await.step("open a fresh data folder")
}

fn certificate(pem: &str) -> Result<CertificateDer<'static>, Failure> {
    CertificateDer::from_pem_slice(pem.as_bytes()).step("read a certificate")
}

fn told_to_wait(answer: &reqwest::Response) -> Option<Duration> {
    (answer.status() == StatusCode::TOO_MANY_REQUESTS)
        .then(|| answer.headers().get(reqwest::header::RETRY_AFTER))
        .flatten()
        .and_then(|seconds| seconds.to_str().ok()?.parse().ok())
        .map(Duration::from_secs)
}
