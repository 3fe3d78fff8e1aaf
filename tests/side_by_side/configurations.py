# SPDX-License-Identifier: Apache-2.0
"""
Configurations that `apache2 -t` is asked about.

The directives are those that Debian's module lists; what may be written in them is what mod_md's manual says of each.
"""

from functools import partial

import layouts
import server_root
from observing import Case
from testbed.httpd import DEBIAN_MOD_MD

HUGE = "x" * 9000  # longer than a line of httpd.conf may be
LONG = "a" * 300
NAMES = {HUGE: "@HUGE@", LONG: "@LONG@"}

# -- what each directive takes: one good argument, and which table of odd ones is for it

KINDS = {
    "MDCertificateAuthority": ("authority", "https://ca.example.org/directory"),
    "MDCertificateAgreement": ("agreement", "accepted"),
    "MDCAChallenges": ("challenges", "http-01"),
    "MDCertificateProtocol": ("protocol", "ACME"),
    "MDContactEmail": ("email", "admin@example.org"),
    "MDDriveMode": ("mode", "always"),
    "MDRenewMode": ("mode", "always"),
    "MDomain": ("domains", "a.example.org"),
    "MDMember": ("members", "b.example.org"),
    "MDMembers": ("members", "b.example.org"),
    "MDMustStaple": ("switch", "on"),
    "MDPortMap": ("ports", "http:8080"),
    "MDPrivateKeys": ("keys", "RSA 3072"),
    "MDHttpProxy": ("proxy", "http://proxy.example.org:3128"),
    "MDStoreDir": ("file", "store"),
    "MDRenewWindow": ("window", "14d"),
    "MDRequireHttps": ("https", "temporary"),
    "MDNotifyCmd": ("command", "/bin/true"),
    "MDBaseServer": ("switch", "on"),
    "MDChallengeDns01": ("command", "/bin/true"),
    "MDChallengeDns01Version": ("version", "2"),
    "MDCertificateFile": ("file", "static.cert.pem"),
    "MDCertificateKeyFile": ("file", "static.key.pem"),
    "MDServerStatus": ("switch", "on"),
    "MDCertificateStatus": ("switch", "on"),
    "MDWarnWindow": ("window", "7d"),
    "MDMessageCmd": ("command", "/bin/true"),
    "MDStapling": ("switch", "on"),
    "MDStapleOthers": ("switch", "on"),
    "MDStaplingKeepResponse": ("window", "7d"),
    "MDStaplingRenewWindow": ("window", "33%"),
    "MDCertificateCheck": ("check", "name https://check.example.org/?q="),
    "MDActivationDelay": ("duration", "1d"),
    "MDCACertificateFile": ("file", "authority.pem"),
    "MDHttpProxyCACertificateFile": ("file", "authority.pem"),
    "MDExternalAccountBinding": ("binding", "kid-1 aGVsbG8gd29ybGQhISEhISE"),
    "MDRetryDelay": ("duration", "10s"),
    "MDRetryFailover": ("number", "5"),
    "MDStoreLocks": ("locks", "on"),
    "MDMatchNames": ("match", "servernames"),
    "MDInitialDelay": ("duration", "10s"),
    "MDCheckInterval": ("duration", "1h"),
    "MDProfile": ("word", "shortlived"),
    "MDProfileMandatory": ("switch", "on"),
    "MDRenewViaARI": ("switch", "off"),
}

DURATIONS = ("1", "0", "10s", "10S", "500ms", "500MS", "5mi", "5MI", "5m", "2h", "2H", "3d", "3D", "1w", "2W", "1y", "1.5h", "-1", "-7d",
             "+5s", "1s1", "s", "10 s", "10sec", "10min", "10 d", "99999999999999999999", "2147483648s", "0x10", "1e3", "007", "١s")
