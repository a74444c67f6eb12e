// SPDX-License-Identifier: MIT
// A file's bytes. In a volume that keeps changes in memory they are the host file's, with the pages that were written
// over them; in one that writes through they are the host file's alone.
//
//   size ------------------------------------------------------------+
//   base_size ------------------------+                              |
//   host file   ||||||||||||||||||||||              (zeros)           |
//   pages             ####      ####       ####                       |
#pragma once

#include "base/result.h"
#include "sim/host_files.h"

#include <array>
#include <map>
#include <memory>

namespace ringside::fs {

inline constexpr uint64_t kPageBytes = 4096;

// A host's refusal as NT's status.
int32_t status_of(sim::HostError error);

// The memory that all of a volume's written pages may take.
struct Room {
    uint64_t pages_left = (uint64_t { 1 } << 30) / kPageBytes;
};

class Contents {
public:
    Contents() = default;
    // Of a host file of this size, opened when first needed.
    explicit Contents(uint64_t bytes)
        : m_size(bytes)
        , m_base_size(bytes)
    {
    }

    uint64_t size() const { return m_size; }
    // Whether a host file is behind it; then it must be open to read and write.
    bool needs_file() const { return m_base_size || m_through; }
    bool has_file() const { return m_file != nullptr; }
    void set_file(std::unique_ptr<sim::HostFile> file) { m_file = std::move(file); }
    sim::HostFile* file() { return m_file.get(); }
    void drop_file() { m_file = nullptr; }
    void write_through() { m_through = true; }

    // Within the file's size.
    Result<void> read(uint64_t at, std::span<std::byte> into) const;
    // The size must hold it: see resize.
    Result<void> write(uint64_t at, std::span<std::byte const> bytes, Room& room);
    Result<void> resize(uint64_t bytes);
    void release(Room& room);

private:
    using Page = std::array<std::byte, kPageBytes>;
    Result<Page*> page(uint64_t number, Room& room);
    Result<void> read_base(uint64_t at, std::span<std::byte> into) const;

    uint64_t m_size = 0;
    uint64_t m_base_size = 0; // bytes of the host file that still show
    bool m_through = false;
    std::unique_ptr<sim::HostFile> m_file;
    std::map<uint64_t, std::unique_ptr<Page>> m_pages; // by number in the file
    uint64_t m_released = 0; // pages given up by resize and not yet counted
};

} // namespace ringside::fs
