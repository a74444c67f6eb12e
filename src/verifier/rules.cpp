// SPDX-License-Identifier: MIT
// The rules' rows. 0xC9 with 0x200 is Windows' number for I/O verification errors that have none of their own.
#include "verifier/rules.h"

#include "base/check.h"
#include "nt/bugcheck.h"

#include <iterator>

namespace ringside::verifier {

namespace {
constexpr RuleRow kRules[] = {
    { Rule::IrqlAtEntry, "IrqlAtEntry", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE5,
      "a kernel function was called at an IRQL that its documentation does not allow",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::IrqlAtReturn, "IrqlAtReturn", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x5,
      "a driver's routine returned at another IRQL than it was called at",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::IrqlAtCompletionReturn, "IrqlAtCompletionReturn", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0xFA,
      "a completion routine returned at another IRQL than it was called at",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::CriticalRegionAtReturn, "CriticalRegionAtReturn", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0xC5,
      "a dispatch routine returned inside a critical region that it had entered, or outside one that it had not",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::CriticalRegionAtCompletionReturn, "CriticalRegionAtCompletionReturn", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0xFB,
      "a completion routine returned inside a critical region that it had entered, or outside one that it had not",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::LeakAtUnload, "LeakAtUnload", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0x62,
      "a driver was unloaded without having freed its pool",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::FreedNoIrp, "FreedNoIrp", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x1,
      "IoFreeIrp was given what is no IRP, or one that is freed already",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::FreedThreadedIrp, "FreedThreadedIrp", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x2,
      "IoFreeIrp was given an IRP that belongs to a thread: the I/O manager frees it when it completes",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::FreedIrpInUse, "FreedIrpInUse", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x20B,
      "IoFreeIrp was given an IRP that another driver still has",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::ReusedIrpInUse, "ReusedIrpInUse", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x310,
      "IoReuseIrp was given an IRP that another driver still has",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::ReusedThreadedIrp, "ReusedThreadedIrp", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x311,
      "IoReuseIrp was given an IRP that belongs to a thread and not one that IoAllocateIrp made",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::InitializedAllocatedIrp, "InitializedAllocatedIrp", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x238,
      "IoInitializeIrp was given an IRP that IoAllocateIrp made",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::InitializedChargedIrp, "InitializedChargedIrp", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x20D,
      "IoInitializeIrp was given an IRP that IoAllocateIrp charged a quota for, which is lost now",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::SentNoIrp, "SentNoIrp", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x3,
      "IoCallDriver was given what is no IRP, or one that is freed already",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::SentToNoDevice, "SentToNoDevice", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x4,
      "IoCallDriver was given what is no device object",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::SentToNull, "SentToNull", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x204,
      "IoCallDriver was given no device object",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::SentWithCancelRoutine, "SentWithCancelRoutine", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x203,
      "a driver sent an IRP on and left its own cancel routine in it",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::SentWhileBelow, "SentWhileBelow", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x205,
      "a driver sent an IRP on that it had sent to the same device and not got back",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::SentAtWrongIrql, "SentAtWrongIrql", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x23A,
      "an IRP was sent at an IRQL at which its major function must not be",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::SentPastDevice, "SentPastDevice", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x211,
      "a driver sent an IRP past the next device of the stack",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::LocationCopiedByHand, "LocationCopiedByHand", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x207,
      "a driver copied its stack location by hand, and with it the completion routine of the driver above",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::SkippedWithRoutine, "SkippedWithRoutine", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x212,
      "a driver skipped its stack location and then set a completion routine, in the place of the one of "
      "the driver above",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::PnpStatusNotInitialized, "PnpStatusNotInitialized", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x20E,
      "a driver made a PnP IRP and sent it with another status than STATUS_NOT_SUPPORTED",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::PowerStatusNotInitialized, "PowerStatusNotInitialized", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x20F,
      "a driver made a power IRP and sent it with another status than STATUS_NOT_SUPPORTED",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::WmiStatusNotInitialized, "WmiStatusNotInitialized", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x210,
      "a driver made a WMI IRP and sent it with another status than STATUS_NOT_SUPPORTED",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::FailedPnpIrpSent, "FailedPnpIrpSent", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x215,
      "a driver failed a PnP IRP and sent it on instead of completing it",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::FailedPowerIrpSent, "FailedPowerIrpSent", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x219,
      "a driver failed a power IRP and sent it on instead of completing it",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::SystemIrpSent, "SystemIrpSent", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x237,
      "a driver made and sent an IRP that only the system may send",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::UserAddressInKernelIrp, "UserAddressInKernelIrp", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0xE2,
      "an IRP whose requestor mode is KernelMode has a user-mode address as its buffer",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::ForgottenCompletion, "ForgottenCompletion", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x226,
      "a dispatch routine returned without having completed the IRP, passed it on, or marked it pending",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::StatusDiffers, "StatusDiffers", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x224,
      "a dispatch routine returned another status than it had completed the IRP with",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::IllegalStatus, "IllegalStatus", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x225,
      "a dispatch routine returned 0xFFFFFFFF, which is no status",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::PendingNotMarked, "PendingNotMarked", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x23D,
      "a dispatch routine returned STATUS_PENDING and had not marked the IRP pending",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::MarkedNotPending, "MarkedNotPending", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x23E,
      "a dispatch routine marked the IRP pending and did not return STATUS_PENDING",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::StatusBlockOnStack, "StatusBlockOnStack", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0xC,
      "a driver returned before its IRP had come back, whose status block stood on its stack",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::EventOnStack, "EventOnStack", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0xD,
      "a driver returned before its IRP had come back, whose event stood on its stack",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::DoubleCompletion, "DoubleCompletion", nt::MULTIPLE_IRP_COMPLETE_REQUESTS, 0,
      "a driver completed an IRP that had been completed before",
      "debugger/bug-check-0x44--multiple-irp-complete-requests" },
    { Rule::CompletedAsPending, "CompletedAsPending", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x6,
      "a driver completed an IRP with STATUS_PENDING, or with 0xFFFFFFFF",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::CompletedWithCancelRoutine, "CompletedWithCancelRoutine", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x7,
      "a driver completed an IRP that still had a cancel routine",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::CompletedUnsent, "CompletedUnsent", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x239,
      "a driver completed an IRP that it had made and never sent",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::PendingNotPropagated, "PendingNotPropagated", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x228,
      "a completion routine was told that the IRP had been pending and did not mark it so for its own driver",
      "debugger/bug-check-0xc9--driver-verifier-iomanager-violation" },
    { Rule::FreedByRoutine, "FreedByRoutine", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x200,
      "a completion routine freed the IRP and did not return STATUS_MORE_PROCESSING_REQUIRED",
      "kernel/implementing-an-iocompletion-routine" },
    { Rule::RemoveLockReleasedByOtherTag, "RemoveLockReleasedByOtherTag", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD5,
      "a driver released a remove lock with a tag that it had not acquired it with",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::RemoveLockWaitedByOtherTag, "RemoveLockWaitedByOtherTag", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD6,
      "a driver called IoReleaseRemoveLockAndWait with a tag that it had not acquired the lock with",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::RemoveLockInitializedAgain, "RemoveLockInitializedAgain", nt::DRIVER_VERIFIER_DETECTED_VIOLATION, 0xD7,
      "a driver initialized a remove lock that it had initialized before",
      "debugger/bug-check-0xc4--driver-verifier-detected-violation" },
    { Rule::RemoveLockHeldTooOften, "RemoveLockHeldTooOften", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x200,
      "a driver acquired a remove lock more often than it had said that it would", "ddi/wdm/nf-wdm-ioinitializeremovelock" },
    { Rule::RemoveLockHeldTooLong, "RemoveLockHeldTooLong", nt::DRIVER_VERIFIER_IOMANAGER_VIOLATION, 0x200,
      "a driver held a remove lock for longer than it had said that it would", "ddi/wdm/nf-wdm-ioinitializeremovelock" },
};
static_assert(std::size(kRules) == static_cast<size_t>(Rule::Count));
} // namespace

std::span<RuleRow const> rules() { return kRules; }

RuleRow const& row(Rule rule)
{
    for (auto const& r : kRules)
        if (r.rule == rule)
            return r;
    CHECK(false, "a rule without a row");
    __builtin_unreachable();
}

Rule rule_by_name(std::string_view name)
{
    for (auto const& r : kRules)
        if (name == r.name)
            return r.rule;
    return Rule::Count;
}

} // namespace ringside::verifier
