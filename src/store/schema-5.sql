-- Version 5: no triggers. What follows from a change is a statement of the same transaction (transitions.rs, jobs.rs).

DROP TRIGGER job_is_written_down_with_its_plans;
DROP TRIGGER job_is_sent_with_its_plan;
DROP TRIGGER job_is_sent_with_its_request;
DROP TRIGGER ended_job_has_no_open_request;
