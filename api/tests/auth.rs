//! Signing up, in and out.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod common;

use common::{EMAIL, Installation, PASSWORD, from, token_of};
use gosight_store::meta::Role;
use reqwest::{Method, StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn the_first_to_register_owns_the_installation_and_nobody_follows_uninvited() {
    let it = Installation::empty().await;
    assert_eq!(
        it.send(Method::GET, "/auth/setup", None, None).await.data()["needs_owner"],
        true
    );
    let body = json!({ "email": "First@Example.com", "password": PASSWORD, "name": "First" });
    let first = it.send(Method::POST, "/auth/register", None, Some(body)).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let me = it.get("/auth/me", &token_of(&first)).await;
    assert_eq!(
        (
            me.data()["email"].as_str(),
            me.data()["is_installation_owner"].as_bool()
        ),
        (Some("first@example.com"), Some(true))
    );
    assert_eq!(
        it.send(Method::GET, "/auth/setup", None, None).await.data()["needs_owner"],
        false
    );

    let second = json!({ "email": "second@example.com", "password": PASSWORD });
    let refused = it.send(Method::POST, "/auth/register", None, Some(second)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "FORBIDDEN"));
}

#[tokio::test]
async fn an_invitation_makes_a_member_once() {
    let it = Installation::ready().await;
    let owner = it.owner().await;
    let ann = it.invited(common::PROJECT, "ann@example.com", "viewer").await;
    let projects = it.get("/projects", &ann).await;
    assert_eq!(projects.data()[0]["role"], "viewer");
    let invitation = it
        .post(
            "/projects/main/invitations",
            &owner,
            json!({ "email": "bob@example.com", "role": "member" }),
        )
        .await;
    let token = invitation.data()["token"].clone();
    for (email, status) in [
        ("eve@example.com", StatusCode::NOT_FOUND),
        ("bob@example.com", StatusCode::CREATED),
        ("bob@example.com", StatusCode::NOT_FOUND),
    ] {
        let body = json!({ "email": email, "password": PASSWORD, "invitation_token": token });
        let answer = it.send(Method::POST, "/auth/register", None, Some(body)).await;
        assert_eq!(answer.status, status, "{email}");
    }
}