ARGUMENTS = {
    "switch": ("on", "On", "ON", "off", "Off", "OFF", "yes", "no", "true", "1", "0", "onn", "o", "enabled", "auto"),
    "mode": ("auto", "Auto", "AUTO", "always", "Always", "manual", "MANUAL", "drive", "never", "0", "1", "2", "on", "off"),
    "https": ("off", "Off", "temporary", "Temporary", "TEMPORARY", "permanent", "Permanent", "on", "yes", "301", "tmp"),
    "match": ("all", "All", "ALL", "servernames", "ServerNames", "SERVERNAMES", "names", "servername", "none", "off"),
    "duration": DURATIONS,
    "locks": ("on", "On", "off", "OFF", "yes", "5", "100%", *DURATIONS[2:12], "-5s", "abc"),
    "window": (*DURATIONS, "0%", "1%", "33%", "99%", "100%", "101%", "200%", "-1%", "33.3%", "%", "33 %", "33%%", "1000000000000%"),
    "number": ("0", "1", "13", "-1", "2147483648", "99999999999999999999", "1.5", "abc", "5x", "0x10", "+3", "007"),
    "version": ("1", "2", "0", "3", "-1", "01", "1.0", "one", "v2"),
    "protocol": ("ACME", "acme", "Acme", "ACMEv1", "ACMEv2", "tailscale", "Tailscale", "TAILSCALE", "FOO", "HTTP"),
    "agreement": ("accepted", "Accepted", "ACCEPTED", "https://ca.example.org/terms", "no", "accept", "agreed",
                  "http:/bad url/x", "yes"),
    "challenges": ("http-01", "HTTP-01", "tls-alpn-01", "TLS-ALPN-01", "dns-01", "http-01 dns-01", "tls-sni-01", "tls-sni-01 http-01",
                   "http-01 http-01", "http", "http-01,dns-01", "dns-account-01", "none", "http-02 dns-01"),
    "email": ("admin@example.org", "mailto:admin@example.org", "MAILTO:admin@example.org", "admin", "@", "a@b@c", "tel:+123",
              "Admin <admin@example.org>", "a@example.org,b@example.org", "admin@", "@example.org", "http://x", "ä@example.org"),
    "domains": ("a.example.org", "A.Example.ORG", "a.example.org b.example.org", "a.example.org a.example.org", "*.example.org",
                "*.example.org example.org", "a.example.org auto", "a.example.org manual", "a.example.org MANUAL", "manual", "auto",
                "auto a.example.org", "manual a.example.org", "a.example.org manual b.example.org", "a.example.org auto manual",
                "inva!id.example.org", "a.example.org inva!id.example.org",
                "-bad.example.org", "bad-.example.org", "a..org", ".example.org", "example.org.", "tld", "localhost", "127.0.0.1",
                "[::1]", "::1", "a.example.org:443", "https://a.example.org", "a_b.example.org", "xn--bcher-kva.example", "bücher.example",
                "a.*.example.org", "*", "**.example.org", "*example.org", "../../etc", "a/b", "a.example.org,b.example.org", ".", "..",
                LONG + ".example.org", "a." * 130 + "org", '"a.example.org b.example.org"', "'a.example.org'", '"a.example.org', "a.example.org #x",
                "con", "a\\b.example.org", "%2e%2e", "$x.example.org"),
    "members": ("b.example.org", "auto", "AUTO", "manual", "Manual", "b.example.org c.example.org", "b.example.org manual", "b.example.org b.example.org",
                "a.example.org", "inva!id", "*.example.org", "on", "off"),
    "ports": ("http:8080", "HTTP:8080", "https:8443", "80:8080", "443:8443", "http:8080 https:8443", "80:-", "http:- https:-", "443:-",
              "81:8080", "8080", "http", "http:", ":8080", "http:0", "http:65535", "http:65536", "http:-1", "http:abc", "http:8080x",
              "http:8080 http:8081", "http:8080 https:8443 http:80", "ftp:21", "80:8080:1", "https:443", "http 8080", "http :8080"),
    "keys": ("Default", "default", "DEFAULT", "RSA", "rsa", "RSA 2048", "rsa 4096", "RSA 1024", "RSA 2047", "RSA 8192", "RSA 20480", "RSA 0",
             "RSA -1", "RSA abc", "RSA 4096 8192", "RSA2048", "rsa4096", "RSA1024", "RSA20480", "P-256", "p-256", "P256", "secp256r1",
             "SECP384R1", "P-384", "P-521", "secp521r1", "secp256k1", "X25519", "Ed25519", "prime256v1", "brainpoolP256r1", "nonsense", "EC",
             "EC P-256", "RSA P-256", "P-256 RSA", "P-256 RSA 3072", "RSA 3072 P-256 P-384", "secp256r1 P-256", "P-256 P-256", "RSA RSA",
             "RSA 2048 RSA 4096", "RSA2048 RSA4096", "Default P-256", "P-256 Default", "Default Default", "RSA 2048 nonsense", "DSA", "RSA 999999999999",
             "RSA 2048x", "RSA 3072.5", "2048", "RSA:2048", "P-256,RSA"),
    "proxy": ("http://proxy.example.org:3128", "https://proxy.example.org", "HTTP://proxy.example.org", "proxy.example.org:3128", "socks5://proxy:1080",
              "ftp://proxy.example.org", "http://proxy.example.org:0", "http://proxy.example.org:65536", "http://proxy.example.org:abc",
              "http://user:secret@proxy.example.org:3128", "http://", "http:///x", "http://[::1]:3128", "http://a b/", "off", "none", "localhost"),
    "authority": ("https://ca.example.org/directory", "http://ca.example.org/directory", "LetsEncrypt", "letsencrypt", "LETSENCRYPT",
                  "LetsEncrypt-Test", "letsencrypt-test", "Buypass", "Buypass-Test", "ZeroSSL", "Google", "SSL.com", "x", "Let's", "acme-v02.api.letsencrypt.org",
                  "https://one.example.org/d https://two.example.org/d", "LetsEncrypt Buypass", "LetsEncrypt x", "https://x", "https://", "https:///d",
                  "http://white space/path", '"http://white space/path"', "http://bad.port:-1/p", "http://bad.port:0/p", "http://bad.port:65536/p",
                  "http://bad.port:abc/p", "http://inva!id/p", "ftp://ca.example.org/d", "mailto:x@y", "file:///var/run/x.sock",
                  "file://localhost/var/run/tailscale/tailscaled.sock", "HTTPS://CA.example.org/d", "https://[::1]:14000/dir", "https://user:pw@ca.example.org/d",
                  "https://ca.example.org/d#frag", "https://ca.example.org/d?x=y", "http:ca.example.org", "https://ca..example.org/d", "https://-ca.example.org/d",
                  "https://ca.example.org:/d", "https://tld/d", "https://a_b.example.org/d", "https://bücher.example/d", "//ca.example.org/d"),
    "binding": ("kid-1 aGVsbG8gd29ybGQhISEhISE", "none", "None", "eab.json", "gone.json", "no-kid.json", "no-hmac.json", "broken.json", "empty.json",
                "kid-1", "kid-1 hmac more", "kid-1 not*base64", "kid-1 a", "none none", "kid-1 none", "@ROOT@/eab.json", "htdocs", '"" aGVsbG8', 'kid-1 ""'),
    "check": ("name https://check.example.org/?q=", "name", "name url", '"two words" https://check.example.org', "name https://a https://b",
              "name ftp://x", 'name ""', '"" https://x', "<b> https://x/<script>", "name javascript:alert(1)"),
    "command": ("/bin/true", "/bin/true with arguments", "/nonexisting", "@ROOT@/htdocs", "true", '"/bin/true with arguments"', "relative/path",
                "'/bin/sh' -c 'exit 1'", "none", "off", "eab.json"),
    "file": ("authority.pem", "@ROOT@/authority.pem", "gone.pem", "@ROOT@/gone/gone.pem", "htdocs", "none", "None", "NONE", "eab.json", "/", ".", "../x",
             "two words", '"two words"', "/dev/null"),
    "word": ("classic", "ShortLived", "none", "two words", '"two words"', "<b>", "-", "default"),
}

