//! The metadata against a real SQLite file.

use gosight_proto::control::{Control, Metric, Operator};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::rows::{TransitionRow, TransitionState};

const MINUTE_MS: i64 = 60_000;

struct Installation {
    meta: Meta,
    owner: User,
    _folder: TempDir,
}

async fn installation() -> Installation {
    let folder = tempfile::Builder::new().prefix("with space %20?#").tempdir().unwrap();
    let meta = Meta::open_file(&folder.path().join("meta data.sqlite")).await.unwrap();
    let owner = meta.create_first_user(new_user("owner@example.com"), 1).await.unwrap();
    Installation {
        meta,
        owner,
        _folder: folder,
    }
}

fn new_user(email: &str) -> NewUser<'_> {
    NewUser {
        email,
        name: "Somebody",
        password_hash: "$argon2id$…",
    }
}

impl Installation {
    async fn project(&self, slug: &str) -> Project {
        let settings = Settings::default();
        let new = NewProject {
            slug,
            name: slug,
            allowed_domains: &[],
            settings: &settings,
            owner: self.owner.id,
        };
        self.meta.create_project(&new, 10).await.unwrap()
    }

    async fn rule(&self, project: Uuid, channels: Vec<Channel>) -> AlertRule {
        let body = RuleBody {
            name: "Rage".into(),
            kind: RuleKind::Threshold,
            metric: Metric::RageClicks,
            operator: Operator::Greater,
            threshold: 3.0,
            window: RuleWindow::FiveMinutes,
            group_by: None,
            filters: Vec::new(),
            channels,
            cooldown_minutes: 15,
            is_active: true,
        };
        self.meta.create_alert_rule(project, &body, 20).await.unwrap()
    }
}

fn key_of(project_id: Uuid, permission: Permission, secret: u8) -> NewKey<'static> {
    let rate_limit_events_per_s = gosight_proto::limits::RATE_EVENTS_PER_S_DEFAULT;
    NewKey {
        project_id,
        name: "web",
        key_sha256: [secret; 32],
        prefix: "gsk_abcd",
        permission,
        rate_limit_events_per_s,
    }
}

fn webhook() -> Channel {
    Channel::Webhook {
        url: "https://example.com/hook".into(),
        secret: None,
    }
}

fn transition(rule: &AlertRule, state: TransitionState, at_ms: i64) -> TransitionRow {
    TransitionRow {
        id: Uuid::from_u128(at_ms as u128),
        project_id: rule.project_id,
        rule_id: rule.id,
        group: String::new(),
        state,
        value: Some(4.0),
        threshold: rule.body.threshold,
        tick: at_ms as u64,
        session_ids: vec![Uuid::from_u128(9)],
    }
}

#[tokio::test]
async fn a_file_opened_again_has_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meta.sqlite");
    let meta = Meta::open_file(&path).await.unwrap();
    let user = meta.create_first_user(new_user("a@b.c"), 1).await.unwrap();
    meta.close().await;
    assert_eq!(Meta::open_file(&path).await.unwrap().user(user.id).await.unwrap(), user);
}

#[tokio::test]
async fn a_write_key_opens_the_door_until_it_is_revoked() {
    let it = installation().await;
    let project = it.project("shop").await;
    let key = it
        .meta
        .create_key(&key_of(project.id, Permission::Write, 7), 11)
        .await
        .unwrap();
    let found = it.meta.ingest_key(&[7; 32]).await.unwrap().unwrap();
    assert_eq!(
        (found.project_id, found.rate_limit_events_per_s, found.ip),
        (project.id, 50_000, IpMode::Truncate)
    );
    assert_eq!(
        (found.sdk.session_sample_rate, found.sdk.timezone.as_str()),
        (100.0, "UTC")
    );
    assert_eq!(it.meta.ingest_key(&[8; 32]).await.unwrap(), None);

    let changed = it.meta.access_changed();
    let revoked = it.meta.revoke_key(project.id, key.id, 12).await.unwrap();
    assert_eq!(revoked.revoked_at_ms, Some(12));
    assert!(changed.has_changed().unwrap());
    assert_eq!(it.meta.ingest_key(&[7; 32]).await.unwrap(), None);
    assert_eq!(
        it.meta.revoke_key(project.id, key.id, 13).await.unwrap().revoked_at_ms,
        Some(12)
    );
}

