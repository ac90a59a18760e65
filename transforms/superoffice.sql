-- title: SuperOffice CRM (SQL Server)
-- source: SuperOffice documentation, Steps performed when we clone a source database to a test environment (the steps are numbered as there)
-- source: SuperOffice database dictionary (tables, columns, lengths, values)
-- detect: associate, credentials, licenseassoclink, email
-- baseline-except: company.*, associate.*, credentials.*, modulelicense.*, licenseassoclink.*, email_account.*, service_auth.*, outbox.*
-- by-hand: steps 1 to 4: wait for backups and tasks of the source, put both into maintenance mode before the dump is made
-- by-hand: steps 5 and 6: scrub's output is what is restored; copy the customer information
-- by-hand: step 7: create the SQL logins in the target after the restore
-- by-hand: step 8: create the system users in the target (or give the target's dump with --target and --set system_users=target)
-- by-hand: step 10: register the customer in SuperId
-- by-hand: step 11: clone the document templates; step 22: clone the system attachments of Service
-- by-hand: step 12: give the one test mailbox that is left its server and password (if production had none, make one)
-- by-hand: step 14: recycle the target
-- by-hand: step 15: change the serial number and the owner company to those of the test tenant (or --set serial=…: it changes the licensed company row, whose check value then no longer fits, which disables log-in for all users until the licence is registered anew)
-- by-hand: steps 16 to 19: SuperId tenant state «In migration», assign user plans to those who may log in to the test environment, synchronise the users, state «Normal»
-- by-hand: step 20: create the partner system users of the authorised apps again
-- by-hand: step 21: update the company information from the customer database
-- by-hand: step 23: notify the apps (BackupRestored); step 24: enter running mode
-- by-hand: mailinator.com is a public inbox: use a domain of your own with --set mail_domain=…
--
-- «Vendor» marks what the page asks for, «documented» what the dictionary says, «ours» what we
-- propose. Names, lengths and the values of states are the dictionary's; only the types that SQL Server
-- gives the columns are assumed. The tables are named without their
-- schema (crm7): the rules run in whichever schema has them.
--
-- company, associate, credentials, modulelicense, licenseassoclink, email_account and service_auth
-- carry a keyed encryptedCheck: a row that was changed is refused (documented: of company, for all
-- users). So the baseline leaves them alone, and what would change them is switched on by a variable.
-- It leaves outbox alone because texts that wait are found by it; the rule below empties it.

\set mail_domain mailinator.com
-- The test mailbox, before the @.
\set test_mailbox test

-- Before --------------------------------------------------------------------------------------------

-- Ours: what goes or is switched off.
-- name: mailboxes-before
SELECT address FROM mail_in_filter ORDER BY address;
-- name: scheduled-tasks-before
SELECT name FROM schedule WHERE disabled = 0 ORDER BY name;
-- name: webhooks-before :optional
SELECT name FROM webhook ORDER BY name;

-- Addresses (vendor, step 9) ---------------------------------------------------------------------------
-- Vendor: john.doe@company.com becomes john.doe_company.com@mailinator.com. The vendor says «all email
-- addresses»; where they are is documented. The lengths of the columns are kept.

-- 0 is mail; 1 chat and 2 voip (documented) are no addresses.
-- name: addresses-of-people
UPDATE email SET email_address = anon.mailinator(email_address, :'mail_domain') WHERE type = 0;
-- name: addresses-of-service-users :optional
UPDATE ejuser SET email = anon.mailinator(email, :'mail_domain');
-- name: addresses-of-mailings :optional
UPDATE message_customers SET email = anon.mailinator(email, :'mail_domain');
-- name: addresses-of-sent-messages :optional
UPDATE s_sent_message SET email = anon.mailinator(email, :'mail_domain');
-- name: addresses-of-shipments :optional
UPDATE s_shipment
SET from_addr = anon.rewrite_emails(from_addr, :'mail_domain'),
  reply_addr = anon.rewrite_emails(reply_addr, :'mail_domain'),
  envelope_from = anon.rewrite_emails(envelope_from, :'mail_domain');
-- name: addresses-of-flows :optional
UPDATE email_flow
SET from_addr = anon.rewrite_emails(from_addr, :'mail_domain'),
  reply_to_addr = anon.rewrite_emails(reply_to_addr, :'mail_domain');
-- name: addresses-of-forms :optional
UPDATE form_submission SET email_address = anon.mailinator(email_address, :'mail_domain');
-- name: addresses-of-chats :optional
UPDATE chat_session SET email = anon.mailinator(email, :'mail_domain');
-- name: addresses-of-invitations :optional
UPDATE invitation SET organizer_email = anon.mailinator(organizer_email, :'mail_domain');
-- name: addresses-of-the-address-book :optional
UPDATE eab_entry SET email_address = anon.mailinator(email_address, :'mail_domain');
-- name: addresses-that-are-blocked :optional
UPDATE mail_block SET mail_addr = anon.rewrite_emails(mail_addr, :'mail_domain');
-- name: addresses-that-bounced :optional
UPDATE s_bounce_shipment SET email = anon.mailinator(email, :'mail_domain');
-- name: addresses-of-links :optional
UPDATE s_link_customer_statical SET email = anon.mailinator(email, :'mail_domain');
-- name: addresses-that-are-washed :optional
UPDATE s_washing SET email_addr = anon.mailinator(email_addr, :'mail_domain');
-- name: addresses-of-tickets :optional
UPDATE ticket SET from_address = anon.rewrite_emails(from_address, :'mail_domain');
-- name: addresses-of-alerts :optional
UPDATE ticket_alert
SET email_to = anon.rewrite_emails(email_to, :'mail_domain'),
  sms_to = anon.rewrite_emails(sms_to, :'mail_domain');
-- name: addresses-that-are-ready-to-be-sent-to :optional
UPDATE s_shipment_addr SET address = anon.rewrite_emails(address, :'mail_domain');
-- name: addresses-of-the-installation :optional
UPDATE config
SET admin_mail = anon.rewrite_emails(admin_mail, :'mail_domain'),
  default_mail = anon.rewrite_emails(default_mail, :'mail_domain'),
  panic_mail = anon.rewrite_emails(panic_mail, :'mail_domain');
-- Ours: lists of addresses, and texts that hold some.
-- name: addresses-of-categories :optional
UPDATE ej_category SET notification_email = anon.rewrite_emails(notification_email, :'mail_domain');
-- name: addresses-in-messages :optional
UPDATE ej_message
SET email_header = anon.rewrite_emails(email_header, :'mail_domain'),
  body = anon.rewrite_emails(body, :'mail_domain'),
  html_body = anon.rewrite_emails(html_body, :'mail_domain');
-- The addresses in webhook, outbox, email_item and email_account go with their rows (below).

-- Mail (vendor, step 12) -------------------------------------------------------------------------------

-- Vendor: all mailboxes of Service go, one test mailbox takes their place. Ours: it takes the first
-- one's row, because each version has further columns that must not be empty; being of type 0
-- (documented: unknown), it fetches nothing. What belongs to the mailboxes goes with them: other names,
-- mails on their way in, what was fetched already.
-- name: test-mailbox
UPDATE mail_in_filter
SET server_type = 0, pop_server = 'localhost', pop_user = :'test_mailbox', pop_password = '',
  domain = :'mail_domain', address = :'test_mailbox' || '@' || :'mail_domain', next_check = NULL
WHERE id = (SELECT min(m.id) FROM mail_in_filter m);
-- name: mailboxes
DELETE FROM mail_in_filter WHERE id <> (SELECT min(m.id) FROM mail_in_filter m);
-- name: names-of-mailboxes :optional
DELETE FROM mail_alias;
-- name: mails-on-their-way-in :optional
DELETE FROM inbox;
-- name: mails-that-were-fetched :optional
DELETE FROM mail_in_uidl;
-- Documented: what inbox accounts log in with, and the mails that were read with it.
-- name: attachments-of-inboxes :optional
DELETE FROM email_attachment;
-- name: mails-of-inboxes :optional
DELETE FROM email_item;
-- name: folders-of-inboxes :optional
DELETE FROM email_folder;
-- name: inbox-accounts :optional
DELETE FROM email_account;
-- name: service-log-ins :optional
DELETE FROM service_auth;

-- Queues and tasks -------------------------------------------------------------------------------------

-- Vendor, step 13. The flag is on the schedule, to which scheduled_task points (documented).
-- name: scheduled-tasks
UPDATE schedule SET disabled = 1;
-- Documented: they tell other systems what happens here.
-- name: webhooks :optional
DELETE FROM webhook;
-- Ours: mails and texts that wait to be sent.
-- name: texts :optional
DELETE FROM sms WHERE outbox_id IN (SELECT o.id FROM outbox o);
-- name: outbox :optional
DELETE FROM outbox;
-- Ours: mailings that wait, run, are retried or being prepared (documented: 3, 4, 6, 7, 9, 10) become
-- cancelled (2).
-- name: shipments :optional
UPDATE s_shipment SET status = 2 WHERE status IN (3, 4, 6, 7, 9, 10);
-- Documented values, only with --set close_tickets=yes: active (1) becomes closed (2), so that nothing
-- escalates; it takes test data away.
-- name: tickets :if-set close_tickets
UPDATE ticket SET status = 2 WHERE status = 1;

-- Licence and users ------------------------------------------------------------------------------------

-- Vendor, step 15, only with --set serial=…, the test tenant's number. 219 is the columns' length.
-- name: serial-number :if-set serial
UPDATE company
SET serialno = :'serial',
  ownercontactname = left('Test Env - ' || coalesce(ownercontactname, '') || ' / ' || :'serial', 219),
  dbcontactname = left('Test Env - ' || coalesce(ownercontactname, '') || ' / ' || :'serial', 219);

-- Vendor, steps 8 and 20 (the tables are documented), only with --target and --set system_users=target:
-- system users (type 13) and what they log in with are the target's own, whose check values fit there.
-- name: system-user-ids-that-are-taken :test :with-target :if-set system_users
SELECT a.associate_id FROM associate a JOIN target.associate t ON t.associate_id = a.associate_id
WHERE a.type <> 13 AND t.type = 13;
-- name: system-users-credentials-go :with-target :if-set system_users
DELETE FROM credentials WHERE associateid IN (SELECT a.associate_id FROM associate a WHERE a.type = 13);
-- name: system-users-go :with-target :if-set system_users
DELETE FROM associate WHERE type = 13;
-- name: system-users-of-the-target :with-target :if-set system_users
INSERT INTO associate SELECT * FROM target.associate WHERE type = 13;
-- name: system-users-credentials-of-the-target :with-target :if-set system_users
INSERT INTO credentials
SELECT c.* FROM target.credentials c JOIN target.associate a ON a.associate_id = c.associateid WHERE a.type = 13;

-- Vendor, step 17, only with --target and --set user_plans=target: who may log in is as it was there.
-- name: user-plans-go :with-target :if-set user_plans
DELETE FROM licenseassoclink;
-- name: user-plans-of-the-target :with-target :if-set user_plans
INSERT INTO licenseassoclink SELECT * FROM target.licenseassoclink;

-- Checks -----------------------------------------------------------------------------------------------

-- Ours: what the rules above promise.
-- name: one-mailbox :test
SELECT id FROM mail_in_filter
WHERE address IS DISTINCT FROM :'test_mailbox' || '@' || :'mail_domain'
  OR id <> (SELECT min(m.id) FROM mail_in_filter m);
-- name: no-address-of-a-person :test
SELECT email_id FROM email WHERE type = 0 AND email_address LIKE '%@%' AND email_address NOT LIKE '%@' || :'mail_domain';
-- name: no-task-runs :test
SELECT id FROM schedule WHERE disabled = 0;
-- name: nothing-calls-others :test :optional
SELECT webhook_id FROM webhook;
-- name: nothing-waits-to-be-sent :test :optional
SELECT id FROM outbox;
-- name: no-mailing-runs :test :optional
SELECT id FROM s_shipment WHERE status IN (3, 4, 6, 7, 9, 10);