# -- where they may stand

HOST = "<VirtualHost *:443>\nServerName a.example.org\nSSLEngine on\n{line}\n</VirtualHost>"
PLACES = {
    "server": "{line}",
    "vhost": "MDomain a.example.org\n" + HOST,
    "plain vhost": "MDomain a.example.org\n" + HOST.replace("SSLEngine on\n", "").replace("443", "80"),
    "MDomain": "<MDomain a.example.org>\n{line}\n</MDomain>",
    "MDomainSet": "<MDomainSet a.example.org>\n{line}\n</MDomainSet>",
    "MDomain in vhost": HOST.format(line="<MDomain a.example.org>\n{line}\n</MDomain>"),
    "Directory": '<Directory "@ROOT@/htdocs">\n{line}\n</Directory>',
    "Directory in vhost": HOST.format(line='<Directory "@ROOT@/htdocs">\n{line}\n</Directory>'),
    "Location": '<Location "/x">\n{line}\n</Location>',
    "Files": '<Files "x">\n{line}\n</Files>',
    "If": "<If \"%{{HTTP_HOST}} == 'a.example.org'\">\n{line}\n</If>",
    "If in vhost": HOST.format(line="<If \"true\">\n{line}\n</If>").replace("{{", "{"),
    "Else": '<If "false">\n</If>\n<Else>\n{line}\n</Else>',
    "Limit": '<Location "/x">\n<Limit POST>\n{line}\n</Limit>\n</Location>',
    "IfModule": "<IfModule md_module>\n{line}\n</IfModule>",
    "IfModule by file": "<IfModule mod_md.c>\n{line}\n</IfModule>",
    "IfModule without": "<IfModule !mod_md.c>\n{line}\n</IfModule>",
    "IfDefine": "Define HERE\n<IfDefine HERE>\n{line}\n</IfDefine>",
    "IfDefine without": "<IfDefine GONE>\n{line}\n</IfDefine>",
    "IfDirective": "<IfDirective MDomain>\n{line}\n</IfDirective>",
    "IfModule in MDomain": "<MDomain a.example.org>\n<IfModule mod_md.c>\n{line}\n</IfModule>\n</MDomain>",
    "IfDefine in MDomain": "Define HERE\n<MDomain a.example.org>\n<IfDefine HERE>\n{line}\n</IfDefine>\n</MDomain>",
    "Macro": "<Macro Md>\n{line}\n</Macro>\nUse Md",
    "Macro in MDomain": "<Macro Md>\n{line}\n</Macro>\n<MDomain a.example.org>\nUse Md\n</MDomain>",
    "MDomain in MDomain": "<MDomain a.example.org>\n<MDomain b.example.org>\n{line}\n</MDomain>\n</MDomain>",
    "If in MDomain": '<MDomain a.example.org>\n<If "true">\n{line}\n</If>\n</MDomain>',
    "Directory in MDomain": '<MDomain a.example.org>\n<Directory "/x">\n{line}\n</Directory>\n</MDomain>',
    "MDomain in Location": '<Location "/x">\n<MDomain a.example.org>\n{line}\n</MDomain>\n</Location>',
    "MDomain in If": '<If "true">\n<MDomain a.example.org>\n{line}\n</MDomain>\n</If>',
}

