-- Version 3: what follows from a change is done with it, in the one statement that makes it.

ALTER TABLE jobs ADD COLUMN plans TEXT NOT NULL DEFAULT '[]'; -- JSON: its first request for each image

CREATE TRIGGER job_is_written_down_with_its_plans AFTER INSERT ON jobs
BEGIN
    INSERT INTO tries (job_id, position, owner, sandbox, provider, model, endpoint, planned_at, billed,
        estimate_micros, counted_micros)
    SELECT NEW.id, value ->> 'position', NEW.owner, NEW.sandbox, value ->> 'provider', value ->> 'model',
        value ->> 'endpoint', NEW.created_at, 'maybe', value ->> 'estimate', coalesce(value ->> 'estimate', 0)
    FROM json_each(NEW.plans);
END;

CREATE TRIGGER job_is_sent_with_its_plan AFTER UPDATE OF sent_at ON tries
WHEN OLD.sent_at IS NULL AND NEW.sent_at IS NOT NULL
BEGIN
    UPDATE jobs SET state = 'sent', sent_at = NEW.sent_at WHERE id = NEW.job_id AND state = 'queued';
END;

CREATE TRIGGER job_is_sent_with_its_request AFTER INSERT ON tries WHEN NEW.sent_at IS NOT NULL
BEGIN
    UPDATE jobs SET state = 'sent', sent_at = NEW.sent_at WHERE id = NEW.job_id AND state = 'queued';
END;

-- What was not sent costs nothing; what was sent counts as it did and may have been charged.
CREATE TRIGGER ended_job_has_no_open_request AFTER UPDATE OF state ON jobs
WHEN NEW.state IN ('done', 'failed', 'dropped')
BEGIN
    UPDATE tries SET
        outcome = iif(sent_at IS NULL, 'never_sent', 'lost'),
        billed = iif(sent_at IS NULL, 'no', 'maybe'),
        counted_micros = iif(sent_at IS NULL, 0, counted_micros),
        ended_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'
    WHERE job_id = NEW.id AND ended_at IS NULL;
END;
