// SPDX-License-Identifier: Apache-2.0
#include "config/directives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "config/merge.h"

namespace md::config {
namespace {

using model::ResolvedSettings;
using model::Settings;
using model::Switch;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

ParseEnvironment environment() {
  ParseEnvironment environment;
  environment.server_root = "/srv";
  environment.read_external_account =
      [](const std::string& path) -> Result<model::ExternalAccount> {
    if (path != "/srv/eab.json") {
      return fail(ErrorKind::NotFound, "file not found: " + path);
    }
    return model::ExternalAccount{"kid-1", "aGk", ""};
  };
  return environment;
}

Status run(std::string_view line, Settings& settings, Level level = Level::Server) {
  const auto words = split_words(line);
  const Directive* directive = find_directive(words.front());
  EXPECT_NE(directive, nullptr) << line;
  return apply(*directive, level, std::span(words).subspan(1), environment(), settings);
}

/// What the line sets, with defaults for all else.
ResolvedSettings resolved_from(std::string_view line, Level level = Level::Server) {
  Settings settings;
  const Status status = run(line, settings, level);
  EXPECT_TRUE(status) << line << ": " << (status ? "" : status.error().message);
  return resolve(settings);
}

std::string error_of(std::string_view line, Level level = Level::Server) {
  Settings settings;
  const Status status = run(line, settings, level);
  EXPECT_FALSE(status) << line;
  EXPECT_EQ(settings, Settings()) << line << " wrote a setting in spite of its error";
  return status ? "" : status.error().message;
}

TEST(Directives, AreFoundInAnyCase) {
  ASSERT_NE(find_directive("mdstapling"), nullptr);
  EXPECT_EQ(find_directive("MDSTAPLING")->name, "MDStapling");
  EXPECT_EQ(find_directive("MDNothing"), nullptr);
}

TEST(Directives, HaveHelpAndAParser) {
  for (const Directive& directive : all_directives()) {
    EXPECT_FALSE(directive.help.empty()) << directive.name;
    EXPECT_FALSE(directive.syntax.empty()) << directive.name;
    const bool is_structural =
        directive.kind == DirectiveKind::Domain || directive.kind == DirectiveKind::Section;
    EXPECT_EQ(directive.parse == nullptr, is_structural) << directive.name;
    EXPECT_EQ(find_directive(directive.name), &directive) << "two rows of one name";
  }
}

TEST(Directives, DefaultTextIsTheDefault) {
  for (const Directive& directive : all_directives()) {
    if (directive.default_text.empty()) {
      continue;
    }
    const std::string line =
        std::string(directive.name) + " " + std::string(directive.default_text);
    ResolvedSettings resolved = resolved_from(line);
    resolved.default_keys = model::Switch::Off;  // tells that it was said
    EXPECT_EQ(resolved, ResolvedSettings()) << line;
  }
}

struct SetCase {
  std::string line;
  void (*expect)(const ResolvedSettings&);
};
#define SETS(line, condition)                                                 \
  SetCase {                                                                   \
    line, [](const ResolvedSettings& s) { EXPECT_TRUE(condition) << (line); } \
  }

const std::vector<SetCase> kSetCases{
    SETS("MDMembers MANUAL", s.members == model::Members::Manual),
    SETS("MDMember manual", s.members == model::Members::Manual),
    SETS("MDMatchNames ServerNames", s.match_names == model::MatchNames::ServerNames),
    SETS("MDBaseServer On", s.base_server == Switch::On),
    SETS("MDPortMap http:- https:8433", !s.port_map.http && s.port_map.https == 8433),
    SETS("MDPortMap 80:8000", s.port_map.http == 8000 && s.port_map.https == 443),
    SETS("MDCertificateAuthority letsencrypt-test",
         s.authorities.size() == 1 && s.authorities[0].name == "LetsEncrypt-Test" &&
             s.authorities[0].url == "https://acme-staging-v02.api.letsencrypt.org/directory"),
    SETS("MDCertificateAuthority ZeroSSL https://ca.test/dir",
         s.authorities.size() == 2 && s.authorities[1].url == "https://ca.test/dir" &&
             s.authorities[1].name.empty()),
    SETS("MDCertificateAuthority file://localhost/var/run/tailscale/tailscaled.sock",
         s.authorities[0].url == "file://localhost/var/run/tailscale/tailscaled.sock"),
    SETS("MDCertificateProtocol Tailscale", s.protocol == model::CertificateProtocol::Tailscale),
    SETS("MDCertificateAgreement Accepted", s.agreement == "accepted"),
    SETS("MDCertificateAgreement https://ca.test/tos", s.agreement == "https://ca.test/tos"),
    SETS("MDContactEmail MailTo:a@b.test", s.contact == "a@b.test"),
    SETS("MDContactEmail a@b.test", s.contact == "a@b.test"),
    SETS("MDExternalAccountBinding kid hmac",
         s.external_account == (model::ExternalAccount{"kid", "hmac", ""})),
    SETS("MDExternalAccountBinding eab.json",
         s.external_account == (model::ExternalAccount{"kid-1", "aGk", "/srv/eab.json"})),
    SETS("MDCACertificateFile ca.pem", s.ca_certificate_file == "/srv/ca.pem"),
    SETS("MDCACertificateFile /ca.pem", s.ca_certificate_file == "/ca.pem"),
    SETS("MDHttpProxy http://proxy.test:3128", s.http_proxy == "http://proxy.test:3128"),
    SETS("MDHttpProxy https://u:p@[::1]:3128/", s.http_proxy == "https://u:p@[::1]:3128/"),
    SETS("MDHttpProxyCACertificateFile p.pem", s.http_proxy_ca_certificate_file == "/srv/p.pem"),
    SETS("MDProfile shortlived", s.profile == "shortlived"),
    SETS("MDProfileMandatory on", s.profile_mandatory == Switch::On),
    SETS("MDMustStaple on", s.must_staple == Switch::On),
    SETS("MDRenewMode Always", s.renew_mode == model::RenewMode::Always),
    SETS("MDDriveMode manual", s.renew_mode == model::RenewMode::Manual),
    SETS("MDRenewWindow 21d", s.renew_window.text() == "21d"),
    SETS("MDWarnWindow 14", s.warn_window.text() == "14d"),
    SETS("MDRenewViaARI off", s.renew_via_ari == Switch::Off),
    SETS("MDCheckInterval 1h", s.check_interval == hours(1)),
    SETS("MDInitialDelay 20", s.initial_delay == seconds(20)),
    SETS("MDRetryDelay 200ms", s.retry_delay == milliseconds(200)),
    SETS("MDRetryFailover 2", s.retry_failover == 2),
    SETS("MDActivationDelay 2", s.activation_delay == days(2)),
    SETS("MDLiveActivation off", s.live_activation == Switch::Off),
    SETS("MDCAChallenges HTTP-01 dns-01 \"\" http-01",
         s.challenges ==
             (model::ChallengeList{model::ChallengeType::Http01, model::ChallengeType::Dns01})),
    SETS("MDCAChallenges TLS-SNI-01 http-01 none tls-sni-01",  // B1
         s.challenges.words == (std::vector<std::string>{"tls-sni-01", "http-01", "none"})),
    SETS("MDRenewWindow -1d", s.renew_window.of(days(90)) == days(0)),  // B3 and its kin
    SETS("MDWarnWindow 99999999d", s.warn_window.of(days(90)) == days(90)),
    SETS("MDStaplingKeepResponse 200%", s.stapling_keep_response.of(days(7)) == days(14)),
    SETS("MDStaplingKeepResponse -7d", s.stapling_keep_response.of(days(7)) == days(0)),
    SETS("MDActivationDelay -7d", s.activation_delay == -days(7)),
    SETS("MDRetryDelay 10sx", s.retry_delay == seconds(10)),
    SETS("MDRetryFailover 5abc", s.retry_failover == 5),
    SETS("MDRetryFailover 99999999999", s.retry_failover == 2147483647),
    SETS("MDStoreLocks -1s", s.store_locks.timeout == milliseconds(0)),
    SETS("MDPortMap 080:8000x +443:8443", s.port_map.http == 8000 && s.port_map.https == 8443),
    SETS("MDPortMap 80:-1 443:--", !s.port_map.http && !s.port_map.https),
    SETS("MDHttpProxy http://", s.http_proxy == "http://"),
    SETS("MDExternalAccountBinding eab.json \"\"", s.external_account.kid == "kid-1"),
    SETS("MDChallengeDns01 /usr/bin/acme-setup-dns", s.dns01_command == "/usr/bin/acme-setup-dns"),
    SETS("MDChallengeDns01Version 2", s.dns01_version == 2),
    SETS("MDNotifyCmd /bin/notify a b", s.notify_command == "/bin/notify a b"),
    SETS("MDMessageCmd \"/my dir/cmd\" 'a b'", s.message_command == "\"/my dir/cmd\" \"a b\""),
    SETS("MDRequireHttps permanent", s.require_https == model::RequireHttps::Permanent),
    SETS("MDServerStatus off", s.server_status == Switch::Off),
    SETS("MDCertificateStatus off", s.certificate_status == Switch::Off),
    SETS("MDCertificateMonitor mine https://m.test?q=",
         s.monitor == (model::Monitor{"mine", "https://m.test?q="})),
    SETS("MDCertificateCheck mine https://m.test?q=", s.monitor.name == "mine"),
    SETS("MDStapling on", s.stapling == Switch::On),
    SETS("MDStapleOthers off", s.staple_others == Switch::Off),
    SETS("MDStaplingKeepResponse 3d", s.stapling_keep_response.text() == "3d"),
    SETS("MDStaplingRenewWindow 50%", s.stapling_renew_window.text() == "50%"),
    SETS("MDStoreDir var/md", s.store_dir == "var/md"),
    SETS("MDStoreLocks on", s.store_locks.timeout == seconds(5)),
    SETS("MDStoreLocks 10", s.store_locks.timeout == seconds(10)),
    SETS("MDStoreLocks 500ms", s.store_locks.timeout == milliseconds(500)),
};

TEST(Directives, SetTheirMember) {
  std::vector<std::string> tested;
  for (const SetCase& set_case : kSetCases) {
    SCOPED_TRACE(set_case.line);
    const ResolvedSettings settings = resolved_from(set_case.line);
    set_case.expect(settings);
    EXPECT_NE(settings, ResolvedSettings());
    tested.push_back(split_words(set_case.line).front());
  }
  for (const Directive& directive : all_directives()) {
    if (directive.kind == DirectiveKind::Setting && directive.scope != Scope::Domain &&
        directive.name != "MDPrivateKeys") {  // has a table of its own
      EXPECT_THAT(tested, ::testing::Contains(std::string(directive.name)));
    }
  }
}

TEST(Directives, TakePrivateKeys) {
  using model::KeySpec;
  const std::vector<std::pair<std::string, std::vector<KeySpec>>> cases{
      {"Default", {}},
      {"RSA", {KeySpec::rsa()}},
      {"rsa 4096", {KeySpec::rsa(4096)}},
      {"RSA3072", {KeySpec::rsa(3072)}},
      {"secp256r1 rsa3072", {KeySpec::ec("secp256r1"), KeySpec::rsa(3072)}},
      {"RSA secp384r1", {KeySpec::rsa(), KeySpec::ec("secp384r1")}},
      {"P-256 RSA 2048 P-384", {KeySpec::ec("P-256"), KeySpec::rsa(), KeySpec::ec("P-384")}},
  };
  for (const auto& [words, specs] : cases) {
    EXPECT_EQ(resolved_from("MDPrivateKeys " + words).key_specs, specs) << words;
  }
}

TEST(Directives, TellThatDefaultKeysWereSaid) {
  EXPECT_EQ(resolved_from("MDPrivateKeys default").default_keys, model::Switch::On);
  EXPECT_EQ(resolved_from("MDPrivateKeys RSA").default_keys, model::Switch::Off);
  EXPECT_EQ(ResolvedSettings().default_keys, model::Switch::Off);
  EXPECT_EQ(resolved_from("MDPrivateKeys \"\" \"\""), ResolvedSettings());
  Settings server;
  Settings domain;
  ASSERT_TRUE(run("MDPrivateKeys Default", server));
  ASSERT_TRUE(run("MDPrivateKeys P-256", domain, Level::Domain));
  EXPECT_EQ(resolve(merge(server, domain)).default_keys, model::Switch::Off);
  EXPECT_EQ(resolve(merge(domain, server)).default_keys, model::Switch::On);
}

TEST(Directives, TakeKeysThatNobodyCanMakeB3) {
  using model::KeySpec;
  const std::vector<std::pair<std::string, std::vector<KeySpec>>> cases{
      {"nocurve", {KeySpec::ec("nocurve")}},
      {"RSA abc ../x", {KeySpec::rsa(), KeySpec::ec("abc"), KeySpec::ec("../x")}},
      {"RSA 20480", {KeySpec::rsa(20480)}},
      {"RSA20480", {KeySpec::rsa(20480)}},
      {"RSA \"\" P-256", {KeySpec::rsa(), KeySpec::ec("P-256")}},
      {"RSA 2048 4096", {KeySpec::rsa(), KeySpec::ec("4096")}},
      {"RSA-2048", {KeySpec::ec("RSA-2048")}},
      {"RSA -1", {KeySpec::rsa(), KeySpec::ec("-1")}},
  };
  for (const auto& [words, specs] : cases) {
    EXPECT_EQ(resolved_from("MDPrivateKeys " + words).key_specs, specs) << words;
  }
}

TEST(Directives, WithoutArgumentAreUnsetB3) {
  Settings server;
  for (const char* line : {"MDCertificateAuthority https://ca.test/", "MDCAChallenges http-01",
                           "MDNotifyCmd a", "MDMessageCmd b", "MDChallengeDns01 c"}) {
    ASSERT_TRUE(run(line, server));
  }
  for (const std::string& words : {std::string(), std::string(" \"\""), std::string(" \"\" ''")}) {
    Settings again;
    for (const char* name : {"MDCertificateAuthority", "MDCAChallenges", "MDNotifyCmd",
                             "MDMessageCmd", "MDChallengeDns01"}) {
      ASSERT_TRUE(run(name + words, again)) << name << words;
    }
    EXPECT_EQ(resolve(merge(server, again)), ResolvedSettings()) << words;
  }
  EXPECT_EQ(resolved_from("MDCertificateAuthority ZeroSSL \"\"").authorities.size(), 1U);
}

TEST(Directives, CountEmptyArgumentsAsHttpdDoes) {
  for (const char* line : {"MDStoreDir \"\"", "MDContactEmail ''", "MDProfile \"\"",
                           "MDCACertificateFile \"\"", "MDCertificateAgreement \"\""}) {
    EXPECT_THAT(error_of(line), HasSubstr(" takes one argument, ")) << line;
  }
  EXPECT_THAT(error_of("MDCertificateCheck x \"\""), HasSubstr("takes two arguments"));
  EXPECT_THAT(error_of("MDExternalAccountBinding \"\" x"), HasSubstr("takes 1-2 arguments"));
}

TEST(Directives, DefaultKeysWrittenOutChangeNothing) {  // VH-19
  EXPECT_EQ(resolved_from("MDPrivateKeys RSA 2048").effective_key_specs(),
            ResolvedSettings().effective_key_specs());
}

// A line, and what its error says.
const std::vector<std::pair<std::string, std::string>> kWrongLines{
    {"MDMembers yes", "unknown value, use \"auto|manual\""},
    {"MDMember a.test", "unknown value, use \"auto|manual\""},
    {"MDMember a.test b.test", "MDMember is only valid inside a '<MDomainSet' context, not here"},
    {"MDMatchNames x", "invalid argument, must be a 'all' or 'servernames'"},
    {"MDPortMap x", "no ':' after first port number"},
    {"MDPortMap ssh:22", "no ':' after first port number"},
    {"MDPortMap 22:22", "mapped port number must be 80 or 443"},
    {"MDPortMap 80:99999", "invalid number for port map, must be in ]0,65535]"},
    {"MDPortMap http:0", "invalid number for port map, must be in ]0,65535]"},
    {"MDPortMap http:x", "invalid number for port map, must be in ]0,65535]"},
    {"MDPortMap https:", "invalid number for port map, must be in ]0,65535]"},
    {"MDCertificateAuthority nope",
     "The CA name 'nope' is not known and it is not a URL either (missing uri scheme). Known CA "
     "names are: LetsEncrypt LetsEncrypt-Test Buypass Buypass-Test ZeroSSL Google Google-Test "
     "SSL.com Actalis."},
    {"MDCertificateAuthority letsencrypt ftp", "The CA name 'ftp' is not known "},
    {"MDCertificateAuthority \"http://white space/path\"",  // A9
     "The CA name 'http://white space/path' is not known and it is not a URL either (whitespace "
     "in uri). Known CA names are: "},
    {"MDCertificateAuthority https://a.org:0/d", "(invalid port)"},
    {"MDCertificateAuthority http:", "(missing uri identifier)"},
    {"MDCertificateProtocol x", "'ACME' and 'tailscale'"},
    {"MDExternalAccountBinding gone.json",
     "MDExternalAccountBinding: file not found: /srv/gone.json"},  // AC-22
    {"MDHttpProxy proxy", "scheme must be http or https"},         // VH-24
    {"MDHttpProxy ftp://proxy", "scheme must be http or https"},
    {"MDHttpProxy http://proxy:0", "invalid port"},
    {"MDHttpProxy http://proxy:99999", "invalid port"},
    {"MDHttpProxy http://proxy:x/", "invalid port"},
    {"MDHttpProxy \"http://a b:80\"", "whitespace in uri"},
    {"MDPrivateKeys", "needs to specify the private key type"},
    {"MDPrivateKeys Default RSA", "'Default' allows no other parameter"},
    {"MDPrivateKeys RSA 1024", "must be 2048 or higher in order to be considered safe."},
    {"MDPrivateKeys RSA1024", "must be 2048 or higher in order to be considered safe."},
    {"MDPrivateKeys RSA RSA4096", "two keys of type 'RSA' are not possible."},
    {"MDPrivateKeys P-256 P-256", "two keys of type 'P-256' are not possible."},
    {"MDPrivateKeys nocurve nocurve", "two keys of type 'nocurve' are not possible."},
    {"MDPrivateKeys \"\"", "needs to specify the private key type"},
    {"MDMustStaple yes", "unknown 'yes', supported parameter values are 'on' and 'off'"},
    {"MDLiveActivation 1", "unknown '1', supported parameter values are 'on' and 'off'"},
    {"MDRenewMode x", "unknown MDRenewMode 'x'"},
    {"MDRenewWindow 100%", "MDRenewWindow a length of 100% or more is not allowed."},  // VH-17
    {"MDRenewWindow 1y", "has unrecognized format"},
    {"MDWarnWindow soon", "has unrecognized format"},
    {"MDWarnWindow -5%", "percent must be less than 100"},
    {"MDStaplingRenewWindow 200%", "a length of 100% or more is not allowed."},
    {"MDStaplingKeepResponse x", "has unrecognized format"},
    {"MDCheckInterval 500ms", "check interval cannot be less than one second"},
    {"MDCheckInterval x", "unrecognized duration format"},
    {"MDInitialDelay 1y", "unrecognized duration format"},
    {"MDActivationDelay 1y", "unrecognized duration format"},
    {"MDInitialDelay -1s", "initial delay must not be negative"},
    {"MDCheckInterval -1s", "check interval cannot be less than one second"},
    {"MDRetryDelay 0", "minimum delay must be greater than 0"},  // AC-28
    {"MDRetryDelay -5s", "minimum delay must be greater than 0"},
    {"MDRetryFailover 0", "invalid argument, must be a number > 0"},
    {"MDRetryFailover -1", "invalid argument, must be a number > 0"},
    {"MDRetryFailover x", "invalid argument, must be a number > 0"},
    {"MDChallengeDns01Version 02", "Only versions `1` and `2` are supported"},
    {"MDChallengeDns01Version 3", "Only versions `1` and `2` are supported"},
    {"MDRequireHttps yes",
     "unknown 'yes', supported parameter values are 'temporary' and 'permanent'"},
    {"MDStoreLocks x", "neither 'on', 'off' or a duration specified"},
};

TEST(Directives, SayWhatIsWrong) {
  for (const auto& [line, message] : kWrongLines) {
    EXPECT_THAT(error_of(line), HasSubstr(message)) << line;
  }
}

TEST(Directives, CountArgumentsInHttpdsWords) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"MDStoreDir",
       "MDStoreDir takes one argument, the directory for file system storage of managed domain "
       "data."},
      {"MDStapling on off", "MDStapling takes one argument, "},
      {"MDCertificateMonitor a", "MDCertificateMonitor takes two arguments, "},
      {"MDExternalAccountBinding", "MDExternalAccountBinding takes 1-2 arguments, "},
      {"MDPortMap 80:1 443:2 80:3", "MDPortMap takes 1-2 arguments, Declare the mapped ports"},
      {"MDMembers", "MDMembers requires at least one argument, "},
  };
  for (const auto& [line, message] : cases) {
    EXPECT_THAT(error_of(line), StartsWith(message));
  }
}

