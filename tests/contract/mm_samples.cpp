// SPDX-License-Identifier: MIT
// MDLs of every kind, devices' memory, paging of images, and what file systems ask.
#include "contract.h"

#include "ke/guarded.h"
#include "mm/driver_paging.h"
#include "mm/mdl.h"
#include "mm/memory.h"
#include "mm/physical_address.h"
#include "ps/process.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr uint64_t kDevice = 0xFEB0'0000;
constexpr PHYSICAL_ADDRESS physical(uint64_t address) { return { .QuadPart = static_cast<LONGLONG>(address) }; }
constexpr PHYSICAL_ADDRESS kDeviceAddress = physical(kDevice);

void device(At& at) { EXPECT_TRUE(at.rooms().physical.add_device(kDevice, 0x4000, "registers")); }

MDL* mdl_of(void* buffer, ULONG bytes) { return mm::IoAllocateMdl(buffer, bytes, FALSE, FALSE, nullptr); }
MDL* locked(void* buffer, ULONG bytes)
{
    MDL* mdl = mdl_of(buffer, bytes);
    mm::MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    return mdl;
}

// An image that the loader would have told of: two pages of memory, the second of them pageable.
struct Image {
    uintptr_t base = 0;
    mm::ImageSection* pageable() const { return mm::memory().images.section_at(base + 0x1000); }
};
Image image(At& at)
{
    Image made { hal::page_round_up(reinterpret_cast<uintptr_t>(at.bytes(0x3000))) };
    using sim::host::Access;
    mm::memory().images.add(
        { .base = made.base,
          .bytes = 0x2000,
          .sections
          = { { .name = ".text", .begin = made.base, .bytes = 0x1000, .access = Access::ReadWrite, .executable = true },
              { .name = "PAGE",
                .begin = made.base + 0x1000,
                .bytes = 0x1000,
                .access = Access::ReadWrite,
                .pageable = true } } });
    return made;
}
bool is_away(uintptr_t address) { return mm::memory().images.is_away(address); }
void trim() { mm::memory().images.trim(); }

uint64_t g_mapped;
void NTAPI note_mapping(PVOID context, PVOID mapped)
{
    g_mapped = reinterpret_cast<uint64_t>(mapped);
    *static_cast<int*>(context) += ke::write_guarded(mapped, 'm');
}

} // namespace

// --- MDLs --------------------------------------------------------------------------------------------------------

SAMPLE(IoAllocateMdl)
{
    auto* buffer = static_cast<char*>(at.bytes(0x3000));
    auto& irp = at.object<IRP>();
    auto* mdl = reinterpret_cast<MDL*>(at.call(buffer + 5, 0x1000, FALSE, FALSE, &irp));
    ASSERT_TRUE(mdl);
    EXPECT_EQ(irp.MdlAddress, mdl);
    EXPECT_EQ(mm::address_of(mdl), reinterpret_cast<uintptr_t>(buffer + 5));
    EXPECT_EQ(mdl->ByteCount, 0x1000u);
    auto* second = reinterpret_cast<MDL*>(at.call(buffer, 1, TRUE, FALSE, &irp));
    EXPECT_EQ(mdl->Next, second);
    EXPECT_TRUE(second);
    at.returns(PVOID { nullptr }, buffer, ~ULONG { 0 }, FALSE, FALSE, nullptr);
}

SAMPLE(IoFreeMdl)
{
    auto* mdl = locked(at.bytes(0x1000), 0x1000);
    mm::MmUnlockPages(mdl);
    at.call(mdl);
    EXPECT_FALSE(ex::is_block(mdl));
    mdl = locked(at.bytes(0x1000), 0x1000);
    mm::system_address(mdl);
    at.bug_checks(DRIVER_VERIFIER_DETECTED_VIOLATION, mdl); // 0xB8: still mapped
}

SAMPLE(IoBuildPartialMdl)
{
    auto* buffer = static_cast<char*>(at.bytes(0x3000));
    MDL* source = locked(buffer, 0x3000);
    MDL* target = mdl_of(buffer + 0x1010, 0x1000);
    at.call(source, target, buffer + 0x1010, 0x1000);
    EXPECT_TRUE(target->MdlFlags & MDL_PARTIAL);
    EXPECT_EQ(mm::frames_of(target)[0], mm::frames_of(source)[1]);
    EXPECT_EQ(target->ByteOffset, 0x10u);
    EXPECT_EQ(target->ByteCount, 0x1000u);
    at.bug_checks(INVALID_MDL_RANGE, source, target, buffer + 0x2FFF, 2);
}

