//! What the name of a column says, in the languages that schemas are written in.
//!
//! A name is split into words (`snake_case`, `camelCase`, digits), without case and accents. An entry of the
//! list is met by its words in a row, written together or apart; one that begins with `*` by the end of
//! a word, as in German compounds, one that ends with `*` by its beginning. What a last word turns into
//! something else (`email_count`, `password_changed_at`) is no hint.

use super::detect::person::folded;
use super::kind::Kind;

/// What a name hints at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// What it would be.
    pub kind: Kind,
    /// Is the name enough, when values say nothing against it?
    pub strong: bool,
}

/// Names that are enough; kinds in the order in which they are tried.
const STRONG: &[(Kind, &str)] = &[
    (
        Kind::Secret,
        "*password,password*,passwd,*passwd,pwd,*pwd,passwort,*passwort,kennwort,*kennwort,passphrase,mot de passe,mdp,\
      contrasena,senha,wachtwoord,haslo,losenord,secret,*secret,secret*,token,*token,api key,apikey*,access key,private key,\
      encryption key,signing key,session key,auth key,credential*,recovery code*,backup code*,otp,totp,cvv,cvc,csc,cvv2,\
      session id,session token,connection string,security answer,client secret,webhook secret,auth code,sessionid,\
      security code,secret key,user pass,userpass,pass hash,passhash,salt,geheimnis,schluessel privat,clave secreta,private schluessel,\
      zugangscode,geheimzahl,pass,verification code,reset code,token hash,token digest,hashed pass*",
    ),
    (
        Kind::Card,
        "card number,credit card*,cc number,cc num,ccnum,ccno,card no,card num,kreditkarte*,kartennummer,karten nr,carte bancaire,numero carte,\
      numero tarjeta,tarjeta credito,numero cartao,cartao credito,creditcard,cardnumber,carta credito",
    ),
    (
        Kind::Bank,
        "iban,*iban,bank account,kontonummer,konto nr,kontonr,sort code,routing number,bankleitzahl,blz,cuenta bancaria,numero compte,\
      bank konto,bankkonto,bankverbindung,account iban,rekeningnummer,conto corrente",
    ),
    (
        Kind::National,
        "ssn,social security*,sozialversicherung*,sv nummer,svnr,sv nr,steuer id,steuernummer,*steuernummer,steueridentifik*,tax id,taxid,tax number,\
      national id,nationalid,national insurance*,nin,nino,passport*,reisepass*,ausweis*,*ausweis,*ausweisnummer,id card,driver license*,drivers license*,driving licence,driving license,\
      fuehrerschein*,dni,nif,codice fiscale,cod fiscale,cpf,pesel,bsn,personnummer,insee,nir,num secu,securite sociale,aadhaar,\
      license plate,licence plate,kfz kennzeichen,curp,numero secu,id number,numero passeport,numero documento,steuer nr,numero identificacion,insurance number,insurance no,insurance id,versicherungsnummer,patient id,patient no,nhs number,nhs no,medicare*",
    ),
    (
        Kind::FirstName,
        "first name,given name,forename,fname,vorname*,*vorname,prenom,*prenom,nombre pila,voornaam,imie,fornamn,fornavn,rufname,middle name,primer nombre,\
      givenname,firstnames,first names,prenoms",
    ),
    (
        Kind::LastName,
        "last name,surname,*surname,family name,lname,nachname*,*nachname,familienname,zuname,nom famille,apellido*,cognome,sobrenome,\
      achternaam,nazwisko,efternamn,efternavn,maiden name,geburtsname,nom naissance,lastname2",
    ),
    (
        Kind::UserName,
        "username,user name,login,login name,user login,benutzername,nickname,nick,screen name,nom utilisateur,nombre usuario,account name,\
      usuario login,gebruikersnaam,identifiant,user id name",
    ),
    (
        Kind::Name,
        "full name,contact name,customer name,person name,account holder,cardholder*,card holder,kontoinhaber,ansprechpartner,\
      contact person,recipient name,employee name,patient name,nombre completo,nombre cliente,nom complet,nome completo,nominativo,\
      client name,kundenname,sachbearbeiter,emergency contact,next of kin,beneficiary*,sender name,guest name,passenger name,billing name,shipping name,\
      author name,owner name,member name,student name,real name,legal name,vor und nachname,name complete,titolare,titulaire",
    ),
    (
        Kind::Address,
        "email*,*email,e mail,mail,*mail,mail address,email address,courriel,correo,correo electronico,posta elettronica,adresse mail,mailadresse,\
      emailadresse,e mail adresse,reply to,*mailadresse,mel,elektronische adresse",
    ),
    (
        Kind::Phone,
        "phone*,*phone,telephone*,telefon*,*telefon,*telefonnummer,tel,tel nr,telnr,tel no,telno,mobile,mobil,mobile number,mobile no,mobilnummer,mobiltelefon,handy*,handynummer,cell,cellphone,cell phone,fax*,\
      *fax,telefono*,telefone*,celular,movil,tlf,whatsapp*,contact number,rufnummer,*rufnummer,msisdn,gsm,mobil nr,numero telephone,telefoon*,tel mobile,tel fixe,tel1,tel2,telefax,durchwahl",
    ),
    (
        Kind::Postcode,
        "zip,zip code,zipcode,postcode,post code,postal code,postalcode,plz,*plz,postleitzahl,code postal,codepostal,codigo postal,cep,kod pocztowy,postnummer,postcode*,zip postal",
    ),
    (
        Kind::City,
        "city,*city,town,stadt,wohnort,*wohnort,ville,ciudad,citta,cidade,woonplaats,plaats,miasto,locality,birth place,birthplace,place of birth,geburtsort,*ort,poblacion,localidad,hometown",
    ),
    (
        Kind::Street,
        "street*,*street,*strasse,strasse*,address line*,address1,address2,street address,billing address,shipping address,postal address,home address,mailing address,\
      anschrift,*anschrift,lieferadresse,rechnungsadresse,calle,direccion*,domicilio,indirizzo*,endereco*,logradouro,straat*,rue,*adresse,adresse*,ulica,gatuadress,addr1,addr2,addr line*,address line 1,str nr,hausnr,hausnummer,house number,house no",
    ),
    (
        Kind::Birth,
        "birth date,date of birth,dob,birthday,*birthday,birthdate,born,born on,geburtsdatum,geburtstag,geb datum,gebdat,date naissance,datenaissance,\
      fecha nacimiento,fecha nac,data nascita,data nascimento,geboortedatum,data urodzenia,birth year,year of birth,geburtsjahr,birth dt,geb dat",
    ),
    (
        Kind::Mac,
        "mac,mac address,macaddress,mac addr,hwaddr,hardware address,bssid,mac adresse",
    ),
    (
        Kind::Ip,
        "ip,*ip,ip address,ipaddress,ip addr,ipaddr,client ip,remote addr,remote address,ip adresse,last login ip,ip v4,ip v6,remote ip,source ip,adresse ip,ipv4,ipv6,src ip,dst ip,host ip",
    ),
    (
        Kind::Device,
        "user agent,useragent,device id,deviceid,advertising id,idfa,gaid,imei,imsi,iccid,cookie id,visitor id,device token,browser agent,http user agent,device identifier,udid",
    ),
    (
        Kind::Location,
        "lat,latitude,lon,lng,longitude,breitengrad,laengengrad,gps*,coordinates,koordinaten,latitud,longitud,geo lat,geo lng,geo lon,last location,latitudine,longitudine",
    ),
    (
        Kind::Pay,
        "salary,*salary,gehalt,*gehalt,lohn,*lohn,salaire*,salario,sueldo,stipendio,income,*income,einkommen,wage*,compensation,net worth,remuneration,annual pay,base pay,hourly rate",
    ),
    (
        Kind::Sensitive,
        "religion,konfession,ethnic*,race,political*,party membership,trade union,health*,diagnos*,disease*,blood type,blood group,blutgruppe,allerg*,\
      medication*,disabilit*,sexual*,krankheit*,icd10,icd code,criminal*,marital status,familienstand,gender,geschlecht,sexe,sexo,sex,sesso,genere,geslacht,plec,nationality,staatsangehoerigkeit,nationalite,\
      signature,unterschrift,photo,foto,portrait,fingerprint template,medical*,krankenkasse,versichertennummer,gesundheit*,estado civil,religion name,pregnan*,vaccin*",
    ),
];

