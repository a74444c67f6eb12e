// SPDX-License-Identifier: MIT
#include "mm/ddi.h"

#include "hal/layout.h"
#include "mm/contiguous.h"
#include "mm/mdl.h"
#include "mm/physical_address.h"
#include "mm/probe.h"
#include "mm/system_facts.h"

namespace ringside::mm {

using namespace nt;

namespace {

constexpr char const* kRemarks = "the page gives the range in its remarks";
constexpr char const* kNoPage = "no function page documents it";

// This room's part of the data exports: one 8-byte variable each.
constexpr uintptr_t kDataExports = hal::kDataExports + 0x30000;

constexpr uint64_t kValues[] = {
    hal::kUserProbeAddress,              // MmUserProbeAddress
    hal::kUserProbeAddress - 1,          // MmHighestUserAddress
    hal::kSystemRangeStart,              // MmSystemRangeStart
    hal::kKernelHigh - hal::kPageSize,   // *MmBadPointer: a page of which nothing is ever mapped
    1,                                   // Mm64BitPhysicalAddress
};

void* data_export(size_t index) { return reinterpret_cast<void*>(kDataExports + index * sizeof(uint64_t)); }

} // namespace

void write_data_exports()
{
    for (size_t i = 0; i < std::size(kValues); ++i)
        *static_cast<uint64_t*>(data_export(i)) = kValues[i];
}

std::span<Ddi const> ddi_rows()
{
    static Ddi const rows[] = {
        { .name = "IoAllocateMdl", .irql = { 0, 2 }, .fail = Fail::Null, .page = "wdm/nf-wdm-ioallocatemdl",
          .body = body<&IoAllocateMdl>() },
        { .name = "IoFreeMdl", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iofreemdl", .body = body<&IoFreeMdl>() },
        { .name = "IoBuildPartialMdl", .irql = { 0, 2 }, .page = "wdm/nf-wdm-iobuildpartialmdl",
          .body = body<&IoBuildPartialMdl>() },
        { .name = "MmSizeOfMdl", .irql = { 0, 15 }, .needs = Needs::Nothing, .page = "wdm/nf-wdm-mmsizeofmdl",
          .body = body<&MmSizeOfMdl>() },
        { .name = "MmCreateMdl", .irql = { 0, 2 }, .fail = Fail::Null,
          .because = "obsolete since Windows 2000: no function page documents it", .body = body<&MmCreateMdl>() },
        { .name = "MmBuildMdlForNonPagedPool", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmbuildmdlfornonpagedpool",
          .body = body<&MmBuildMdlForNonPagedPool>() },
        { .name = "MmAdvanceMdl", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmadvancemdl",
          .body = body<&MmAdvanceMdl>() },
        { .name = "MmProbeAndLockPages", .irql = { 0, 2 }, .fail = Fail::Raise,
          .fail_status = STATUS_ACCESS_VIOLATION, .page = "wdm/nf-wdm-mmprobeandlockpages", .because = kRemarks,
          .body = body<&MmProbeAndLockPages>() },
        { .name = "MmUnlockPages", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmunlockpages",
          .body = body<&MmUnlockPages>() },
        { .name = "MmMapLockedPages", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmmaplockedpages", .because = kRemarks,
          .body = body<&MmMapLockedPages>() },
        { .name = "MmMapLockedPagesSpecifyCache", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmmaplockedpagesspecifycache", .because = kRemarks,
          .body = body<&MmMapLockedPagesSpecifyCache>() },
        { .name = "MmUnmapLockedPages", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmunmaplockedpages",
          .because = kRemarks, .body = body<&MmUnmapLockedPages>() },
        { .name = "MmProtectMdlSystemAddress", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmprotectmdlsystemaddress",
          .body = body<&MmProtectMdlSystemAddress>() },
        { .name = "MmAllocateMappingAddress", .irql = { 0, 1 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmallocatemappingaddress", .body = body<&MmAllocateMappingAddress>() },
        { .name = "MmFreeMappingAddress", .irql = { 0, 1 }, .page = "wdm/nf-wdm-mmfreemappingaddress",
          .body = body<&MmFreeMappingAddress>() },
        { .name = "MmMapLockedPagesWithReservedMapping", .irql = { 0, 2 },
          .page = "wdm/nf-wdm-mmmaplockedpageswithreservedmapping",
          .body = body<&MmMapLockedPagesWithReservedMapping>() },
        { .name = "MmUnmapReservedMapping", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmunmapreservedmapping",
          .body = body<&MmUnmapReservedMapping>() },
        { .name = "MmAllocatePagesForMdl", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmallocatepagesformdl", .rules = "IrqlMmApcLte", .because = kRemarks,
          .body = body<&MmAllocatePagesForMdl>() },
        { .name = "MmAllocatePagesForMdlEx", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmallocatepagesformdlex", .rules = "IrqlMmApcLte",
          .partial = "large-page and hot-remove requests are refused", .because = kRemarks,
          .body = body<&MmAllocatePagesForMdlEx>() },
        { .name = "MmAllocateNodePagesForMdlEx", .irql = { 0, 2 }, .since = Windows::win8, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmallocatenodepagesformdlex",
          .partial = "one memory node; large-page and hot-remove requests are refused",
          .body = body<&MmAllocateNodePagesForMdlEx>() },
        { .name = "MmFreePagesFromMdl", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmfreepagesfrommdl",
          .rules = "IrqlMmApcLte", .because = kRemarks, .body = body<&MmFreePagesFromMdl>() },
        { .name = "MmAllocateContiguousMemory", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmallocatecontiguousmemory", .body = body<&MmAllocateContiguousMemory>() },
        { .name = "MmAllocateContiguousMemorySpecifyCache", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmallocatecontiguousmemoryspecifycache",
          .body = body<&MmAllocateContiguousMemorySpecifyCache>() },
        { .name = "MmAllocateContiguousMemorySpecifyCacheNode", .irql = { 0, 2 }, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmallocatecontiguousmemoryspecifycachenode", .partial = "one memory node",
          .body = body<&MmAllocateContiguousMemorySpecifyCacheNode>() },
        { .name = "MmAllocateContiguousNodeMemory", .irql = { 0, 2 }, .since = Windows::win8, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmallocatecontiguousnodememory",
          .partial = "one memory node; executable memory is refused",
          .body = body<&MmAllocateContiguousNodeMemory>() },
        { .name = "MmFreeContiguousMemory", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmfreecontiguousmemory",
          .rules = "IrqlMmDispatch", .because = kRemarks, .body = body<&MmFreeContiguousMemory>() },
        { .name = "MmFreeContiguousMemorySpecifyCache", .irql = { 0, 2 },
          .page = "wdm/nf-wdm-mmfreecontiguousmemoryspecifycache",
          .body = body<&MmFreeContiguousMemorySpecifyCache>() },
        { .name = "MmAllocateNonCachedMemory", .irql = { 0, 1 }, .fail = Fail::Null,
          .page = "ntddk/nf-ntddk-mmallocatenoncachedmemory", .rules = "IrqlMmApcLte",
          .partial = "the memory is cached: no cache is modelled", .body = body<&MmAllocateNonCachedMemory>() },
        { .name = "MmFreeNonCachedMemory", .irql = { 0, 1 }, .page = "ntddk/nf-ntddk-mmfreenoncachedmemory",
          .rules = "IrqlMmApcLte", .body = body<&MmFreeNonCachedMemory>() },
        { .name = "MmGetPhysicalAddress", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-mmgetphysicaladdress", .body = body<&MmGetPhysicalAddress>() },
        { .name = "MmGetVirtualForPhysical", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .partial = "names the page in the map of all physical memory, whatever other addresses it has",
          .because = kNoPage, .body = body<&MmGetVirtualForPhysical>() },
        { .name = "MmIsAddressValid", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-mmisaddressvalid", .body = body<&MmIsAddressValid>() },
        { .name = "MmIsNonPagedSystemAddressValid", .irql = { 0, 2 }, .needs = Needs::Nothing, .because = kNoPage,
          .body = body<&MmIsNonPagedSystemAddressValid>() },
        { .name = "MmMapIoSpace", .irql = { 0, 2 }, .fail = Fail::Null, .page = "wdm/nf-wdm-mmmapiospace",
          .partial = "physical memory only: addresses of devices are refused", .body = body<&MmMapIoSpace>() },
        { .name = "MmMapIoSpaceEx", .irql = { 0, 2 }, .since = Windows::v10_1507, .fail = Fail::Null,
          .page = "wdm/nf-wdm-mmmapiospaceex", .partial = "physical memory only: addresses of devices are refused",
          .body = body<&MmMapIoSpaceEx>() },
        { .name = "MmUnmapIoSpace", .irql = { 0, 2 }, .page = "wdm/nf-wdm-mmunmapiospace",
          .body = body<&MmUnmapIoSpace>() },
        { .name = "MmCopyMemory", .irql = { 0, 1 }, .since = Windows::win8_1, .page = "ntddk/nf-ntddk-mmcopymemory",
          .body = body<&MmCopyMemory>() },
        { .name = "MmGetPhysicalMemoryRanges", .irql = { 0, 0 }, .fail = Fail::Null, .because = kNoPage,
          .body = body<&MmGetPhysicalMemoryRanges>() },
        { .name = "ProbeForRead", .irql = { 0, 1 }, .page = "wdm/nf-wdm-probeforread", .rules = "IrqlExApcLte2",
          .body = body<&ProbeForRead>() },
        { .name = "ProbeForWrite", .irql = { 0, 1 }, .page = "wdm/nf-wdm-probeforwrite", .rules = "IrqlExApcLte2",
          .body = body<&ProbeForWrite>() },
        { .name = "MmSecureVirtualMemory", .irql = { 0, 1 }, .fail = Fail::Null,
          .page = "ntddk/nf-ntddk-mmsecurevirtualmemory", .rules = "IrqlMmApcLte",
          .body = body<&MmSecureVirtualMemory>() },
        { .name = "MmUnsecureVirtualMemory", .irql = { 0, 1 }, .page = "ntddk/nf-ntddk-mmunsecurevirtualmemory",
          .rules = "IrqlMmApcLte", .body = body<&MmUnsecureVirtualMemory>() },
        { .name = "MmLockPagableDataSection", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-mmlockpagabledatasection", .rules = "IrqlMmApcLte",
          .partial = "all memory is resident at all times: nothing is paged in or out",
          .body = body<&MmLockPagableDataSection>() },
        { .name = "MmLockPagableSectionByHandle", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-mmlockpagablesectionbyhandle", .rules = "IrqlMmApcLte",
          .partial = "all memory is resident at all times: nothing is paged in or out",
          .body = body<&MmLockPagableSectionByHandle>() },
        { .name = "MmUnlockPagableImageSection", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-mmunlockpagableimagesection", .rules = "IrqlMmApcLte",
          .partial = "all memory is resident at all times: nothing is paged in or out",
          .body = body<&MmUnlockPagableImageSection>() },
        { .name = "MmResetDriverPaging", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-mmresetdriverpaging", .rules = "IrqlMmApcLte",
          .partial = "all memory is resident at all times: nothing is paged in or out",
          .body = body<&MmResetDriverPaging>() },
        { .name = "MmPageEntireDriver", .irql = { 0, 1 }, .page = "wdm/nf-wdm-mmpageentiredriver",
          .rules = "IrqlMmApcLte", .partial = "all memory is resident at all times: nothing is paged in or out",
          .body = body<&MmPageEntireDriver>() },
        { .name = "MmQuerySystemSize", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-mmquerysystemsize", .body = body<&MmQuerySystemSize>() },
        { .name = "MmIsThisAnNtAsSystem", .irql = { 0, 15 }, .needs = Needs::Nothing,
          .page = "ntddk/nf-ntddk-mmisthisanntassystem", .body = body<&MmIsThisAnNtAsSystem>() },
        { .name = "MmGetSystemRoutineAddress", .irql = { 0, 0 }, .page = "wdm/nf-wdm-mmgetsystemroutineaddress",
          .rules = "PowerIrpDDis", .body = body<&MmGetSystemRoutineAddress>() },
        { .name = "MmUserProbeAddress", .because = kNoPage, .data = data_export(0) },
        { .name = "MmHighestUserAddress", .because = kNoPage, .data = data_export(1) },
        { .name = "MmSystemRangeStart", .because = kNoPage, .data = data_export(2) },
        { .name = "MmBadPointer", .since = Windows::vista, .because = kNoPage, .data = data_export(3) },
        { .name = "Mm64BitPhysicalAddress", .because = kNoPage, .data = data_export(4) },
    };
    return rows;
}

} // namespace ringside::mm
