use std::fmt;
use url::Url;

/// Where a ClickHouse listens and how to sign in: the embedded engine or a server of one's own.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// `http://host:port`, without credentials.
    pub url: String,
    pub user: String,
    pub password: String,
    /// The database to use; made by the migrations when missing.
    pub database: String,
}

/// The database when the URL names none.
pub(super) const DATABASE: &str = "gosight";

#[derive(Debug, thiserror::Error)]
#[error("CLICKHOUSE_URL must look like http://user:password@host:8123/database: {0}")]
pub struct ServerError(String);

impl Server {
    /// Reads `http://user:password@host:port/database`.
    pub fn from_url(text: &str) -> Result<Self, ServerError> {
        let url = Url::parse(text).map_err(|error| ServerError(error.to_string()))?;
        if url.scheme() != "http" {
            return Err(ServerError(format!("the scheme is {}", url.scheme())));
        }
        let host = url
            .host_str()
            .ok_or_else(|| ServerError("there is no host".to_owned()))?;
        let database = match url.path().trim_matches('/') {
            "" => DATABASE,
            name => name,
        };
        if !database.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(ServerError(format!("{database} is no plain database name")));
        }
        let user = if url.username().is_empty() {
            "default"
        } else {
            url.username()
        };
        Ok(Self {
            url: format!("http://{host}:{}", url.port().unwrap_or(8123)),
            user: decode(user)?,
            password: decode(url.password().unwrap_or_default())?,
            database: database.to_owned(),
        })
    }

    /// Whether it is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.url.starts_with("http://127.0.0.1:") || self.url.starts_with("http://localhost:")
    }
}

fn decode(part: &str) -> Result<String, ServerError> {
    let pair = format!("p={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .ok_or_else(|| ServerError("the credentials are unreadable".to_owned()))
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}@{}/{})", self.user, self.url, self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_gives_address_credentials_and_database() {
        let server = Server::from_url("http://me:p%40ss+1@db.example:8124/stats").unwrap();
        let expected = ("http://db.example:8124", "me", "p@ss+1", "stats");
        assert_eq!(
            (&*server.url, &*server.user, &*server.password, &*server.database),
            expected
        );
    }

    #[test]
    fn what_is_left_out_is_clickhouse_s_own_default() {
        let server = Server::from_url("http://localhost").unwrap();
        assert_eq!(
            (&*server.url, &*server.user, &*server.database),
            ("http://localhost:8123", "default", "gosight")
        );
    }

    #[test]
    fn a_database_name_with_anything_odd_in_it_is_refused() {
        assert!(Server::from_url("http://localhost/a%60b").is_err());
        assert!(Server::from_url("tcp://localhost").is_err());
    }

    #[test]
    fn a_password_never_shows_in_a_log() {
        assert!(!format!("{:?}", Server::from_url("http://me:secret@h/d").unwrap()).contains("secret"));
    }
}