/// Names that only values can confirm.
const WEAK: &[(Kind, &str)] = &[
    (
        Kind::Secret,
        "pin,pin code,clave,cookie*,license key,lizenzschluessel,licence key,ssh key,certificate,dsn,activation code,invite code,hash,nonce,access code,webhook url",
    ),
    (
        Kind::Address,
        "sender,recipient,recipients,absender,empfaenger,from,to,cc,bcc,from addr*,to addr*,contact,kontakt,destinataire,expediteur,author,owner,user,account,subscriber,identity,address,assigned to,verteiler",
    ),
    (Kind::Card, "pan,tarjeta,cartao,card,karte,card last4,last4"),
    (
        Kind::Bank,
        "account number,account no,acct no,bic,swift,rib,konto,account nr,acct number,bank",
    ),
    (
        Kind::National,
        "license number,licence number,kennzeichen,matricula,immatriculation,targa,nie,tin,vat id,vat number,ust id,ustid,uid nr,personalnummer,document number,dokumentnummer,document no,rut,tax code",
    ),
    (
        Kind::Phone,
        "portable,contact,kontakt,number,nummer,sender,recipient,caller,callee,called number,from number,to number,caller id,anrufer",
    ),
    (Kind::FirstName, "nombre,nome,first,middle initial,middle"),
    (Kind::LastName, "nom,last,family"),
    (
        Kind::Name,
        "display name,inhaber,contact,patient,author,owner,manager,kunde,mitarbeiter,signatory,recipient,sender,kontakt,assignee,reporter,customer,client,cliente,employee,responsible,\
      approver,supervisor,doctor,arzt,teacher,driver,agent,sales rep,salesperson,verantwortlich,bearbeiter,beguenstigter,guest,passenger,member,student,user,contact1,assigned to,reviewer,signed by,salutation",
    ),
    (
        Kind::UserName,
        "handle,benutzer,utilisateur,usuario,utente,created by,modified by,updated by,changed by,deleted by,approved by,requested by,createdby,modifiedby,updatedby,user,author,owner,assignee,account,erstellt von,geaendert von,angelegt von,cree par,uid,actor,login id",
    ),
    (
        Kind::Street,
        "address,addr,via,str,location,rua,house,complement,complemento,*address,delivery,venue,domicile",
    ),
    (Kind::Postcode, "cp,cap,post"),
    (
        Kind::City,
        "ort,place,location,municipality,gemeinde,commune",
    ),
    (
        Kind::Birth,
        "naissance,nascita,nascimento,nacimiento,geburt,birth",
    ),
    (
        Kind::Ip,
        "host,server,client,remote,gateway,endpoint,source,destination,origin,address,addr",
    ),
    (Kind::Mac, "hw,hardware"),
    (
        Kind::Device,
        "fingerprint,tracking id,agent,browser,serial number,device",
    ),
    (Kind::Location, "geo*,location,long,position,point,standort"),
    (
        Kind::Pay,
        "bonus,earnings,pay,revenue personal,credit limit,commission",
    ),
    (
        Kind::Sensitive,
        "picture,image,avatar,scan,orientation,condition,symptom*,therapy,treatment,party,bild,handicap",
    ),
];

