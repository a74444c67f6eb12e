// SPDX-License-Identifier: MIT
// Contract rows: paging of driver images, Driver Verifier's list, what file systems ask, and what is declined.
#include "mm/ddi.h"
#include "mm/driver_paging.h"
#include "mm/system_facts.h"

namespace ringside::mm {

using namespace nt;

std::span<Ddi const> driver_rows()
{
    constexpr char const* kNoPage = "no function page documents it";
    constexpr char const* kNoIrql = "the page says nothing about IRQL";
    constexpr char const* kPartial = "images are not mapped: of an image section only the pointer is looked at";
    constexpr char const* kResident = "nothing is paged out but with --force-irql";
    // clang-format off
    static Ddi const rows[] = {
        { .name = "MmLockPagableDataSection", .irql = { 0, 1 }, .page = "wdm/nf-wdm-mmlockpagabledatasection",
          .rules = "IrqlMmApcLte", .partial = kResident, .body = body<&MmLockPagableDataSection>() },
        { .name = "MmLockPagableImageSection", .irql = { 0, 1 }, .partial = kResident, .because = kNoPage,
          .body = body<&MmLockPagableDataSection>() },
        { .name = "MmLockPagableSectionByHandle", .irql = { 0, 1 },
          .page = "ntddk/nf-ntddk-mmlockpagablesectionbyhandle", .rules = "IrqlMmApcLte", .partial = kResident,
          .body = body<&MmLockPagableSectionByHandle>() },
        { .name = "MmUnlockPagableImageSection", .irql = { 0, 1 }, .page = "wdm/nf-wdm-mmunlockpagableimagesection",
          .rules = "IrqlMmApcLte", .partial = kResident, .body = body<&MmUnlockPagableImageSection>() },
        { .name = "MmResetDriverPaging", .irql = { 0, 1 }, .page = "wdm/nf-wdm-mmresetdriverpaging",
          .rules = "IrqlMmApcLte", .partial = kResident, .body = body<&MmResetDriverPaging>() },
        { .name = "MmPageEntireDriver", .irql = { 0, 1 }, .page = "wdm/nf-wdm-mmpageentiredriver",
          .rules = "IrqlMmApcLte", .partial = kResident, .body = body<&MmPageEntireDriver>() },
        { .name = "MmProtectDriverSection", .irql = { 0, 1 }, .since = Windows::v11_21H2,
          .page = "wdm/nf-wdm-mmprotectdriversection", .partial = "Virtual Secure Mode is off, and that is what it says",
          .because = "the page names a build between Windows 10 and 11", .body = body<&MmProtectDriverSection>() },
        { .name = "MmIsDriverVerifying", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-mmisdriververifying", .body = body<&MmIsDriverVerifying>() },
        { .name = "MmIsDriverVerifyingByAddress", .irql = { 0, 1 }, .since = Windows::vista, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-mmisdriververifyingbyaddress", .body = body<&MmIsDriverVerifyingByAddress>() },
        { .name = "MmIsDriverSuspectForVerifier", .irql = { 0, 1 }, .since = Windows::win8, .needs = Needs::Nothing,
          .page = "wdm/nf-wdm-mmisdriversuspectforverifier", .body = body<&MmIsDriverSuspectForVerifier>() },
        { .name = "MmIsRecursiveIoFault", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-mmisrecursiveiofault", .body = body<&MmIsRecursiveIoFault>() },
        { .name = "MmSetAddressRangeModified", .irql = { 0, 2 }, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-mmsetaddressrangemodified", .partial = "there is no system cache",
          .because = "the page gives the range in its remarks", .body = body<&MmSetAddressRangeModified>() },

        { .name = "MmCanFileBeTruncated", .irql = { 0, 1 }, .page = "ntifs/nf-ntifs-mmcanfilebetruncated",
          .partial = kPartial, .body = body<&MmCanFileBeTruncated>() },
        { .name = "MmFlushImageSection", .irql = { 0, 1 }, .page = "ntifs/nf-ntifs-mmflushimagesection",
          .partial = kPartial, .body = body<&MmFlushImageSection>() },
        { .name = "MmForceSectionClosed", .irql = { 0, 1 }, .page = "ntifs/nf-ntifs-mmforcesectionclosed",
          .partial = kPartial, .body = body<&MmForceSectionClosed>() },
        { .name = "MmForceSectionClosedEx", .irql = { 0, 1 }, .since = Windows::v10_1803,
          .page = "ntifs/nf-ntifs-mmforcesectionclosedex", .partial = kPartial, .because = kNoIrql,
          .body = body<&MmForceSectionClosedEx>() },
        { .name = "MmDoesFileHaveUserWritableReferences", .irql = { 0, 1 }, .since = Windows::vista,
          .page = "ntifs/nf-ntifs-mmdoesfilehaveuserwritablereferences", .partial = kPartial,
          .body = body<&MmDoesFileHaveUserWritableReferences>() },

        { .name = "MmPrefetchPages", .irql = { 0, 0 }, .page = "ntifs/nf-ntifs-mmprefetchpages",
          .declined = "pages of a file are read when a view first shows them, and none ahead" },
        { .name = "MmGetMaximumFileSectionSize", .irql = { 0, 1 }, .needs = Needs::Nothing,
          .page = "ntifs/nf-ntifs-mmgetmaximumfilesectionsize", .body = body<&MmGetMaximumFileSectionSize>() },
        { .name = "ZwSetInformationVirtualMemory", .irql = { 0, 0 }, .since = Windows::v10_1511,
          .page = "ntifs/nf-ntifs-zwsetinformationvirtualmemory", .rules = "PowerIrpDDis",
          .declined = "it gives hints about paging, and nothing is paged" },
        { .name = "MmAddPhysicalMemory", .irql = { 0, 0 },
          .because = "data/ddi.csv leaves it out: its page names no DLL",
          .declined = "a machine's memory is as large as it was booted with" },
        { .name = "MmRemovePhysicalMemory", .because = kNoPage,
          .declined = "a machine's memory is as large as it was booted with" },
        { .name = "MmMarkPhysicalMemoryAsBad", .because = kNoPage, .declined = "no memory of this machine goes bad" },
        { .name = "MmMarkPhysicalMemoryAsGood", .because = kNoPage, .declined = "no memory of this machine goes bad" },
        { .name = "MmCreateMirror", .because = kNoPage, .declined = "memory cannot be mirrored to other hardware" },
        { .name = "MmRotatePhysicalView", .because = kNoPage,
          .declined = "views are not moved between memory and a frame buffer" },
        { .name = "MmSetBankedSection", .because = kNoPage, .declined = "no banked video memory is modelled" },
        { .name = "MmMapMemoryDumpMdl", .because = kNoPage, .declined = "no crash dump is written" },
        { .name = "MmMapUserAddressesToPage", .because = kNoPage, .declined = "no driver known to us needs it" },
        { .name = "MmDisableModifiedWriteOfSection", .because = kNoPage,
          .declined = "there is no modified page writer" },
        { .name = "MmTrimAllSystemPagableMemory", .because = kNoPage,
          .declined = "what is paged out is decided by --force-irql" },
        { .name = "MmAdjustWorkingSetSize", .because = kNoPage, .declined = "there are no working sets" },
        { .name = "MmGrowKernelStack", .because = kNoPage, .declined = "kernel stacks have one size" },
        { .name = "MmAddVerifierThunks", .because = kNoPage,
          .declined = "exports of drivers are verified at the gates of the kernel only" },
        { .name = "MmIsVerifierEnabled", .because = kNoPage,
          .declined = "the flags it tells are documented nowhere; MmIsDriverVerifying answers the question" },
        { .name = "MmCommitSessionMappedView", .because = kNoPage,
          .declined = "views in session space are committed when they are mapped" },
    };
    // clang-format on
    return rows;
}

} // namespace ringside::mm