SAMPLE(MmSizeOfMdl)
{
    at.returns(SIZE_T { sizeof(MDL) + 2 * 8 }, PVOID { reinterpret_cast<void*>(0x1FFF) }, SIZE_T { 2 });
}

SAMPLE(MmCreateMdl)
{
    auto* mdl = reinterpret_cast<MDL*>(at.call(nullptr, reinterpret_cast<void*>(0x12345), SIZE_T { 100 }));
    ASSERT_TRUE(mdl);
    EXPECT_EQ(mm::address_of(mdl), 0x12345u);
    EXPECT_EQ(mdl->ByteCount, 100u);
}

SAMPLE(MmBuildMdlForNonPagedPool)
{
    auto* buffer = static_cast<char*>(at.bytes(0x2000));
    MDL* mdl = mdl_of(buffer + 1, 0x1000);
    at.call(mdl);
    EXPECT_TRUE(mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL);
    EXPECT_EQ(mdl->MappedSystemVa, buffer + 1);
    EXPECT_EQ(mm::frames_of(mdl)[0] << 12, static_cast<uint64_t>(mm::MmGetPhysicalAddress(buffer).QuadPart));
}

SAMPLE(MmAdvanceMdl)
{
    auto* buffer = static_cast<char*>(at.bytes(0x3000));
    MDL* mdl = locked(buffer, 0x3000);
    hal::Pfn const second = mm::frames_of(mdl)[1];
    at.status(STATUS_SUCCESS, mdl, 0x1001);
    EXPECT_EQ(mdl->ByteCount, 0x1FFFu);
    EXPECT_EQ(mdl->ByteOffset, 1u);
    EXPECT_EQ(mm::frames_of(mdl)[0], second);
    at.status(STATUS_INVALID_PARAMETER_2, mdl, 0x2000);
}

SAMPLE(MmProbeAndLockPages)
{
    MDL* mdl = mdl_of(at.bytes(0x2000), 0x2000);
    at.call(mdl, KernelMode, IoWriteAccess);
    EXPECT_TRUE(mdl->MdlFlags & MDL_PAGES_LOCKED);
    EXPECT_EQ(mm::locked_mdls(), 1u);
    MDL* user = mdl_of(at.bytes(16), 16);
    at.raises(STATUS_ACCESS_VIOLATION, user, UserMode, IoReadAccess);
    at.bug_checks(DRIVER_VERIFIER_DETECTED_VIOLATION, mdl, KernelMode, IoWriteAccess); // 0xB0: locked already
}

SAMPLE(MmProbeAndLockProcessPages)
{
    MDL* mdl = mdl_of(at.bytes(0x2000), 0x2000);
    at.call(mdl, at.rooms().processes.system().guest, KernelMode, IoWriteAccess);
    EXPECT_TRUE(mdl->MdlFlags & MDL_PAGES_LOCKED);
    at.bug_checks(DRIVER_VERIFIER_DETECTED_VIOLATION, mdl, at.rooms().processes.system().guest, KernelMode,
                  IoWriteAccess); // 0xB1
}

SAMPLE(MmProbeAndLockSelectedPages)
{
    auto* buffer = static_cast<char*>(at.bytes(0x3000));
    auto& segments = at.object<std::array<uint64_t, 2>>();
    segments = { reinterpret_cast<uint64_t>(buffer + 0x2000), reinterpret_cast<uint64_t>(buffer) };
    MDL* mdl = mdl_of(buffer, 0x2000);
    at.call(mdl, &segments, KernelMode, IoReadAccess);
    EXPECT_TRUE(mdl->MdlFlags & MDL_PAGES_LOCKED);
    EXPECT_EQ(mm::frames_of(mdl)[0] << 12, static_cast<uint64_t>(mm::MmGetPhysicalAddress(buffer + 0x2000).QuadPart));
    EXPECT_EQ(mm::frames_of(mdl)[1] << 12, static_cast<uint64_t>(mm::MmGetPhysicalAddress(buffer).QuadPart));
    segments[0] = 0x10000;
    at.raises(STATUS_ACCESS_VIOLATION, mdl_of(buffer, 0x2000), &segments, UserMode, IoReadAccess);
}

SAMPLE(MmUnlockPages)
{
    MDL* mdl = locked(at.bytes(0x2000), 0x2000);
    at.call(mdl);
    EXPECT_EQ(mm::locked_mdls(), 0u);
    EXPECT_FALSE(mdl->MdlFlags & MDL_PAGES_LOCKED);
    at.bug_checks(DRIVER_VERIFIER_DETECTED_VIOLATION, mdl); // 0x7C: not locked
}

