// The live socket as a browser meets it.
#include "platform/web/live_service.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web {
namespace {

using Json = nlohmann::json;
using testing::ApiWorld;
using testing::Client;

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

std::string subscription(std::initializer_list<DeviceId> devices) {
  Json ids = Json::array();
  for (const DeviceId id : devices) ids.push_back(id.value);
  return Json{{"subscribe", {{"devices", ids}}}}.dump();
}

std::unique_ptr<Client> open_socket(const ApiWorld& world, const std::string& cookie) {
  auto client = world.connect();
  EXPECT_EQ(client->upgrade("/api/v1/live", world.origin(), cookie).status, 101);
  return client;
}

/// Subscribes, and waits until the hub knows.
void follow(ApiWorld& world, Client& client, std::initializer_list<DeviceId> devices) {
  const auto before = world.hub.statistics().subscriptions;
  client.send_frame(1, subscription(devices));
  ASSERT_TRUE(eventually([&] { return world.hub.statistics().subscriptions > before; }));
}

Json next_json(Client& client) {
  const auto frame = client.read_message();
  return frame.opcode == 1 ? Json::parse(frame.payload) : Json{{"closed", frame.close_code()}};
}

TEST(Live, PushesReadingsOfTheDevicesFollowed) {
  ApiWorld world;
  auto client = open_socket(world, world.log_in("east"));
  follow(world, *client, {world.east_1});
  const FrameReference frame = world.send(world.gateway_east, "000000000001", world.now, 30'001, 2'221);
  world.send(world.gateway_west, "000000000003", world.now, 1, 1);
  const Json message = next_json(*client);
  ASSERT_EQ(message["readings"].size(), 2U) << message;
  const Json energy =
      message["readings"][0]["register"] == "voltage_a" ? message["readings"][1] : message["readings"][0];
  EXPECT_EQ(energy["device_id"], world.east_1.value);
  EXPECT_EQ(energy["series_id"], world.east_energy.value);
  EXPECT_EQ(energy["reading"]["value"], "300.01");
  EXPECT_EQ(energy["reading"]["time"], format_utc(world.now));
  EXPECT_EQ(energy["reading"]["frame"], std::to_string(frame.value));
  EXPECT_FALSE(message.contains("skipped"));
  // A new subscription replaces the former.
  client->send_frame(1, subscription({world.east_2}));
  ASSERT_TRUE(eventually([&] {
    world.send(world.gateway_east, "000000000001", world.now + 1, 30'002, 2'221);
    return world.hub.statistics().subscriptions == 1;
  }));
}

TEST(Live, RefusesDevicesOfOthersAndMalformedRequests) {
  ApiWorld world;
  const std::string cookie = world.log_in("east");
  const auto refused = [&](const std::string& request, const std::string& code) {
    auto client = open_socket(world, cookie);
    client->send_frame(1, request);
    EXPECT_EQ(next_json(*client)["error"]["code"], code) << request;
    EXPECT_EQ(next_json(*client)["closed"], 1008) << request;
    client->send_frame(8, std::string("\x03\xF0", 2));
    EXPECT_TRUE(client->closed_within_ms(5'000));
  };
  refused(subscription({world.west_1}), "not_found");
  refused(subscription({world.east_1, DeviceId{99'999}}), "not_found");
  for (const char* bad :
       {"", "x", "[]", R"({"subscribe":{}})", R"({"subscribe":{"devices":["1"]}})", R"({"subscribe":{"devices":[-1]}})",
        R"({"subscribe":{"devices":[1.5]}})", R"({"subscribe":{"devices":[18446744073709551615]}})",
        R"({"subscribe":{"devices":[1]},"more":1})"}) {
    refused(bad, "malformed");
  }
  std::string many = "{\"subscribe\":{\"devices\":[1";
  for (int i = 0; i < 200; ++i) many += ",1";
  refused(many + "]}}", "limit_exceeded");
  EXPECT_TRUE(eventually([&] { return world.live->clients() == 0; }));
}

TEST(Live, ReplacesOlderValuesForASlowClientAndSaysHowMany) {
  LiveService::Options options;
  options.push_interval_ms = 500;  // slow by decree: what comes in between is joined
  ApiWorld world{options};
  auto client = open_socket(world, world.log_in("east"));
  follow(world, *client, {world.east_1});
  for (int i = 0; i < 50; ++i) world.send(world.gateway_east, "000000000001", world.now + i, 40'000 + i, 2'200);
  std::uint64_t skipped = 0;
  std::uint64_t received = 0;
  std::string last;
  while (received + skipped < 100) {
    const Json message = next_json(*client);
    ASSERT_TRUE(message.contains("readings")) << message;
    skipped += message.value("skipped", 0U);
    received += message["readings"].size();
    for (const Json& reading : message["readings"]) {
      if (reading["register"] == "energy_active_import_total") last = reading["reading"]["value"];
    }
  }
  EXPECT_EQ(received + skipped, 100U);
  EXPECT_GT(skipped, 50U);
  EXPECT_EQ(last, "400.49");
}

TEST(Live, PingsAndEndsWithTheSession) {
  LiveService::Options options;
  options.ping_interval_ms = 50;
  options.check_interval_ms = 100;
  ApiWorld world{options};
  const std::string cookie = world.log_in("east");
  auto client = open_socket(world, cookie);
  EXPECT_EQ(next_json(*client), (Json{{"ping", 1}}));
  EXPECT_EQ(next_json(*client), (Json{{"ping", 2}}));
  EXPECT_EQ(world.connect()->request("DELETE", "/api/v1/session", cookie + "X-Duheng-Request: 1\r\n").status, 204);
  Json message;
  do {
    message = next_json(*client);
  } while (message.contains("ping"));
  EXPECT_EQ(message["error"]["code"], "unauthenticated");
  EXPECT_EQ(next_json(*client)["closed"], 1008);
}

TEST(Live, EndsWhenADeviceIsNoLongerTheUsers) {
  LiveService::Options options;
  options.check_interval_ms = 100;
  ApiWorld world{options};
  auto client = open_socket(world, world.log_in("east"));
  follow(world, *client, {world.east_1});
  auto device = world.devices.get(Scope::everything(), world.east_1);
  ASSERT_TRUE(device);
  DeviceDetails details = device->details;
  details.organisation = world.west;
  details.site = {};
  ASSERT_TRUE(world.devices.update(Scope::everything(), world.east_1, details));
  EXPECT_EQ(next_json(*client)["error"]["code"], "not_found");
  EXPECT_EQ(next_json(*client)["closed"], 1008);
}

TEST(Live, RefusesOversizedMessagesAndTooManyClients) {
  LiveService::Options options;
  options.clients_max = 2;
  HttpLimits limits;
  limits.websocket_message_bytes_max = 1'000;
  ApiWorld world{options, limits};
  const std::string cookie = world.log_in("east");
  auto first = open_socket(world, cookie);
  auto second = open_socket(world, cookie);
  ASSERT_TRUE(eventually([&] { return world.live->clients() == 2; }));
  EXPECT_EQ(world.connect()->upgrade("/api/v1/live", world.origin(), cookie).status, 503);
  first->send_frame(1, std::string(1'001, ' '));
  EXPECT_EQ(first->read_message().close_code(), 1009);
  EXPECT_TRUE(eventually([&] { return world.live->clients() == 1; }));
  auto third = open_socket(world, cookie);
  EXPECT_EQ(world.connect()->upgrade("/api/v1/live", "https://evil.example", cookie).status, 403);
}

// How fast is measured by `duheng bench browser-latency`; here only that nothing waits for the next one to push it out.
TEST(Live, EachReadingArrivesWithoutWaitingForAnother) {
  ApiWorld world;
  auto client = open_socket(world, world.log_in("east"));
  follow(world, *client, {world.east_1});
  for (int i = 0; i < 40; ++i) {
    world.send(world.gateway_east, "000000000001", world.now + i, 50'000 + i, 2'200);
    const Json message = next_json(*client);
    ASSERT_TRUE(message.contains("readings")) << message.dump();
    std::set<std::string> values;
    for (const Json& reading : message["readings"]) values.insert(reading["reading"]["value"].get<std::string>());
    EXPECT_TRUE(values.contains("500." + std::string{i < 10 ? "0" : ""} + std::to_string(i))) << message.dump();
  }
}

TEST(Live, BarsAPasswordThatMustBeChanged) {
  ApiWorld world;
  EXPECT_EQ(world.connect()->upgrade("/api/v1/live", world.origin(), world.log_in("fresh")).status, 403);
}

}  // namespace
}  // namespace duheng::platform::web
