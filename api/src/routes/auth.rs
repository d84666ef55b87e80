//! Signing up, in and out. The access token goes to the page's memory, the refresh token to a cookie that scripts cannot read.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use gosight_store::meta::{NewUser, Refresh, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::checks;
use crate::access::{
    ACCESS_LIFE_MS, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, REFRESH_COOKIE, Secret, SignedIn, pair, peer_of,
    refresh_cookie, require_same_origin,
};
use crate::{Answer, Api, ApiError, Body, Envelope, Iso};

const EXPIRES_IN_S: i64 = ACCESS_LIFE_MS / 1000;

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    id: Uuid,
    email: String,
    name: String,
    /// Was the first to register.
    is_installation_owner: bool,
    created_at: Iso,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            is_installation_owner: user.is_installation_owner,
            created_at: Iso(user.created_at_ms),
        }
    }
}

/// A new access token. The refresh token came along as a cookie.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    expires_in_s: i64,
    user: UserView,
}

/// What a stranger may know about the installation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetupView {
    /// Nobody has registered yet: whoever does becomes the owner.
    needs_owner: bool,
    /// A refresh cookie came along with this request. Without one, asking for a token is in vain; with one, the answer tells.
    has_refresh_cookie: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterBody {
    email: String,
    password: String,
    /// For people; the address when absent.
    name: Option<String>,
    /// Needed by everyone but the first.
    invitation_token: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    email: String,
    password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    current_password: String,
    new_password: String,
}

type SignedInAnswer = ([(HeaderName, String); 1], Answer<TokenView>);

/// Whether the installation waits for its first person, and whether this browser may be signed in
#[utoipa::path(get, path = "/auth/setup", operation_id = "get_setup", tag = "auth", security(()), responses((status = 200, body = Envelope<SetupView>)))]
pub(crate) async fn setup(State(api): State<Api>, headers: HeaderMap) -> Result<Answer<SetupView>, ApiError> {
    Ok(Answer::new(SetupView {
        needs_owner: !api.meta().has_users().await?,
        has_refresh_cookie: refresh_token(&headers).is_some(),
    }))
}

/// Register: the first person becomes the owner, later ones need an invitation
#[utoipa::path(post, path = "/auth/register", operation_id = "register", tag = "auth", security(()), request_body = RegisterBody,
    responses((status = 201, body = Envelope<TokenView>)))]
pub(crate) async fn register(State(api): State<Api>, request: Request) -> Result<SignedInAnswer, ApiError> {
    let (throttle, body) = Throttle::read::<RegisterBody>(&api, request, |body| &body.email).await?;
    let email = checks::email(&body.email)?;
    require_password("password", &body.password)?;
    let name = checks::name("name", body.name.as_deref().unwrap_or(&email))?;
    if body.invitation_token.is_none() && api.meta().has_users().await? {
        return Err(ApiError::Forbidden("registration is by invitation"));
    }
    let password_hash = api.passwords().hash(body.password).await?;
    let new = NewUser {
        email: &email,
        name: &name,
        password_hash: &password_hash,
    };
    let user = match &body.invitation_token {
        None => api.meta().create_first_user(new, api.now_ms()).await?,
        Some(token) => {
            api.meta()
                .create_invited_user(new, &Secret::sha256_of(token), api.now_ms())
                .await?
        }
    };
    throttle.forgive(&api);
    sign_in(&api, user, StatusCode::CREATED).await
}

/// Sign in
#[utoipa::path(post, path = "/auth/login", operation_id = "login", tag = "auth", security(()), request_body = LoginBody,
    responses((status = 200, body = Envelope<TokenView>)))]
