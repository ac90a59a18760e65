-- title: Adobe Campaign Classic (PostgreSQL)
-- source: Adobe Campaign Classic documentation, Duplicating environments (the steps are numbered as there)
-- source: Adobe Campaign Classic documentation, Database cleanup workflow (the states)
-- source: Adobe Campaign Classic documentation, Before starting migration, Secure passwords
-- detect: nmsdelivery, nmsdeliverypart, xtkoption, xtkworkflow
-- baseline-except: xtkoperator.spassword
-- by-hand: stop the target environment's processes before the restore; afterwards start the web module only, check, then restart all
-- by-hand: re-enter the passwords of the external accounts (no export carries them)
-- by-hand: the operator internal is not in the database; its password is in serverConf.xml (nlserver config -internalpassword)
-- by-hand: admin and every other operator that remains must have a password
-- by-hand: give the options that name an instance their values: XtkDatabaseId, XtkInstancePrefix, NmsExecutionInstanceId, NmsServer_CustomerId, NmsTracking_Instance, NmsTracking_ExtAccount
-- by-hand: give the options that are URLs their values: NmsServer_URL, NmsServer_IntranetURL, NmsServer_MirrorPageUrl, NmsTracking_ServerUrl
-- by-hand: look at the pointers before use: NmsTracking_Pointer, NmsTracking_LastConsolidation, MC_LastUpdateFromBL, LASTIMPORT_*, NmsCleanup_LastCleanup
-- by-hand: an environment of several instances: scrub each dump with the same --key-file; both environments must have the same components
--
-- This does before the restore what nms:freezeInstance.js does after it (step 5, «cauterization»).
-- That script is not public: «vendor» marks what Adobe's page asks for, «ours» what we propose.
-- The row with id 0 of each table stands for «none» in outer joins and is never deleted.

\set mail_domain mailinator.com

-- Before (vendor, step 6: the same counts stand at the end) ----------------------------------------

-- name: deliveries-by-state-before
SELECT istate, count(*) FROM nmsdelivery GROUP BY istate;
-- name: workflows-by-state-before
SELECT istate, count(*) FROM xtkworkflow GROUP BY istate;
-- name: workflows-by-status-before
SELECT istatus, count(*) FROM xtkworkflow GROUP BY istatus;
-- name: delivery-parts-before
SELECT count(*) FROM nmsdeliverypart;

-- Deliveries ------------------------------------------------------------------------------------

-- Vendor, step 6: the only delivery part is the one with id 0.
-- name: delivery-parts
DELETE FROM nmsdeliverypart WHERE ideliverypartid <> 0;

-- Vendor asks for stopped deliveries; the value is ours. 51 start pending, 55 in progress, 61 and 62
-- recovery, 71 and 72 pause, 75 paused; 85 stopped. Templates have no state of their own.
-- name: stop-deliveries
UPDATE nmsdelivery SET istate = 85
WHERE istate BETWEEN 51 AND 75 AND ideliveryid <> 0 AND iismodel = 0;

-- Ours, as Adobe's own clean-up of expired deliveries does: pending (6) becomes cancelled (7).
-- name: cancel-pending-messages :optional
UPDATE "nmsbroadlog*" SET istatus = 7 WHERE istatus = 6;

-- Workflows -------------------------------------------------------------------------------------

-- Vendor asks for stopped workflows; the value is ours: started (11) and paused (13) become stopped (20).
-- istatus has no public meaning: it is counted and left.
-- name: stop-workflows
UPDATE xtkworkflow SET istate = 20 WHERE istate IN (11, 13) AND iworkflowid <> 0;

-- Ours: start and stop commands that wait, and events that are not over.
-- name: workflow-jobs
DELETE FROM xtkworkflowjob WHERE iworkflowjobid <> 0;
-- name: workflow-events
DELETE FROM xtkworkflowevent WHERE istatus <= 2 AND iworkfloweventid <> 0;

-- Options and external accounts -------------------------------------------------------------------
-- Vendor, steps 2 and 8: the target environment keeps its own. Without its dump they are made
-- harmless here (ours): secrets emptied, accounts without password and switched off. The value of an
-- option stands in one of five columns, chosen by idatatype; secrets are texts.

