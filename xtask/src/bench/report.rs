//! What was measured, as a table, as `report.json`, and for the page.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::gates::{Gate, Held, gate_of};

/// One figure at one size.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    pub size: usize,
    pub value: f64,
    pub unit: String,
    pub reference: Option<f64>,
    pub ratio: Option<f64>,
}

impl Row {
    /// A row as measuring programs print it.
    pub fn read(line: &str) -> Result<Row> {
        let read: Value = serde_json::from_str(line).with_context(|| format!("no figure: {line}"))?;
        let field = |name: &str| read.get(name).with_context(|| format!("{name} is missing in {line}"));
        Ok(Row {
            name: field("name")?.as_str().context("name is no text")?.to_owned(),
            size: field("size")?.as_u64().context("size is no number")? as usize,
            value: field("value")?.as_f64().context("value is no number")?,
            unit: field("unit")?.as_str().context("unit is no text")?.to_owned(),
            reference: read["reference"].as_f64(),
            ratio: read["ratio"].as_f64(),
        })
    }

    pub fn gate(&self) -> Option<&'static Gate> {
        gate_of(&self.name, self.size)
    }

    /// What its gate bounds.
    pub fn bounded(&self, gate: &Gate) -> f64 {
        match gate.held_to {
            Held::Ratio => self.ratio.unwrap_or(f64::INFINITY),
            Held::Value => self.value,
        }
    }

    /// Whether it holds its gate; none where it has none at this size.
    pub fn holds(&self) -> Option<bool> {
        self.gate().map(|gate| self.bounded(gate) <= gate.gate)
    }

    pub fn verdict(&self) -> &'static str {
        match self.gate() {
            None => "",
            Some(gate) if self.bounded(gate) <= gate.goal => "goal",
            Some(gate) if self.bounded(gate) <= gate.gate => "held",
            Some(_) => "MISSED",
        }
    }

    /// Its gate, with what it bounds.
    pub fn gate_text(&self) -> String {
        self.gate().map_or(String::new(), |gate| match gate.held_to {
            Held::Ratio => format!("{} x", gate.gate),
            Held::Value => format!("{} {}", gate.gate, self.unit),
        })
    }
}

pub fn print(rows: &[Row]) {
    println!(
        "{:<16} {:>10} {:>12} {:<2} {:>12} {:>8} {:>9} {:<7}",
        "figure", "size", "value", "", "reference", "ratio", "gate", "verdict"
    );
    for row in rows {
        let number = |value: Option<f64>| value.map_or(String::new(), short);
        println!(
            "{:<16} {:>10} {:>12} {:<2} {:>12} {:>8} {:>9} {:<7}",
            row.name,
            row.size,
            short(row.value),
            row.unit,
            number(row.reference),
            number(row.ratio),
            row.gate_text(),
            row.verdict(),
        );
    }
}

pub fn write(rows: &[Row], file: &Path) -> Result<()> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "size": row.size,
                "value": row.value,
                "unit": row.unit,
                "reference": row.reference,
                "ratio": row.ratio,
                "gate": row.gate().map(|gate| gate.gate),
                "holds": row.holds(),
            })
        })
        .collect();
    fs::write(file, format!("{:#}\n", Value::Array(rows))).with_context(|| format!("cannot write {}", file.display()))
}

/// Three digits that count.
pub fn short(value: f64) -> String {
    let digits = if value == 0.0 { 0 } else { (2 - value.abs().log10().floor() as i32).clamp(0, 6) };
    format!("{value:.*}", digits as usize)
}
