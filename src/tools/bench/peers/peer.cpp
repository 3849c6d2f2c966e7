#include "tools/bench/peers/peer.hpp"

namespace duheng::tools {

std::vector<std::unique_ptr<Peer>> make_peers() {
  std::vector<std::unique_ptr<Peer>> peers;
  peers.push_back(make_victoria_metrics());
  peers.push_back(make_influxdb());
  peers.push_back(make_clickhouse());
  peers.push_back(make_postgresql());
  return peers;
}

}  // namespace duheng::tools