#[tokio::test]
async fn a_person_with_an_account_accepts_an_invitation_signed_in() {
    let it = Installation::ready().await;
    let ann = it.invited(common::PROJECT, "ann@example.com", "viewer").await;
    let owner = it.owner().await;
    it.post("/projects", &owner, json!({ "name": "Blog", "slug": "blog" }))
        .await;
    let invitation = it
        .post(
            "/projects/blog/invitations",
            &owner,
            json!({ "email": "ann@example.com", "role": "admin" }),
        )
        .await;
    let body = json!({ "token": invitation.data()["token"] });
    assert_eq!(
        it.post("/invitations/accept", &owner, body.clone()).await.code(),
        "NOT_FOUND"
    );
    assert_eq!(
        it.post("/invitations/accept", &ann, body.clone()).await.data()["role"],
        "admin"
    );
    assert_eq!(it.post("/invitations/accept", &ann, body).await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn signing_in_needs_the_right_password() {
    let it = Installation::ready().await;
    let answer = it.login("OWNER@example.com", PASSWORD).await;
    assert!(answer.data()["expires_in_s"].as_i64().unwrap() <= 3600);
    assert_eq!(it.get("/auth/me", &token_of(&answer)).await.data()["email"], EMAIL);
    let wrong = it.login(EMAIL, "incorrect horse").await;
    let unknown = it.login("nobody@example.com", PASSWORD).await;
    assert_eq!(
        (wrong.status, unknown.status),
        (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        wrong.body, unknown.body,
        "an answer must not tell which addresses have accounts"
    );
    assert_eq!(it.get("/auth/me", "gsa_nonsense").await.code(), "UNAUTHORIZED");
}

#[tokio::test]
async fn the_refresh_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let it = Installation::ready().await;
    let set = it.login(EMAIL, PASSWORD).await.headers[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/auth", "Max-Age="] {
        assert!(set.contains(part), "{set}");
    }
    assert!(
        !set.contains("Secure"),
        "over plain HTTP a Secure cookie would never come back: {set}"
    );
}

#[tokio::test]
async fn a_page_learns_whether_a_refresh_is_worth_asking_for() {
    let it = Installation::ready().await;
    let has_cookie = async |cookie: &str| {
        let answer = it
            .send_with(Method::GET, "/auth/setup", None, None, &[("cookie", cookie)])
            .await;
        answer.data()["has_refresh_cookie"].as_bool().unwrap()
    };
    assert!(!has_cookie("").await && !has_cookie("theme=dark").await);
    let cookie = it.login(EMAIL, PASSWORD).await.cookie();
    assert!(has_cookie(&cookie).await);
    assert!(
        !has_cookie(cookie.split_inclusive('=').next().unwrap()).await,
        "as after signing out"
    );
}

#[tokio::test]
async fn a_cookie_that_opens_nothing_is_taken_away_unless_another_site_sent_it() {
    let it = Installation::ready().await;
    let name = it
        .login(EMAIL, PASSWORD)
        .await
        .cookie()
        .split_once('=')
        .unwrap()
        .0
        .to_owned();
    let stale = format!("{name}=gsr_nonsense");
    let refresh =
        async |headers: &[(&'static str, &str)]| it.send_with(Method::POST, "/auth/refresh", None, None, headers).await;
    let refused = refresh(&[("cookie", &stale)]).await;
    assert_eq!(refused.code(), "UNAUTHORIZED");
    let set = refused.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        set.starts_with(&format!("{name}=;")) && set.contains("Max-Age=0"),
        "{set}"
    );

    let foreign = refresh(&[("cookie", &stale), ("origin", "https://evil.example")]).await;
    assert_eq!(foreign.code(), "FORBIDDEN");
    assert!(!foreign.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn a_refresh_rotates_and_a_used_cookie_ends_the_sign_in() {
    let it = Installation::ready().await;
    let refresh = async |cookie: &str| {
        it.send_with(Method::POST, "/auth/refresh", None, None, &[("cookie", cookie)])
            .await
    };
    let login = it.login(EMAIL, PASSWORD).await;
    let second = refresh(&login.cookie()).await;
    let access = token_of(&second);
    assert_ne!(second.cookie(), login.cookie());
    assert_eq!(it.get("/auth/me", &access).await.status, StatusCode::OK);

    assert_eq!(refresh(&login.cookie()).await.code(), "UNAUTHORIZED");
    assert_eq!(
        it.get("/auth/me", &access).await.code(),
        "UNAUTHORIZED",
        "the thief and the owner are both out"
    );
    assert_eq!(refresh(&second.cookie()).await.code(), "UNAUTHORIZED");
}

#[tokio::test]
async fn another_sites_page_cannot_refresh_or_log_out() {
    let it = Installation::ready().await;
    let cookie = it.login(EMAIL, PASSWORD).await.cookie();
    for path in ["/auth/refresh", "/auth/logout"] {
        for foreign in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("origin", "null"),
        ] {
            let answer = it
                .send_with(Method::POST, path, None, None, &[("cookie", &cookie), foreign])
                .await;
            assert_eq!(answer.code(), "FORBIDDEN", "{path} {foreign:?}");
        }
    }
    let own = [
        ("cookie", cookie.as_str()),
        ("origin", it.url.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(
        it.send_with(Method::POST, "/auth/refresh", None, None, &own)
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn logging_out_ends_the_sign_in_on_the_server() {
    let it = Installation::ready().await;
    let login = it.login(EMAIL, PASSWORD).await;
    let other = it.owner().await;
    let cookie = login.cookie();
    let out = it
        .send_with(Method::POST, "/auth/logout", None, None, &[("cookie", &cookie)])
        .await;
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(it.get("/auth/me", &token_of(&login)).await.code(), "UNAUTHORIZED");
    let refresh = it
        .send_with(Method::POST, "/auth/refresh", None, None, &[("cookie", &cookie)])
        .await;
    assert_eq!(refresh.code(), "UNAUTHORIZED");
    assert_eq!(
        it.get("/auth/me", &other).await.status,
        StatusCode::OK,
        "other devices stay signed in"
    );
}

#[tokio::test]
async fn a_new_password_ends_every_other_sign_in() {
    let it = Installation::ready().await;
    let (here, elsewhere) = (it.owner().await, it.owner().await);
    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let wrong = it
        .post(
            "/auth/password",
            &here,
            change("incorrect horse", "a new long password"),
        )
        .await;
    let short = it.post("/auth/password", &here, change(PASSWORD, "short")).await;
    assert_eq!((wrong.code(), short.code()), ("FORBIDDEN", "VALIDATION_ERROR"));
    let changed = it
        .post("/auth/password", &here, change(PASSWORD, "a new long password"))
        .await;
    assert_eq!(it.get("/auth/me", &token_of(&changed)).await.status, StatusCode::OK);
    assert_eq!(it.get("/auth/me", &elsewhere).await.code(), "UNAUTHORIZED");
    assert_eq!(it.login(EMAIL, PASSWORD).await.code(), "UNAUTHORIZED");
    assert_eq!(it.login(EMAIL, "a new long password").await.status, StatusCode::OK);
}

/// More attempts than any refill during the test could allow.
const MANY: usize = 60;

#[tokio::test]
async fn guessing_at_one_account_is_throttled_from_wherever_it_comes() {
    let it = Installation::ready().await;
    let guess = async |n: usize| {
        let body = json!({ "email": EMAIL, "password": "a wrong guess" });
        it.send_with(
            Method::POST,
            "/auth/login",
            None,
            Some(body),
            &from(&format!("10.0.0.{n}")),
        )
        .await
    };
    let mut allowed = 0;
    let throttled = loop {
        let answer = guess(allowed).await;
        if answer.status != StatusCode::UNAUTHORIZED {
            break answer;
        }
        allowed += 1;
        assert!(allowed < MANY, "never throttled");
    };
    assert!(allowed >= 10, "throttled after {allowed}");
    assert_eq!(
        (throttled.status, throttled.code()),
        (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED")
    );
    let wait_s: u64 = throttled.headers[header::RETRY_AFTER]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait_s), "{wait_s}");
}

#[tokio::test]
async fn one_address_is_throttled_whichever_accounts_it_tries() {
    let it = Installation::ready().await;
    let attempt = async |n: usize, address: &str| {
        let body = json!({ "email": format!("{n}@example.com"), "password": "x" });
        it.send_with(Method::POST, "/auth/login", None, Some(body), &from(address))
            .await
            .status
    };
    let mut allowed = 0;
    while attempt(allowed, "10.1.1.1").await == StatusCode::UNAUTHORIZED {
        allowed += 1;
        assert!(allowed < MANY, "never throttled");
    }
    assert!(allowed >= 10, "throttled after {allowed}");
    assert_eq!(attempt(0, "10.1.1.2").await, StatusCode::UNAUTHORIZED, "others are not");
}

#[tokio::test]
async fn people_who_know_their_password_are_not_throttled() {
    let it = Installation::ready().await;
    for _ in 0..12 {
        assert_eq!(it.login(EMAIL, PASSWORD).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn broken_bodies_are_validation_errors() {
    let it = Installation::empty().await;
    let bodies = [
        json!({}),
        json!({ "email": "x", "password": PASSWORD }),
        json!({ "email": "a@b.c", "password": "short" }),
        json!({ "email": "a@b.c", "password": "x".repeat(300) }),
        json!([]),
    ];
    for (n, body) in bodies.into_iter().enumerate() {
        let address = format!("10.2.0.{n}");
        let answer = it
            .send_with(
                Method::POST,
                "/auth/register",
                None,
                Some(body.clone()),
                &from(&address),
            )
            .await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
            "{body}"
        );
    }
    assert!(!it.meta.has_users().await.unwrap());
}

#[tokio::test]
async fn roles_are_ordered() {
    assert!(Role::Owner > Role::Admin && Role::Admin > Role::Member && Role::Member > Role::Viewer);
}
