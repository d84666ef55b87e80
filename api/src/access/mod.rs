//! Who is asking, and what they may see.
//!
//! Every request to the API passes [`guard`] once: it finds the caller behind the bearer token and keeps the rate limit of the route's
//! group. Handlers then ask for what they need: [`SignedIn`] for a person, [`ProjectScope`] for a project. There is no other way
//! to a project.

mod caller;
mod guard;
mod limits;
mod origin;
mod passwords;
mod scope;
mod tokens;

pub use caller::{Caller, SignedIn};
pub use guard::{Group, Payer, guard};
pub use limits::{Limits, Taken};
pub use origin::{is_same_origin, peer_of, require_same_origin};
pub use passwords::Passwords;
pub(crate) use passwords::{LENGTH_MAX as PASSWORD_LENGTH_MAX, LENGTH_MIN as PASSWORD_LENGTH_MIN};
pub use scope::{AsAdmin, AsMember, AsOwner, AsViewer, ProjectScope, Rank};
pub(crate) use scope::{membership, zone_of};
pub use tokens::{ACCESS_LIFE_MS, REFRESH_COOKIE, REFRESH_LIFE_MS, Secret, pair, refresh_cookie};