/// A last word that makes something else of a column.
const NOT_LAST: &[&str] = &[
    "count",
    "at",
    "on",
    "verified",
    "confirmed",
    "sent",
    "enabled",
    "disabled",
    "status",
    "state",
    "flag",
    "template",
    "subject",
    "provider",
    "format",
    "type",
    "kind",
    "policy",
    "attempts",
    "attempt",
    "length",
    "expires",
    "expiry",
    "expiration",
    "required",
    "valid",
    "changed",
    "updated",
    "created",
    "date",
    "time",
    "datum",
    "bounced",
    "optin",
    "optout",
    "subscribed",
    "level",
    "strength",
    "version",
    "label",
    "title",
    "category",
    "group",
    "order",
    "position",
    "index",
    "size",
    "domain",
    "range",
    "ttl",
    "algorithm",
    "algo",
    "scheme",
    "method",
    "brand",
    "network",
    "currency",
    "country",
    "visible",
    "public",
    "hint",
    "age",
    "limit",
    "score",
    "rank",
    "uses",
    "used",
    "lang",
    "language",
    "locale",
    "prefix",
    "suffix",
    "class",
    "total",
    "amount",
    "price",
    "qty",
    "quantity",
    "body",
    "text",
    "html",
    "layout",
    "campaign",
    "list",
    "folder",
    "queue",
    "server",
    "host",
    "port",
    "exists",
];

