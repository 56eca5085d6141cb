//! What providers take for their models.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use super::value::Unusable;

const WANTED: &str = "prices for a million tokens read and written, such as openai/gpt-5=1.25/10, anthropic/*=3/15";

/// What is said for "every other model of this provider".
const EVERY_OTHER: &str = "*";

/// Prices by provider and model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prices(Vec<Price>);

#[derive(Debug, Clone, PartialEq)]
struct Price {
    provider: String,
    model: String,
    /// For a million tokens, which makes it the millionths that one costs.
    input: f64,
    output: f64,
}

impl Prices {
    /// What so many tokens cost, in millionths of the currency, rounded up. None: the model has no price.
    pub fn micros(&self, provider: &str, model: &str, input_tokens: i64, output_tokens: i64) -> Option<i64> {
        let of = |wanted: &str| self.0.iter().find(|price| price.provider == provider && price.model == wanted);
        let price = of(model).or_else(|| of(EVERY_OTHER))?;
        let micros = input_tokens as f64 * price.input + output_tokens as f64 * price.output;
        Some(micros.ceil() as i64)
    }
}

impl FromStr for Prices {
    type Err = Unusable;

    fn from_str(text: &str) -> Result<Self, Unusable> {
        let error = || Unusable::new(text, WANTED);
        let price = |item: &str| {
            let (name, prices) = item.rsplit_once('=')?;
            let (provider, model) = name.split_once('/')?;
            let (input, output) = prices.split_once('/')?;
            let amount = |text: &str| text.trim().parse().ok().filter(|price: &f64| (0.0..=1e9).contains(price));
            let (provider, model) = (provider.trim().to_owned(), model.trim().to_owned());
            let is_named = !provider.is_empty() && !model.is_empty();
            is_named.then_some(Price { provider, model, input: amount(input)?, output: amount(output)? })
        };
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(|item| price(item).ok_or_else(error)).collect::<Result<_, _>>().map(Self)
    }
}

impl<'de> Deserialize<'de> for Prices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_own_price_comes_before_that_of_all_others() {
        let prices: Prices = "openai/gpt-5=1.25/10, openai/meta/llama=0/0, anthropic/*=3/15".parse().unwrap();
        assert_eq!(prices.micros("openai", "gpt-5", 1_000_000, 1_000_000), Some(11_250_000));
        assert_eq!(prices.micros("openai", "gpt-5", 1, 0), Some(2), "rounded up");
        assert_eq!(prices.micros("openai", "meta/llama", 9, 9), Some(0));
        assert_eq!(prices.micros("anthropic", "claude", 0, 2), Some(30));
        assert_eq!(prices.micros("openai", "other", 1, 1), None);
    }

    #[test]
    fn a_price_that_cannot_be_read_is_refused() {
        for text in [
            "gpt-5=1/2",
            "openai/gpt-5",
            "openai/gpt-5=1",
            "openai/gpt-5=1/x",
            "openai/=1/2",
            "openai/a=-1/2",
            "a/b=1/NaN",
        ] {
            assert!(text.parse::<Prices>().is_err(), "{text}");
        }
    }
}