-- name: option-secrets :without-target
UPDATE xtkoption SET sstringvalue = NULL, mmemovalue = NULL
WHERE sname IN ('XtkKey', 'XtkSecretKey', 'NmsTracking_Password', 'NmsDelivery_MediaPassword',
  'XtkLdap_AppPassword', 'XtkWebForm_Password', 'NmsLine_AESKey');

-- name: option-addresses :without-target
UPDATE xtkoption
SET sstringvalue = anon.rewrite_emails(sstringvalue, :'mail_domain'),
    mmemovalue = anon.rewrite_emails(mmemovalue, :'mail_domain')
WHERE sname = 'EMTA_BCC_ADDRESS' OR sname LIKE 'NmsEmail\_Default%Addr';

-- What a person has to look at afterwards, see the by-hand lines.
-- name: options-to-do-by-hand :without-target
SELECT sname FROM xtkoption
WHERE sname IN ('XtkDatabaseId', 'XtkInstancePrefix', 'NmsExecutionInstanceId', 'NmsServer_URL',
    'NmsServer_CustomerId', 'NmsServer_IntranetURL', 'NmsServer_MirrorPageUrl', 'NmsTracking_Instance',
    'NmsTracking_ExtAccount', 'NmsTracking_Pointer', 'NmsTracking_LastConsolidation',
    'MC_LastUpdateFromBL', 'NmsCleanup_LastCleanup')
  OR sname LIKE 'NmsTracking\_ServerUrl%' OR sname LIKE 'LASTIMPORT\_%';

-- mdata holds further secrets (documented on the vendor's privacy page: password, clientSecret,
-- awsSecret …), so it goes as a whole.
-- name: account-secrets :without-target
UPDATE nmsextaccount SET spassword = NULL, mdata = NULL, iactive = 0 WHERE iextaccountid <> 0;

-- Operators ---------------------------------------------------------------------------------------
-- Vendor, step 9, says to change users. They keep their passwords (baseline-except above): an operator
-- without one could log in as before version 7.
-- name: operators-without-password
SELECT sname FROM xtkoperator WHERE ioperatorid <> 0 AND coalesce(spassword, '') = '';

-- Addresses: ours. The baseline does the same for every cell; here they are named, so that this
-- rulebook is complete when it is used alone.
-- name: recipient-addresses :optional
UPDATE nmsrecipient SET semail = anon.rewrite_emails(semail, :'mail_domain');
-- name: quarantine-addresses :optional
UPDATE nmsaddress SET saddress = anon.rewrite_emails(saddress, :'mail_domain'),
  mquarantinetext = anon.rewrite_emails(mquarantinetext, :'mail_domain');
-- name: broadlog-addresses :optional
UPDATE "nmsbroadlog*" SET saddress = anon.rewrite_emails(saddress, :'mail_domain');
-- name: broadlog-messages :optional
UPDATE nmsbroadlogmsg SET sfirstaddress = anon.rewrite_emails(sfirstaddress, :'mail_domain'),
  stext = anon.rewrite_emails(stext, :'mail_domain');
-- name: operator-addresses :optional
UPDATE xtkoperator SET semail = anon.rewrite_emails(semail, :'mail_domain');

-- Checks (vendor, step 6) ---------------------------------------------------------------------------

-- name: only-the-empty-delivery-part :test
SELECT ideliverypartid FROM nmsdeliverypart WHERE ideliverypartid <> 0;
-- name: no-delivery-runs :test
SELECT ideliveryid, istate FROM nmsdelivery
WHERE istate BETWEEN 51 AND 75 AND ideliveryid <> 0 AND iismodel = 0;
-- name: no-workflow-runs :test
SELECT iworkflowid, istate FROM xtkworkflow WHERE istate IN (11, 13) AND iworkflowid <> 0;
-- name: no-account-is-active :test :without-target
SELECT iextaccountid FROM nmsextaccount
WHERE iextaccountid <> 0 AND (iactive <> 0 OR coalesce(spassword, '') <> '');
-- name: deliveries-by-state-after
SELECT istate, count(*) FROM nmsdelivery GROUP BY istate;
-- name: workflows-by-state-after
SELECT istate, count(*) FROM xtkworkflow GROUP BY istate;
-- name: workflows-by-status-after
SELECT istatus, count(*) FROM xtkworkflow GROUP BY istatus;
