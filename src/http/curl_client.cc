// SPDX-License-Identifier: Apache-2.0
#include "http/curl_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>

#include "base/text.h"
#include "http/curl_error.h"
#include "http/url.h"

namespace md::http {
namespace {

constexpr std::size_t kMaxHeaderBytes = std::size_t{128} * 1024;
constexpr std::chrono::milliseconds kPollInterval{100};
constexpr long kStallBytesPerSecond = 10;

template <auto Release>
struct Free {
  template <class T>
  void operator()(T* handle) const noexcept {
    Release(handle);
  }
};
using HeaderList = std::unique_ptr<curl_slist, Free<curl_slist_free_all>>;

/// What one transfer has brought so far; libcurl writes here while it is under way.
struct Transfer {
  std::size_t body_limit{0};
  Headers headers;
  std::size_t header_bytes{0};
  bool header_ended{false};
  std::string body;
  std::string refused;  ///< why we broke it off
  std::array<char, CURL_ERROR_SIZE> words{};
};

void take_header_line(Transfer& transfer, std::string_view line) {
  if (line.starts_with("HTTP/")) {
    // A new answer: what came before was a 1xx or a redirect.
    transfer.headers = Headers();
    transfer.header_ended = false;
    transfer.body.clear();
    return;
  }
  transfer.header_ended = transfer.header_ended || trim(line).empty();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && colon > 0) {
    transfer.headers.add(std::string(trim(line.substr(0, colon))),
                         std::string(trim(line.substr(colon + 1))));
  }
}

/// Runs `take` for libcurl: what is thrown must not pass through C. Anything but `size` breaks the
/// transfer off.
template <class Take>
std::size_t guarded(Transfer& transfer, std::size_t size, Take take) noexcept {
  try {
    take();
    return transfer.refused.empty() ? size : 0;
  } catch (const std::exception&) {
    return 0;
  }
}

std::size_t on_header(char* data, std::size_t unit, std::size_t count, void* context) noexcept {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const std::size_t size = unit * count;
  return guarded(transfer, size, [&] {
    transfer.header_bytes += size;
    if (transfer.header_bytes > kMaxHeaderBytes) {
      transfer.refused = fmt::format("the header is longer than {} bytes", kMaxHeaderBytes);
      return;
    }
    take_header_line(transfer, {data, size});
  });
}

std::size_t on_body(char* data, std::size_t unit, std::size_t count, void* context) noexcept {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const std::size_t size = unit * count;
  return guarded(transfer, size, [&] {
    if (size > transfer.body_limit - transfer.body.size()) {
      transfer.refused = fmt::format("the body is longer than {} bytes", transfer.body_limit);
      return;
    }
    transfer.body.append(data, size);
  });
}

/// Sets options of a handle and remembers whether all of them were taken.
class Options {
 public:
  explicit Options(CURL* easy) : easy_(easy) {}
  template <class T>
  void set(CURLoption option, T value) {
    if (code_ == CURLE_OK) {
      code_ = curl_easy_setopt(easy_, option, value);
    }
  }
  void set_number(CURLoption option, long long value) { set(option, static_cast<long>(value)); }
  void set_text(CURLoption option, const std::string& text) { set(option, text.c_str()); }
  [[nodiscard]] CURLcode code() const { return code_; }

