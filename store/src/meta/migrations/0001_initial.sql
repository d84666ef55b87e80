-- One text for SQLite and PostgreSQL: TEXT ids (lower-case UUIDs), BIGINT Unix milliseconds, TEXT JSON, INTEGER 0/1.

-- Rows that hand out ordered numbers; updating one also serialises the transactions that do so.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('control', 0), ('control_relayed', 0), ('users', 0);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    is_installation_owner INTEGER NOT NULL,
    created_at_ms BIGINT NOT NULL
);

-- One sign-in and everything that was rotated out of it.
CREATE TABLE logins (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);
CREATE INDEX logins_by_user ON logins (user_id);

CREATE TABLE access_tokens (
    token_hash TEXT PRIMARY KEY,
    login_id TEXT NOT NULL REFERENCES logins (id) ON DELETE CASCADE,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX access_tokens_by_login ON access_tokens (login_id);

CREATE TABLE refresh_tokens (
    token_hash TEXT PRIMARY KEY,
    login_id TEXT NOT NULL REFERENCES logins (id) ON DELETE CASCADE,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
);
CREATE INDEX refresh_tokens_by_login ON refresh_tokens (login_id);

CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    allowed_domains TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    permission TEXT NOT NULL,
    rate_limit_events_per_s BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);
CREATE INDEX keys_by_project ON keys (project_id);

CREATE TABLE members (
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    joined_at_ms BIGINT NOT NULL,
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    accepted_at_ms BIGINT
);
CREATE INDEX invitations_by_project ON invitations (project_id);

CREATE TABLE alert_rules (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);
CREATE INDEX alert_rules_by_project ON alert_rules (project_id);

-- Transitions are facts: `rule` is the rule as it was then, and outlives it.
CREATE TABLE alert_history (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    rule_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    group_value TEXT NOT NULL,
    state TEXT NOT NULL,
    value DOUBLE PRECISION,
    threshold DOUBLE PRECISION NOT NULL,
    at_ms BIGINT NOT NULL,
    fired_at_ms BIGINT NOT NULL,
    session_ids TEXT NOT NULL,
    is_announced INTEGER NOT NULL
);
CREATE INDEX alert_history_by_project ON alert_history (project_id, at_ms, id);
CREATE INDEX alert_history_by_group ON alert_history (rule_id, group_value, at_ms);

-- The notification outbox: one row per transition and recipient.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    transition_id TEXT NOT NULL REFERENCES alert_history (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at_ms BIGINT NOT NULL,
    last_error TEXT,
    message_ref TEXT,
    created_at_ms BIGINT NOT NULL,
    finished_at_ms BIGINT
);
CREATE INDEX deliveries_due ON deliveries (state, next_attempt_at_ms);
CREATE INDEX deliveries_by_transition ON deliveries (transition_id);

CREATE TABLE telegram_codes (
    code_hash TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    expires_at_ms BIGINT NOT NULL
);

CREATE TABLE telegram_chats (
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    chat_id BIGINT NOT NULL,
    title TEXT NOT NULL,
    is_subscribed INTEGER NOT NULL,
    muted_until_ms BIGINT NOT NULL,
    linked_at_ms BIGINT NOT NULL,
    PRIMARY KEY (project_id, chat_id)
);
CREATE INDEX telegram_chats_by_chat ON telegram_chats (chat_id);

CREATE TABLE control_outbox (
    seq BIGINT PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id TEXT,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    details TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX audit_log_by_project ON audit_log (project_id, at_ms, id);