pub(crate) async fn login(State(api): State<Api>, request: Request) -> Result<SignedInAnswer, ApiError> {
    let (throttle, body) = Throttle::read::<LoginBody>(&api, request, |body| &body.email).await?;
    let found = match checks::email(&body.email) {
        Ok(email) => api.meta().user_for_login(&email).await?,
        Err(_) => None,
    };
    let (user, stored) = found.unzip();
    let matches = body.password.len() <= PASSWORD_LENGTH_MAX && api.passwords().verify(body.password, stored).await?;
    match user {
        Some(user) if matches => {
            throttle.forgive(&api);
            sign_in(&api, user, StatusCode::OK).await
        }
        _ => Err(ApiError::Unauthorized("wrong e-mail address or password")),
    }
}

/// Exchange the refresh cookie for a new access token; each cookie works once
#[utoipa::path(post, path = "/auth/refresh", operation_id = "refresh", tag = "auth", security(()), responses((status = 200, body = Envelope<TokenView>)))]
pub(crate) async fn refresh(State(api): State<Api>, headers: HeaderMap, uri: Uri) -> Response {
    match exchanged(&api, &headers, &uri).await {
        Ok(answer) => answer.into_response(),
        // A cookie that opens nothing is taken away, so that no page asks with it again.
        Err(error @ ApiError::Unauthorized(_)) => (set_refresh_cookie(&api, ""), error).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn exchanged(api: &Api, headers: &HeaderMap, uri: &Uri) -> Result<SignedInAnswer, ApiError> {
    require_same_origin(api, headers, uri)?;
    let token = refresh_token(headers).ok_or(ApiError::Unauthorized("sign in first"))?;
    let now_ms = api.now_ms();
    let (access, fresh, stored) = pair(now_ms)?;
    match api
        .meta()
        .refresh_login(&Secret::sha256_of(token), &stored, now_ms)
        .await?
    {
        Refresh::Rotated(login) => {
            let user = api.meta().user(login.user_id).await?;
            Ok(tokens(api, access, &fresh, user, StatusCode::OK))
        }
        Refresh::Reused => {
            tracing::warn!("a used refresh token came again; its sign-in was ended");
            Err(ApiError::Unauthorized("this sign-in has ended"))
        }
        Refresh::Refused => Err(ApiError::Unauthorized("this sign-in has ended")),
    }
}

/// Sign out: every token of this sign-in ends on the server
#[utoipa::path(post, path = "/auth/logout", operation_id = "logout", tag = "auth", security(()), responses((status = 200, body = Envelope<serde_json::Value>)))]
pub(crate) async fn logout(
    State(api): State<Api>,
    signed_in: Option<SignedIn>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<([(HeaderName, String); 1], Answer<serde_json::Value>), ApiError> {
    require_same_origin(&api, &headers, &uri)?;
    if let Some(SignedIn(login)) = signed_in {
        api.meta().end_login(login.login_id, api.now_ms()).await?;
    }
    if let Some(token) = refresh_token(&headers) {
        api.meta()
            .end_login_of_refresh_token(&Secret::sha256_of(token), api.now_ms())
            .await?;
    }
    Ok((set_refresh_cookie(&api, ""), Answer::new(serde_json::json!({}))))
}

/// Who am I
#[utoipa::path(get, path = "/auth/me", operation_id = "get_me", tag = "auth", responses((status = 200, body = Envelope<UserView>)))]
pub(crate) async fn me(State(api): State<Api>, SignedIn(login): SignedIn) -> Result<Answer<UserView>, ApiError> {
    Ok(Answer::new(api.meta().user(login.user_id).await?.into()))
}

/// Change the password: every other sign-in of this person ends
#[utoipa::path(post, path = "/auth/password", operation_id = "change_password", tag = "auth", request_body = PasswordBody,
    responses((status = 200, body = Envelope<TokenView>)))]
pub(crate) async fn change_password(
    State(api): State<Api>,
    SignedIn(login): SignedIn,
    Body(body): Body<PasswordBody>,
) -> Result<SignedInAnswer, ApiError> {
    require_password("new_password", &body.new_password)?;
    let user = api.meta().user(login.user_id).await?;
    let throttle = Throttle::take_account(&api, &user.email)?;
    let stored = api.meta().password_hash(login.user_id).await?;
    if !api.passwords().verify(body.current_password, Some(stored)).await? {
        return Err(ApiError::Forbidden("the current password is wrong"));
    }
    throttle.forgive(&api);
    let password_hash = api.passwords().hash(body.new_password).await?;
    api.meta()
        .set_password(login.user_id, &password_hash, api.now_ms())
        .await?;
    sign_in(&api, user, StatusCode::OK).await
}

async fn sign_in(api: &Api, user: User, status: StatusCode) -> Result<SignedInAnswer, ApiError> {
    let now_ms = api.now_ms();
    let (access, fresh, stored) = pair(now_ms)?;
    api.meta().start_login(user.id, &stored, now_ms).await?;
    Ok(tokens(api, access, &fresh, user, status))
}

fn tokens(api: &Api, access: Secret, fresh: &Secret, user: User, status: StatusCode) -> SignedInAnswer {
    let view = TokenView {
        access_token: access.0,
        expires_in_s: EXPIRES_IN_S,
        user: user.into(),
    };
    (set_refresh_cookie(api, &fresh.0), Answer::new(view).status(status))
}

fn set_refresh_cookie(api: &Api, token: &str) -> [(HeaderName, String); 1] {
    let is_https = api.config().public_url.starts_with("https://");
    [(header::SET_COOKIE, refresh_cookie(token, is_https))]
}

fn refresh_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == REFRESH_COOKIE && !value.is_empty()).then_some(value))
}

