// SPDX-License-Identifier: MIT
// What an address is: where its byte lies, whether it may be touched, and copies that survive when it may not. Facts of
// the system.
#include "contract.h"

#include "ke/guarded.h"
#include "mm/driver_paging.h"
#include "mm/memory.h"
#include "mm/physical_address.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr SIZE_T kPage = hal::kPageSize;
constexpr uint64_t kDevice = 0xFEB0'0000;
constexpr PHYSICAL_ADDRESS physical(uint64_t address) { return { .QuadPart = static_cast<LONGLONG>(address) }; }
PVOID const kNothing = reinterpret_cast<PVOID>(hal::kSystemMappingsHigh - kPage);

// A device's registers, mapped.
char* registers(At& at)
{
    EXPECT_TRUE(at.rooms().physical.add_device(kDevice, kPage, "registers"));
    return static_cast<char*>(mm::MmMapIoSpace(physical(kDevice), kPage, MmNonCached));
}

// Two pages of addresses, the first of them mapped.
char* page_before_nothing(At& at)
{
    auto* const range = reinterpret_cast<char*>(at.also("MmAllocateMappingAddress", 2 * kPage, ULONG { 'lpmS' }));
    auto const mdl = at.also("MmAllocatePagesForMdl", physical(0), physical(~uint64_t { 0 }), physical(0), kPage);
    at.also("MmMapLockedPagesWithReservedMapping", range, ULONG { 'lpmS' }, mdl, MmCached);
    return range;
}

// A page of an image, which is paged out.
PVOID paged_out(At& at)
{
    auto const base = hal::page_round_up(reinterpret_cast<uintptr_t>(at.bytes(2 * kPage)));
    using sim::host::Access;
    mm::memory().images.add(
        { .base = base,
          .bytes = kPage,
          .sections
          = { { .name = "PAGE", .begin = base, .bytes = kPage, .access = Access::ReadWrite, .pageable = true } } });
    mm::memory().images.trim();
    EXPECT_TRUE(mm::memory().images.is_away(base));
    return reinterpret_cast<PVOID>(base);
}

} // namespace

SAMPLE(MmGetPhysicalAddress)
{
    auto* block = static_cast<char*>(at.bytes(2 * kPage));
    auto const first = at.call(block);
    EXPECT_EQ(first % kPage, 0u);
    EXPECT_TRUE(at.rooms().physical.is_memory(first >> hal::kPageShift, 1));
    at.returns(first + 123, block + 123);
    EXPECT_TRUE(ke::write_guarded(block, 'p'));
    EXPECT_EQ(ke::read_guarded<char>(at.rooms().physical.address_of(first >> hal::kPageShift)), 'p');
    at.returns(kDevice + 8, registers(at) + 8);
    at.returns(uint64_t { 0 }, kNothing);
}

SAMPLE(MmGetVirtualForPhysical)
{
    auto* block = static_cast<char*>(at.bytes(16));
    *block = 'v';
    auto const where = at.also("MmGetPhysicalAddress", block);
    EXPECT_EQ(ke::read_guarded<char>(reinterpret_cast<void*>(at.call(where))), 'v');
    at.returns(PVOID { nullptr }, uint64_t { at.rooms().physical.bytes() });
}