 private:
  CURL* easy_;
  CURLcode code_{CURLE_OK};
};

void set_protocols(Options& options, bool encrypted) {
#if LIBCURL_VERSION_NUM >= 0x075500
  options.set(CURLOPT_PROTOCOLS_STR, "http,https");
  options.set(CURLOPT_REDIR_PROTOCOLS_STR, encrypted ? "https" : "http,https");
#else
  options.set_number(CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
  options.set_number(CURLOPT_REDIR_PROTOCOLS,
                     encrypted ? CURLPROTO_HTTPS : CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

void set_route(Options& options, const Route& route) {
  options.set_number(CURLOPT_SSL_VERIFYPEER, 1);
  options.set_number(CURLOPT_SSL_VERIFYHOST, 2);
  options.set_number(CURLOPT_PROXY_SSL_VERIFYPEER, 1);
  options.set_number(CURLOPT_PROXY_SSL_VERIFYHOST, 2);
  if (!route.ca_certificate_file.empty()) {
    options.set_text(CURLOPT_CAINFO, route.ca_certificate_file);
    options.set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!route.proxy.empty()) {
    options.set_text(CURLOPT_PROXY, route.proxy);
  }
  if (!route.proxy_ca_certificate_file.empty()) {
    options.set_text(CURLOPT_PROXY_CAINFO, route.proxy_ca_certificate_file);
    options.set(CURLOPT_PROXY_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!route.unix_socket.empty()) {
    options.set_text(CURLOPT_UNIX_SOCKET_PATH, route.unix_socket);
    options.set(CURLOPT_PROXY, "");  // whatever the environment says
  }
}

void set_limits(Options& options, const Limits& limits) {
  options.set_number(CURLOPT_CONNECTTIMEOUT_MS, limits.connect.count());
  options.set_number(CURLOPT_TIMEOUT_MS, limits.whole.count());
  options.set_number(CURLOPT_LOW_SPEED_LIMIT, kStallBytesPerSecond);
  options.set_number(CURLOPT_LOW_SPEED_TIME, limits.stall.count());
}

void set_method(Options& options, const Request& request) {
  switch (request.method) {
    case Request::Method::Get:
      options.set_number(CURLOPT_HTTPGET, 1);
      break;
    case Request::Method::Head:
      options.set_number(CURLOPT_NOBODY, 1);
      break;
    case Request::Method::Post:
      // With its size given, the body goes out in one piece with a Content-Length.
      options.set_number(CURLOPT_POST, 1);
      options.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      options.set(CURLOPT_POSTFIELDS, request.body.c_str());
      break;
  }
  // A POST is not repeated elsewhere: its 3xx goes to the caller.
  const bool follow = request.method != Request::Method::Post;
  options.set_number(CURLOPT_FOLLOWLOCATION, follow ? 1 : 0);
  options.set_number(CURLOPT_MAXREDIRS, kMaxRedirects);
}

Result<HeaderList> make_header_list(const Request& request) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : request.headers.all()) {
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return fail(ErrorKind::InvalidInput, fmt::format("{}: header {} contains a line break",
                                                       describe(request), printable(name, 64)));
    }
    // ";" is libcurl's way of writing a field without a value.
    lines.push_back(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  lines.emplace_back("Expect:");
  if (!request.headers.find("Content-Type")) {
    lines.emplace_back("Content-Type:");
  }
  HeaderList list;
  for (const std::string& line : lines) {
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) {
      return fail(ErrorKind::Internal, fmt::format("{}: out of memory", describe(request)));
    }
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

}  // namespace

CurlGlobal::CurlGlobal() {
  // Fails for lack of memory alone; then no handle can be made either, and send() says so.
  static_cast<void>(curl_global_init(CURL_GLOBAL_DEFAULT));
}

CurlGlobal::~CurlGlobal() {
  curl_global_cleanup();
}

class CurlClient::Impl {
 public:
  explicit Impl(std::string user_agent)
      : user_agent_(std::move(user_agent)), multi_(curl_multi_init()), easy_(curl_easy_init()) {}

  Result<Response> send(const Request& request, const Waiter& waiter) {
    const auto url = parse_url(request.url);
    if (!url) {
      return fail(ErrorKind::InvalidInput,
                  fmt::format("'{}' is no URL of http or https", printable(request.url)));
    }
    if (!multi_ || !easy_) {
      return fail(ErrorKind::Internal, describe(request) + ": libcurl cannot be used");
    }
    MD_ASSIGN_OR_RETURN(const HeaderList header_list, make_header_list(request));
    Transfer transfer;
    transfer.body_limit = request.limits.body;
    CURLcode code = prepare(request, *url, header_list.get(), transfer);
    if (code == CURLE_OK) {
      MD_ASSIGN_OR_RETURN_CONTEXT(code, perform(waiter), describe(request));
    }
    if (!transfer.refused.empty()) {
      return fail(ErrorKind::InvalidInput, describe(request) + ": " + transfer.refused);
    }
    if (code != CURLE_OK) {
      return curl_error(request, easy_.get(), code, transfer.words.data());
    }
    if (!transfer.header_ended) {
      // libcurl takes an answer that breaks off there for one without a body.
      return fail(ErrorKind::Network, describe(request) + ": the answer ends within its header");
    }
    return take_response(std::move(transfer));
  }

 private:
  CURLcode prepare(const Request& request, const Url& url, curl_slist* header_list,
                   Transfer& transfer) {
    curl_easy_reset(easy_.get());
    Options options(easy_.get());
    options.set(CURLOPT_ERRORBUFFER, transfer.words.data());
    options.set_number(CURLOPT_NOSIGNAL, 1);
    options.set_text(CURLOPT_URL, request.url);
    options.set_text(CURLOPT_USERAGENT, user_agent_);
    // One request at a time gains nothing from HTTP/2.
    options.set_number(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    options.set(CURLOPT_HTTPHEADER, header_list);
    options.set_number(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
    options.set(CURLOPT_HEADERFUNCTION, &on_header);
    options.set(CURLOPT_HEADERDATA, &transfer);
    options.set(CURLOPT_WRITEFUNCTION, &on_body);
    options.set(CURLOPT_WRITEDATA, &transfer);
#if LIBCURL_VERSION_NUM >= 0x075700
    // A stop does not wait for a look-up of a name that is under way.
    options.set_number(CURLOPT_QUICK_EXIT, 1);
#endif
    set_protocols(options, url.scheme == "https");
    set_route(options, request.route);
    set_limits(options, request.limits);
    set_method(options, request);
    return options.code();
  }

  Result<CURLcode> perform(const Waiter& waiter) {
    if (curl_multi_add_handle(multi_.get(), easy_.get()) != CURLM_OK) {
      return fail(ErrorKind::Internal, "libcurl takes no transfer");
    }
    const Status driven = drive(waiter);
    CURLcode code = CURLE_RECV_ERROR;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) {
        code = message->data.result;
      }
    }
    curl_multi_remove_handle(multi_.get(), easy_.get());
    MD_TRY(driven);
    return code;
  }

  Status drive(const Waiter& waiter) {
    while (true) {
      if (waiter.stopped()) {
        return fail(ErrorKind::Stopped, "the server is stopping");
      }
      int running = 0;
      CURLMcode code = curl_multi_perform(multi_.get(), &running);
      if (code == CURLM_OK && running == 0) {
        return {};
      }
      if (code == CURLM_OK) {
        code = curl_multi_poll(multi_.get(), nullptr, 0, static_cast<int>(kPollInterval.count()),
                               nullptr);
      }
      if (code != CURLM_OK) {
        return fail(ErrorKind::Internal, curl_multi_strerror(code));
      }
    }
  }

  Response take_response(Transfer transfer) {
    long status = 0;
    static_cast<void>(curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status));
    return {static_cast<int>(status), std::move(transfer.headers), std::move(transfer.body),
            url_in_use(easy_.get())};
  }

  std::string user_agent_;
  // The connections that are kept live in the multi handle, which goes after the easy handle.
  std::unique_ptr<CURLM, Free<curl_multi_cleanup>> multi_;
  std::unique_ptr<CURL, Free<curl_easy_cleanup>> easy_;
};

CurlClient::CurlClient(std::string user_agent)
    : impl_(std::make_unique<Impl>(std::move(user_agent))) {}

CurlClient::~CurlClient() = default;

Result<Response> CurlClient::send(const Request& request, const Waiter& waiter) {
  return impl_->send(request, waiter);
}

}  // namespace md::http
