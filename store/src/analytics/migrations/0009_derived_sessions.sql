-- Whose events came without a session id: their list is the visitor's from the session's start to its end.
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS is_derived UInt8 AFTER id