namespace {
void maps_mdl(At& at, MDL* mdl, char const* buffer, uint64_t address)
{
    EXPECT_TRUE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    auto* mapped = reinterpret_cast<char*>(address);
    EXPECT_NE(mapped, buffer);
    EXPECT_TRUE(ke::write_guarded(mapped, 'm'));
    EXPECT_EQ(*buffer, 'm');
}
} // namespace

SAMPLE(MmMapLockedPages)
{
    auto* buffer = static_cast<char*>(at.bytes(0x2000));
    MDL* mdl = locked(buffer + 9, 0x1000);
    maps_mdl(at, mdl, buffer + 9, at.call(mdl, KernelMode));
    at.bug_checks(DRIVER_VERIFIER_DETECTED_VIOLATION, mdl, KernelMode); // 0xB2: mapped already
}

SAMPLE(MmMapLockedPagesSpecifyCache)
{
    auto* buffer = static_cast<char*>(at.bytes(0x2000));
    MDL* mdl = locked(buffer + 9, 0x1000);
    maps_mdl(at, mdl, buffer + 9, at.call(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority));
    at.bug_checks(DRIVER_VERIFIER_DETECTED_VIOLATION, mdl_of(buffer, 1), KernelMode, MmCached, nullptr, FALSE,
                  NormalPagePriority); // 0xB3: not locked
}

SAMPLE(MmUnmapLockedPages)
{
    MDL* mdl = locked(at.bytes(0x1000), 0x1000);
    PVOID const mapped = mm::system_address(mdl);
    at.call(mapped, mdl);
    EXPECT_FALSE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    EXPECT_FALSE(mm::is_accessible(mapped, 1, false));
    at.bug_checks(DRIVER_VERIFIER_DETECTED_VIOLATION, mapped, mdl); // 0xB6: not mapped
}

SAMPLE(MmMapMdl)
{
    auto* buffer = static_cast<char*>(at.bytes(0x1000));
    MDL* mdl = locked(buffer, 0x1000);
    auto& calls = at.object<int>();
    at.status(STATUS_SUCCESS, mdl, PAGE_READWRITE, &note_mapping, &calls);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(*buffer, 'm');
    EXPECT_FALSE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);
    PVOID const own = mm::system_address(mdl);
    at.status(STATUS_SUCCESS, mdl, PAGE_READWRITE, &note_mapping, &calls);
    EXPECT_EQ(g_mapped, reinterpret_cast<uint64_t>(own)) << "a mapping that there is serves, and stays";
    at.status(STATUS_INVALID_PAGE_PROTECTION, mdl, PAGE_EXECUTE_READ, &note_mapping, &calls);
    at.status(STATUS_INVALID_PARAMETER, mdl, PAGE_READWRITE, nullptr, &calls);
}

SAMPLE(MmProtectMdlSystemAddress)
{
    MDL* mdl = locked(at.bytes(0x1000), 0x1000);
    at.status(STATUS_NOT_MAPPED_VIEW, mdl, PAGE_READONLY);
    PVOID const mapped = mm::system_address(mdl);
    at.status(STATUS_SUCCESS, mdl, PAGE_READONLY);
    EXPECT_FALSE(ke::write_guarded(mapped, 'x'));
    EXPECT_TRUE(ke::read_guarded<char>(mapped));
    at.status(STATUS_INVALID_PAGE_PROTECTION, mdl, 0x1000);
}

SAMPLE(MmAllocateMdlForIoSpace)
{
    device(at);
    auto& list = at.object<std::array<MM_PHYSICAL_ADDRESS_LIST, 2>>();
    auto& made = at.object<MDL*>();
    list = { { { physical(kDevice + 0x1000), 0x1000 }, { kDeviceAddress, 0x1000 } } };
    at.status(STATUS_SUCCESS, &list, SIZE_T { 2 }, &made);
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->MdlFlags & MDL_IO_SPACE);
    EXPECT_EQ(made->ByteCount, 0x2000u);
    auto* mapped = static_cast<char*>(mm::system_address(made));
    EXPECT_TRUE(ke::write_guarded(mapped + 0x1004, 'd'));
    PVOID const registers = mm::MmMapIoSpace(kDeviceAddress, 0x1000, MmNonCached);
    EXPECT_EQ(ke::read_guarded<char>(static_cast<char*>(registers) + 4), 'd');
    list[0].NumberOfBytes = 0x800;
    at.status(STATUS_INVALID_PARAMETER_1, &list, SIZE_T { 2 }, &made);
    list[0] = { physical(0x10000), 0x1000 };
    at.status(STATUS_INVALID_PARAMETER_1, &list, SIZE_T { 1 }, &made); // memory is no I/O space
}