TEST(Directives, StandWhereTheyMay) {
  const std::vector<std::string> none;
  for (const Directive& directive : all_directives()) {
    const std::size_t count = directive.arity.at_least;
    const bool outside = directive.scope != Scope::Domain;
    const bool inside = directive.scope != Scope::Global;
    EXPECT_EQ(check_use(directive, Level::Server, count).has_value(), outside) << directive.name;
    EXPECT_EQ(check_use(directive, Level::VirtualHost, count).has_value(), outside);
    EXPECT_EQ(check_use(directive, Level::Domain, count).has_value(), inside) << directive.name;
    EXPECT_EQ(check_use(directive, Level::Condition, count).has_value(),  // VH-10
              directive.name == "MDRequireHttps");
  }
  EXPECT_EQ(error_of("MDStoreDir x", Level::Domain),
            "MDStoreDir is not allowed inside an '<MDomainSet' context");
  EXPECT_EQ(error_of("MDCertificateFile x"),
            "MDCertificateFile is only valid inside a '<MDomainSet' context, not here");
  EXPECT_EQ(error_of("MDStapling on", Level::Condition), "MDStapling not allowed in <If> context");
}

TEST(Directives, WithoutSettingAreLeftToTheAdapter) {
  Settings settings;
  const std::vector<std::string> words{"a.test"};
  for (const auto& [name, level] : std::vector<std::pair<std::string, Level>>{
           {"MDomain", Level::Server}, {"<MDomain", Level::Server}, {"MDMember", Level::Domain}}) {
    const Status status = apply(*find_directive(name), level, words, environment(), settings);
    ASSERT_FALSE(status) << name;
    EXPECT_EQ(status.error().kind, ErrorKind::Internal);
  }
}

