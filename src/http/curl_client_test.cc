// SPDX-License-Identifier: Apache-2.0
#include "http/curl_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <thread>

#include "base/testing/scoped_temp_dir.h"
#include "http/testing/local_server.h"

namespace md::http {
namespace {

using ::testing::HasSubstr;
using testing::LocalServer;
using ::testing::Not;
using testing::Peer;
using namespace std::chrono_literals;

/// What the server was asked, in order.
class Requests {
 public:
  void add(const std::string& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  [[nodiscard]] std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
};

/// Answers each request of each connection with `answer`; keeps what was asked.
LocalServer::Script answering(std::string answer, Requests* requests = nullptr) {
  return [answer = std::move(answer), requests](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (requests != nullptr) {
        requests->add(*request);
      }
      if (!peer.write(answer)) {
        return;
      }
    }
  };
}

/// One answer, then the connection is closed.
LocalServer::Script answering_once(std::string answer) {
  return [answer = std::move(answer)](Peer& peer) {
    if (peer.read_request()) {
      peer.write(answer);
    }
  };
}

std::string ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string redirect_to(const std::string& url) {
  return "HTTP/1.1 302 Found\r\nLocation: " + url + "\r\nContent-Length: 4\r\n\r\ngone";
}

class CurlClientTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { static const CurlGlobal global; }
  static Request a_get(const std::string& url) {
    Request request;
    request.url = url;
    request.limits.whole = 20s;
    return request;
  }
  Result<Response> get(const std::string& url) { return client.send(a_get(url), never); }