SAMPLE(MmIsAddressValid)
{
    at.returns(BOOLEAN { TRUE }, at.bytes(16));
    char* const range = page_before_nothing(at);
    at.returns(BOOLEAN { TRUE }, range + kPage - 1);
    at.returns(BOOLEAN { FALSE }, range + kPage);
    at.returns(BOOLEAN { FALSE }, nullptr);
    at.returns(BOOLEAN { FALSE }, reinterpret_cast<PVOID>(0x8000'0000'0000'1000)); // not canonical
    at.returns(BOOLEAN { FALSE }, paged_out(at)); // reading it would be a page fault
}

CLIENT_SAMPLE(MmIsNonPagedSystemAddressValid)
{
    at.returns(BOOLEAN { TRUE }, at.bytes(16));
    at.returns(BOOLEAN { FALSE }, kNothing);
    at.returns(BOOLEAN { FALSE }, paged_out(at));
    PVOID const user = at.user_bytes(16);
    EXPECT_TRUE(at.also("MmIsAddressValid", user) & 1);
    at.returns(BOOLEAN { FALSE }, user); // no system address
}

// --- MmCopyMemory ------------------------------------------------------------------------------------------------

SAMPLE(MmCopyMemory)
{
    auto& moved = at.object<SIZE_T>();
    auto* target = static_cast<char*>(at.bytes(2 * kPage));
    auto* source = static_cast<char*>(at.bytes(2 * kPage));
    source[kPage - 1] = 'a';
    source[kPage] = 'b';
    at.status(STATUS_SUCCESS, target, source + kPage - 1, SIZE_T { 2 }, MM_COPY_MEMORY_VIRTUAL, &moved);
    EXPECT_STREQ(target, "ab");
    EXPECT_EQ(moved, 2u);
    char* const range = page_before_nothing(at);
    ke::write_guarded(range + kPage - 1, 'c');
    at.status(STATUS_INVALID_ADDRESS, target, range + kPage - 1, SIZE_T { 2 }, MM_COPY_MEMORY_VIRTUAL, &moved);
    EXPECT_EQ(moved, 1u) << "what could be copied was";
    EXPECT_STREQ(target, "cb");
    at.status(STATUS_INVALID_ADDRESS, target, kNothing, SIZE_T { 1 }, MM_COPY_MEMORY_VIRTUAL, &moved);
    EXPECT_EQ(moved, 0u);
    at.status(STATUS_INVALID_ADDRESS, target, registers(at), SIZE_T { 4 }, MM_COPY_MEMORY_VIRTUAL, &moved);
    EXPECT_EQ(moved, 0u) << "I/O space";
    PVOID const away = paged_out(at);
    at.status(STATUS_SUCCESS, target, away, SIZE_T { 1 }, MM_COPY_MEMORY_VIRTUAL, &moved);
    EXPECT_FALSE(mm::memory().images.is_away(reinterpret_cast<uintptr_t>(away))) << "it was brought in";
    for (ULONG flags : { ULONG { 0 }, MM_COPY_MEMORY_VIRTUAL | MM_COPY_MEMORY_PHYSICAL, ULONG { 4 } })
        at.status(STATUS_INVALID_PARAMETER_4, target, source, SIZE_T { 1 }, flags, &moved);
}

SAMPLE_AS(MmCopyMemory, physical)
{
    auto& moved = at.object<SIZE_T>();
    auto* target = static_cast<char*>(at.bytes(2 * kPage));
    auto* source = static_cast<char*>(at.bytes(16));
    std::strcpy(source, "by its frame");
    auto const where = at.also("MmGetPhysicalAddress", source);
    at.status(STATUS_SUCCESS, target, where, SIZE_T { 13 }, MM_COPY_MEMORY_PHYSICAL, &moved);
    EXPECT_STREQ(target, "by its frame");
    EXPECT_EQ(moved, 13u);
    registers(at);
    at.status(STATUS_INVALID_ADDRESS, target, kDevice, SIZE_T { 4 }, MM_COPY_MEMORY_PHYSICAL, &moved); // I/O space
    EXPECT_EQ(moved, 0u);
    uint64_t const end = at.rooms().physical.bytes();
    at.status(STATUS_INVALID_ADDRESS, target, end - 3, SIZE_T { 16 }, MM_COPY_MEMORY_PHYSICAL, &moved);
    EXPECT_EQ(moved, 3u);
}

RINGSIDE_SAMPLE_(MmCopyMemory, of_a_client, "MmCopyMemory", "of_a_client", &sample_MmCopyMemory_of_a_client,
                 Where::Client)
{
    auto& moved = at.object<SIZE_T>();
    auto* target = static_cast<char*>(at.bytes(16));
    auto* user = static_cast<char*>(at.user_bytes(16));
    std::strcpy(user, "mine");
    at.status(STATUS_SUCCESS, target, user, SIZE_T { 5 }, MM_COPY_MEMORY_VIRTUAL, &moved);
    EXPECT_STREQ(target, "mine");
    at.status(STATUS_INVALID_ADDRESS, target, nullptr, SIZE_T { 5 }, MM_COPY_MEMORY_VIRTUAL, &moved);
    EXPECT_EQ(moved, 0u);
}

// --- Facts -------------------------------------------------------------------------------------------------------

SAMPLE(MmGetSystemRoutineAddress)
{
    for (auto const* name : { "IoCallDriver", "KeStallExecutionProcessor" }) { // of the kernel, of the HAL
        std::u16string const wide(name, name + std::strlen(name));
        at.returns(at.rooms().exports.system_routine(name), &at.string(wide));
    }
    EXPECT_TRUE(at.call(&at.string(u"IofCompleteRequest")));
    at.returns(PVOID { nullptr }, &at.string(u"IofCompleteRequestNow"));
    at.returns(PVOID { nullptr }, &at.string(u""));
}

SAMPLE(MmQuerySystemSize) { at.returns(MmLargeSystem); }
SAMPLE_ON(MmQuerySystemSize, medium, nullptr, { .memory_bytes = 64 * hal::kMiB }) { at.returns(MmMediumSystem); }

SAMPLE_ON(MmIsThisAnNtAsSystem, , nullptr, { .windows = Windows::ws2022 }) { at.returns(BOOLEAN { TRUE }); }
SAMPLE_ON(MmIsThisAnNtAsSystem, client, "a workstation is no server: FALSE", {}) { at.returns(BOOLEAN { FALSE }); }