fn require_password(field: &str, password: &str) -> Result<(), ApiError> {
    if password.chars().count() < PASSWORD_LENGTH_MIN {
        return Err(ApiError::invalid(
            field,
            format!("must have at least {PASSWORD_LENGTH_MIN} characters"),
        ));
    }
    if password.len() > PASSWORD_LENGTH_MAX {
        return Err(ApiError::invalid(
            field,
            format!("must have at most {PASSWORD_LENGTH_MAX} bytes"),
        ));
    }
    Ok(())
}

/// One attempt to sign in, taken from what the address and the account have left this minute. A right password gives it back: people
/// who sign in are not whom this is for.
struct Throttle {
    address: Option<std::net::IpAddr>,
    account: String,
}

impl Throttle {
    /// Reads the body of an attempt; taking the address' token first, so that bodies are not read for who has none left.
    async fn read<T: serde::de::DeserializeOwned>(
        api: &Api,
        request: Request,
        account_of: impl FnOnce(&T) -> &String,
    ) -> Result<(Self, T), ApiError> {
        use axum::extract::FromRequest;
        let (parts, body) = request.into_parts();
        let address = peer_of(api, &parts);
        let taken = api.sign_ins_by_address().take(&address, Instant::now());
        if !taken.is_allowed {
            return Err(ApiError::RateLimited {
                retry_after_s: taken.retry_after_s,
            });
        }
        let Body(body) = Body::<T>::from_request(Request::from_parts(parts, body), api).await?;
        let mut throttle = Self::take_account(api, account_of(&body))?;
        throttle.address = Some(address);
        Ok((throttle, body))
    }

    fn take_account(api: &Api, account: &str) -> Result<Self, ApiError> {
        // The digest keeps a bucket's key small, whatever was sent as an address.
        let account = hex::encode(Secret::sha256_of(&account.trim().to_lowercase()));
        let taken = api.sign_ins_by_account().take(&account, Instant::now());
        if !taken.is_allowed {
            return Err(ApiError::RateLimited {
                retry_after_s: taken.retry_after_s,
            });
        }
        Ok(Self { address: None, account })
    }

    fn forgive(self, api: &Api) {
        let now = Instant::now();
        api.sign_ins_by_account().give_back(&self.account, now);
        if let Some(address) = self.address {
            api.sign_ins_by_address().give_back(&address, now);
        }
    }
}
