// SPDX-License-Identifier: MIT
// The Driver Verifier's rules: one row each. A rule listens to gate, door and I/O events; it may end the machine with
// Windows' own bug check and changes nothing else. A rule that is off is not asked.
#pragma once

#include <bitset>
#include <cstdint>
#include <span>
#include <string_view>

namespace ringside::verifier {

enum class Rule : uint8_t {
    // Any call, any routine.
    IrqlAtEntry,
    IrqlAtReturn,
    IrqlAtCompletionReturn,
    CriticalRegionAtReturn,
    CriticalRegionAtCompletionReturn,
    LeakAtUnload,
    // Making and freeing an IRP.
    FreedNoIrp,
    FreedThreadedIrp,
    FreedIrpInUse,
    ReusedIrpInUse,
    ReusedThreadedIrp,
    ReusedAsynchronousIrp,
    ReusedAssociatedIrp,
    InitializedAllocatedIrp,
    InitializedChargedIrp,
    AsynchronousBufferRefused,
    ControlBufferRefused,
    // Sending it.
    SentNoIrp,
    SentToNoDevice,
    SentToNull,
    SentWithCancelRoutine,
    SentWhileBelow,
    SentAtWrongIrql,
    SentPastDevice,
    LocationCopiedByHand,
    SkippedWithRoutine,
    PnpStatusNotInitialized,
    PowerStatusNotInitialized,
    WmiStatusNotInitialized,
    FailedPnpIrpSent,
    FailedPowerIrpSent,
    SystemIrpSent,
    SentAboveDispatch,
    SentWhereNoApcRuns,
    ControlNotCleared,
    SentClosedFile,
    PageableRoutine,
    UserAddressInKernelIrp,
    SentWithoutRoutine,
    RoutineExOfOtherDevice,
    // A dispatch routine's return.
    ForgottenCompletion,
    StatusDiffers,
    LowerStatusDiffers,
    IllegalStatus,
    PendingNotMarked,
    MarkedNotPending,
    StatusBlockOnStack,
    CancelRoutineSetBelow,
    EventSetBefore,
    EventOnStack,
    MarkedAfterQueuing,
    CancelNotChecked,
    CancelLockKeptAtReturn,
    WmiNotForwarded,
    RemoveLockKept,
    // StartIo.
    StartNextInStartIo,
    StartedNextHoldingLock,
    CancelableBeforeRoutine,
    // Completion.
    DoubleCompletion,
    CompletedAsPending,
    CompletedWithCancelRoutine,
    CompletedUnsent,
    CompletedAboveDispatch,
    CompletedWhileBelow,
    CompletedHoldingLock,
    InformationTooLarge,
    RoutineExUnused,
    NotCompletedWhenCancelled,
    PendingNotPropagated,
    FreedByRoutine,
    MarkedAndSignalled,
    EventOfIrpSet,
    EventNeverSet,
    // Remove locks.
    RemoveLockReleasedByOtherTag,
    RemoveLockWaitedByOtherTag,
    RemoveLockInitializedAgain,
    RemoveLockHeldTooOften,
    RemoveLockHeldTooLong,
    Count,
};

using RuleSet = std::bitset<static_cast<size_t>(Rule::Count)>;
inline bool is_on(RuleSet const& set, Rule rule) { return set[static_cast<size_t>(rule)]; }

struct RuleRow {
    Rule rule;
    char const* name;
    uint32_t code;     // the bug check it calls
    uint32_t subcode;  // its first parameter; 0: none
    char const* words; // what the driver did
    char const* page;  // the documentation it follows
};

std::span<RuleRow const> rules();
RuleRow const& row(Rule rule);
// Count when no rule has the name.
Rule rule_by_name(std::string_view name);

} // namespace ringside::verifier
