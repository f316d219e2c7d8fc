//! `fdatasync` on the file system that holds the data folder: what one promise of durability costs
//! there and then. Each sync follows 16 KiB of new bytes, about what a group of frames weighs. Nothing
//! else of the bench runs meanwhile, so it is the disk's best, not its time under load.

use std::{fs::File, io::Write, path::Path, time::Instant};

use crate::{
    failure::{Failure, Step},
    quantiles::Delays,
};

const GROUP: [u8; 16 * 1024] = [0x5a; 16 * 1024];

pub async fn measure(folder: &Path, syncs: usize) -> Result<Delays, Failure> {
    let path = folder.join("ruler.fdatasync");
    let measuring = tokio::task::spawn_blocking(move || {
        let mut file = File::create(&path)?;
        let mut delays = Delays::default();
        for _ in 0..syncs {
            file.write_all(&GROUP)?;
            let started = Instant::now();
            file.sync_data()?;
            delays.push(started.elapsed());
        }
        std::fs::remove_file(&path)?;
        Ok::<_, std::io::Error>(delays)
    });
    measuring
        .await
        .step("run the fdatasync ruler")?
        .step("sync the ruler's file")
}
