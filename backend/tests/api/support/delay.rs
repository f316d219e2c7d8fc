//! How long something took, printed. No test asserts it: the figures are the bench's.

use std::time::Instant;

pub struct Delay(Instant);

impl Delay {
    pub fn begins() -> Self {
        Self(Instant::now())
    }

    #[expect(clippy::print_stdout, reason = "a figure that the test command shows")]
    pub fn told(&self, what: &str) {
        println!("delay: {what}: {} ms", self.0.elapsed().as_millis());
    }
}
