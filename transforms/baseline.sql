-- title: Baseline: what holds for every database
-- source: ours, where a statement does not say otherwise
--
-- Four parts: addresses, secrets, settings, jobs. Everything is :optional, because nothing here is
-- known to be in your database; a rulebook of your own that names your tables should not be.

-- The domain that addresses are sent to. mailinator.com is a public inbox: whoever knows the address
-- reads the mail. Use a domain of your own with --set mail_domain=…
\set mail_domain mailinator.com

-- Secrets ---------------------------------------------------------------------------------------
-- By the name of the column: NULL where the column allows it, otherwise a value made from the key,
-- different for different secrets (there are unique keys) and never empty (on some systems an empty
-- password logs in). Columns that cannot hold text, such as password_changed_at, stay.
-- They come before the addresses: an address in a password column is a secret.

-- name: secret-password :optional
UPDATE "*" SET "*password*" = anon.secret(VALUE);
-- name: secret-passwd :optional
UPDATE "*" SET "*passwd*" = anon.secret(VALUE);
-- name: secret-pwd :optional
UPDATE "*" SET "*pwd*" = anon.secret(VALUE);
-- name: secret-passphrase :optional
UPDATE "*" SET "*passphrase*" = anon.secret(VALUE);
-- name: secret-secret :optional
UPDATE "*" SET "*secret*" = anon.secret(VALUE);
-- name: secret-token :optional
UPDATE "*" SET "*token" = anon.secret(VALUE);
-- name: secret-token-digest :optional
UPDATE "*" SET "*token_digest" = anon.secret(VALUE);
-- name: secret-token-hash :optional
UPDATE "*" SET "*token_hash" = anon.secret(VALUE);
-- name: secret-api-key :optional
UPDATE "*" SET "*api_key*" = anon.secret(VALUE);
-- name: secret-apikey :optional
UPDATE "*" SET "*apikey*" = anon.secret(VALUE);
-- name: secret-access-key :optional
UPDATE "*" SET "*access_key*" = anon.secret(VALUE);
-- name: secret-accesskey :optional
UPDATE "*" SET "*accesskey*" = anon.secret(VALUE);
-- name: secret-private-key :optional
UPDATE "*" SET "*private_key*" = anon.secret(VALUE);
-- name: secret-privatekey :optional
UPDATE "*" SET "*privatekey*" = anon.secret(VALUE);
-- name: secret-encryption-key :optional
UPDATE "*" SET "*encryption_key*" = anon.secret(VALUE);
-- name: secret-signing-key :optional
UPDATE "*" SET "*signing_key*" = anon.secret(VALUE);
-- name: secret-session-key :optional
UPDATE "*" SET "*session_key*" = anon.secret(VALUE);
-- name: secret-credential :optional
UPDATE "*" SET "*credential*" = anon.secret(VALUE);
-- name: secret-recovery-code :optional
UPDATE "*" SET "*recovery_code*" = anon.secret(VALUE);
-- name: secret-backup-code :optional
UPDATE "*" SET "*backup_code*" = anon.secret(VALUE);

-- Settings --------------------------------------------------------------------------------------
-- Tables of keys and values: the rows whose key says that the value is a secret are dropped; the
-- application then falls back to its own default. Only tables that are named like settings and have
-- both columns; :secret_keys is a regular expression, without regard to case.
\set secret_keys '(passw|pwd$|passphrase|secret|api.?key|access.?key|private.?key|encryption.?key|signing.?key|token$|credential)'

-- name: settings-by-name :optional
DELETE FROM "*setting*" WHERE name ~* :'secret_keys' AND value IS NOT NULL;
-- name: settings-by-key :optional
DELETE FROM "*setting*" WHERE key ~* :'secret_keys' AND value IS NOT NULL;
-- name: parameters-by-name :optional
DELETE FROM "*param*" WHERE name ~* :'secret_keys' AND value IS NOT NULL;
-- name: parameters-by-key :optional
DELETE FROM "*param*" WHERE key ~* :'secret_keys' AND value IS NOT NULL;
-- name: configuration-by-name :optional
DELETE FROM "*config*" WHERE name ~* :'secret_keys' AND value IS NOT NULL;
-- name: configuration-by-key :optional
DELETE FROM "*config*" WHERE key ~* :'secret_keys' AND value IS NOT NULL;
-- name: configuration-by-path :optional
DELETE FROM "*config*" WHERE path ~* :'secret_keys' AND value IS NOT NULL;
-- name: options-by-name :optional
DELETE FROM "*option*" WHERE name ~* :'secret_keys' AND value IS NOT NULL;
-- name: options-by-key :optional
DELETE FROM "*option*" WHERE key ~* :'secret_keys' AND value IS NOT NULL;
-- name: options-by-option-name :optional
DELETE FROM "*options" WHERE option_name ~* :'secret_keys' AND option_value IS NOT NULL;
-- name: properties-by-name :optional
DELETE FROM "*propert*" WHERE name ~* :'secret_keys' AND value IS NOT NULL;
-- name: properties-by-key :optional
DELETE FROM "*propert*" WHERE key ~* :'secret_keys' AND value IS NOT NULL;
-- name: preferences-by-name :optional
DELETE FROM "*preference*" WHERE name ~* :'secret_keys' AND value IS NOT NULL;
-- name: preferences-by-key :optional
DELETE FROM "*preference*" WHERE key ~* :'secret_keys' AND value IS NOT NULL;