  CurlClient client{"mod_md_test/1"};
  StopSignal never;
};

TEST_F(CurlClientTest, BringsStatusHeadersAndBody) {
  Requests requests;
  LocalServer server(answering(ok("hello", "Replay-Nonce: abc\r\nX-Empty:\r\n"), &requests));
  const auto response = get(server.url("/dir?x=1"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.find("replay-nonce"), "abc");
  EXPECT_EQ(response->headers.find("X-Empty"), "");
  EXPECT_EQ(response->url, server.url("/dir?x=1"));
  const std::string asked = requests.all().at(0);
  EXPECT_THAT(asked, HasSubstr("GET /dir?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("User-Agent: mod_md_test/1\r\n"));
  EXPECT_THAT(asked, Not(HasSubstr("Accept-Encoding")));
}

TEST_F(CurlClientTest, AnswerWithoutContentTypeOrLengthIsFine) {  // AC-05
  LocalServer server(answering_once("HTTP/1.0 404 Not Found\r\n\r\nnothing here"));
  const auto response = get(server.url());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->media_type(), "");
  EXPECT_EQ(response->body, "nothing here");
}

TEST_F(CurlClientTest, ReadsChunkedBodies) {
  LocalServer server(
      answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"));
  const auto response = get(server.url());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "hello world");
}

TEST_F(CurlClientTest, PostHasALengthAndNeitherExpectNorChunks) {  // AC-46
  Requests requests;
  LocalServer server(answering(ok(""), &requests));
  Request request = a_get(server.url("/new-order"));
  request.method = Request::Method::Post;
  request.body = std::string(std::size_t{2} * 1024 * 1024, 'x');
  request.headers.add("Content-Type", "application/jose+json");
  ASSERT_TRUE(client.send(request, never));
  const std::string asked = requests.all().at(0);
  const std::string head = asked.substr(0, asked.find("\r\n\r\n"));
  EXPECT_THAT(head, HasSubstr("POST /new-order HTTP/1.1"));
  EXPECT_THAT(head, HasSubstr("Content-Length: 2097152"));
  EXPECT_THAT(head, HasSubstr("Content-Type: application/jose+json"));
  EXPECT_THAT(head, Not(HasSubstr("Expect")));
  EXPECT_THAT(head, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_EQ(asked.size(), head.size() + 4 + request.body.size());
}

TEST_F(CurlClientTest, PostOfNothingIsStillAPost) {
  Requests requests;
  LocalServer server(answering(ok(""), &requests));
  Request request = a_get(server.url());
  request.method = Request::Method::Post;
  ASSERT_TRUE(client.send(request, never));
  EXPECT_THAT(requests.all().at(0), HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(requests.all().at(0), Not(HasSubstr("Content-Type")));
}

TEST_F(CurlClientTest, HeadHasNoBody) {
  LocalServer server(
      answering("HTTP/1.1 200 OK\r\nContent-Length: 500\r\nReplay-Nonce: n\r\n\r\n"));
  Request request = a_get(server.url());
  request.method = Request::Method::Head;
  const auto response = client.send(request, never);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "");
  EXPECT_EQ(response->headers.find("Replay-Nonce"), "n");
}

TEST_F(CurlClientTest, KeepsTheConnectionForTheNextRequest) {
  LocalServer server(answering(ok("x")));
  ASSERT_TRUE(get(server.url("/1")));
  ASSERT_TRUE(get(server.url("/2")));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClientTest, NoOptionLeaksIntoTheNextRequest) {  // AC-45
  Requests requests;
  LocalServer server(answering(ok("x"), &requests));
  Request first = a_get(server.url("/1"));
  first.method = Request::Method::Post;
  first.body = "secret";
  first.headers.add("X-First", "yes");
  first.limits.body = 1;
  ASSERT_TRUE(client.send(first, never));
  Request absent = a_get(server.url("/2"));
  absent.route.unix_socket = "/nonexistent/socket";
  absent.route.ca_certificate_file = "/nonexistent/roots.pem";
  ASSERT_FALSE(client.send(absent, never));
  ASSERT_TRUE(get(server.url("/3")));
  EXPECT_THAT(requests.all().at(1), HasSubstr("GET /3 "));
  EXPECT_THAT(requests.all().at(1), Not(HasSubstr("X-First")));
  EXPECT_THAT(requests.all().at(1), Not(HasSubstr("Content-Type")));
}

TEST_F(CurlClientTest, NamesHostAndReasonOfARefusedConnection) {
  int port = 0;
  {
    const LocalServer gone(answering(""));
    port = gone.port();
  }
  const std::string where = "127.0.0.1:" + std::to_string(port);
  const auto response = get("http://" + where + "/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Network);
  EXPECT_EQ(response.error().message, "connect to " + where + ": Connection refused");
}

TEST_F(CurlClientTest, NamesAHostThatDoesNotExist) {
  const auto response = get("https://no-such-host.invalid/dir");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Network);
  EXPECT_THAT(response.error().message, HasSubstr("no-such-host.invalid"));
}

TEST_F(CurlClientTest, NamesTheSocketThatCannotBeReached) {
  Request request = a_get("http://local-tailscaled.sock/");
  request.route.unix_socket = "/nonexistent/socket";
  const auto response = client.send(request, never);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::NotFound);
  EXPECT_THAT(response.error().message, HasSubstr("connect to /nonexistent/socket: "));
}

TEST_F(CurlClientTest, GoesThroughAProxy) {  // AC-43
  Requests requests;
  LocalServer proxy(answering(ok("by proxy"), &requests));
  Request request = a_get("http://ca.test/dir");
  request.route.proxy = proxy.url("");
  const auto response = client.send(request, never);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "by proxy");
  EXPECT_THAT(requests.all().at(0), HasSubstr("GET http://ca.test/dir HTTP/1.1"));
}

TEST_F(CurlClientTest, ProxyThatRefusesATunnelIsAnErrorWithItsStatus) {
  LocalServer proxy(answering_once("HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n"));
  Request request = a_get("https://ca.test/dir");
  const std::string address = proxy.url("").substr(std::string("http://").size());
  request.route.proxy = "http://me:secret@" + address;
  const auto response = client.send(request, never);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Network);
  EXPECT_THAT(response.error().message, HasSubstr("407"));
  EXPECT_THAT(response.error().message, HasSubstr(" by proxy " + address));
  EXPECT_THAT(response.error().message, Not(HasSubstr("secret")));
}

TEST_F(CurlClientTest, SpeaksThroughAUnixSocket) {
  const md::testing::ScopedTempDir directory;
  const std::string path = (directory.path() / "s").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  std::thread server([&] {
    const std::atomic<bool> stopping{false};
    const int socket = ::accept(listener, nullptr, nullptr);
    Peer peer(socket, stopping);
    peer.read_request();
    peer.write(ok("from the socket"));
    ::close(socket);
  });
  Request request = a_get("http://local/x");
  request.route.unix_socket = path;
  const auto response = client.send(request, never);
  server.join();
  ::close(listener);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "from the socket");
}

TEST_F(CurlClientTest, SaysWhenAPeerSpeaksNoTls) {
  LocalServer plain([](Peer& peer) { peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  const std::string where = "127.0.0.1:" + std::to_string(plain.port());
  const auto response = get("https://" + where + "/");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Network);
  EXPECT_THAT(response.error().message, HasSubstr("TLS with " + where + ": "));
}

TEST_F(CurlClientTest, MissingTrustRootsAreTheAdministratorsMistake) {  // AC-44
  LocalServer server([](Peer& peer) { peer.wait_for_close(); });
  Request request = a_get("https://127.0.0.1:" + std::to_string(server.port()) + "/");
  request.route.ca_certificate_file = "/nonexistent/roots.pem";
  const auto response = client.send(request, never);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::InvalidInput);
  EXPECT_THAT(response.error().message, HasSubstr("/nonexistent/roots.pem"));
}

