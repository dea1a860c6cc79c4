//! The constants of `tests/digests.txt`, and the checks that every build must pass. Compiled natively and as wasm.

use sickbay::{math, rng};

const FILE: &str = include_str!("../digests.txt");

/// A constant by its name: lines are `name 0123456789abcdef`, `#` begins a comment.
fn expected(name: &str) -> u64 {
    let value = FILE.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let digits = value.unwrap_or_else(|| panic!("tests/digests.txt has no line for `{name}`"));
    u64::from_str_radix(digits.trim(), 16).expect("a digest is 16 hexadecimal digits")
}

fn agree(name: &str, digest: u64) {
    let expected = expected(name);
    assert_eq!(
        digest, expected,
        "`{name}`: this build gives {digest:016x}, tests/digests.txt says {expected:016x}. If all builds agree on the new \
         value and the change was meant, write it there; if only some builds differ, something in the core is not deterministic."
    );
}

/// Every sampler and every function of `math` over many inputs, folded bit by bit.
pub fn check_maths() {
    let mut digest = 0_u64;
    for key in 0..20_000_u64 {
        let key = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let p = rng::uniform(key);
        let values = [
            rng::exponential(key),
            rng::lognormal(key, 0.5),
            math::ln(p + 0.001),
            math::exp(p * 20.0 - 10.0),
            math::pow(p, 2.5),
            math::normal_quantile(p.clamp(0.001, 0.999)),
        ];
        for value in values {
            digest = digest.rotate_left(5) ^ value.to_bits().wrapping_mul(0x0100_0000_01b3);
        }
    }
    agree("maths", digest);
}