TEST(Directives, RepeatedInOneLevelAddUp) {
  Settings settings;
  for (const char* line : {"MDCertificateFile a.pem", "MDCertificateKeyFile a.key",
                           "MDCertificateFile /b.pem", "MDCertificateKeyFile /b.key"}) {
    ASSERT_TRUE(run(line, settings, Level::Domain));
  }
  EXPECT_EQ(settings.certificate_files, (std::vector<std::string>{"/srv/a.pem", "/b.pem"}));
  EXPECT_EQ(settings.certificate_key_files, (std::vector<std::string>{"/srv/a.key", "/b.key"}));
  ASSERT_TRUE(run("MDPortMap 80:8000", settings));
  ASSERT_TRUE(run("MDPortMap https:-", settings));
  EXPECT_EQ(settings.port_map->http, 8000);
  EXPECT_EQ(settings.port_map->https, std::nullopt);
}

TEST(Directives, NoneTakesBackWhatAnOuterLevelSaid) {
  Settings server;
  Settings domain;
  for (const char* line : {"MDHttpProxy http://p.test", "MDCACertificateFile a",
                           "MDExternalAccountBinding k h", "MDPrivateKeys RSA 4096"}) {
    ASSERT_TRUE(run(line, server));
  }
  for (const char* line : {"MDHttpProxy none", "MDCACertificateFile None",
                           "MDExternalAccountBinding NONE", "MDPrivateKeys Default"}) {
    ASSERT_TRUE(run(line, domain, Level::Domain));
  }
  ResolvedSettings expected;
  expected.default_keys = model::Switch::On;
  EXPECT_EQ(resolve(merge(server, domain)), expected);
}

TEST(Words, SplitAsHttpdSplitsThem) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases{
      {"", {}},
      {"  a\tb  ", {"a", "b"}},
      {R"("a b" 'c "d"' "")", {"a b", "c \"d\"", ""}},
      {R"("say \"hi\"" c:\\x d:\y)", {"say \"hi\"", "c:\\x", "d:\\y"}},
      {R"("never closed)", {"never closed"}},
      {R"("a"b)", {"a", "b"}},
  };
  for (const auto& [line, words] : cases) {
    EXPECT_EQ(split_words(line), words) << line;
  }
}

TEST(Directives, KeepCommandsAsLinesThatSplitAgain) {
  for (const std::string& line :
       {std::string(R"(/bin/cmd)"), std::string(R"("/my dir/cmd" "say \"hi\"" "")"),
        std::string(R"("c:\\x" 'it''s')")}) {
    const auto words = split_words(line);
    EXPECT_EQ(split_words(join_words(words)), words) << line;
  }
}

}  // namespace
}  // namespace md::config