TEST_F(CurlClientTest, RefusesUrlsThatAreNotHttp) {
  for (const char* url : {"file:///etc/passwd", "ftp://ca.test/", "", "gopher://x/", "dir"}) {
    const auto response = get(url);
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().kind, ErrorKind::InvalidInput) << url;
  }
}

TEST_F(CurlClientTest, RefusesHeadersWithLineBreaks) {
  Request request = a_get("http://ca.test/");
  request.headers.add("X-Evil", "a\r\nHost: other");
  const auto response = client.send(request, never);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::InvalidInput);
}

TEST_F(CurlClientTest, FollowsAFewRedirects) {
  LocalServer target(answering(ok("there", "X-Last: 1\r\n")));
  LocalServer server(answering("HTTP/1.1 301 Moved\r\nX-First: 1\r\nLocation: " +
                               target.url("/new") + "\r\nContent-Length: 4\r\n\r\ngone"));
  const auto response = get(server.url("/old"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "there");
  EXPECT_EQ(response->url, target.url("/new"));
  EXPECT_EQ(response->headers.find("X-First"), std::nullopt);
}

TEST_F(CurlClientTest, EndsALoopOfRedirects) {
  Requests requests;
  LocalServer server(answering(redirect_to("/again"), &requests));
  const auto response = get(server.url("/start"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Network);
  EXPECT_THAT(response.error().message, HasSubstr("more than 3 redirects"));
  EXPECT_EQ(requests.all().size(), 4U);
}

TEST_F(CurlClientTest, FollowsNoRedirectToAnotherScheme) {
  LocalServer server(answering(redirect_to("file:///etc/passwd")));
  const auto response = get(server.url());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Network);
  EXPECT_THAT(response.error().message, HasSubstr(server.url()));
}

TEST_F(CurlClientTest, GivesTheRedirectOfAPostToTheCaller) {
  LocalServer server(answering(redirect_to("/elsewhere")));
  Request request = a_get(server.url());
  request.method = Request::Method::Post;
  const auto response = client.send(request, never);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->headers.find("Location"), "/elsewhere");
}

/// Answers that are none: what must come of each.
struct BadAnswer {
  const char* name;
  std::string bytes;
  ErrorKind kind;
  const char* words;
};

class CurlClientBadAnswer : public ::testing::TestWithParam<BadAnswer> {};

TEST_P(CurlClientBadAnswer, IsAnError) {
  const CurlGlobal global;
  CurlClient client("test");
  const StopSignal never;
  LocalServer server([](Peer& peer) {
    if (peer.read_request()) {
      peer.write(GetParam().bytes);
    }
  });
  Request request;
  request.url = server.url("/x");
  request.limits.body = 1000;
  request.limits.whole = 20s;
  const auto response = client.send(request, never);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, GetParam().kind) << response.error().message;
  EXPECT_THAT(response.error().message, HasSubstr(GetParam().words));
  EXPECT_THAT(response.error().message, HasSubstr(server.url("/x")));
}

INSTANTIATE_TEST_SUITE_P(
    All, CurlClientBadAnswer,
    ::testing::Values(
        BadAnswer{"Nothing", "", ErrorKind::Network, "GET "},
        BadAnswer{"Garbage", "\x16\x03garbage without end", ErrorKind::Network, "GET "},
        BadAnswer{"GarbageStatus", "HTTP/1.1 twohundred OK\r\n\r\n", ErrorKind::Network, "GET "},
        BadAnswer{"HalfHeader", "HTTP/1.1 200 OK\r\nConte", ErrorKind::Network,
                  "ends within its header"},
        BadAnswer{"HalfBody", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf",
                  ErrorKind::Network, "GET "},
        BadAnswer{"HalfChunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nha",
                  ErrorKind::Network, "GET "},
        BadAnswer{"LongBody", "HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'),
                  ErrorKind::InvalidInput, "longer than 1000 bytes"},
        BadAnswer{"LongHeaderLine", "HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x'),
                  ErrorKind::Network, "header line"}),
    [](const auto& test) { return test.param.name; });

TEST_F(CurlClientTest, BodyOfExactlyTheLimitIsFine) {
  LocalServer server(answering(ok(std::string(1000, 'x'))));
  Request request = a_get(server.url());
  request.limits.body = 1000;
  EXPECT_TRUE(client.send(request, never));
}