-- Jobs ------------------------------------------------------------------------------------------
-- What is scheduled or queued must not run in the copy. Each system by its own columns (documented:
-- the schema each project ships); what to set is ours, as each project's own pause or discard does.

-- pg_cron: inactive jobs stay and are not started.
-- name: pg-cron :optional
UPDATE cron.job SET active = false;

-- Quartz: PAUSED is what pauseAll() sets; a scheduler that starts leaves it so. Triggers that are
-- done, deleted or in error stay. Fired triggers are what a start would recover, that is run again.
-- name: quartz-triggers :optional
UPDATE qrtz_triggers SET trigger_state = 'PAUSED'
WHERE trigger_state NOT IN ('COMPLETE', 'ERROR', 'DELETED', 'PAUSED');
-- name: quartz-fired-triggers :optional
DELETE FROM qrtz_fired_triggers;

-- Hangfire (its tables by columns that only they have): the queue, and the sets that the two
-- schedulers look into. Jobs keep their history and their last state.
-- name: hangfire-queue :optional
DELETE FROM jobqueue WHERE jobid IS NOT NULL AND (fetchedat IS NULL OR fetchedat IS NOT NULL);
-- name: hangfire-schedules :optional
DELETE FROM "set" WHERE key IN ('schedule', 'recurring-jobs') AND score IS NOT NULL AND value IS NOT NULL;

-- Oban: discarded is a state of every version; nothing fetches it again.
-- name: oban :optional
UPDATE oban_jobs SET state = 'discarded'
WHERE state::text NOT IN ('completed', 'cancelled', 'discarded');

-- GoodJob: jobs that have not finished.
-- name: good-job :optional
DELETE FROM good_jobs WHERE finished_at IS NULL;

-- Solid Queue: a job without an execution is never run; recurring tasks come back from the
-- application's own configuration.
-- name: solid-queue-ready :optional
DELETE FROM solid_queue_ready_executions;
-- name: solid-queue-scheduled :optional
DELETE FROM solid_queue_scheduled_executions;
-- name: solid-queue-claimed :optional
DELETE FROM solid_queue_claimed_executions;
-- name: solid-queue-blocked :optional
DELETE FROM solid_queue_blocked_executions;
-- name: solid-queue-recurring :optional
DELETE FROM solid_queue_recurring_tasks;

-- Delayed Job: failed jobs are kept and not run again.
-- name: delayed-job :optional
DELETE FROM delayed_jobs WHERE failed_at IS NULL AND handler IS NOT NULL;

-- Que: current versions, and those before 1.0, which drop a job when it is done.
-- name: que :optional
DELETE FROM que_jobs WHERE finished_at IS NULL AND expired_at IS NULL;
-- name: que-before-1.0 :optional
DELETE FROM que_jobs WHERE job_id IS NOT NULL;

-- Laravel: a table with this name and these columns; a job that is done is gone.
-- name: laravel-jobs :optional
DELETE FROM jobs
WHERE payload IS NOT NULL AND attempts IS NOT NULL AND available_at IS NOT NULL
  AND (reserved_at IS NULL OR reserved_at IS NOT NULL);
-- name: laravel-batches :optional
UPDATE job_batches SET cancelled_at = created_at
WHERE cancelled_at IS NULL AND finished_at IS NULL AND pending_jobs IS NOT NULL;

-- django-celery-beat
-- name: django-celery-beat :optional
UPDATE django_celery_beat_periodictask SET enabled = false;

-- Anything named like an outbox or a mail queue: what is not known to be over is dropped, workers are
-- switched off. The report lists the tables.
-- name: outbox-by-status :optional
DELETE FROM "*outbox*"
WHERE status IS NULL OR lower(status::text) NOT IN ('sent', 'delivered', 'done', 'processed', 'published',
  'completed', 'complete', 'succeeded', 'success', 'failed', 'bounced', 'rejected', 'cancelled', 'canceled',
  'discarded', 'expired', 'archived', 'dead');
-- name: outbox-enabled :optional
UPDATE "*outbox*" SET enabled = false;
-- name: mail-queue-by-status :optional
DELETE FROM "*mail*queue*"
WHERE status IS NULL OR lower(status::text) NOT IN ('sent', 'delivered', 'done', 'processed', 'published',
  'completed', 'complete', 'succeeded', 'success', 'failed', 'bounced', 'rejected', 'cancelled', 'canceled',
  'discarded', 'expired', 'archived', 'dead');
-- name: mail-queue-enabled :optional
UPDATE "*mail*queue*" SET enabled = false;

-- Addresses -------------------------------------------------------------------------------------
-- In every cell that can hold text: plain, in prose, lists, JSON, XML, arrays, PHP-serialised.
-- name: addresses :optional
UPDATE "*" SET "*" = anon.rewrite_emails(VALUE, :'mail_domain');
