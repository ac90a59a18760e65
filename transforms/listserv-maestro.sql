-- title: LISTSERV Maestro (internal MySQL database)
-- source: L-Soft, LISTSERV Maestro, Test-Bed Backup (what a test-bed backup removes or changes)
-- detect: maestro_settings
-- by-hand: if Maestro itself can make a test-bed backup, use that: it is the vendor's own way, and `scrub` here only follows what is published of it
-- by-hand: the names of tables and settings are assumed; set those of your version with --set (see the \set lines of this rulebook) and look in the report which rules ran
-- by-hand: install all three components (HUB, LUI, TRK) with the internal MySQL database on one test server
-- by-hand: restore all three components, and only from the same backup: the backup id in the three file names must be one
-- by-hand: set the LISTSERV connection host in the Administration Hub, to a LISTSERV that is meant for tests
-- by-hand: set the tracking host name in the Administration Hub
-- by-hand: look through the outbox; delete or revoke the jobs of production that the report lists; only then re-open it in the Administration Hub
--
-- «Vendor» marks what the page says that a test-bed backup removes or changes. Every name below is
-- assumed, because no public page gives one: the three components keep settings in a table of names
-- and values, the LUI component has the jobs. Each name is a variable.

\set settings_table maestro_settings
\set setting_name name
\set setting_value value
\set jobs_table maestro_job
\set job_id job_id
\set job_name job_name
\set job_state state
\set job_time send_time

-- The names of the settings.
\set hub_host hub.host
\set lui_host lui.host
\set trk_host trk.host
\set database_kind database.type
\set database_url database.url
\set database_user database.user
\set database_password database.password
\set instance_id instance.id
\set listserv_host listserv.host
\set tracking_host tracking.host
\set outbox_state outbox.sending
-- Their values in a test bed.
\set one_server localhost
\set internal_database internal
\set sending_disabled disabled
-- The state of a job that waits in the outbox.
\set job_scheduled scheduled

-- Before -----------------------------------------------------------------------------------------------

-- Vendor: whoever re-opens the outbox must look at these first. Assumed names.
-- name: jobs-in-the-outbox :optional
SELECT :"job_id" AS job, :"job_name" AS name, :"job_time" AS time FROM :"jobs_table"
WHERE :"job_state" = :'job_scheduled' ORDER BY :"job_id";

-- What a test-bed backup changes -----------------------------------------------------------------------

-- Vendor: the components are all on one server. Assumed names.
-- name: component-distribution :optional
UPDATE :"settings_table" SET :"setting_value" = :'one_server'
WHERE :"setting_name" IN (:'hub_host', :'lui_host', :'trk_host');

-- Vendor: the internal database instead of an external one. Assumed names.
-- name: internal-database :optional
UPDATE :"settings_table" SET :"setting_value" = :'internal_database' WHERE :"setting_name" = :'database_kind';
-- name: external-database :optional
DELETE FROM :"settings_table" WHERE :"setting_name" IN (:'database_url', :'database_user', :'database_password');

-- Vendor: the server makes an instance id of its own at its first start. Assumed name.
-- name: instance-id :optional
DELETE FROM :"settings_table" WHERE :"setting_name" = :'instance_id';

-- Vendor: which LISTSERV and which tracking host must be said by hand. Assumed names.
-- name: listserv-host :optional
DELETE FROM :"settings_table" WHERE :"setting_name" = :'listserv_host';
-- name: tracking-host :optional
DELETE FROM :"settings_table" WHERE :"setting_name" = :'tracking_host';

-- Vendor: «Sending is disabled». The jobs stay. Assumed names; the setting is made where it is missing,
-- in the component that has jobs.
-- name: outbox-closed :optional
UPDATE :"settings_table" SET :"setting_value" = :'sending_disabled' WHERE :"setting_name" = :'outbox_state';
-- name: outbox-closed-anew :optional
INSERT INTO :"settings_table" (:"setting_name", :"setting_value")
SELECT :'outbox_state', :'sending_disabled'
WHERE NOT EXISTS (SELECT 1 FROM :"settings_table" WHERE :"setting_name" = :'outbox_state')
  AND (SELECT count(*) FROM :"jobs_table") IS NOT NULL;

-- Settings files ---------------------------------------------------------------------------------------

-- Vendor: the same of what stands in the components' INI files (hub.ini, lui.ini, tracker.ini), which
-- `scrub archive create` takes along. Assumed: their keys are called like the settings above.
-- name: ini-component-distribution :optional
UPDATE "*.ini" SET value = :'one_server' WHERE key IN (:'hub_host', :'lui_host', :'trk_host');
-- name: ini-internal-database :optional
UPDATE "*.ini" SET value = :'internal_database' WHERE key = :'database_kind';
-- name: ini-external :optional
DELETE FROM "*.ini" WHERE key IN (:'database_url', :'database_user', :'database_password',
  :'instance_id', :'listserv_host', :'tracking_host');
-- name: ini-outbox-closed :optional
UPDATE "*.ini" SET value = :'sending_disabled' WHERE key = :'outbox_state';

-- Checks -----------------------------------------------------------------------------------------------

-- Ours: what the rules above promise.
-- name: no-host-of-production :test :optional
SELECT :"setting_name" FROM :"settings_table"
WHERE :"setting_name" IN (:'hub_host', :'lui_host', :'trk_host') AND :"setting_value" <> :'one_server'
  OR :"setting_name" IN (:'instance_id', :'listserv_host', :'tracking_host', :'database_url', :'database_user', :'database_password');
-- name: nothing-is-sent :test :optional
SELECT :"setting_name" FROM :"settings_table"
WHERE :"setting_name" = :'outbox_state' AND :"setting_value" <> :'sending_disabled';
