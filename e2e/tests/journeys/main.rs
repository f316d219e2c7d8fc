//! Journeys of people and devices through the whole system. One file per subject, one test per
//! sentence that must be true.

#[cfg(test)]
mod the_looking_eye;
