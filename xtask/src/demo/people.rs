//! Who can sign in.

use crate::{
    failure::{Failure, While},
    http::Client,
};
use serde_json::Value;
use std::io;

pub struct Person {
    pub login: String,
    pub password: String,
    pub name: String,
    /// As on the wire: `charge_nurse`.
    pub role: String,
    pub organisation: String,
}

pub fn ask(client: &Client) -> io::Result<Vec<Person>> {
    let people = client.get("/api/v1/demo/people")?;
    Ok(people
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(person)
        .collect())
}

fn person(value: &Value) -> Option<Person> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Person {
        login: text("login")?,
        password: text("password")?,
        name: text("name")?,
        role: text("role")?,
        organisation: text("organisation")?,
    })
}

pub fn print_table(port: u16) -> Result<(), Failure> {
    let people = ask(&Client::of_port(port)).while_doing("asking who can sign in")?;
    println!("{}", table(&people));
    Ok(())
}

fn table(people: &[Person]) -> String {
    let rows: Vec<[String; 5]> = people
        .iter()
        .map(|person| {
            [
                person.login.clone(),
                person.password.clone(),
                person.name.clone(),
                person.role.replace('_', " "),
                person.organisation.clone(),
            ]
        })
        .collect();
    let heads = ["login", "password", "name", "role", "organisation"].map(str::to_owned);
    let mut widths = [0_usize; 5];
    for row in rows.iter().chain([&heads]) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut table = String::new();
    for row in [&heads].into_iter().chain(&rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        table.push_str(&format!("  {}\n", cells.join("  ").trim_end()));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let person = |login: &str, role: &str| Person {
            login: login.to_owned(),
            password: "demo".to_owned(),
            name: "Rashida Amadi".to_owned(),
            role: role.to_owned(),
            organisation: "Northgate General".to_owned(),
        };
        let table = table(&[
            person("rashida.amadi", "nurse"),
            person("louise.brandt", "charge_nurse"),
        ]);
        let columns: Vec<_> = table.lines().skip(1).map(|line| line.find("Northgate")).collect();
        assert_eq!(columns.first(), columns.get(1));
        assert!(table.contains("charge nurse"), "{table}");
    }
}
