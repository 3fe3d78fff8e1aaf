// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace md::http::testing {

/// One connection to a LocalServer, as its script sees it.
class Peer {
 public:
  Peer(int socket, const std::atomic<bool>& stopping) : socket_(socket), stopping_(stopping) {}

  /// Header and body (by Content-Length) as they came; nullopt when the client has gone.
  std::optional<std::string> read_request();
  /// False when the client has gone.
  bool write(std::string_view text);
  /// Until the client closes or the server goes away.
  void wait_for_close();
  [[nodiscard]] bool stopping() const { return stopping_; }

 private:
  bool receive();
  int socket_;
  const std::atomic<bool>& stopping_;
  std::string received_;
};

/// A server on 127.0.0.1 that speaks raw bytes: for tests of the HTTP client alone. Runs `script`
/// in a thread for each connection, and closes the connection when it returns.
class LocalServer {
 public:
  using Script = std::function<void(Peer&)>;
  explicit LocalServer(Script script);
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;
  ~LocalServer();

  [[nodiscard]] std::string url(std::string_view path = "/") const;
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int socket);

  Script script_;
  int listener_{-1};
  int port_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<int> sockets_;          // guarded by mutex_; open connections
  std::vector<std::thread> threads_;  // guarded by mutex_
  std::thread acceptor_;
};

}  // namespace md::http::testing
