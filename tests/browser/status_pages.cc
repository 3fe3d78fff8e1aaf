// SPDX-License-Identifier: Apache-2.0
// Renders the server-status sections as mod_status would show them, for the browser: status_pages
// FOLDER.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "status/server_status.h"
#include "status/testing/status_samples.h"

namespace {

using md::status::testing::kNow;
using md::status::testing::StatusSamples;

// mod_status' own frame, in short.
void write_page(const std::filesystem::path& folder, const std::string& name,
                const StatusSamples& samples) {
  std::ofstream(folder / (name + ".html"))
      << "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html><head>\n<title>Apache "
         "Status</title>\n</head><body>\n<h1>Apache Server Status for localhost</h1>\n"
      << md::status::server_status_html(samples.all(), kNow) << "</body></html>\n";
}

StatusSamples all_good() {
  StatusSamples samples;
  for (int i = 0; i < 5; ++i) {
    const std::string name = fmt::format("good{}.example.org", i);
    samples.add_good(name);
    samples.staple(name);
  }
  return samples;
}

void add_each_state(StatusSamples& samples) {
  samples.add_good("good.example.org");
  samples.add_due("due.example.org");
  samples.add_running("running.example.org");
  samples.add_failed("failed.example.org",
                     "Error creating new order :: too many certificates already issued");
  samples.add_ready("ready.example.org");
  samples.add_unused("idle.example.org");
  samples.add_expired("expired.example.org");
  samples.staple("good.example.org");
  samples.staple_unknown("ready.example.org");
}

StatusSamples hostile() {
  StatusSamples samples;
  samples.add_failed(
      "failed.example.org",
      "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">");
  samples.add_failed("long.example.org", std::string(3000, 'W'));
  samples.add_good(std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') +
                   ".example.org");
  samples.staple("'\"><svg onload=alert(1)>", "javascript:alert(1)");
  return samples;
}

StatusSamples thousand() {
  StatusSamples samples;
  for (int i = 0; i < 994; ++i) {
    samples.add_good(fmt::format("d{}.example.org", i));
  }
  add_each_state(samples);
  return samples;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: status_pages FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  std::filesystem::create_directories(folder);
  StatusSamples states;
  add_each_state(states);
  write_page(folder, "nothing", {});
  write_page(folder, "good", all_good());
  write_page(folder, "states", states);
  write_page(folder, "hostile", hostile());
  write_page(folder, "thousand", thousand());
  return 0;
}