TEST_F(CurlClientTest, CutsAnEndlessBodyOff) {
  std::atomic<std::size_t> sent{0};
  LocalServer server([&](Peer& peer) {
    peer.read_request();
    const std::string block(4096, 'x');
    peer.write("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.write(block)) {
      sent += block.size();
    }
  });
  const auto response = get(server.url());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::InvalidInput);
  EXPECT_THAT(response.error().message, HasSubstr("longer than 1048576 bytes"));
  EXPECT_LT(sent, std::size_t{64} * 1024 * 1024);
}

TEST_F(CurlClientTest, CutsEndlessHeadersOff) {
  LocalServer server([&](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\n");
    while (peer.write("X-More: and more\r\n")) {
    }
  });
  const auto response = get(server.url());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::InvalidInput) << response.error().message;
  EXPECT_THAT(response.error().message, HasSubstr("the header is longer than"));
}

TEST_F(CurlClientTest, StallIsATimeoutThatNamesTheHost) {  // AC-47
  LocalServer server([](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    peer.wait_for_close();
  });
  Request request = a_get(server.url());
  request.limits.stall = 1s;
  const auto response = client.send(request, never);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Timeout);
  EXPECT_THAT(response.error().message, HasSubstr("127.0.0.1"));
  EXPECT_THAT(response.error().message, HasSubstr("too slow"));
  EXPECT_THAT(response.error().message, HasSubstr("; 4 bytes of the answer had come"));
}

TEST_F(CurlClientTest, PeerThatNeverGreetsIsATimeoutThatNamesTheHost) {  // AC-47
  LocalServer server([](Peer& peer) { peer.wait_for_close(); });
  Request request = a_get("https://127.0.0.1:" + std::to_string(server.port()) + "/");
  request.limits.connect = 200ms;
  const auto response = client.send(request, never);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Timeout) << response.error().message;
  EXPECT_THAT(response.error().message, HasSubstr("127.0.0.1"));
}

TEST_F(CurlClientTest, SlowDripEndsWithTheWholeTimeout) {
  LocalServer server([](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n");
    while (!peer.stopping() && peer.write("drip drip drip ")) {
      std::this_thread::sleep_for(20ms);
    }
  });
  Request request = a_get(server.url());
  request.limits.whole = 300ms;
  const auto response = client.send(request, never);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Timeout);
}

TEST_F(CurlClientTest, PasswordOfAProxyThatCannotBeUsedIsNotTold) {
  for (const char* const proxy : {"http://user:Secret@[bad", "ftp://user:Secret@127.0.0.1:1",
                                  "user:Secret@127.0.0.1:99999999", "http://user:Secret@:1:2"}) {
    Request request = a_get("http://ca.example.org/directory");
    request.route.proxy = proxy;
    request.limits.whole = 2s;
    const auto response = client.send(request, never);
    ASSERT_FALSE(response) << proxy;
    EXPECT_THAT(response.error().message, HasSubstr("proxy")) << proxy;
    EXPECT_THAT(response.error().message, Not(HasSubstr("Secret"))) << proxy;
  }
}

TEST_F(CurlClientTest, IgnoresInterimAnswers) {
  LocalServer server(
      answering("HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n" + ok("final", "X-Final: 1\r\n")));
  const auto response = get(server.url());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "final");
  EXPECT_EQ(response->headers.find("X-Interim"), std::nullopt);
}

TEST_F(CurlClientTest, StopEndsARequestAtOnce) {
  StopSignal stop;
  std::chrono::steady_clock::time_point stopped;
  LocalServer server([&](Peer& peer) {
    peer.read_request();
    stopped = std::chrono::steady_clock::now();
    stop.stop();
    peer.wait_for_close();
  });
  const auto response = client.send(a_get(server.url()), stop);
  const auto now = std::chrono::steady_clock::now();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::Stopped);
  EXPECT_LT(now - stopped, 200ms);
}

TEST_F(CurlClientTest, WorksAgainAfterATransferThatWasBrokenOff) {
  LocalServer broken(answering_once("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"));
  LocalServer server(answering(ok("fine")));
  EXPECT_FALSE(get(broken.url()));
  const auto response = get(server.url());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "fine");
}

TEST_F(CurlClientTest, SendsAgainWhereAKeptConnectionHasDied) {
  LocalServer server(answering_once(ok("x")));
  for (int i = 0; i < 3; ++i) {
    const auto response = get(server.url());
    EXPECT_TRUE(response) << response.error().message;
  }
  EXPECT_EQ(server.connections(), 3);
}

}  // namespace
}  // namespace md::http
