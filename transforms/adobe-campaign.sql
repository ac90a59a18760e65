-- title: Adobe Campaign Classic (PostgreSQL)
-- source: Adobe Campaign Classic documentation, Duplicating environments (the steps are numbered as there)
-- source: Adobe Campaign Classic documentation, Database cleanup workflow (the states)
-- source: Adobe Campaign Classic documentation, Before starting migration, Secure passwords
-- detect: nmsdelivery, nmsdeliverypart, xtkoption, xtkworkflow
-- baseline-except: xtkoperator.spassword
-- by-hand: before anything else, back up the databases of all instances of both environments
-- by-hand: stop the target environment's processes on all servers before the restore (nlserver pdump shows whether any is left)
-- by-hand: Adobe's own nms:freezeInstance.js may still be run before anything is started (step 5); with -arg:dry it lists what it would do
-- by-hand: after the restore start the web module only, check that the client console works, then restart all processes
-- by-hand: look through what came from the target before use: NmsTracking_Pointer among the options, the delivery and mid-sourcing accounts
-- by-hand: re-enter the passwords of the external accounts (no package export carries them; with --target they come with the rows: check them)
-- by-hand: change users to those that the target environment had (with --target they are: check their groups and their rights on folders, which go by id)
-- by-hand: the operator internal is not in the database; its password is in serverConf.xml (nlserver config -internalpassword) and must be the same on all tracking servers
-- by-hand: admin and every other operator that remains must have a password
-- by-hand: give the options that name an instance their values (with --target, those that the report lists as options-that-the-target-lacks): XtkDatabaseId, XtkInstancePrefix, NmsExecutionInstanceId, NmsServer_CustomerId, NmsTracking_Instance, NmsTracking_ExtAccount
-- by-hand: give the options that are URLs their values (likewise): NmsServer_URL, NmsServer_IntranetURL, NmsServer_MirrorPageUrl, NmsTracking_ServerUrl*
-- by-hand: look at production's pointers before use (likewise): NmsTracking_Pointer, NmsTracking_LastConsolidation, MC_LastUpdateFromBL, LASTIMPORT_*, NmsCleanup_LastCleanup
-- by-hand: an environment of several instances: scrub each dump with the same --key-file and its own --target; both environments must have the same number of instances, the same purpose and the same components
--
-- This does before the restore what nms:freezeInstance.js does after it (step 5, «cauterization»).
-- That script is not public. «Vendor» marks what Adobe's page asks for, «documented» what another
-- public page says, «ours» what we propose, «assumed» a name or meaning that no public page gives.
--
-- Adobe's databases declare no primary and no foreign keys, only unique indexes on ids and names, so
-- no deletion below breaks a restore or cascades. The row with id 0 of each table stands for «none» in
-- outer joins: it is never deleted and never taken from the target. What refers to a replaced account
-- or operator does so by id or name without any constraint; the report lists what to look at.

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

-- Addresses ---------------------------------------------------------------------------------------
-- Ours. They stand before the rows of the target, whose addresses are its own. The baseline does the same for every cell; here they are named, so that this
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

-- Options -----------------------------------------------------------------------------------------
-- Vendor, steps 2 and 8: the target environment's options are imported over what is there, by name,
-- and none is purged. So first, with a target or without, production's own are made harmless (ours);
-- then the target's come over them, and what production alone has stays harmless. The value of an
-- option stands in one of five columns, chosen by idatatype; secrets are texts.

-- Ours; the names are documented.
-- name: option-secrets
UPDATE xtkoption SET sstringvalue = NULL, mmemovalue = NULL
WHERE sname IN ('XtkKey', 'XtkSecretKey', 'NmsTracking_Password', 'NmsDelivery_MediaPassword',
  'XtkLdap_AppPassword', 'XtkWebForm_Password', 'NmsLine_AESKey');

-- Ours; the names are documented.
-- name: option-addresses
UPDATE xtkoption
SET sstringvalue = anon.rewrite_emails(sstringvalue, :'mail_domain'),
    mmemovalue = anon.rewrite_emails(mmemovalue, :'mail_domain')
WHERE sname = 'EMTA_BCC_ADDRESS' OR sname LIKE 'NmsEmail\_Default%Addr';

