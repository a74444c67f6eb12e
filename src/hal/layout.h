// SPDX-License-Identifier: MIT
// Where things stand in the address space (docs/design.md D11). All bases are fixed in every run and build, for drivers
// sort and hash addresses; the ranges also suit AddressSanitizer's shadow. User slices lie below MmUserProbeAddress,
// the kernel above it, so that inline probes mean something.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringside::hal {

inline constexpr size_t kPageSize = 4096;
inline constexpr unsigned kPageShift = 12;
inline constexpr size_t kMiB = 1024 * 1024;
inline constexpr size_t kGiB = 1024 * kMiB;

inline constexpr uintptr_t kUserLow = 0x1100'0000'0000;
inline constexpr uintptr_t kUserHigh = 0x2000'0000'0000; // exclusive
inline constexpr size_t kUserSliceBytes = 64 * kGiB;     // one per client process
inline constexpr uintptr_t kUserProbeAddress = kUserHigh; // MmUserProbeAddress
// What drivers are told by MmSystemRangeStart: above every user address, below everything of the kernel.
inline constexpr uintptr_t kSystemRangeStart = kUserProbeAddress + 0x1'0000;
inline constexpr uintptr_t kNullPageHigh = 0x1'0000;     // faults below are "null"

inline constexpr uintptr_t kKernelLow = 0x3000'0000'0000;
inline constexpr uintptr_t kKernelHigh = 0x3800'0000'0000; // exclusive

// Import stubs, data exports, processor control regions, the shared user data page.
inline constexpr uintptr_t kStubs = 0x3000'0000'0000;
inline constexpr size_t kStubsBytes = 4 * kMiB;
inline constexpr uintptr_t kDataExports = 0x3000'0040'0000;
inline constexpr size_t kDataExportsBytes = kMiB;
inline constexpr uintptr_t kProcessorRegions = 0x3000'0050'0000; // kProcessorRegionBytes each
inline constexpr size_t kProcessorRegionBytes = 4 * kPageSize;
inline constexpr unsigned kProcessorsMax = 64;
inline constexpr uintptr_t kSharedUserData = 0x3000'0070'0000;
// Where Windows has KUSER_SHARED_DATA: not mappable here; loads from it are patched or trapped.
inline constexpr uintptr_t kWindowsSharedUserData = 0xFFFF'F780'0000'0000;

// Driver images. Trampolines of patched instructions lie up to 2 GiB around them, so nothing else does.
inline constexpr uintptr_t kImages = 0x3002'0000'0000;
inline constexpr uintptr_t kImagesHigh = 0x3004'0000'0000;
inline constexpr uintptr_t kTrampolinesLow = 0x3001'0000'0000;
inline constexpr uintptr_t kTrampolinesHigh = 0x3005'0000'0000;

// Kernel stacks: one slot each, the stack at the slot's upper end, the rest a guard. Below them the segments that a stack
// is continued on, the deeper the lower: whatever is called later stands at a lower address, as on one stack.
inline constexpr uintptr_t kStackSegments = 0x3008'0000'0000;
inline constexpr size_t kStackSegmentsBytes = 0x1'0000'0000; // per depth
inline constexpr unsigned kStackSegmentsMax = 8; // depths
inline constexpr uintptr_t kStacks = 0x3010'0000'0000;
inline constexpr uintptr_t kStacksHigh = 0x3020'0000'0000;
inline constexpr size_t kStackBytes = 256 * 1024;
inline constexpr size_t kStackSlotBytes = 512 * 1024;

// All of physical memory, mapped in a row: pool and system pages are addressed here.
inline constexpr uintptr_t kDirectMap = 0x3100'0000'0000;
inline constexpr uintptr_t kDirectMapHigh = 0x3200'0000'0000;
// Mappings made one by one: MDLs, MmMapIoSpace, special pool.
inline constexpr uintptr_t kSystemMappings = 0x3300'0000'0000;
inline constexpr uintptr_t kSystemMappingsHigh = 0x3400'0000'0000;

constexpr bool is_user(uintptr_t address) { return address < kUserProbeAddress; }
constexpr bool is_kernel(uintptr_t address) { return address >= kKernelLow && address < kKernelHigh; }
constexpr bool is_canonical(uint64_t address)
{
    return (static_cast<int64_t>(address << 16) >> 16) == static_cast<int64_t>(address);
}
constexpr size_t page_round_up(size_t bytes) { return (bytes + kPageSize - 1) & ~(kPageSize - 1); }
constexpr uintptr_t page_of(uintptr_t address) { return address & ~(kPageSize - 1); }

} // namespace ringside::hal