/// The same, but for words that say what the secret is in.
const NOT_LAST_BUT_SECRET: &[&str] = &["id", "ids", "fk", "ref", "no", "code", "hash"];

/// A first word that makes a question or a setting of a column.
const NOT_FIRST: &[&str] = &[
    "is", "has", "num", "show", "allow", "send", "use", "can", "must", "should", "needs",
    "require", "requires", "hide", "enable", "disable", "count", "total", "max", "min", "nb",
    "anzahl", "ist", "hat",
];

/// The same, but for secrets: a thing has no name or address that is a person's, but it may have a password.
const NOT_FIRST_BUT_SECRET: &[&str] = &[
    "default", "product", "file", "table", "host", "domain", "event", "company", "firmen", "firma",
];

/// Tables whose `name` is a person's.
const PEOPLE: &str = "person*,people,user*,customer*,contact*,employee*,patient*,member*,author*,client*,staff,student*,teacher*,doctor*,driver*,guest*,passenger*,\
    owner*,subscriber*,recipient*,lead,leads,applicant*,candidate*,resident*,tenant*,participant*,attendee*,visitor*,kunde*,mitarbeiter*,benutzer*,ansprechpartner*,\
    persona*,cliente*,empleado*,usuario*,clients,employe*,utilisateur*,personne*,dipendent*,utent*,personen,kontakt*,friend*,speaker*,partner,cardholder*,beneficiar*,donor*,voter*,citizen*,artist*,actor*,player*,profile*,account holder*";

/// What stands behind the name of such a table.
const BEHIND: &[&str] = &[
    "archive", "archiv", "old", "new", "bak", "backup", "history", "import", "export", "data",
    "info", "details", "detail", "master", "list", "staging", "stg", "tmp", "de", "en", "fr", "es",
    "it", "nl", "uk", "us", "at", "ch", "entity",
];

/// Words that name what is about no one: a column that ends in one of them, or that is one of them.
const HARMLESS: &str = "id,uuid,guid,status,state,type,kind,category,code,sku,ean,gtin,isbn,currency,country,country code,land,pays,pais,locale,language,lang,sprache,timezone,time zone,tz,unit,\
    version,revision,build,slug,color,colour,size,format,mime type,content type,extension,checksum,sha1,sha256,md5,etag,digest,commit,file hash,content hash,queue,priority,severity,level,\
    number,no,nr,order number,order no,invoice number,invoice no,tracking number,ticket,reference,product,product name,product code,model,brand,material,sequence,position,rank,flag,enabled,active,method,http method,table name,column name,\
    schema name,module,component,class,class name,namespace,environment,region,region code,icon,layout,theme,mode,channel,currency code,payment method,payment status,delivery method,carrier,warehouse,shelf,\
    file name,filename,path,file path,branch,tag,label,scope,role,permission,event,event type,action,object type,entity type,content type id,migration,app,application,protocol,algorithm,cron,schedule,frequency,units,\
    artikel,artikelnummer,bezeichnung,einheit,waehrung,farbe,groesse,statut,estado,devise,moneda,couleur,produit,producto,kategorie,categorie,categoria,marke,marque,marca";

