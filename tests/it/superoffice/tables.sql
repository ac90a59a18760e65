CREATE TABLE associate (
    associate_id integer NOT NULL PRIMARY KEY,
    name varchar(30),
    person_id integer,
    type smallint,
    deleted smallint,
    encryptedcheck varchar(254)
);
CREATE TABLE credentials (
    credentials_id integer NOT NULL PRIMARY KEY,
    associateid integer,
    credentialtype varchar(50),
    secret varchar(255),
    encryptedcheck varchar(254)
);
CREATE TABLE licenseassoclink (
    licenseassoclink_id integer NOT NULL PRIMARY KEY,
    associd integer,
    modulelicenseid integer,
    encryptedcheck varchar(254)
);
CREATE TABLE modulelicense (
    modulelicense_id integer NOT NULL PRIMARY KEY,
    modulename varchar(100),
    licensenumber integer,
    encryptedcheck varchar(254)
);
CREATE TABLE company (
    company_id integer NOT NULL PRIMARY KEY,
    version smallint,
    revision smallint,
    ownercontactname varchar(219),
    ownerdepartmentname varchar(219),
    ownercontactid integer,
    dbcontactname varchar(219),
    dbdepartmentname varchar(219),
    dbcontactid integer,
    serialno varchar(219),
    extrainfo varchar(254),
    encryptedcheck varchar(254)
);
CREATE TABLE contact (
    contact_id integer NOT NULL PRIMARY KEY,
    name varchar(220),
    department varchar(220),
    country_id integer
);
CREATE TABLE email (
    email_id integer NOT NULL PRIMARY KEY,
    contact_id integer,
    person_id integer,
    project_id integer,
    protocol varchar(11),
    type smallint,
    description varchar(254),
    email_address varchar(239),
    rank smallint,
    registered timestamp,
    updated timestamp,
    bouncecount smallint,
    lastbounce timestamp
);
CREATE TABLE ejuser (
    id integer NOT NULL PRIMARY KEY,
    loginname varchar(63),
    username varchar(63),
    password varchar(127),
    firstname varchar(127),
    lastname varchar(127),
    email varchar(255)
);
CREATE TABLE ej_category (
    id integer NOT NULL PRIMARY KEY,
    fullname varchar(255),
    notification_email varchar(255)
);
CREATE TABLE ej_message (
    id integer NOT NULL PRIMARY KEY,
    ticket_id integer,
    author varchar(255),
    email_header text,
    body text,
    created_at timestamp,
    html_body text
);
CREATE TABLE ticket (
    id integer NOT NULL PRIMARY KEY,
    title varchar(255),
    created_at timestamp,
    closed_at timestamp,
    author varchar(255),
    owned_by integer,
    category integer,
    status smallint,
    ticket_status smallint,
    cust_id integer,
    filter_address varchar(255),
    from_address varchar(255)
);
CREATE TABLE ticket_alert (
    id integer NOT NULL PRIMARY KEY,
    sms_to varchar(255),
    email_to varchar(255)
);
CREATE TABLE config (
    id integer NOT NULL PRIMARY KEY,
    admin_mail varchar(255),
    default_mail varchar(255),
    panic_mail varchar(255),
    smtp_host varchar(255),
    cgi_url varchar(255)
);
CREATE TABLE mail_in_filter (
    id integer NOT NULL PRIMARY KEY,
    server_type smallint,
    pop_server varchar(255),
    pop_user varchar(255),
    pop_password varchar(255),
    domain varchar(255),
    address varchar(255),
    category_id integer,
    priority smallint,
    reply_template_id integer,
    checkwait integer,
    next_check timestamp,
    status smallint,
    ai_suggest_category smallint NOT NULL,
    ai_text_analysis smallint NOT NULL
);
CREATE TABLE email_account (
    email_account_id integer NOT NULL PRIMARY KEY,
    associate_id integer,
    email_address varchar(239),
    error_reason varchar(255),
    encryptedcheck varchar(254)
);
CREATE TABLE email_item (
    email_item_id integer NOT NULL PRIMARY KEY,
    account_id integer,
    "from" text,
    "to" text,
    cc text,
    subject varchar(255)
);
CREATE TABLE service_auth (
    service_auth_id integer NOT NULL PRIMARY KEY,
    username varchar(100),
    password varchar(4000),
    encryptedcheck varchar(254)
);
CREATE TABLE schedule (
    id integer NOT NULL PRIMARY KEY,
    domain smallint,
    status smallint,
    frequency smallint,
    asap smallint,
    disabled smallint,
    stop smallint,
    name varchar(255),
    after_schedule_id integer,
    minute_interval integer,
    next_execution timestamp,
    last_execution timestamp
);
CREATE TABLE scheduled_task (
    id integer NOT NULL PRIMARY KEY,
    schedule_id integer,
    script_id integer,
    description varchar(255)
);
CREATE TABLE webhook (
    webhook_id integer NOT NULL PRIMARY KEY,
    name varchar(400),
    events varchar(4000),
    target_url varchar(4000),
    type varchar(100),
    application_token varchar(200),
    headers text,
    properties text,
    secret varchar(400),
    state smallint,
    errors_email varchar(239)
);
CREATE TABLE outbox (
    id integer NOT NULL PRIMARY KEY,
    ticket_id integer,
    message_id integer,
    subject varchar(255),
    from_email varchar(255),
    from_envelope varchar(255),
    rcpt text,
    mail_size integer,
    created timestamp,
    status smallint,
    retries smallint,
    next_retry timestamp,
    pid integer,
    last_error varchar(255),
    type smallint,
    rfc822_content text
);
CREATE TABLE s_shipment (
    id integer NOT NULL PRIMARY KEY,
    description varchar(255),
    status smallint,
    from_addr varchar(255),
    reply_addr varchar(255),
    envelope_from varchar(255),
    start_date timestamp
);
CREATE TABLE s_sent_message (
    id integer NOT NULL PRIMARY KEY,
    shipment_id integer,
    email varchar(255)
);
CREATE TABLE message_customers (
    id integer NOT NULL PRIMARY KEY,
    message_id integer,
    email varchar(255)
);
CREATE TABLE email_flow (
    email_flow_id integer NOT NULL PRIMARY KEY,
    from_name varchar(255),
    from_addr varchar(255),
    reply_to_addr varchar(255)
);
CREATE TABLE form_submission (
    form_submission_id integer NOT NULL PRIMARY KEY,
    form_id integer,
    email_address varchar(255)
);
CREATE TABLE chat_session (
    id integer NOT NULL PRIMARY KEY,
    name varchar(255),
    email varchar(255)
);
CREATE TABLE invitation (
    invitation_id integer NOT NULL PRIMARY KEY,
    organizer_email varchar(239)
);
CREATE TABLE eab_entry (
    id integer NOT NULL PRIMARY KEY,
    email_address varchar(255)
);
CREATE TABLE mail_block (
    id integer NOT NULL PRIMARY KEY,
    mail_addr varchar(255)
);
CREATE TABLE s_bounce_shipment (
    id integer NOT NULL PRIMARY KEY,
    email varchar(255)
);
CREATE TABLE s_link_customer_statical (
    id integer NOT NULL PRIMARY KEY,
    email varchar(255)
);
CREATE TABLE s_washing (
    id integer NOT NULL PRIMARY KEY,
    email_addr varchar(255)
);
CREATE TABLE s_shipment_addr (
    id integer NOT NULL PRIMARY KEY,
    shipment_id integer,
    address varchar(255),
    name varchar(255),
    type integer,
    status integer
);
CREATE TABLE mail_alias (
    id integer NOT NULL PRIMARY KEY,
    filter_id integer,
    alias varchar(255)
);
CREATE TABLE sms (
    id integer NOT NULL PRIMARY KEY,
    sms_text text,
    outbox_id integer,
    reference_key varchar(255)
);
CREATE TABLE email_folder (
    email_folder_id integer NOT NULL PRIMARY KEY,
    account_id integer,
    name varchar(255)
);
CREATE TABLE inbox (
    id integer NOT NULL PRIMARY KEY,
    mail_in_filter integer,
    uidl varchar(2047),
    status integer
);
INSERT INTO associate VALUES (1, 'ADMIN', 1, 0, 0, 'ec-1');
INSERT INTO associate VALUES (2, 'ANN', 2, 0, 0, 'ec-2');
INSERT INTO associate VALUES (90, 'SYSERP', NULL, 13, 0, 'ec-90');
INSERT INTO credentials VALUES (1, 1, 'pwd', 'hash-1', 'cc-1');
INSERT INTO credentials VALUES (2, 2, 'pwd', 'hash-2', 'cc-2');
INSERT INTO credentials VALUES (3, 90, 'token', 'sys-token', 'cc-3');
INSERT INTO licenseassoclink VALUES (1, 1, 1, 'lc-1');
INSERT INTO licenseassoclink VALUES (2, 2, 1, 'lc-2');
INSERT INTO modulelicense VALUES (1, 'user', 25, 'mc-1');
INSERT INTO company VALUES (1, 1, 0, 'Shop Inc', '', 1, 'Shop Inc', '', 1, '1234567890', '', 'company-check');
INSERT INTO contact VALUES (1, 'Shop Inc', '', 578);
INSERT INTO contact VALUES (2, 'Müller & Søn', 'Sales', 578);
INSERT INTO email VALUES (1, 1, NULL, NULL, 'SMTP', 0, '', 'info@shop.com', 1, '2026-11-20 09:00:00', NULL, 0, NULL);
INSERT INTO email VALUES (2, NULL, 1, NULL, 'SMTP', 0, 'work', 'john.doe@company.com', 1, '2026-11-20 09:00:00', '2026-11-20 09:00:00', 2, '2026-11-20 09:00:00');
INSERT INTO email VALUES (3, NULL, 2, NULL, 'SMTP', 0, '', 'ANN@Shop.com', 1, '2026-11-20 09:00:00', NULL, 0, NULL);
INSERT INTO email VALUES (4, NULL, 2, NULL, '', 1, 'chat', 'ann@chat.example', 1, '2026-11-20 09:00:00', NULL, 0, NULL);
INSERT INTO email VALUES (5, NULL, 2, NULL, '', 2, '', 'sip:ann', 1, '2026-11-20 09:00:00', NULL, 0, NULL);
INSERT INTO email VALUES (6, 2, NULL, NULL, 'SMTP', 0, '', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@long-domain.example', 1, '2026-11-20 09:00:00', NULL, 0, NULL);
INSERT INTO ejuser VALUES (1, 'ann', 'Ann', 'hash-a', 'Ann', 'O''Hara', 'ann@shop.com');
INSERT INTO ej_category VALUES (3, 'Support', 'ann@shop.com, bob@shop.com');
INSERT INTO ej_category VALUES (7, 'Sales', '');
INSERT INTO ej_message VALUES (1, 1, 'Cy', 'From: Cy <cy@customer.example>
To: support@shop.com', 'Hello,
please answer to cy@customer.example.
''Cy''', '2026-11-20 09:00:00');
INSERT INTO ticket VALUES (1, 'Broken', '2026-11-01 08:00:00', NULL, 'Cy', 1, 3, 1, 1, 1, 'support@shop.com', 'cy@customer.example');
INSERT INTO ticket VALUES (2, 'Done', '2026-10-01 08:00:00', '2026-10-02 08:00:00', 'Cy', 1, 3, 2, 2, 1, '', '');
INSERT INTO ticket_alert VALUES (1, 'Escalate', 'boss@shop.com; ann@shop.com');
INSERT INTO config VALUES (1, 'admin@shop.com', 'noreply@shop.com', 'panic@shop.com', 'smtp.shop.com', 'https://service.shop.com/scripts');
INSERT INTO mail_in_filter VALUES (4, 1, 'imap.shop.com', 'support', 'pop-secret', 'shop.com', 'support@shop.com', 3, 1, 12, 60, '2026-11-20 09:00:00', 1, 1, 1);
INSERT INTO mail_in_filter VALUES (5, 1, 'imap.shop.com', 'sales', 'pop-secret-2', 'shop.com', 'sales@shop.com', 7, 1, NULL, 60, '2026-11-20 09:00:00', 1, 1, 1);
INSERT INTO email_account VALUES (1, 2, 'ann@shop.com', 'inbox-secret', 'ea-1');
INSERT INTO email_item VALUES (1, 1, 'Cy <cy@customer.example>', 'ann@shop.com', '', 'Re: Broken');
INSERT INTO service_auth VALUES (1, 'ann', 'refresh-token', 'sa-1');
INSERT INTO schedule VALUES (1, 1, 1, 2, 0, 0, 0, 'Nightly export', NULL, 1440, '2026-11-20 09:00:00', '2026-11-20 09:00:00');
INSERT INTO schedule VALUES (2, 1, 1, 2, 0, 1, 0, 'Old import', NULL, 60, NULL, NULL);
INSERT INTO schedule VALUES (3, 1, 1, 2, 0, 0, 0, 'Send newsletters', 1, 5, '2026-11-20 09:00:00', NULL);
INSERT INTO scheduled_task VALUES (1, 1, 100, 'Nightly export');
INSERT INTO scheduled_task VALUES (2, 3, 101, 'Newsletters');
INSERT INTO webhook VALUES (1, 'ERP', 'contact.created', 'https://erp.shop.com/hook', 'webhook', 'app-token', '{}', '{}', 'whsec', 1, 'it@shop.com');
INSERT INTO outbox VALUES (1, 1, 1, 'Re: Broken', 'support@shop.com', '', 'cy@customer.example', 512, '2026-11-20 09:00:00', 0, 0, NULL, NULL, '', 0, 'Subject: Re');
INSERT INTO s_shipment VALUES (1, 'Draft', 1, 'news@shop.com', 'news@shop.com', '', NULL);
INSERT INTO s_shipment VALUES (2, 'Spring', 3, '"Shop" <news@shop.com>', 'news@shop.com', 'bounce@shop.com', '2026-11-20 09:00:00');
INSERT INTO s_shipment VALUES (3, 'Winter', 5, 'news@shop.com', '', '', '2026-11-20 09:00:00');
INSERT INTO s_shipment VALUES (4, 'Autumn', 9, 'news@shop.com', '', '', '2026-11-20 09:00:00');
INSERT INTO s_sent_message VALUES (1, 3, 'cy@customer.example');
INSERT INTO message_customers VALUES (1, 1, 'cy@customer.example');
INSERT INTO email_flow VALUES (1, 'Welcome', 'hello@shop.com', '');
INSERT INTO form_submission VALUES (1, 1, 'dee@customer.example');
INSERT INTO chat_session VALUES (1, 'Dee', 'dee@customer.example');
INSERT INTO invitation VALUES (1, 'eve@customer.example');
INSERT INTO eab_entry VALUES (1, 'fay@customer.example');
INSERT INTO mail_block VALUES (1, 'spam@spam.example');
INSERT INTO s_bounce_shipment VALUES (1, 'gus@customer.example');
INSERT INTO s_link_customer_statical VALUES (1, 'hal@customer.example');
INSERT INTO s_washing VALUES (1, 'ivy@customer.example');
INSERT INTO s_shipment_addr VALUES (1, 2, 'jan@customer.example', 'Jan', 0, 1);
INSERT INTO s_shipment_addr VALUES (2, 2, '+4790000000', 'Kim', 1, 1);
INSERT INTO mail_alias VALUES (1, 4, 'help@shop.com');
INSERT INTO sms VALUES (1, 'Your code is 4711', 1, '');
INSERT INTO sms VALUES (2, 'Old', -1, 'r-1');
INSERT INTO email_folder VALUES (1, 1, 'INBOX');
INSERT INTO inbox VALUES (1, 4, 'uidl-77', 0);
