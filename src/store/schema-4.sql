-- Version 4: which process a job is in, so that one that is gone is known to be before its lease ends.

ALTER TABLE jobs ADD COLUMN process TEXT NOT NULL DEFAULT ''; -- its file in processes/; empty: unknown
CREATE INDEX jobs_not_handed_over_by_process ON jobs (fingerprint, process) WHERE caller <> 'served';
