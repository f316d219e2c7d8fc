//! Journeys of people and devices through the whole system. One file per subject, one test per
//! sentence that must be true.

#[cfg(test)]
mod a_recording;
#[cfg(test)]
mod accessibility;
#[cfg(test)]
mod alarms;
#[cfg(test)]
mod audiences;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod emergency;
#[cfg(test)]
mod hostile_input;
#[cfg(test)]
mod lost_lines;
#[cfg(test)]
mod own_privacy;
#[cfg(test)]
mod passkeys;
#[cfg(test)]
mod people;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod the_bed_drawer;
#[cfg(test)]
mod the_canary;
#[cfg(test)]
mod the_looking_eye;
#[cfg(test)]
mod ward_screen;
#[cfg(test)]
mod who_may_what;