// --- Physical addresses ------------------------------------------------------------------------------------------

namespace {
void maps_a_device(At& at, uint64_t address)
{
    auto* registers = reinterpret_cast<char*>(address);
    EXPECT_TRUE(ke::write_guarded(registers + 8, 'r'));
    EXPECT_EQ(mm::MmGetPhysicalAddress(registers).QuadPart, static_cast<LONGLONG>(kDevice + 0x10));
}
} // namespace

SAMPLE(MmMapIoSpace)
{
    device(at);
    maps_a_device(at, at.call(physical(kDevice + 0x10), SIZE_T { 0x20 }, MmNonCached));
    at.returns(PVOID { nullptr }, physical(kDevice - 0x1000), SIZE_T { 0x20 }, MmNonCached);
    at.returns(PVOID { nullptr }, kDeviceAddress, SIZE_T { 0 }, MmNonCached);
}

SAMPLE(MmMapVideoDisplay)
{
    device(at);
    maps_a_device(at, at.call(physical(kDevice + 0x10), SIZE_T { 0x20 }, MmNonCached));
}

SAMPLE(MmMapIoSpaceEx)
{
    device(at);
    maps_a_device(at, at.call(physical(kDevice + 0x10), SIZE_T { 0x20 }, PAGE_READWRITE | PAGE_NOCACHE));
    at.returns(PVOID { nullptr }, kDeviceAddress, SIZE_T { 0x20 }, PAGE_NOACCESS);
    at.returns(PVOID { nullptr }, kDeviceAddress, SIZE_T { 0x20 }, PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE);
}

namespace {
void unmaps_a_device(At& at)
{
    device(at);
    PVOID const registers = mm::MmMapIoSpace(kDeviceAddress, 0x1000, MmNonCached);
    at.call(registers, SIZE_T { 0x1000 });
    EXPECT_FALSE(mm::is_accessible(registers, 1, false));
    at.bug_checks(SYSTEM_PTE_MISUSE, registers, SIZE_T { 0x1000 });
}
} // namespace

SAMPLE(MmUnmapIoSpace) { unmaps_a_device(at); }
SAMPLE(MmUnmapVideoDisplay) { unmaps_a_device(at); }

SAMPLE(MmIsIoSpaceActive)
{
    device(at);
    at.returns(BOOLEAN { FALSE }, kDeviceAddress, SIZE_T { 0x4000 });
    mm::MmMapIoSpace(physical(kDevice + 0x1000), 0x1000, MmNonCached);
    at.returns(BOOLEAN { TRUE }, kDeviceAddress, SIZE_T { 0x4000 });
    at.returns(BOOLEAN { FALSE }, kDeviceAddress, SIZE_T { 0x1000 });
}

namespace {
void ranges_are(At& at, uint64_t block)
{
    auto const* ranges = reinterpret_cast<PHYSICAL_MEMORY_RANGE const*>(block);
    ASSERT_TRUE(ranges);
    EXPECT_EQ(ranges[0].BaseAddress.QuadPart + ranges[0].NumberOfBytes.QuadPart,
              static_cast<LONGLONG>(at.rooms().physical.bytes()));
    EXPECT_EQ(ranges[1].NumberOfBytes.QuadPart, 0);
}
} // namespace

SAMPLE(MmGetPhysicalMemoryRanges) { ranges_are(at, at.call()); }
SAMPLE(MmGetPhysicalMemoryRangesEx)
{
    ranges_are(at, at.call(nullptr));
    at.returns(PVOID { nullptr }, at.bytes(16));
}
SAMPLE(MmGetPhysicalMemoryRangesEx2)
{
    ranges_are(at, at.call(nullptr, 0));
    at.returns(PVOID { nullptr }, nullptr, 1);
}

CLIENT_SAMPLE(MmSecureVirtualMemoryEx)
{
    auto* user = at.user_bytes(16);
    EXPECT_TRUE(at.call(user, SIZE_T { 16 }, PAGE_READWRITE, MM_SECURE_NO_CHANGE));
    at.returns(HANDLE { nullptr }, user, SIZE_T { 16 }, PAGE_READWRITE, MM_SECURE_EXCLUSIVE);
    at.returns(HANDLE { nullptr }, user, SIZE_T { 0 }, PAGE_READWRITE, 0);
}

// --- Paging of images --------------------------------------------------------------------------------------------

