//! The page's address: which run a link opens. `#preset=boutique&seed=42&until=60` or `...&speed=2`.

use std::fmt;

/// What the fragment of the page's address asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    /// Preset: `boutique` or `seed`.
    pub preset: String,
    /// The run's seed.
    pub seed: u64,
    /// Runs to this second as fast as possible, then pauses.
    pub until_s: Option<u64>,
    /// Simulated seconds per wall second; 0 is as fast as possible.
    pub speed: Option<f64>,
}

impl Default for Address {
    fn default() -> Self {
        Self { preset: "boutique".to_owned(), seed: 42, until_s: None, speed: None }
    }
}

impl Address {
    /// Reads a fragment with or without `#`. Unknown keys and unreadable values are passed over: a link from an older
    /// or newer page opens what it can.
    pub fn parse(fragment: &str) -> Self {
        let mut address = Self::default();
        for (key, value) in fragment.trim_start_matches('#').split('&').filter_map(|pair| pair.split_once('=')) {
            match key {
                "preset" if !value.is_empty() => value.clone_into(&mut address.preset),
                "seed" => address.seed = value.parse().unwrap_or(address.seed),
                "until" => address.until_s = value.parse().ok(),
                "speed" if value == "max" => address.speed = Some(0.0),
                "speed" => address.speed = value.parse().ok().filter(|s: &f64| (0.0..=1000.0).contains(s)),
                _ => {}
            }
        }
        address
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#preset={}&seed={}", self.preset, self.seed)?;
        if let Some(until) = self.until_s {
            write!(f, "&until={until}")?;
        }
        self.speed.map_or(Ok(()), |speed| write!(f, "&speed={speed}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn a_link_says_which_run_it_opens() {
        let address = Address::parse("#preset=seed&seed=7&until=60&speed=max&colour=blue");
        assert_eq!(address, Address { preset: "seed".into(), seed: 7, until_s: Some(60), speed: Some(0.0) });
        assert_eq!(Address::parse(&address.to_string()), address);
    }

    #[test]
    fn an_unreadable_link_opens_the_default_run() {
        assert_eq!(Address::parse("#seed=minus&&=&speed=-3"), Address::default());
    }
}