/// What stands between words and says nothing: `date_de_naissance`, `numero_di_telefono`, `fld_name`.
const BETWEEN: &[&str] = &[
    "of", "de", "du", "des", "di", "del", "della", "da", "do", "la", "le", "el", "the", "fld",
    "col", "txt", "c", "f", "s", "v", "x",
];

/// The words of a name, lower case, without accents; `ä` is `ae`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    let mut letters = name.chars().peekable();
    while let Some(c) = letters.next() {
        let next_lower = letters.peek().is_some_and(|next| next.is_lowercase());
        let begins = c.is_uppercase()
            && (before.is_lowercase()
                || before.is_ascii_digit()
                || before.is_uppercase() && next_lower);
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            match c {
                'ä' | 'Ä' => word.push_str("ae"),
                'ö' | 'Ö' => word.push_str("oe"),
                'ü' | 'Ü' => word.push_str("ue"),
                c => word.push_str(&folded(c.encode_utf8(&mut [0; 4]))),
            }
        }
        before = c;
    }

    let all: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let kept: Vec<String> = all
        .iter()
        .filter(|word| !BETWEEN.contains(&word.as_str()))
        .cloned()
        .collect();
    if kept.is_empty() { all } else { kept }
}

/// Does a list have an entry that these words meet?
fn met(list: &str, words: &[String], whole: bool) -> bool {
    list.split(',').map(str::trim).any(|entry| {
        let parts: Vec<&str> = entry
            .split(' ')
            .filter(|part| !BETWEEN.contains(part))
            .collect();
        let together = parts.concat();
        let glued = words.concat();
        if let Some(end) = entry.strip_prefix('*') {
            return words
                .last()
                .is_some_and(|word| word.ends_with(end) && word.len() > end.len())
                || words.last().is_some_and(|word| word == end);
        }
        if let Some(start) = together.strip_suffix('*') {
            let one = |word: &String| word.starts_with(start);
            return match parts.len() {
                1 if whole => words.first().is_some_and(one),
                1 => words.iter().any(one),
                _ => glued.contains(start),
            };
        }
        if whole {
            return glued == together;
        }
        words.contains(&together)
            || parts.len() > 1
                && words
                    .windows(parts.len())
                    .any(|window| window.iter().zip(&parts).all(|(word, part)| word == part))
    })
}

