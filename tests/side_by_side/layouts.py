# SPDX-License-Identifier: Apache-2.0
"""Managed domains and virtual hosts in every arrangement: texts of configurations, by name."""


def host(*names, address="*", port="@HTTPS@", tls=True, lines=()):
    """A virtual host. Without names it has no ServerName."""
    return "\n".join([f"<VirtualHost {address}:{port}>", *([f"ServerName {names[0]}"] if names else []),
                      *([f"ServerAlias {' '.join(names[1:])}"] if names[1:] else []),
                      *(["SSLEngine on"] if tls else []), *lines, "</VirtualHost>"])


def plain(*names, **how):
    return host(*names, port="@HTTP@", tls=False, **how)


def section(*names, lines=()):
    return "\n".join([f"<MDomain {' '.join(names)}>", *lines, "</MDomain>"])


A, B, C = "a.example.org", "b.example.org", "c.example.org"
WILD = "*.example.org"
ACME_TLS = ("Protocols h2 http/1.1 acme-tls/1",)
STATIC = ("MDCertificateFile static.cert.pem", "MDCertificateKeyFile static.key.pem")
OWN_FILES = ("SSLCertificateFile static.cert.pem", "SSLCertificateKeyFile static.key.pem")

LAYOUTS = {
    # which host has the domain
    "one": [f"MDomain {A}", host(A)],
    "one, in capitals": ["MDomain A.Example.ORG", host("A.EXAMPLE.org")],
    "no host": [f"MDomain {A}"],
    "host before domain": [host(A), f"MDomain {A}"],
    "host of another name": [f"MDomain {A}", host(B)],
    "plain host only": [f"MDomain {A}", plain(A)],
    "plain and tls": [f"MDomain {A}", plain(A), host(A)],
    "plain first, tls for another": [f"MDomain {A}", plain(A), host(B, lines=OWN_FILES)],
    "acme-tls": [f"MDomain {A}", host(A, lines=ACME_TLS)],
    "acme-tls for one of two names": [f"MDomain {A} {B}", host(A, lines=ACME_TLS), host(B)],
    "acme-tls globally": ["Protocols h2 http/1.1 acme-tls/1", f"MDomain {A} {B}", host(A), host(B, lines=["Protocols http/1.1"])],
    "ssl optional": [f"MDomain {A}", host(A, tls=False, lines=["SSLEngine optional"])],
    "ssl off at 443": [f"MDomain {A}", host(A, tls=False)],
    "tls at the http port": [f"MDomain {A}", host(A, port="@HTTP@")],
    "two hosts of one name": [f"MDomain {A}", host(A), host(A)],
    "two addresses": [f"MDomain {A}", host(A, address="127.0.0.1"), host(A, address="127.0.0.2")],
    "default host": [f"MDomain {A}", host(A, address="_default_")],
    "address and port list": [f"MDomain {A}", host(A, address="127.0.0.1:@HTTP@ 127.0.0.1")],
    "port in ServerName": [f"MDomain {A}", host(f"{A}:443")],
    "scheme in ServerName": [f"MDomain {A}", host(f"https://{A}")],
    "dot at the end of ServerName": [f"MDomain {A}", host(f"{A}.")],
    # names
    "aliases join": [f"MDomain {A}", host(A, B, C)],
    "alias is the domain": [f"MDomain {B}", host(A, B)],
    "aliases, manual": [f"MDomain {A} manual", host(A, B)],
    "aliases, manual members": ["MDMembers manual", f"MDomain {A}", host(A, B)],
    "aliases, manual in section": [section(A, lines=["MDMembers manual"]), host(A, B)],
    "aliases, auto in section": ["MDMembers manual", section(A, lines=["MDMembers auto"]), host(A, B)],
    "aliases, auto in line": ["MDMembers manual", f"MDomain {A} auto", host(A, B)],
    "members": [section(A, lines=[f"MDMember {B}", f"MDMembers {C} {C}"]), host(A, B, C)],
    "members, manual": [section(A, lines=[f"MDMember {B}", "MDMember manual"]), host(A, B, C)],
    "members twice": [section(A, B, lines=[f"MDMember {A} {B}"]), host(A, B)],
    "names spread over hosts": [f"MDomain {A} {B} {C}", host(A), host(B), plain(C)],
    "wildcard alias": [f"MDomain {A}", host(A, WILD)],
    "wildcard domain": [f"MDomain {WILD}", host(A)],
    "wildcard domain first name": [f"MDomain example.org {WILD}", host("example.org", WILD)],
    "wildcard domain and host": [f"MDomain {WILD}", host(WILD)],
    "wildcard covers a name": [f"MDomain {WILD} {A}", host(A)],
    "wildcard and exact of two domains": [f"MDomain {WILD}", f"MDomain {A}", host(A), host(B)],
    "exact and wildcard of two domains": [f"MDomain {A}", f"MDomain {WILD}", host(B), host(A)],
    "wildcard and exact, servernames": ["MDMatchNames servernames", f"MDomain {WILD}", f"MDomain {A}", host(A), host(B)],
    "alias of another domain": [f"MDomain {A}", f"MDomain {B}", host(A, B), host(B)],
    "alias of another domain, servernames": ["MDMatchNames servernames", f"MDomain {A}", f"MDomain {B}", host(A, B), host(B)],
    "wildcard alias, other domain": [f"MDomain {A}", f"MDomain {B}", host(A, WILD), host(B)],
    "wildcard alias, other domain, servernames": ["MDMatchNames servernames", f"MDomain {A}", f"MDomain {B}", host(A, WILD), host(B)],
    "question mark in alias": [f"MDomain {A}", host(A, "?.example.org")],
    "underscore in alias": [f"MDomain {A}", host(A, "a_b.example.org")],
    "odd alias": [f"MDomain {A}", host(A, "inva!id.example.org")],
    "address as alias": [f"MDomain {A}", host(A, "127.0.0.1")],
    "alias without a dot": [f"MDomain {A}", host(A, "intranet")],
    "aliases twice": [f"MDomain {A}", host(A, B, B, A, "B.EXAMPLE.ORG")],
    "no ServerName": [f"MDomain {A}", host()],
    "no ServerName, alias": [f"MDomain {A}", host(lines=[f"ServerAlias {A}"])],
    "no ServerName anywhere": [f"MDomain {A}", host(), plain()],
    # several domains
    "two domains, two hosts": [f"MDomain {A}", f"MDomain {B}", host(A), host(B)],
    "two domains, one host": [f"MDomain {A}", f"MDomain {B}", host(A, B)],
    "two domains of one name": [f"MDomain {A} {B}", f"MDomain {B} {C}", host(A), host(C)],
    "the same domain twice": [f"MDomain {A}", f"MDomain {A}", host(A)],
    "the same domain twice, other names": [f"MDomain {A} {B}", f"MDomain {A} {C}", host(A)],
    "the same first name, sections": [section(A), section(A, lines=["MDRenewMode manual"]), host(A)],
    "many domains": [*(f"MDomain d{i}.example.org" for i in range(30)), *(host(f"d{i}.example.org") for i in range(30))],
    "hundreds of names": [f"MDomain {A}", host(A, *(f"n{i}.example.org" for i in range(300)))],
    "one used, one not": [f"MDomain {A}", f"MDomain {B}", host(A)],
    "mixed": [f"MDomain {A}", f"MDomain {B}", f"MDomain {C} manual", host(A), plain(B), plain(C), host(C), host("d.example.org", lines=OWN_FILES)],
    # places
    "domain within host": [host(A, lines=[f"MDomain {A}"])],
    "section within host": [host(A, lines=[section(A, lines=["MDRenewMode manual"])])],
    "domain within host of another": [host(A, lines=[f"MDomain {B}"]), host(B)],
    "settings within host": [f"MDomain {A}", host(A, lines=["MDRenewMode manual", "MDPrivateKeys P-256", "MDContactEmail vhost@example.org"])],
    "settings after domain": [f"MDomain {A}", "MDRenewMode manual", "MDPrivateKeys P-384", host(A)],
    "settings before domain": ["MDRenewMode manual", "MDPrivateKeys P-384", f"MDomain {A}", host(A)],
    "settings in section": ["MDRenewMode manual", section(A, lines=["MDRenewMode always", "MDRenewWindow 10%"]), host(A)],
    # the main server
    "base server": ["MDBaseServer on", "ServerName a.example.org", f"MDomain {A}", "SSLEngine on"],
    "base server, off": ["MDBaseServer off", "ServerName a.example.org", f"MDomain {A}"],
    "base server, plain": ["MDBaseServer on", "ServerName a.example.org", f"MDomain {A}"],
    "base server and host": ["MDBaseServer on", "ServerName a.example.org", f"MDomain {A}", host(A)],
    "base server, alias": ["MDBaseServer on", "ServerName a.example.org", f"ServerAlias {B}", f"MDomain {A}"],
    "base server alone has the name": ["ServerName a.example.org", f"MDomain {A}", host(B, lines=OWN_FILES)],
    # contacts
    "ServerAdmin of the main server": ["ServerAdmin main@example.com", f"MDomain {A}", host(A, lines=["ServerAdmin host@example.com"])],
    "ServerAdmin of the host": [f"MDomain {A}", host(A, lines=["ServerAdmin host@example.com"])],
    "ServerAdmin of a plain host": [f"MDomain {A}", plain(A, lines=["ServerAdmin host@example.com"]), host(A)],
    "ServerAdmin of the second host": [f"MDomain {A}", host(A), host(A, address="127.0.0.2", lines=["ServerAdmin host@example.com"])],
    "ServerAdmin as a URL": ["ServerAdmin https://example.com/contact", f"MDomain {A}", host(A)],
    "ServerAdmin where the domain is": [host(A, lines=["ServerAdmin host@example.com", f"MDomain {A}"])],
    "MDContactEmail beats ServerAdmin": ["ServerAdmin main@example.com", "MDContactEmail md@example.com", f"MDomain {A}", host(A)],
    "MDContactEmail of the section": ["MDContactEmail md@example.com", section(A, lines=["MDContactEmail own@example.com"]), host(A)],
    # certificates of the administrator's
    "static files": [section("static.example.org", lines=STATIC), host("static.example.org")],
    "static files, manual": [section("static.example.org", lines=[*STATIC, "MDRenewMode manual"]), host("static.example.org")],
    "static files, always": [section("static.example.org", lines=[*STATIC, "MDRenewMode always"]), host("static.example.org")],
    "static files twice": [section("static.example.org", lines=[*STATIC, *STATIC]), host("static.example.org")],
    "static files are gone": [section(A, lines=["MDCertificateFile gone.pem", "MDCertificateKeyFile gone.key"]), host(A)],
    "static file without key": [section(A, lines=STATIC[:1]), host(A)],
    "static key without file": [section(A, lines=STATIC[1:]), host(A)],
    "static files of another name": [section(A, lines=STATIC), host(A)],
    "own files in managed host": [f"MDomain {A}", host(A, lines=OWN_FILES)],
    "own files of the main server": [*OWN_FILES, f"MDomain {A}", host(A)],
    # web
    "require https": ["MDRequireHttps temporary", f"MDomain {A}", plain(A), host(A)],
    "require https, permanent": ["MDRequireHttps permanent", f"MDomain {A}", plain(A), host(A)],
    "require https in section": [section(A, lines=["MDRequireHttps permanent"]), plain(A), host(A)],
    "require https in host": [f"MDomain {A}", plain(A, lines=["MDRequireHttps permanent"]), host(A)],
    "require https without tls": ["MDRequireHttps temporary", f"MDomain {A}", plain(A)],
    "require https if": [f"MDomain {A}", plain(A, lines=["<If \"%{REQUEST_URI} =~ m#/if#\">", "MDRequireHttps permanent", "</If>"]), host(A)],
    "require https in location": [f"MDomain {A}", plain(A, lines=['<Location "/if">', "MDRequireHttps temporary", "</Location>"]), host(A)],
    "require https, rewritten": ["MDRequireHttps temporary", f"MDomain {A}", plain(A, lines=["RewriteEngine on", "RewriteRule ^/(.*)$ /other/$1 [R=303]"]), host(A)],
    "require https, unmanaged host": ["MDRequireHttps temporary", f"MDomain {A}", plain(A), host(A), plain(B)],
    # ways to write it
    "macro for each": ["<Macro Managed $name>", "MDomain $name", "<VirtualHost *:@HTTPS@>", "ServerName $name", "SSLEngine on", "</VirtualHost>", "</Macro>",
                       f"Use Managed {A}", f"Use Managed {B}"],
    "variables": [f"Define DOMAIN {A}", "Define OTHERS b.example.org", "MDomain ${DOMAIN} ${OTHERS}", "<VirtualHost *:@HTTPS@>", "ServerName ${DOMAIN}",
                  "ServerAlias ${OTHERS}", "SSLEngine on", "</VirtualHost>"],
    "domain set": [f"<MDomainSet {A} {B}>", "MDRenewMode manual", "</MDomainSet>", host(A, B)],
    "empty domain set": ["<MDomainSet>", f"MDMember {A}", "</MDomainSet>", host(A)],
    "ports mapped": ["MDPortMap http:- https:8443", f"MDomain {A}", host(A)],
    "challenges of 2018": ["MDCAChallenges tls-sni-01 http-01", f"MDomain {A}", host(A)],
    "a name that is none": [f"MDomain {A} inva!id.example.org", host(A)],
    "a curve that is none": [f"MDomain {A}", section(B, lines=["MDPrivateKeys nonsense"]), host(A), host(B)],
    "stapling": ["MDStapling on", f"MDomain {A}", host(A)],
    "ssl stapling too": ["MDStapling on", "SSLUseStapling on", "SSLStaplingCache shmcb:logs/stapling(32768)", f"MDomain {A}", host(A)],
    "tailscale": [section("a.tail1.ts.net", lines=["MDCertificateProtocol tailscale", "MDCertificateAuthority file://localhost/var/run/gone.sock"]),
                  host("a.tail1.ts.net")],
}


def text(name, http=80, https=443):
    return ("\n".join(["ServerName base.example.net"] * ("no ServerName anywhere" != name) + LAYOUTS[name]) + "\n") \
        .replace("@HTTPS@", str(https)).replace("@HTTP@", str(http))