-- What names the instance or says how far it has come (documented), and a person has to look at
-- afterwards; with a target only what the target has no value for (ours).
-- name: options-to-do-by-hand :without-target
SELECT sname FROM xtkoption
WHERE sname IN ('XtkDatabaseId', 'XtkInstancePrefix', 'NmsExecutionInstanceId', 'NmsServer_URL',
    'NmsServer_CustomerId', 'NmsServer_IntranetURL', 'NmsServer_MirrorPageUrl', 'NmsTracking_Instance',
    'NmsTracking_ExtAccount', 'NmsTracking_Pointer', 'NmsTracking_LastConsolidation',
    'MC_LastUpdateFromBL', 'NmsCleanup_LastCleanup')
  OR sname LIKE 'NmsTracking\_ServerUrl%' OR sname LIKE 'LASTIMPORT\_%';
-- name: options-that-the-target-lacks :with-target
SELECT sname FROM xtkoption
WHERE (sname IN ('XtkDatabaseId', 'XtkInstancePrefix', 'NmsExecutionInstanceId', 'NmsServer_URL',
    'NmsServer_CustomerId', 'NmsServer_IntranetURL', 'NmsServer_MirrorPageUrl', 'NmsTracking_Instance',
    'NmsTracking_ExtAccount', 'NmsTracking_Pointer', 'NmsTracking_LastConsolidation',
    'MC_LastUpdateFromBL', 'NmsCleanup_LastCleanup')
  OR sname LIKE 'NmsTracking\_ServerUrl%' OR sname LIKE 'LASTIMPORT\_%')
  AND sname NOT IN (SELECT t.sname FROM target.xtkoption t WHERE t.sname IS NOT NULL);

-- Vendor, steps 2 and 8, but for the three that belong to the build of this database.
-- name: options-of-the-target :with-target
UPDATE xtkoption
SET idatatype = t.idatatype, itype = t.itype, sdesc = t.sdesc, sstringvalue = t.sstringvalue,
    mmemovalue = t.mmemovalue, ilongvalue = t.ilongvalue, ddoublevalue = t.ddoublevalue,
    tstimestampvalue = t.tstimestampvalue
FROM target.xtkoption t
WHERE t.sname = xtkoption.sname AND t.ioptionid <> 0 AND xtkoption.ioptionid <> 0
  AND t.sname NOT IN ('WdbcTimeZone', 'NmsServer_LastPostUpgrade', 'NmsBroadcast_RegexRules');

-- Vendor, the same steps; the free id is ours: the options follow production's last one in the order
-- of their ids (assumed: XtkNewId, which all tables draw their ids from, is far beyond).
-- name: options-only-the-target-has :with-target
INSERT INTO xtkoption (ioptionid, sname, idatatype, itype, sdesc, sstringvalue, mmemovalue, ilongvalue,
  ddoublevalue, tstimestampvalue)
SELECT (SELECT max(o.ioptionid) FROM xtkoption o)
    + (SELECT count(*) FROM target.xtkoption b WHERE b.ioptionid <= t.ioptionid),
  t.sname, t.idatatype, t.itype, t.sdesc, t.sstringvalue, t.mmemovalue, t.ilongvalue,
  t.ddoublevalue, t.tstimestampvalue
FROM target.xtkoption t
WHERE t.ioptionid <> 0
  AND t.sname NOT IN ('WdbcTimeZone', 'NmsServer_LastPostUpgrade', 'NmsBroadcast_RegexRules')
  AND NOT EXISTS (SELECT 1 FROM xtkoption o WHERE o.sname = t.sname);

-- External accounts -------------------------------------------------------------------------------

-- Vendor, step 8: purge, then import. SELECT * takes the columns by name, whatever the build has.
-- name: purge-accounts :with-target
DELETE FROM nmsextaccount WHERE iextaccountid <> 0;
-- name: accounts-of-the-target :with-target
INSERT INTO nmsextaccount SELECT * FROM target.nmsextaccount WHERE iextaccountid <> 0;

