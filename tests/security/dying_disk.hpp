#pragma once
#include <atomic>
#include <csignal>
#include <memory>
#include <unistd.h>
#include <utility>

#include "base/disk.hpp"

namespace duheng::security {

/// The machine's disk, under a program that is killed (SIGKILL) just before it changes something for the n-th time.
class DyingDisk final : public Disk {
 public:
  /// `change`: from 1.
  explicit DyingDisk(std::uint64_t change) : left_(change) {}

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    if (mode != OpenMode::read) change();
    DUHENG_TRY(auto file, disk_.open(path, mode));
    return std::unique_ptr<File>(std::make_unique<DyingFile>(std::move(file), *this));
  }
  Result<std::vector<std::string>> list(const std::string& directory) override { return disk_.list(directory); }
  bool exists(const std::string& path) override { return disk_.exists(path); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    change();
    return disk_.rename(from, to);
  }
  Result<void> remove(const std::string& path) override {
    change();
    return disk_.remove(path);
  }
  Result<void> make_directories(const std::string& path) override {
    change();
    return disk_.make_directories(path);
  }
  Result<void> sync_directory(const std::string& directory) override {
    change();
    return disk_.sync_directory(directory);
  }
  Result<std::uint64_t> free_bytes(const std::string& directory) override { return disk_.free_bytes(directory); }
  Result<bool> readable_by_others(const std::string& path) override { return disk_.readable_by_others(path); }

 private:
  class DyingFile final : public File {
   public:
    DyingFile(std::unique_ptr<File> file, DyingDisk& disk) : file_(std::move(file)), disk_(disk) {}
    Result<std::uint64_t> size() const override { return file_->size(); }
    Result<void> append(ByteView bytes) override {
      disk_.change();
      return file_->append(bytes);
    }
    Result<Bytes> read_at(std::uint64_t offset, std::size_t size) const override {
      return file_->read_at(offset, size);
    }
    Result<void> truncate(std::uint64_t size) override {
      disk_.change();
      return file_->truncate(size);
    }
    Result<void> sync() override {
      disk_.change();
      return file_->sync();
    }

   private:
    std::unique_ptr<File> file_;
    DyingDisk& disk_;
  };

  void change() {
    if (--left_ == 0) ::kill(::getpid(), SIGKILL);
  }

  PosixDisk disk_;
  std::atomic<std::uint64_t> left_;
};

}  // namespace duheng::security
