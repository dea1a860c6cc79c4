//! Quantities as Kubernetes and Compose write them. Every function yields `None` for text it cannot read and for values
//! that no machine has.

/// Most CPU of one instance, in millicores (1,024 cores).
const CPU_MILLICORES_MAX: f64 = 1_024_000.0;
/// Most memory of one instance, in MiB (16 TiB).
const MEMORY_MIB_MAX: f64 = 16.0 * 1024.0 * 1024.0;
/// Longest duration, in seconds (one day).
const SECONDS_MAX: f64 = 86_400.0;
const MIB: f64 = 1_048_576.0;

/// CPU in millicores: `100m`, `0.5`, `1`, `2e3m`.
pub(super) fn cpu_millicores(text: &str) -> Option<u32> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "" => 1_000.0,
        "m" => 1.0,
        "u" => 1e-3,
        "n" => 1e-6,
        "k" => 1e6,
        _ => return None,
    };
    let value = number * factor;
    (value > 0.0 && value <= CPU_MILLICORES_MAX).then(|| value.ceil() as u32)
}

/// Memory in MiB as Kubernetes writes it: `64Mi`, `1G` (decimal), `134217728`, `128974848000m`.
pub(super) fn memory_mib(text: &str) -> Option<f64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "" => 1.0,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => MIB,
        "Gi" => MIB * 1024.0,
        "Ti" => MIB * MIB,
        _ => return None,
    };
    in_range(number * factor / MIB)
}

/// Memory in MiB as Compose writes it: `300M`, `1gb`, `65536` (all units binary).
pub(super) fn compose_memory_mib(text: &str) -> Option<f64> {
    let (number, unit) = split(text)?;
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" | "ki" | "kib" => 1024.0,
        "m" | "mb" | "mi" | "mib" => MIB,
        "g" | "gb" | "gi" | "gib" => MIB * 1024.0,
        "t" | "tb" | "ti" | "tib" => MIB * MIB,
        _ => return None,
    };
    in_range(number * factor / MIB)
}

/// A duration in seconds: `20s`, `1m30s`, `500ms`, and a bare number as seconds.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let (mut rest, mut total) = (text.trim(), 0.0);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = number_prefix(rest)?;
        let unit_len = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_len);
        total += number
            * match unit {
                "us" | "µs" => 1e-6,
                "ms" => 1e-3,
                "s" | "" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = next;
    }
    (0.0..=SECONDS_MAX).contains(&total).then_some(total)
}

fn in_range(mib: f64) -> Option<f64> {
    (mib > 0.0 && mib <= MEMORY_MIB_MAX).then_some(mib)
}

/// A number and the unit behind it.
fn split(text: &str) -> Option<(f64, &str)> {
    let (number, unit) = number_prefix(text.trim())?;
    Some((number, unit.trim()))
}

/// The longest prefix that is a number: digits, one point, and an exponent if digits follow it.
fn number_prefix(text: &str) -> Option<(f64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let exponent = &text[digits..];
    let exponent_len = if exponent.starts_with(['e', 'E']) {
        let sign = usize::from(exponent[1..].starts_with(['+', '-']));
        let count = exponent[1 + sign..].chars().take_while(char::is_ascii_digit).count();
        if count > 0 { 1 + sign + count } else { 0 }
    } else {
        0
    };
    let (number, rest) = text.split_at(digits + exponent_len);
    let value: f64 = number.parse().ok()?;
    value.is_finite().then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_quantities_become_millicores() {
        let read: Vec<_> = ["100m", "0.5", "1", "1e-1", "2500000n"].iter().map(|t| cpu_millicores(t)).collect();
        assert_eq!(read, [Some(100), Some(500), Some(1000), Some(100), Some(3)]);
        for bad in ["", "m", "-1", "abc", "0", "1e300", "1 core", "NaN"] {
            assert_eq!(cpu_millicores(bad), None, "{bad}");
        }
    }

    #[test]
    fn memory_units_are_decimal_without_an_i_in_kubernetes_and_binary_in_compose() {
        assert_eq!((memory_mib("64Mi"), memory_mib("1Gi"), memory_mib("2048Ki")), (Some(64.0), Some(1024.0), Some(2.0)));
        assert_eq!(
            (memory_mib("134217728"), memory_mib("1e9"), memory_mib("1G")),
            (Some(128.0), memory_mib("1000M"), memory_mib("1e9"))
        );
        assert_eq!(
            (compose_memory_mib("300M"), compose_memory_mib("1gb"), compose_memory_mib("64k")),
            (Some(300.0), Some(1024.0), Some(0.0625))
        );
        assert_eq!((memory_mib("12Xi"), compose_memory_mib("lots"), memory_mib("0")), (None, None, None));
    }

    #[test]
    fn durations_add_up_their_parts() {
        assert_eq!(
            (seconds("20s"), seconds("1m30s"), seconds("500ms"), seconds("7")),
            (Some(20.0), Some(90.0), Some(0.5), Some(7.0))
        );
        assert_eq!((seconds("soon"), seconds(""), seconds("1y")), (None, None, None));
    }
}
