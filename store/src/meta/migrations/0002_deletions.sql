-- Deleted projects whose rows in the analytics database are still to be deleted.
CREATE TABLE deletions (
    project_id TEXT PRIMARY KEY,
    deleted_at_ms BIGINT NOT NULL
);
