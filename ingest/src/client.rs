//! From a user agent to a browser, an operating system and a kind of device.

use std::sync::Arc;

use gosight_proto::record::Client;
use quick_cache::sync::Cache;
use woothee::{parser::Parser, woothee::VALUE_UNKNOWN};

/// User agents remembered; each is at most 1 KiB.
const REMEMBERED_MAX: usize = 4096;

/// What is not known, in words a chart can show.
const OTHER: &str = "other";

pub(crate) struct Clients {
    parser: Parser,
    remembered: Cache<String, Arc<Client>>,
}

impl Clients {
    pub(crate) fn new() -> Self {
        Self {
            parser: Parser::new(),
            remembered: Cache::new(REMEMBERED_MAX),
        }
    }

    /// The client of this user agent; none when it is not recognised.
    pub(crate) fn recognise(&self, user_agent: &str) -> Option<Arc<Client>> {
        if let Some(client) = self.remembered.get(user_agent) {
            return Some(client);
        }
        let client = Arc::new(parse(&self.parser, user_agent)?);
        self.remembered.insert(user_agent.to_owned(), client.clone());
        Some(client)
    }
}

/// The client of a user agent nobody knows.
pub(crate) fn unrecognised() -> Client {
    Client {
        browser: OTHER.to_owned(),
        browser_version: String::new(),
        os: OTHER.to_owned(),
        device_type: OTHER.to_owned(),
    }
}

fn parse(parser: &Parser, user_agent: &str) -> Option<Client> {
    let known = parser.parse(user_agent).filter(|known| known.name != VALUE_UNKNOWN)?;
    let or = |word: &str, otherwise: &str| if word == VALUE_UNKNOWN { otherwise } else { word }.to_owned();
    Some(Client {
        browser: or(known.name, OTHER),
        browser_version: or(known.version, ""),
        os: or(os(known.os), OTHER),
        device_type: device_type(known.category, user_agent).to_owned(),
    })
}

/// The system's own name; woothee names some after the device.
fn os(os: &str) -> &str {
    match os {
        "iPhone" | "iPad" | "iPod" | "iOS" => "iOS",
        "Mac OSX" => "macOS",
        name if name.starts_with("Windows Phone") => "Windows Phone",
        name if name.starts_with("Windows") => "Windows",
        name => name,
    }
}

fn device_type(category: &str, user_agent: &str) -> &'static str {
    let has = |word: &str| user_agent.contains(word);
    match category {
        "crawler" => "bot",
        // A tablet says so, or is an Android that does not say it is mobile.
        "pc" | "smartphone" if has("iPad") || has("Tablet") || has("Android") && !has("Mobile") => "tablet",
        "pc" => "desktop",
        "smartphone" | "mobilephone" => "mobile",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_recognised() {
        let cases = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                ["Chrome", "131.0.0.0", "Windows", "desktop"],
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
                ["Safari", "17.4", "iOS", "mobile"],
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
                ["Safari", "17.4", "iOS", "tablet"],
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
                ["Chrome", "131.0.0.0", "Android", "mobile"],
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-X910) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                ["Chrome", "131.0.0.0", "Android", "tablet"],
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0",
                ["Firefox", "133.0", "macOS", "desktop"],
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                ["Edge", "131.0.0.0", "Linux", "desktop"],
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
                ["Chrome", "131.0.0.0", "Linux", "desktop"],
            ),
        ];
        let clients = Clients::new();
        for (user_agent, expected) in cases {
            let client = clients.recognise(user_agent).unwrap();
            assert_eq!(
                [
                    &client.browser,
                    &client.browser_version,
                    &client.os,
                    &client.device_type
                ],
                expected
            );
        }
    }

    #[test]
    fn crawlers_are_bots_and_nonsense_is_nobody() {
        let clients = Clients::new();
        let crawler = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
        assert_eq!(clients.recognise(crawler).unwrap().device_type, "bot");
        assert!(clients.recognise("").is_none());
        assert!(clients.recognise("nonsense").is_none());
    }
}
