#include "platform/ingest/ingest_core.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "base/log.hpp"
#include "model/batch.hpp"

namespace duheng::platform {

using uplink::BatchSink;
using uplink::EpochPosition;
using uplink::EpochRange;
using uplink::Refusal;
using uplink::RefusalCode;
using uplink::SessionId;

namespace {

constexpr std::size_t recent_hashes_max = 256;
constexpr std::size_t evidence_seen_max = 64;
constexpr std::uint64_t prime_records_max = 100'000;
constexpr std::int64_t hour_ms = 3'600'000;
// What a record needs beside its body.
constexpr std::size_t record_overhead_bytes = 128;

Refusal refusal(const uplink::Batch& batch, RefusalCode code, std::string message) {
  return {.epoch = batch.epoch, .sequence = batch.sequence, .code = code, .message = std::move(message)};
}

}  // namespace

CheckedBatch check_batch(uplink::Batch batch, std::size_t batch_bytes_max) {
  CheckedBatch checked;
  checked.batch = std::move(batch);
  const ByteView body = checked.batch.body;
  if (body.size() > batch_bytes_max) {
    checked.content = CheckedBatch::Content::too_large;
    checked.reason = fmt::format("{} octets; {} are the limit", body.size(), batch_bytes_max);
    return checked;
  }
  checked.hash_fits = uplink::batch_hash(checked.batch.previous_hash, checked.batch.epoch, checked.batch.sequence,
                                         body) == checked.batch.hash;
  if (const Result<BatchView> view = BatchView::parse(body)) {
    checked.frames = view->frame_count();
    checked.readings = view->reading_count();
  } else {
    checked.content = view.error().code == ErrorCode::unsupported ? CheckedBatch::Content::unsupported
                                                                  : CheckedBatch::Content::malformed;
    checked.reason = view.error().message;
  }
  return checked;
}

IngestCore::IngestCore(store::Journal& journal, const Clock& clock, IngestOptions options)
    : journal_(journal), clock_(clock), options_(options) {
  prime_recent_hashes();
}

void IngestCore::prime_recent_hashes() {
  const std::uint64_t next = journal_.next_number();
  const std::uint64_t window = std::min(prime_records_max, next - journal_.first_number());
  const auto segments = journal_.segments();
  const std::uint64_t last_segment = segments.empty() ? next : segments.back().first_number;
  store::JournalCursor cursor = journal_.cursor(std::max(next - window, last_segment));
  std::map<SourceKey, std::uint64_t> expected;
  while (cursor.position() < next) {
    const auto record = cursor.next();
    if (!record || !*record) return;  // only a convenience: what is not known is asked for again
    const store::JournalRecord& batch = (*record)->record;
    if (batch.type != store::JournalRecordType::batch) continue;
    Source& at = source(batch.gateway, batch.epoch);
    const auto [next_sequence, first] = expected.try_emplace({batch.gateway.value, batch.epoch}, batch.sequence);
    if (next_sequence->second != batch.sequence) at.recent.clear();  // a declared loss stands between
    next_sequence->second = batch.sequence + 1;
    note_hash(at, batch.hash);
  }
}

void IngestCore::note_hash(Source& source, const crypto::Hash256& hash) {
  source.recent.push_back(hash);
  if (source.recent.size() > recent_hashes_max) source.recent.pop_front();
}

IngestCore::Source& IngestCore::source(GatewayId gateway, std::uint64_t epoch) {
  const auto [at, made] = sources_.try_emplace({gateway.value, epoch});
  if (made) {
    ++epochs_of_[gateway.value];
    if (const auto position = journal_.position(gateway, epoch)) {
      at->second.next_sequence = at->second.committed_sequence = position->next_sequence;
      at->second.last_hash = at->second.committed_hash = position->last_hash;
    }
  }
  return at->second;
}

EpochPosition IngestCore::position_of(GatewayId gateway, std::uint64_t epoch, const Source& source) const {
  EpochPosition position{
      .epoch = epoch, .next_sequence = source.committed_sequence, .last_hash = source.committed_hash};
  const auto backed_up = backed_up_.find({gateway.value, epoch});
  if (!options_.keep_until_backup) {
    position.backed_up_sequence = position.next_sequence;
  } else if (backed_up != backed_up_.end()) {
    position.backed_up_sequence = std::min(backed_up->second, position.next_sequence);
  }
  return position;
}

std::vector<EpochPosition> IngestCore::positions(GatewayId gateway, std::span<const EpochRange> ranges) {
  std::vector<EpochPosition> found;
  found.reserve(ranges.size());
  for (const EpochRange& range : ranges) {
    const auto known = sources_.find({gateway.value, range.epoch});
    if (known == sources_.end() && !journal_.position(gateway, range.epoch) && range.first_sequence == 0) {
      found.push_back({.epoch = range.epoch});  // nothing is remembered of epochs that are only talked about
      continue;
    }
    if (known == sources_.end() && epochs_of_[gateway.value] >= options_.epochs_per_gateway_max) {
      found.push_back({.epoch = range.epoch});
      continue;
    }
    Source& at = source(gateway, range.epoch);
    at.declared_first.reset();
    if (range.first_sequence > at.next_sequence) at.declared_first = range.first_sequence;
    found.push_back(position_of(gateway, range.epoch, at));
  }
  return found;
}

BatchSink::Offered IngestCore::offer(GatewayId gateway, SessionId session, CheckedBatch checked) {
  const uplink::Batch& batch = checked.batch;
  if (checked.content == CheckedBatch::Content::too_large) {
    ++statistics_.too_large;
    return refusal(batch, RefusalCode::too_large, checked.reason);
  }
  if (batch.sequence == UINT64_MAX) return refusal(batch, RefusalCode::unspecified, "no such sequence");
  if (pending_.size() + in_flight_batches_ >= options_.pending_batches_max ||
      pending_bytes_ + in_flight_bytes_ >= options_.pending_bytes_max) {
    ++statistics_.full;
    return BatchSink::Full{};
  }
  if (!sources_.contains({gateway.value, batch.epoch}) &&
      epochs_of_[gateway.value] >= options_.epochs_per_gateway_max) {
    return refusal(batch, RefusalCode::unspecified,
                   fmt::format("more than {} epochs of one gateway", options_.epochs_per_gateway_max));
  }
  Source& at = source(gateway, batch.epoch);
  if (batch.sequence < at.next_sequence) return known_offset(gateway, checked, at);
  const bool loss_declared = batch.sequence > at.next_sequence && at.declared_first == batch.sequence;
  if (batch.sequence > at.next_sequence && !loss_declared) {
    ++statistics_.gaps;
    return refusal(batch, RefusalCode::gap, fmt::format("batch {} is expected next", at.next_sequence));
  }
  if (!checked.hash_fits) return conflict(gateway, checked, "the hash named is not that of the content");
  if (!loss_declared && batch.previous_hash != at.last_hash) {
    return conflict(gateway, checked, "the batch does not follow the last one: its previous hash is another");
  }
  if (checked.content == CheckedBatch::Content::unsupported) {
    ++statistics_.unsupported;
    return refusal(batch, RefusalCode::version, checked.reason);
  }
  if (loss_declared) {
    const std::uint64_t lost = batch.sequence - at.next_sequence;
    statistics_.batches_lost += lost;
    log::error("ingest", "a gateway no longer holds batches that the platform lacks; recorded as lost",
               {{"gateway", gateway.value},
                {"epoch", fmt::format("{:016x}", batch.epoch)},
                {"first", at.next_sequence},
                {"count", lost}});
    uplink::Batch missing{.epoch = batch.epoch, .sequence = at.next_sequence, .previous_hash = at.last_hash};
    add_evidence(gateway, missing,
                 fmt::format("batches {} to {} are lost: the gateway no longer holds them", at.next_sequence,
                             batch.sequence - 1));
    at.recent.clear();
  }
  at.declared_first.reset();
  accept(gateway, session, std::move(checked), at);
  return BatchSink::Queued{};
}

BatchSink::Offered IngestCore::known_offset(GatewayId gateway, const CheckedBatch& checked, const Source& source) {
  const uplink::Batch& batch = checked.batch;
  const std::uint64_t back = source.next_sequence - batch.sequence;
  if (back > source.recent.size()) {
    // Too old to be compared, so it is neither acknowledged nor called a conflict. A sender that takes up its session
    // anew learns where the platform stands and does not get here.
    ++statistics_.gaps;
    return refusal(batch, RefusalCode::gap, fmt::format("batch {} is expected next", source.next_sequence));
  }
  const crypto::Hash256& known = source.recent[source.recent.size() - back];
  if (known != batch.hash || !checked.hash_fits) {
    return conflict(gateway, checked, "the platform holds other content at this offset");
  }
  ++statistics_.duplicates;
  return BatchSink::Duplicate{position_of(gateway, batch.epoch, source)};
}

Refusal IngestCore::conflict(GatewayId gateway, const CheckedBatch& checked, std::string reason) {
  const uplink::Batch& batch = checked.batch;
  ++statistics_.conflicts;
  log::error("ingest", "conflict: a batch is refused and kept as evidence",
             {{"gateway", gateway.value},
              {"epoch", fmt::format("{:016x}", batch.epoch)},
              {"sequence", batch.sequence},
              {"reason", reason}});
  add_evidence(gateway, batch, reason);
  return refusal(batch, RefusalCode::hash_conflict, std::move(reason));
}

void IngestCore::add_evidence(GatewayId gateway, const uplink::Batch& batch, std::string reason) {
  EvidenceBudget& budget = evidence_[gateway.value];
  const std::int64_t hour = clock_.monotonic_ms() / hour_ms;
  if (budget.hour != hour) {
    budget.hour = hour;
    budget.used = 0;
  }
  const crypto::Hash256 content = crypto::sha256({ByteView{batch.hash}, batch.body, as_bytes(reason)});
  const bool seen = std::ranges::find(budget.seen, content) != budget.seen.end();
  if (seen || budget.used >= options_.evidence_per_hour_max) {
    if (!seen) ++statistics_.evidence_dropped;
    return;
  }
  ++budget.used;
  budget.seen.push_back(content);
  if (budget.seen.size() > evidence_seen_max) budget.seen.erase(budget.seen.begin());
  Pending pending;
  pending.batch = batch;
  pending.reason = std::move(reason);
  pending.readable = false;
  pending.record = {.type = store::JournalRecordType::refused_evidence,
                    .gateway = gateway,
                    .epoch = batch.epoch,
                    .sequence = batch.sequence,
                    .hash = batch.hash,
                    .previous_hash = batch.previous_hash,
                    .received_utc_ms = clock_.utc_ms(),
                    .reason = {},
                    .body = batch.body};
  add_pending(std::move(pending));
}

void IngestCore::accept(GatewayId gateway, SessionId session, CheckedBatch checked, Source& source) {
  Pending pending;
  pending.session = session;
  pending.frames = checked.frames;
  pending.readings = checked.readings;
  pending.batch = std::move(checked.batch);
  pending.malformed = checked.content == CheckedBatch::Content::malformed;
  pending.readable = !pending.malformed;
  pending.record = {.type = store::JournalRecordType::batch,
                    .gateway = gateway,
                    .epoch = pending.batch.epoch,
                    .sequence = pending.batch.sequence,
                    .hash = pending.batch.hash,
                    .previous_hash = pending.batch.previous_hash,
                    .received_utc_ms = clock_.utc_ms(),
                    .reason = {},
                    .body = pending.batch.body};
  if (pending.malformed) {
    pending.reason = std::move(checked.reason);
    log::error("ingest", "a batch is not readable; it keeps its place in the journal",
               {{"gateway", gateway.value},
                {"epoch", fmt::format("{:016x}", pending.batch.epoch)},
                {"sequence", pending.batch.sequence},
                {"reason", pending.reason}});
  }
  source.next_sequence = pending.batch.sequence + 1;
  source.last_hash = pending.batch.hash;
  note_hash(source, pending.batch.hash);
  add_pending(std::move(pending));
}

void IngestCore::add_pending(Pending pending) {
  pending_bytes_ += pending.batch.body.size() + record_overhead_bytes;
  pending_.push_back(std::move(pending));
}

IngestCore::Group IngestCore::take_pending() {
  Group group;
  while (!pending_.empty() && group.items.size() < options_.commit_batches_max) {
    const std::size_t bytes = pending_.front().batch.body.size() + record_overhead_bytes;
    if (!group.items.empty() && group.bytes + bytes > options_.commit_bytes_max) break;
    group.bytes += bytes;
    group.items.push_back(std::move(pending_.front()));
    pending_.pop_front();
  }
  pending_bytes_ -= group.bytes;
  in_flight_batches_ += group.items.size();
  in_flight_bytes_ += group.bytes;
  return group;
}

Result<std::uint64_t> IngestCore::commit(store::Journal& journal, const Group& group) {
  std::vector<store::JournalRecord> records;
  records.reserve(group.items.size());
  for (const Pending& item : group.items) {
    records.push_back(item.record);
    records.back().reason = item.reason;
  }
  return journal.commit(records);
}

IngestCore::Outcome IngestCore::finish(Group group, const Result<std::uint64_t>& first_record,
                                       std::int64_t duration_ns) {
  in_flight_batches_ -= group.items.size();
  in_flight_bytes_ -= group.bytes;
  statistics_.commit_ns_total += duration_ns;
  statistics_.commit_ns_max = std::max(statistics_.commit_ns_max, duration_ns);
  if (!first_record) return settle_failure(group, first_record.error());
  ++statistics_.commits;
  statistics_.storage_full = statistics_.storage_failed = false;
  Outcome outcome;
  outcome.batches.reserve(group.items.size());
  std::map<std::pair<std::int64_t, SourceKey>, std::uint64_t> last;  // per session and source: place in `committed`
  std::uint64_t number = *first_record;
  for (Pending& item : group.items) {
    const std::uint64_t record_number = number++;
    if (item.record.type == store::JournalRecordType::refused_evidence) {
      ++statistics_.evidence;
      continue;
    }
    const SourceKey key{item.record.gateway.value, item.record.epoch};
    Source& at = sources_[key];
    at.committed_sequence = item.record.sequence + 1;
    at.committed_hash = item.record.hash;
    const EpochPosition position = position_of(item.record.gateway, item.record.epoch, at);
    const auto [place, first] = last.try_emplace({item.session.value, key}, outcome.committed.size());
    if (first) {
      outcome.committed.emplace_back(item.session, position);
    } else {
      outcome.committed[place->second].second = position;
    }
    ++statistics_.batches;
    statistics_.frames += item.frames;
    statistics_.readings += item.readings;
    statistics_.bytes += item.batch.body.size();
    if (item.malformed) {
      ++statistics_.malformed;
      outcome.refused.emplace_back(item.session, refusal(item.batch, RefusalCode::malformed, item.reason));
    }
    if (item.readable) {
      outcome.batches.push_back(
          {record_number, item.record.gateway, item.record.received_utc_ms, std::move(item.batch)});
    }
  }
  return outcome;
}

IngestCore::Outcome IngestCore::settle_failure(const Group& group, const Error& error) {
  ++statistics_.commits_failed;
  const bool told = statistics_.storage_full || statistics_.storage_failed;
  statistics_.storage_full = error.code == ErrorCode::storage_full;
  statistics_.storage_failed = journal_.poisoned();
  if (!told) {
    log::error("ingest", "the journal takes nothing; gateways keep their batches and are told to wait",
               {{"reason", error}});
  }
  Outcome outcome;
  std::map<std::pair<std::int64_t, SourceKey>, std::uint64_t> first;  // the lowest refused sequence of each
  const auto refuse = [&](const Pending& item) {
    if (item.record.type != store::JournalRecordType::batch) return;
    first.try_emplace({item.session.value, {item.record.gateway.value, item.record.epoch}}, item.record.sequence);
  };
  std::ranges::for_each(group.items, refuse);
  // What was accepted after the group builds on it.
  std::ranges::for_each(pending_, refuse);
  pending_.clear();
  pending_bytes_ = 0;
  for (const auto& [key, sequence] : first) {
    outcome.refused.emplace_back(SessionId{key.first},
                                 Refusal{.epoch = key.second.second,
                                         .sequence = sequence,
                                         .code = RefusalCode::storage_full,
                                         .message = "the platform's journal takes nothing at present",
                                         .retry_after_ms = options_.storage_retry_ms});
  }
  fall_back_to_journal();
  return outcome;
}

void IngestCore::fall_back_to_journal() {
  for (auto& [key, at] : sources_) {
    while (at.next_sequence > at.committed_sequence && !at.recent.empty()) {
      at.recent.pop_back();
      --at.next_sequence;
    }
    at.next_sequence = at.committed_sequence;
    at.last_hash = at.committed_hash;
    at.declared_first.reset();
  }
}

IngestCore::Outcome IngestCore::commit_pending() {
  Outcome all;
  while (has_pending()) {
    Group group = take_pending();
    const std::int64_t begin_ns = clock_.monotonic_ns();
    const Result<std::uint64_t> first_record = commit(journal_, group);
    Outcome part = finish(std::move(group), first_record, clock_.monotonic_ns() - begin_ns);
    std::ranges::move(part.committed, std::back_inserter(all.committed));
    std::ranges::move(part.refused, std::back_inserter(all.refused));
    std::ranges::move(part.batches, std::back_inserter(all.batches));
  }
  return all;
}

void IngestCore::learn_backup(std::uint64_t watermark, const std::vector<store::SourcePosition>& positions) {
  backed_up_.clear();
  for (const store::SourcePosition& position : positions) {
    backed_up_[{position.gateway.value, position.epoch}] = position.next_sequence;
  }
  backup_watermark_ = watermark;
}

IngestStatistics IngestCore::statistics() const {
  IngestStatistics statistics = statistics_;
  statistics.pending_batches = pending_.size() + in_flight_batches_;
  statistics.pending_bytes = pending_bytes_ + in_flight_bytes_;
  return statistics;
}

}  // namespace duheng::platform
