// SPDX-License-Identifier: MIT
// A disk as the partition services see it: the device object they were given, and its sectors. Sectors are read and
// written, and the geometry asked for, by requests that go to that very device, whatever stands above it.
//
// The requests are a driver's own, with a completion routine that takes them back, and belong to no thread: their end
// needs no special kernel APC, so that a caller at APC_LEVEL can wait for it. All here: PASSIVE_LEVEL or APC_LEVEL.
//
// What stands on a disk is anybody's: every number read from one is checked against the disk's size before it is used.
#pragma once

#include "base/result.h"
#include "nt/nt.h"

#include <cstddef>
#include <cstdint>

namespace ringside::io::disk {

// Non-paged pool for sectors: page aligned, so that it suits any device's AlignmentRequirement. Host frames below a
// call into a driver own no heap memory: the block belongs to the machine.
class Buffer {
public:
    Buffer() = default;
    ~Buffer();
    Buffer(Buffer const&) = delete;
    Buffer& operator=(Buffer const&) = delete;

    // Zeroes. Replaces what was there. STATUS_INSUFFICIENT_RESOURCES.
    Result<void> allocate(size_t bytes);
    uint8_t* data() const { return m_data; }
    size_t size() const { return m_size; }
    template <typename T>
    T* as() const
    {
        return reinterpret_cast<T*>(m_data);
    }

private:
    uint8_t* m_data = nullptr;
    size_t m_size = 0;
};

inline constexpr uint32_t kSectorBytesMin = 512;
inline constexpr uint32_t kSectorBytesMax = 0x10000;

struct Disk {
    DEVICE_OBJECT* device = nullptr;
    uint32_t sector_bytes = 0;      // a power of two
    uint64_t sectors = 0;           // at least 1; where nobody told, as many as byte offsets reach
    uint32_t sectors_per_track = 0; // 1 to 63
    uint32_t heads = 0;             // 1 to 255

    uint64_t last() const { return sectors - 1; }
    bool holds(uint64_t first, uint64_t count) const { return first < sectors && count <= sectors - first; }
    int64_t bytes(uint64_t sectors_in) const { return static_cast<int64_t>(sectors_in * sector_bytes); }
};

// The device is asked for its geometry and its size. STATUS_DEVICE_NOT_READY: it does not tell, or tells nonsense.
// STATUS_INSUFFICIENT_RESOURCES.
Result<Disk> ask(DEVICE_OBJECT* device);
// The caller knows the size of a sector. STATUS_INVALID_PARAMETER: no disk has sectors of that size.
Result<Disk> assume(DEVICE_OBJECT* device, uint32_t sector_bytes);

// Whole sectors. The device's own failure; STATUS_IO_DEVICE_ERROR when it moved fewer bytes than asked for;
// STATUS_DISK_CORRUPT_ERROR beyond the disk's end; STATUS_INSUFFICIENT_RESOURCES.
Result<void> read(Disk const& disk, uint64_t sector, uint32_t count, uint8_t* into);
Result<void> write(Disk const& disk, uint64_t sector, uint32_t count, uint8_t const* from);

} // namespace ringside::io::disk