#[tokio::test]
async fn read_keys_and_write_keys_do_not_stand_in_for_each_other() {
    let it = installation().await;
    let project = it.project("shop").await;
    it.meta
        .create_key(&key_of(project.id, Permission::Read, 1), 11)
        .await
        .unwrap();
    it.meta
        .create_key(&key_of(project.id, Permission::Write, 2), 11)
        .await
        .unwrap();
    assert_eq!(it.meta.ingest_key(&[1; 32]).await.unwrap(), None);
    assert_eq!(it.meta.read_key(&[2; 32]).await.unwrap(), None);
    assert_eq!(
        it.meta.read_key(&[1; 32]).await.unwrap().unwrap().project_id,
        project.id
    );
}

#[tokio::test]
async fn one_key_belongs_to_one_project() {
    let it = installation().await;
    let (shop, blog) = (it.project("shop").await, it.project("blog").await);
    let key = it
        .meta
        .create_key(&key_of(shop.id, Permission::Write, 7), 11)
        .await
        .unwrap();
    let again = it.meta.create_key(&key_of(blog.id, Permission::Write, 7), 11).await;
    assert!(matches!(again, Err(MetaError::Conflict(_))), "{again:?}");
    let foreign = it.meta.revoke_key(blog.id, key.id, 12).await;
    assert!(matches!(foreign, Err(MetaError::NotFound(_))), "{foreign:?}");
}

#[tokio::test]
async fn only_the_first_person_registers_without_an_invitation() {
    let it = installation().await;
    assert!(it.owner.is_installation_owner);
    let second = it.meta.create_first_user(new_user("second@example.com"), 2).await;
    assert!(matches!(second, Err(MetaError::Conflict(_))), "{second:?}");
}

#[tokio::test]
async fn of_many_first_registrations_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let meta = Meta::open_file(&folder.path().join("meta.sqlite")).await.unwrap();
    let attempts = (0..8).map(|n| {
        let meta = meta.clone();
        tokio::spawn(async move {
            meta.create_first_user(new_user(&format!("{n}@example.com")), 1)
                .await
                .is_ok()
        })
    });
    let outcomes = futures::future::join_all(attempts).await;
    assert_eq!(outcomes.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
}

#[tokio::test]
async fn an_invitation_works_once_in_time_and_for_its_address() {
    let it = installation().await;
    let project = it.project("shop").await;
    let new = NewInvitation {
        project_id: project.id,
        email: "ann@example.com",
        role: Role::Member,
        token_sha256: [9; 32],
        expires_at_ms: 100,
    };
    it.meta.invite(&new, 20).await.unwrap();
    for (email, now_ms) in [("eve@example.com", 30), ("ann@example.com", 100)] {
        let refused = it.meta.create_invited_user(new_user(email), &[9; 32], now_ms).await;
        assert!(matches!(refused, Err(MetaError::NotFound(_))), "{email} {refused:?}");
    }
    let ann = it
        .meta
        .create_invited_user(new_user("ann@example.com"), &[9; 32], 30)
        .await
        .unwrap();
    assert_eq!(it.meta.role(project.id, ann.id).await.unwrap(), Some(Role::Member));
    assert!(it.meta.invitations(project.id, 31).await.unwrap().is_empty());
    assert!(it.meta.accept_invitation(&[9; 32], ann.id, 32).await.is_err());
}

#[tokio::test]
async fn a_project_never_loses_its_last_owner() {
    let it = installation().await;
    let project = it.project("shop").await;
    let demoted = it.meta.set_role(project.id, it.owner.id, Role::Admin).await;
    let removed = it.meta.remove_member(project.id, it.owner.id).await;
    assert!(matches!(
        (&demoted, &removed),
        (Err(MetaError::Conflict(_)), Err(MetaError::Conflict(_)))
    ));
    assert_eq!(it.meta.role(project.id, it.owner.id).await.unwrap(), Some(Role::Owner));
}

#[tokio::test]
async fn a_refresh_token_seen_twice_ends_its_login() {
    let it = installation().await;
    let pair = |n: u8| TokenPair {
        access_sha256: [n; 32],
        access_expires_at_ms: 1000,
        refresh_sha256: [n + 100; 32],
        refresh_expires_at_ms: 5000,
    };
    let login = it.meta.start_login(it.owner.id, &pair(1), 0).await.unwrap();
    assert_eq!(it.meta.login(&[1; 32], 999).await.unwrap(), Some(login));
    assert_eq!(it.meta.login(&[1; 32], 1000).await.unwrap(), None);
    assert_eq!(
        it.meta.refresh_login(&[101; 32], &pair(2), 10).await.unwrap(),
        Refresh::Rotated(login)
    );
    assert_eq!(
        it.meta.refresh_login(&[101; 32], &pair(3), 11).await.unwrap(),
        Refresh::Reused
    );
    assert_eq!(it.meta.login(&[2; 32], 12).await.unwrap(), None);
    assert_eq!(
        it.meta.refresh_login(&[102; 32], &pair(4), 13).await.unwrap(),
        Refresh::Refused
    );
}