-- Without a target: no secret and switched off (ours). mdata holds further secrets (documented on the
-- vendor's privacy page: password, clientSecret, awsSecret …), so it goes as a whole.
-- name: account-secrets :without-target
UPDATE nmsextaccount SET spassword = NULL, mdata = NULL, iactive = 0 WHERE iextaccountid <> 0;

-- Vendor, step 8: to be looked at before use.
-- name: tracking-pointer-of-the-target :with-target
SELECT sname, idatatype, ilongvalue, sstringvalue, tstimestampvalue
FROM target.xtkoption WHERE sname = 'NmsTracking_Pointer';
-- name: accounts-to-look-at :with-target
SELECT sname, slabel, itype, iactive FROM nmsextaccount WHERE iextaccountid <> 0 ORDER BY sname;

-- Operators ---------------------------------------------------------------------------------------
-- Vendor, step 9: change users to find those that already existed on the target. Without a target
-- production's keep their passwords (baseline-except above): an operator without one could log in as
-- before version 7.

-- Ours. Rights on folders and signs of ownership name an operator by its id: these ids were someone
-- else's in production.
-- name: operator-ids-that-change-hands :with-target
SELECT o.ioperatorid, o.sname AS in_production, t.sname AS now
FROM xtkoperator o JOIN target.xtkoperator t ON t.ioperatorid = o.ioperatorid
WHERE o.ioperatorid <> 0 AND (o.sname <> t.sname OR o.itype <> t.itype)
ORDER BY o.ioperatorid;

-- name: purge-operators :with-target
DELETE FROM xtkoperator WHERE ioperatorid <> 0;
-- name: operators-of-the-target :with-target
INSERT INTO xtkoperator SELECT * FROM target.xtkoperator WHERE ioperatorid <> 0;

-- Who belongs to which group goes by the same ids, so it must come from the same database: ours, or
-- the target's people inherit what production's had. The table is documented (as a subquery's table
-- on the vendor's migration page), its use here is ours.
-- name: purge-memberships :with-target :optional
DELETE FROM xtkoperatorgroup WHERE EXISTS (SELECT 1 FROM target.xtkoperatorgroup);
-- name: memberships-of-the-target :with-target :optional
INSERT INTO xtkoperatorgroup SELECT * FROM target.xtkoperatorgroup;

-- Vendor, «Secure passwords»: admin must have one.
-- name: operators-without-password
SELECT sname FROM xtkoperator WHERE ioperatorid <> 0 AND coalesce(spassword, '') = '';
-- Ours; assumed: slogin is the operator in whose name a workflow runs.
-- name: workflows-of-operators-who-are-gone :with-target :optional
SELECT w.iworkflowid, w.slogin FROM xtkworkflow w
WHERE w.slogin <> '' AND NOT EXISTS (SELECT 1 FROM xtkoperator o WHERE o.sname = w.slogin);

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
-- Vendor, steps 2 and 8: as many as were exported, and nobody else's.
-- name: every-option-of-the-target-is-taken :test :with-target
SELECT t.sname FROM target.xtkoption t
WHERE t.ioptionid <> 0
  AND t.sname NOT IN ('WdbcTimeZone', 'NmsServer_LastPostUpgrade', 'NmsBroadcast_RegexRules')
  AND NOT EXISTS (SELECT 1 FROM xtkoption o WHERE o.sname = t.sname AND o.idatatype = t.idatatype
    AND o.sstringvalue IS NOT DISTINCT FROM t.sstringvalue AND o.mmemovalue IS NOT DISTINCT FROM t.mmemovalue
    AND o.ilongvalue = t.ilongvalue AND o.ddoublevalue = t.ddoublevalue
    AND o.tstimestampvalue IS NOT DISTINCT FROM t.tstimestampvalue);
-- name: as-many-accounts-as-the-target :test :with-target
SELECT here.accounts AS here, there.accounts AS there
FROM (SELECT count(*) AS accounts FROM nmsextaccount WHERE iextaccountid <> 0) here,
  (SELECT count(*) AS accounts FROM target.nmsextaccount WHERE iextaccountid <> 0) there
WHERE here.accounts <> there.accounts;
-- name: no-account-of-production :test :with-target
SELECT a.sname FROM nmsextaccount a
WHERE a.iextaccountid <> 0 AND NOT EXISTS (SELECT 1 FROM target.nmsextaccount t
  WHERE t.iextaccountid = a.iextaccountid AND t.sname IS NOT DISTINCT FROM a.sname
    AND t.spassword IS NOT DISTINCT FROM a.spassword);
-- name: no-operator-of-production :test :with-target
SELECT o.sname FROM xtkoperator o
WHERE o.ioperatorid <> 0 AND NOT EXISTS (SELECT 1 FROM target.xtkoperator t
  WHERE t.ioperatorid = o.ioperatorid AND t.sname IS NOT DISTINCT FROM o.sname
    AND t.spassword IS NOT DISTINCT FROM o.spassword);
-- name: deliveries-by-state-after
SELECT istate, count(*) FROM nmsdelivery GROUP BY istate;
-- name: workflows-by-state-after
SELECT istate, count(*) FROM xtkworkflow GROUP BY istate;
-- name: workflows-by-status-after
SELECT istatus, count(*) FROM xtkworkflow GROUP BY istatus;