# How an argument may be written, whatever it says: {good} is one that is right.
SHAPES = {
    "missing": "{name}",
    "empty": '{name} ""',
    "empty twice": "{name} \"\" \"\"",
    "blank": '{name} " "',
    "quoted": '{name} "{good}"',
    "quoted once": "{name} '{good}'",
    "quote open": '{name} "{good}',
    "quote behind": '{name} {good}"',
    "twice in line": "{name} {good} {good}",
    "many": "{name} " + " ".join(["{good}"] * 40),
    "comment": "{name} {good} # a comment",
    "huge": "{name} " + HUGE,
    "long": "{name} " + LONG,
    "odd": "{name} \u00e4\u00f6\u00fc<>&;%$",
    "backslash": "{name} \\\\",
    "continued": "{name} \\\n{good}",
    "tabs": "{name}\t{good}\t",
    "lower case": "{lower} {good}",
    "upper case": "{upper} {good}",
    "variable": "Define VALUE {good}\n{name} ${{VALUE}}",
    "variable empty": 'Define VALUE ""\n{name} ${{VALUE}}',
    "variable unset": "{name} ${{UNSET_VALUE}}",
    "variable quoted": 'Define VALUE "{good}"\n{name} "${{VALUE}}"',
    "two lines": "{name} {good}\n{name} {good}",
    "as section": "<{name} {good}>\n</{name}>",
}