#[tokio::test]
async fn a_new_password_ends_every_login() {
    let it = installation().await;
    let pair = TokenPair {
        access_sha256: [1; 32],
        access_expires_at_ms: 1000,
        refresh_sha256: [2; 32],
        refresh_expires_at_ms: 5000,
    };
    it.meta.start_login(it.owner.id, &pair, 0).await.unwrap();
    it.meta.set_password(it.owner.id, "$argon2id$new", 5).await.unwrap();
    assert_eq!(it.meta.login(&[1; 32], 6).await.unwrap(), None);
    assert_eq!(
        it.meta.refresh_login(&[2; 32], &pair, 6).await.unwrap(),
        Refresh::Refused
    );
}

#[tokio::test]
async fn changes_reach_the_control_outbox_in_order_and_leave_it_when_relayed() {
    let it = installation().await;
    let changed = it.meta.control_changed();
    let project = it.project("shop").await;
    assert!(changed.has_changed().unwrap());
    let rule = it.rule(project.id, vec![]).await;
    let settings = Settings::default()
        .patched(&json!({"insights": {"rage_click": {"min_clicks": 3}}}))
        .unwrap();
    let patch = ProjectPatch {
        settings: Some(settings),
        ..ProjectPatch::default()
    };
    it.meta.update_project(project.id, &patch, 30).await.unwrap();
    let renamed = ProjectPatch {
        name: Some("Shop".into()),
        ..ProjectPatch::default()
    };
    it.meta.update_project(project.id, &renamed, 31).await.unwrap();
    it.meta.delete_alert_rule(project.id, rule.id).await.unwrap();
    it.meta.delete_project(project.id, 40).await.unwrap();

    let controls = it.meta.control_after(0, 100).await.unwrap();
    assert_eq!(
        controls.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    assert!(matches!(&controls[0].1, Control::Project(p) if p.thresholds.rage_click.min_clicks == 5));
    assert!(matches!(&controls[1].1, Control::AlertRule(r) if r.window_ms == 300_000 && r.rule_id == rule.id));
    assert!(matches!(&controls[2].1, Control::Project(p) if p.thresholds.rage_click.min_clicks == 3));
    assert!(matches!(controls[3].1, Control::AlertRuleDeleted { .. }));
    assert!(matches!(controls[4].1, Control::ProjectDeleted { .. }));

    it.meta.control_relayed(4).await.unwrap();
    it.meta.control_relayed(2).await.unwrap();
    assert_eq!(it.meta.control_relayed_to().await.unwrap(), 4);
    assert_eq!(it.meta.control_after(0, 100).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_that_fails_leaves_no_control_record() {
    let it = installation().await;
    it.project("shop").await;
    let settings = Settings::default();
    let taken = NewProject {
        slug: "shop",
        name: "x",
        allowed_domains: &[],
        settings: &settings,
        owner: it.owner.id,
    };
    assert!(matches!(
        it.meta.create_project(&taken, 11).await,
        Err(MetaError::Conflict(_))
    ));
    assert_eq!(it.meta.control_after(0, 100).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_transition_recorded_twice_is_there_once_and_told_once() {
    let it = installation().await;
    let project = it.project("shop").await;
    let rule = it.rule(project.id, vec![webhook()]).await;
    let fired = transition(&rule, TransitionState::Fired, 1000);
    it.meta
        .record_transitions(std::slice::from_ref(&fired), 1001)
        .await
        .unwrap();
    it.meta.record_transitions(&[fired], 1002).await.unwrap();
    assert_eq!(
        it.meta.alert_history(project.id, None, None, 10).await.unwrap().len(),
        1
    );
    assert_eq!(it.meta.deliveries_due(1001, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn cooldown_silences_messages_and_not_transitions() {
    let it = installation().await;
    let project = it.project("shop").await;
    let rule = it.rule(project.id, vec![webhook()]).await;
    let story = [
        (TransitionState::Fired, 1, true),
        (TransitionState::Resolved, 2, true),
        (TransitionState::Fired, 10, false),
        (TransitionState::Resolved, 11, false),
        (TransitionState::Fired, 16, true),
    ];
    for (state, minute, _) in story {
        let row = transition(&rule, state, minute * MINUTE_MS);
        it.meta.record_transitions(&[row], minute * MINUTE_MS).await.unwrap();
    }
    let history = it
        .meta
        .alert_history(project.id, Some(rule.id), None, 10)
        .await
        .unwrap();
    let announced: Vec<bool> = history
        .iter()
        .rev()
        .map(|entry| entry.transition.is_announced)
        .collect();
    assert_eq!(announced, story.map(|(_, _, announced)| announced));
    assert_eq!(history[3].transition.fired_at_ms, MINUTE_MS);
}

#[tokio::test]
async fn a_resolution_answers_the_message_that_announced_the_firing() {
    let it = installation().await;
    let project = it.project("shop").await;
    it.meta
        .create_telegram_code(project.id, &[5; 32], 100, 0)
        .await
        .unwrap();
    it.meta.link_telegram_chat(&[5; 32], -42, "Ops", 1).await.unwrap();
    assert!(it.meta.link_telegram_chat(&[5; 32], -43, "Thief", 2).await.is_err());
    let rule = it.rule(project.id, vec![Channel::Telegram { chat_id: None }]).await;
    it.meta
        .record_transitions(&[transition(&rule, TransitionState::Fired, 1000)], 1000)
        .await
        .unwrap();
    let fired = it.meta.deliveries_due(1000, 10).await.unwrap().remove(0);
    assert_eq!(
        (fired.recipient, fired.answers),
        (Channel::Telegram { chat_id: Some(-42) }, None)
    );
    it.meta.delivery_sent(fired.id, Some("77"), 1001).await.unwrap();
    it.meta
        .record_transitions(&[transition(&rule, TransitionState::Resolved, 2000)], 2000)
        .await
        .unwrap();
    let resolved = it.meta.deliveries_due(2000, 10).await.unwrap().remove(0);
    assert_eq!(
        (resolved.answers.as_deref(), resolved.transition.fired_at_ms),
        (Some("77"), 1000)
    );
}

#[tokio::test]
async fn a_postponed_delivery_comes_back_when_due_and_a_failed_one_never() {
    let it = installation().await;
    let project = it.project("shop").await;
    let rule = it.rule(project.id, vec![webhook()]).await;
    it.meta
        .record_transitions(&[transition(&rule, TransitionState::Fired, 1000)], 1000)
        .await
        .unwrap();
    let id = it.meta.deliveries_due(1000, 10).await.unwrap()[0].id;
    it.meta.delivery_postponed(id, "503", 2000).await.unwrap();
    assert!(it.meta.deliveries_due(1999, 10).await.unwrap().is_empty());
    assert_eq!(it.meta.next_delivery_at_ms().await.unwrap(), Some(2000));
    assert_eq!(it.meta.deliveries_due(2000, 10).await.unwrap()[0].attempts, 1);
    it.meta.delivery_failed(id, "404", 2000).await.unwrap();
    assert!(it.meta.deliveries_due(i64::MAX, 10).await.unwrap().is_empty());
    let history = it.meta.alert_history(project.id, None, None, 10).await.unwrap();
    let entry = DeliveryEntry {
        recipient: webhook(),
        state: DeliveryState::Failed,
        last_error: Some("404".to_owned()),
    };
    assert_eq!(history[0].deliveries, [entry]);
}

#[tokio::test]
async fn a_group_that_moves_takes_its_links_along_and_keeps_those_the_new_id_has() {
    let it = installation().await;
    let (shop, blog) = (it.project("shop").await, it.project("blog").await);
    for (code, project, chat_id, title) in [(1, &shop, -1, "old"), (2, &shop, -100, "new"), (3, &blog, -1, "old")] {
        let code = [code; 32];
        it.meta.create_telegram_code(project.id, &code, 100, 0).await.unwrap();
        it.meta.link_telegram_chat(&code, chat_id, title, 1).await.unwrap();
    }
    it.meta.move_telegram_chat(-1, -100).await.unwrap();
    it.meta.move_telegram_chat(-1, -100).await.unwrap();
    for (project, title) in [(&shop, "new"), (&blog, "old")] {
        let chats = it.meta.telegram_chats(project.id).await.unwrap();
        let chats: Vec<_> = chats.iter().map(|chat| (chat.chat_id, chat.title.as_str())).collect();
        assert_eq!(chats, [(-100, title)]);
    }
}

#[tokio::test]
async fn a_muted_chat_gets_nothing_and_the_history_says_so() {
    let it = installation().await;
    let project = it.project("shop").await;
    it.meta
        .create_telegram_code(project.id, &[5; 32], 100, 0)
        .await
        .unwrap();
    it.meta.link_telegram_chat(&[5; 32], 42, "Ann", 1).await.unwrap();
    it.meta.mute_telegram_chat(42, 5000).await.unwrap();
    let rule = it.rule(project.id, vec![Channel::Telegram { chat_id: Some(42) }]).await;
    it.meta
        .record_transitions(&[transition(&rule, TransitionState::Fired, 1000)], 1000)
        .await
        .unwrap();
    assert!(it.meta.deliveries_due(i64::MAX, 10).await.unwrap().is_empty());
    let history = it.meta.alert_history(project.id, None, None, 10).await.unwrap();
    assert_eq!(history[0].deliveries[0].state, DeliveryState::Muted);
}

#[tokio::test]
async fn a_transition_tells_the_threshold_of_its_tick_though_the_rule_was_edited_since() {
    let it = installation().await;
    let project = it.project("shop").await;
    let rule = it.rule(project.id, vec![webhook()]).await;
    let (fired, before) = (transition(&rule, TransitionState::Fired, 1000), rule.body.threshold);
    let edited = RuleBody {
        threshold: before + 100.0,
        ..rule.body
    };
    it.meta
        .update_alert_rule(project.id, rule.id, &edited, 1500)
        .await
        .unwrap();
    it.meta.record_transitions(&[fired], 2000).await.unwrap();
    let delivery = it.meta.deliveries_due(2000, 10).await.unwrap().remove(0);
    let history = it.meta.alert_history(project.id, None, None, 10).await.unwrap();
    for told in [&delivery.transition, &history[0].transition] {
        assert_eq!((told.threshold, told.rule.threshold), (before, before));
    }
}

#[tokio::test]
async fn a_transition_of_a_deleted_project_is_dropped() {
    let it = installation().await;
    let project = it.project("shop").await;
    let rule = it.rule(project.id, vec![webhook()]).await;
    it.meta.delete_project(project.id, 40).await.unwrap();
    it.meta
        .record_transitions(&[transition(&rule, TransitionState::Fired, 1000)], 1000)
        .await
        .unwrap();
    assert!(it.meta.deliveries_due(i64::MAX, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_deleted_projects_keys_open_nothing_and_its_rows_are_noted_for_deletion() {
    let it = installation().await;
    let project = it.project("shop").await;
    it.meta
        .create_key(&key_of(project.id, Permission::Write, 7), 1)
        .await
        .unwrap();
    assert!(it.meta.ingest_key(&[7; 32]).await.unwrap().is_some());
    let access = it.meta.access_changed();
    it.meta.delete_project(project.id, 40).await.unwrap();
    assert!(access.has_changed().unwrap(), "who remembers keys must ask again");
    assert_eq!(it.meta.ingest_key(&[7; 32]).await.unwrap(), None);
    let noted = Deletion {
        project_id: project.id,
        deleted_at_ms: 40,
    };
    assert_eq!(it.meta.deletions().await.unwrap(), [noted]);

    assert!(it.meta.delete_project(project.id, 50).await.is_err());
    assert_eq!(it.meta.deletions().await.unwrap(), [noted]);
    it.meta.deletion_finished(project.id).await.unwrap();
    assert_eq!(it.meta.deletions().await.unwrap(), []);
}

#[tokio::test]
async fn writers_at_once_wait_for_each_other() {
    let it = installation().await;
    let project = it.project("shop").await;
    let writes = (0..32u8).map(|n| {
        let meta = it.meta.clone();
        tokio::spawn(async move {
            meta.create_key(&key_of(project.id, Permission::Write, n), 1)
                .await
                .map(drop)
        })
    });
    for outcome in futures::future::join_all(writes).await {
        outcome.unwrap().unwrap();
    }
    assert_eq!(it.meta.keys(project.id).await.unwrap().len(), 32);
}

#[tokio::test]
async fn the_audit_log_is_read_newest_first_page_by_page() {
    let it = installation().await;
    let project = it.project("shop").await;
    for at_ms in 1..=3 {
        let entry = AuditEntry {
            id: Uuid::from_u128(at_ms as u128),
            project_id: project.id,
            user_id: Some(it.owner.id),
            action: "key.create".into(),
            target: "x".into(),
            details: json!({}),
            at_ms,
        };
        it.meta.audit(&entry).await.unwrap();
    }
    let first = it.meta.audit_log(project.id, None, 2).await.unwrap();
    assert_eq!(first.iter().map(|entry| entry.at_ms).collect::<Vec<_>>(), [3, 2]);
    let next = it
        .meta
        .audit_log(project.id, Some((first[1].at_ms, first[1].id)), 2)
        .await
        .unwrap();
    assert_eq!(next.iter().map(|entry| entry.at_ms).collect::<Vec<_>>(), [1]);
}