namespace {
void locks_a_section(At& at)
{
    Image const driver = image(at);
    trim();
    EXPECT_TRUE(is_away(driver.base + 0x1234));
    at.returns(driver.base + 0x1000, driver.base + 0x1234);
    trim();
    EXPECT_FALSE(is_away(driver.base + 0x1234));
    at.bug_checks(MEMORY_MANAGEMENT, at.bytes(16));
}
} // namespace

SAMPLE(MmLockPagableDataSection) { locks_a_section(at); }
SAMPLE(MmLockPagableImageSection) { locks_a_section(at); }

SAMPLE(MmLockPagableSectionByHandle)
{
    Image const driver = image(at);
    at.call(driver.base + 0x1000);
    trim();
    EXPECT_FALSE(is_away(driver.base + 0x1000));
    EXPECT_EQ(driver.pageable()->locks, 1u);
    at.bug_checks(MEMORY_MANAGEMENT, driver.base + 0x1001);
}

SAMPLE(MmUnlockPagableImageSection)
{
    Image const driver = image(at);
    PVOID const handle = mm::MmLockPagableDataSection(reinterpret_cast<PVOID>(driver.base + 0x1000));
    at.call(handle);
    trim();
    EXPECT_TRUE(is_away(driver.base + 0x1000));
    at.bug_checks(MEMORY_MANAGEMENT, handle);
}

SAMPLE(MmPageEntireDriver)
{
    Image const driver = image(at);
    at.returns(driver.base, driver.base + 0x12);
    trim();
    EXPECT_TRUE(is_away(driver.base));
    at.returns(uint64_t { 0 }, at.bytes(16));
}

SAMPLE(MmResetDriverPaging)
{
    Image const driver = image(at);
    mm::MmPageEntireDriver(reinterpret_cast<PVOID>(driver.base));
    trim();
    at.call(driver.base);
    EXPECT_FALSE(is_away(driver.base));
    EXPECT_TRUE(is_away(driver.base + 0x1000));
}

SAMPLE(MmProtectDriverSection)
{
    Image const driver = image(at);
    at.status(STATUS_INVALID_DEVICE_STATE, driver.base + 0x1000, SIZE_T { 0 }, 0);
    at.status(STATUS_INVALID_PAGE_PROTECTION, driver.base, SIZE_T { 0 }, 0);
    at.status(STATUS_INVALID_PARAMETER, driver.base + 0x1000, SIZE_T { 1 }, 0);
    at.bug_checks(MEMORY_MANAGEMENT, at.bytes(16), SIZE_T { 0 }, 0);
}

SAMPLE(MmIsDriverVerifying) { at.returns(LOGICAL { TRUE }, at.bytes(sizeof(DRIVER_OBJECT))); }
SAMPLE(MmIsDriverSuspectForVerifier) { at.returns(LOGICAL { TRUE }, at.bytes(sizeof(DRIVER_OBJECT))); }
SAMPLE(MmIsDriverVerifyingByAddress)
{
    at.returns(LOGICAL { TRUE }, image(at).base + 5);
    at.returns(LOGICAL { FALSE }, at.bytes(16));
}
SAMPLE_OF_NOTHING(MmIsRecursiveIoFault, "no page fault reads a file") { at.returns(BOOLEAN { FALSE }); }
SAMPLE_OF_NOTHING(MmSetAddressRangeModified, "no address lies in the system cache: there is none")
{
    at.returns(BOOLEAN { FALSE }, at.bytes(16), SIZE_T { 16 });
}

// --- What file systems ask ---------------------------------------------------------------------------------------

namespace {
template <typename... A>
void answers(At& at, A... rest)
{
    auto& pointers = at.object<SECTION_OBJECT_POINTERS>();
    at.returns(BOOLEAN { TRUE }, &pointers, rest...);
    pointers.ImageSectionObject = &pointers;
    at.returns(BOOLEAN { FALSE }, &pointers, rest...);
}
} // namespace

SAMPLE(MmCanFileBeTruncated) { answers(at, nullptr); }
SAMPLE(MmFlushImageSection) { answers(at, MmFlushForDelete); }
SAMPLE(MmForceSectionClosed) { answers(at, FALSE); }
SAMPLE(MmForceSectionClosedEx) { answers(at, 0); }
SAMPLE(MmDoesFileHaveUserWritableReferences)
{
    auto& pointers = at.object<SECTION_OBJECT_POINTERS>();
    at.returns(ULONG { 0 }, &pointers);
    pointers.DataSectionObject = &pointers;
    at.returns(ULONG { 1 }, &pointers);
}
