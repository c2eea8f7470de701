//! The report as one page that needs no network: for each figure a plot of how it grows, and its rows.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::gates::{GATES, Held, about};
use super::report::{Row, short};

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 14.0;

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
h2 { margin: 2.5rem 0 0 } p { margin: .2rem 0 .6rem; color: #555 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } td, th { padding: .1rem .8rem; text-align: right }
td:first-child, th:first-child { text-align: left } .MISSED { color: #b00; font-weight: 600 } .goal, .held { color: #070 }
svg { display: block; max-width: 100% } text { font: 12px system-ui, sans-serif; fill: #555 }
";

pub fn write(rows: &[Row], machine: &str, file: &Path) -> Result<()> {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>liveset: figures</title>\n<style>{STYLE}</style>\n\
         <h1>liveset: figures</h1>\n<p>{}</p>\n<p>Every figure is measured in turns with its reference, in one run. Ratios are to be \
         trusted on a shared machine; times are not.</p>\n",
        escaped(machine)
    );
    let mut names: Vec<&str> = GATES.iter().map(|gate| gate.name).collect();
    names.extend(rows.iter().map(|row| row.name.as_str()));
    let mut done: Vec<&str> = Vec::new();
    for name in names {
        let mut of_it: Vec<&Row> = rows.iter().filter(|row| row.name == name).collect();
        of_it.sort_by_key(|row| row.size);
        if !done.contains(&name) && !of_it.is_empty() {
            done.push(name);
            section(&mut page, name, &of_it)?;
        }
    }
    page.push_str("</html>\n");
    fs::write(file, page).with_context(|| format!("cannot write {}", file.display()))
}

fn section(page: &mut String, name: &str, rows: &[&Row]) -> Result<()> {
    writeln!(page, "<h2>{}</h2>", escaped(name))?;
    if let Some(about) = about(name) {
        let reference = if about.reference.is_empty() { "nothing" } else { about.reference };
        writeln!(page, "<p>{}; beside: {}</p>", escaped(about.what), escaped(reference))?;
    }
    if rows.len() > 1 {
        plot(page, rows)?;
    }
    page.push_str("<table><tr><th>size<th>value<th>reference<th>ratio<th>gate<th></tr>\n");
    for row in rows {
        let number = |value: Option<f64>| value.map_or(String::new(), short);
        writeln!(
            page,
            "<tr><td>{}<td>{} {}<td>{}<td>{}<td>{}<td class=\"{verdict}\">{verdict}</tr>",
            row.size,
            short(row.value),
            escaped(&row.unit),
            number(row.reference),
            number(row.ratio),
            row.gate_text(),
            verdict = row.verdict(),
        )?;
    }
    page.push_str("</table>\n");
    Ok(())
}

/// Size against value, both in powers of ten: a straight line is a power law, a flat one no growth at all.
fn plot(page: &mut String, rows: &[&Row]) -> Result<()> {
    let gates =
        rows.iter().filter_map(|row| row.gate().filter(|gate| gate.held_to == Held::Value).map(|g| (row.size, g.gate)));
    let gates: Vec<(usize, f64)> = gates.collect();
    let subject: Vec<(usize, f64)> = rows.iter().map(|row| (row.size, row.value)).collect();
    let reference: Vec<(usize, f64)> = rows.iter().filter_map(|row| Some((row.size, row.reference?))).collect();
    let all = subject.iter().chain(&reference).chain(&gates).map(|&(_, value)| value.max(1e-6).log10());
    let low = all.clone().fold(f64::INFINITY, f64::min).floor();
    let high = all.fold(f64::NEG_INFINITY, f64::max).ceil().max(low + 1.0);
    let (first, last) = (rows[0].size as f64, rows[rows.len() - 1].size as f64);
    let x = |size: usize| LEFT + (size as f64 / first).log10() / (last / first).log10() * (WIDTH - LEFT - 16.0);
    let y = |value: f64| TOP + (high - value.max(1e-6).log10()) / (high - low) * (HEIGHT - TOP - BOTTOM);

    writeln!(page, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" role=\"img\">")?;
    for power in low as i32..=high as i32 {
        let (at, label) = (y(10f64.powi(power)), escaped(&format!("{} {}", 10f64.powi(power), rows[0].unit)));
        writeln!(page, "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>")?;
        writeln!(page, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", LEFT - 6.0, at + 4.0)?;
    }
    for row in rows {
        let (at, under) = (x(row.size), HEIGHT - 8.0);
        writeln!(page, "<text x=\"{at:.1}\" y=\"{under}\" text-anchor=\"middle\">{}</text>", row.size)?;
    }
    for (points, colour, dash) in [(&reference, "#999", "4 3"), (&subject, "#06c", "none")] {
        let line: Vec<String> = points.iter().map(|&(size, value)| format!("{:.1},{:.1}", x(size), y(value))).collect();
        let line = line.join(" ");
        writeln!(
            page,
            "<polyline points=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>"
        )?;
        for &(size, value) in points {
            let (x, y) = (x(size), y(value));
            writeln!(page, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>")?;
        }
    }
    for (size, gate) in gates {
        let (from, to, at) = (x(size) - 14.0, x(size) + 14.0, y(gate));
        writeln!(
            page,
            "<line x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#b00\" stroke-width=\"2\"/>"
        )?;
    }
    page.push_str("</svg>\n<p>blue: liveset; grey: the reference; red: the gate</p>\n");
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
