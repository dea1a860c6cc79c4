//! Nothing breaks the reader: mutated files, made-up trees and noise end in a scenario or in problems with places.
//!
//! Seeds are fixed, so a failure repeats; the input is printed. Bounded to about two seconds in a debug build.

use super::made::{self, Random};
use sickbay::scenario::file::{read, write};
use std::panic::catch_unwind;

/// Numbers and words at which readers break.
const EXTREMES: &[&str] = &[
    "-1",
    "0",
    "1e308",
    "-0.0",
    "18446744073709551616",
    "4294967296",
    "65536",
    "256",
    ".nan",
    ".inf",
    "1e-320",
    "9999999d",
    "1h1h1h",
    "100000000/s",
    "101%",
    "-5ms",
    "99999999Gi",
    "null",
    "~",
    "[]",
    "{}",
    "[[[[]]]]",
    "{a: {b: {c: d}}}",
    "\"\"",
    "*x",
    "&x 1",
    "!!int a",
    "<<",
    "''",
    "node 4294967296",
    "a -> ",
    "->",
    "a[99999999999]",
    "zones a",
    "true",
    "unbounded",
    "off",
    "on",
    "\u{feff}",
    "\u{0}",
];

/// Reads a text; panics with it if the reader does, or if a problem has no place.
fn try_read(text: &str) {
    let result = catch_unwind(|| read(text).map(|loaded| write(&loaded.scenario, &loaded.run)));
    let Ok(result) = result else { panic!("the reader panicked at:\n{text}\n({text:?})") };
    match result {
        Ok(written) => assert!(read(&written).is_ok(), "cannot be read back:\n{written}\nfrom:\n{text}"),
        Err(problems) => {
            let is_place = |place: &str| place.rsplit(':').take(2).all(|n| n.parse::<u32>().is_ok_and(|n| n > 0));
            let is_whole = problems.iter().all(|p| is_place(&p.place) && p.code.starts_with("E03") && !p.help.is_empty());
            assert!(is_whole && (1..=200).contains(&problems.len()), "{problems:#?}\n{text}");
        }
    }
}

#[test]
fn mutated_files_are_read_or_refused() {
    for seed in 0..60 {
        let random = &mut Random(seed);
        let size = 1 + random.below(4);
        let scenario = made::scenario(random, size);
        let text = write(&scenario, &made::run_defaults(random));
        for _ in 0..10 {
            let mut mutant = text.clone();
            for _ in 0..1 + random.below(3) {
                mutant = mutate(random, &mutant);
            }
            try_read(&mutant);
        }
    }
}

fn mutate(random: &mut Random, text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = random.below(lines.len());
    match random.below(5) {
        0 => {
            let mut bytes = text.as_bytes().to_vec();
            let at = random.below(bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        1 if !lines.is_empty() => {
            lines.remove(at);
        }
        2 if !lines.is_empty() => lines.insert(at, lines[random.below(lines.len())]),
        3 => return replace_word(random, text),
        _ => return text.chars().take(random.below(text.chars().count())).collect(),
    }
    lines.join("\n")
}

/// Puts an extreme in the place of a value.
fn replace_word(random: &mut Random, text: &str) -> String {
    let starts: Vec<usize> = text.match_indices(": ").map(|(at, sign)| at + sign.len()).collect();
    let Some(start) = starts.get(random.below(starts.len())).copied() else { return String::new() };
    let end = text[start..].find([',', '\n', ' ', '}', ']']).map_or(text.len(), |end| start + end);
    format!("{}{}{}", &text[..start], random.pick(EXTREMES), &text[end..])
}

#[test]
fn made_up_trees_are_read_or_refused() {
    for seed in 0..600 {
        let random = &mut Random(1_000 + seed);
        let mut text = String::from("sickbay: 1\n");
        for key in ["services", "cluster", "faults", "edits", "actions", "until", "seed", "slots"] {
            if random.below(3) > 0 {
                text.push_str(&format!("{key}: {}\n", tree(random, 4)));
            }
        }
        try_read(&text);
    }
}

/// Words that mean something somewhere.
const WORDS: &[&str] = &[
    "a",
    "b",
    "api",
    "calls",
    "to",
    "at",
    "set",
    "service",
    "edge",
    "cpu",
    "demand",
    "shape",
    "server",
    "codel",
    "workload",
    "changes",
    "kind",
    "target",
    "do",
    "steps",
    "endpoints",
    "name",
    "id",
    "restore",
    "as",
    "add",
    "with",
    "remove",
    "call",
    "redirect",
    "rename",
    "a -> b",
    "10ms",
    "5",
    "1s",
    "restart",
    "cpu_hog",
    "cached",
    "lock",
    "nodes",
    "zone",
    "zones",
    "arrivals",
    "mmpp",
    "rates",
    "budget",
];

fn tree(random: &mut Random, depth: usize) -> String {
    let word = |random: &mut Random| if random.below(4) > 0 { random.pick(WORDS) } else { random.pick(EXTREMES) };
    match random.below(if depth == 0 { 1 } else { 4 }) {
        0 => word(random).to_owned(),
        1 => {
            let items: Vec<String> = (0..random.below(4)).map(|_| tree(random, depth - 1)).collect();
            format!("[{}]", items.join(", "))
        }
        _ => {
            let entries: Vec<String> =
                (0..random.below(5)).map(|_| format!("{}: {}", random.pick(WORDS), tree(random, depth - 1))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[test]
fn noise_is_refused() {
    for seed in 0..400 {
        let random = &mut Random(9_000 + seed);
        let length = random.below(200);
        let signs = b"{}[]:,-&*!|>'\"%@` \n\t#?~<.=a1\\\x00\x7f\xc3\xa9";
        let bytes: Vec<u8> = (0..length).map(|_| if random.is() { random.pick(signs) } else { random.next() as u8 }).collect();
        let noise = String::from_utf8_lossy(&bytes).into_owned();
        try_read(&noise);
        try_read(&format!("sickbay: 1\nservices: {noise}"));
    }
}