/// What the name of a column in a table hints at, the strongest first.
pub fn hints(table: &str, column: &str) -> Vec<Hint> {
    let words = words(column);
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return Vec::new();
    };
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit());
    let several = words.len() > 1;
    let about_else = several && (NOT_LAST.contains(&last) || NOT_FIRST.contains(&first.as_str()));
    let of_thing = several && NOT_FIRST_BUT_SECRET.contains(&first.as_str());
    let mut found = Vec::new();
    let own: Vec<String> = words
        .iter()
        .map(|word| {
            let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
            if bare.is_empty() {
                word.clone()
            } else {
                bare.to_owned()
            }
        })
        .collect();
    for (list, strong) in [(STRONG, true), (WEAK, false)] {
        for (kind, entries) in list {
            // Weak words are hints by themselves, not as a part of something longer.
            let fits = match strong {
                true => met(entries, &words, false) || met(entries, &own, false),
                false => met(entries, &own, true),
            };
            let whole = is_in(entries, &words);
            let vague = several && NOT_LAST_BUT_SECRET.contains(&last) && !whole;
            let excused =
                *kind == Kind::Birth || *kind == Kind::Secret && ["hash", "code"].contains(&last);
            let else_ =
                about_else && *kind != Kind::Birth && !whole || of_thing && *kind != Kind::Secret;
            let known = found.iter().any(|hint: &Hint| hint.kind == *kind);
            if fits && !else_ && (!vague || excused) && !known {
                found.push(Hint {
                    kind: *kind,
                    strong,
                });
            }
        }
    }
    // What a name is about stands at its end: `last_login_ip`.
    let at_end = |hint: &Hint| {
        let list = if hint.strong { STRONG } else { WEAK };
        let entries = list.iter().filter(|(kind, _)| *kind == hint.kind);
        let ends = |n: usize| {
            n <= own.len()
                && entries
                    .clone()
                    .any(|(_, e)| met(e, &own[own.len() - n..], true))
        };
        (1..=3).any(ends)
    };
    found.sort_by_key(|hint| (!hint.strong, !at_end(hint)));
    // `created_by`, `erstellt_von`
    if several
        && ["by", "von", "par", "por"].contains(&last)
        && !found.iter().any(|hint| hint.kind == Kind::UserName)
    {
        let kind = Kind::UserName;
        found.push(Hint {
            kind,
            strong: false,
        });
    }
    if is_about_people(table) {
        let whole: Vec<&str> = words.iter().map(String::as_str).collect();
        if matches!(whole[..], ["name"] | ["naam"] | ["display", "name"]) {
            found.retain(|hint| hint.kind != Kind::Name);
            let kind = Kind::Name;
            found.insert(0, Hint { kind, strong: true });
        }
        // `nombre` and `nom` mean names of things as well, but not among people.
        let mut hints = found.iter_mut();
        if let Some(hint) = hints.find(|h| matches!(h.kind, Kind::FirstName | Kind::LastName)) {
            hint.strong = true;
        }
    }
    found
}

/// Is the whole name an entry, so that its last word belongs to it (`national_id`, `zip_code`)?
fn is_in(entries: &str, words: &[String]) -> bool {
    let glued = words.concat();
    entries.split(',').map(str::trim).any(|entry| {
        let together: String = entry
            .split(' ')
            .filter(|part| !BETWEEN.contains(part))
            .collect();
        together.len() > 2 && glued.ends_with(together.trim_matches('*')) && entry.contains(' ')
    })
}

/// Does the table's name say that its rows are people?
pub fn is_about_people(table: &str) -> bool {
    let words = words(table);
    let people = |word: &String| met(PEOPLE, std::slice::from_ref(word), false);
    match words.as_slice() {
        [first, last] => people(last) || people(first) && BEHIND.contains(&last.as_str()),
        _ => words.last().is_some_and(people),
    }
}

/// Does the name say that the column is about no one?
pub fn is_harmless(column: &str) -> bool {
    let words = words(column);
    let ends = |n: usize| words.len() >= n && met(HARMLESS, &words[words.len() - n..], true);
    ends(1) || ends(2)
}

/// Does the name say nothing at all: `c1`, `field_7`, `custom2`?
pub fn says_nothing(column: &str) -> bool {
    const NOTHING: &[&str] = &[
        "c",
        "col",
        "column",
        "f",
        "field",
        "feld",
        "campo",
        "champ",
        "attr",
        "attribute",
        "custom",
        "val",
        "value",
        "wert",
        "valeur",
        "valor",
        "data",
        "text",
        "str",
        "string",
        "extra",
        "misc",
        "other",
        "param",
        "arg",
        "x",
        "y",
        "z",
        "v",
        "a",
        "b",
        "spalte",
        "userfield",
        "udf",
        "flex",
    ];
    let lower = column.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphabetic());
    NOTHING.contains(&bare)
}

/// The kinds that a key in a document hints at by itself.
pub fn of_key(key: &str) -> Option<Kind> {
    hints("", key)
        .into_iter()
        .find(|hint| hint.strong)
        .map(|hint| hint.kind)
}

#[cfg(test)]
mod tests;