EVERYWHERE = ("missing", "empty", "odd", "variable empty", "many")

FIRST_OF_KIND = {kind: name for name, (kind, _) in reversed(KINDS.items())}

# Others that go with a directive, or it would mean nothing where it stands.
COMPANIONS = {"MDCertificateFile": "MDCertificateKeyFile static.key.pem", "MDCertificateKeyFile": "MDCertificateFile static.cert.pem"}


def cases():
    server_root.prepare()
    texts = {name: "ServerName base.example.net\n" + text for name, text in {**of_directives(), **sections()}.items()}
    texts |= {f"layout/{name}": layouts.text(name) for name in layouts.LAYOUTS}
    for name, text in texts.items():
        yield Case(name, partial(server_root.test_configuration, text=text, names=NAMES))


def listed():
    """Names of the directives, and of those that are sections only."""
    known = server_root.directives(DEBIAN_MOD_MD)
    return sorted({name for name, section in known if not section})


def of_directives():
    found = {}
    for name in listed():
        kind, good = KINDS[name]
        for place, frame in PLACES.items():
            found[f"{name}/{place}/good"] = put(frame, f"{name} {good}")
            if name in COMPANIONS:
                found[f"{name}/{place}/good with companion"] = put(frame, f"{name} {good}\n{COMPANIONS[name]}")
        for shape, pattern in SHAPES.items():
            line = pattern.format(name=name, good=good, lower=name.lower(), upper=name.upper())
            for place in ("server", "MDomain", "vhost") if shape in EVERYWHERE else ("server",):
                found[f"{name}/{place}/{shape}"] = put(PLACES[place], line)
        for argument in ARGUMENTS[kind]:
            found[f"{name}/server/={shortened(argument)}"] = put(PLACES["server"], f"{name} {argument}")
            if name == FIRST_OF_KIND[kind]:
                found[f"{name}/MDomain/={shortened(argument)}"] = put(PLACES["MDomain"], f"{name} {argument}")
    return found


def put(frame, line):
    return frame.replace("{line}", line).replace("{{", "{").replace("}}", "}") + "\n"


def shortened(argument):
    return argument if len(argument) < 60 else f"{argument[:20]}... of {len(argument)}"


SECTION_HEADS = {
    "no names": "<{name}>", "not closed": "<{name} a.example.org", "unclosed section": None,
    **{shortened(argument): "<{name} " + argument + ">" for argument in ARGUMENTS["domains"]},
    "blank": "<{name} >", "bracket in name": "<{name} a>b.example.org>", "blanks around": "<{name}   a.example.org   >",
    "comma": "<{name} a.example.org, b.example.org>", "hundreds": "<{name} " + " ".join(f"n{i}.example.org" for i in range(400)) + ">",
}


def sections():
    found = {}
    for name in ("MDomain", "MDomainSet"):
        for label, head in SECTION_HEADS.items():
            text = f"<{name} a.example.org>\nMDRenewMode manual\n" if head is None else \
                f"{head.format(name=name)}\nMDRenewMode manual\n</{name}>\n"
            found[f"<{name}>/server/{label}"] = text
        for place, frame in PLACES.items():
            found[f"<{name}>/{place}/empty"] = put(frame, f"<{name} c.example.org>\n</{name}>")
        found[f"<{name}>/server/closed by another"] = f"<{name} a.example.org>\n</VirtualHost>\n"
        found[f"<{name}>/server/foreign directive"] = f"<{name} a.example.org>\nServerName x\n</{name}>\n"
        found[f"<{name}>/server/unknown directive"] = f"<{name} a.example.org>\nMDNonsense x\n</{name}>\n"
        found[f"<{name}>/server/vhost within"] = f"<{name} a.example.org>\n{HOST.format(line='')}\n</{name}>\n"
    return found
