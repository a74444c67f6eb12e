// SPDX-License-Identifier: MIT
// Interrupt objects, calls on all processors, queued spin locks, callbacks of the machine.
#include "io_stage.h"

#include "io/device.h"
#include "io/manager.h"
#include "ke/broadcast.h"
#include "ke/bugcheck_callbacks.h"
#include "ke/change_callbacks.h"
#include "ke/dispatcher_objects.h"
#include "ke/interrupt.h"
#include "ke/queued_spin_lock.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kVector = 0xC1; // DIRQL 12: the samples' calls are made up to there
constexpr KIRQL kIrql = 12;

BOOLEAN NTAPI claim(KINTERRUPT*, PVOID context)
{
    ++*static_cast<int*>(context);
    return TRUE;
}

ke::Interrupt& connected(At& at, int& count)
{
    auto made = at.rooms().kernel.interrupt_objects().connect(at.bytes(ke::kGuestInterruptBytes),
                                                              { .routine = claim,
                                                                .context = &count,
                                                                .vector = kVector,
                                                                .irql = kIrql,
                                                                .synchronize_irql = kIrql,
                                                                .trigger = hal::Trigger::Edge,
                                                                .share = true,
                                                                .processors = 1 });
    return **made;
}

void NTAPI nothing(KDPC*, PVOID, PVOID, PVOID) { }

} // namespace

SAMPLE(KeSynchronizeExecution)
{
    int count = 0;
    ke::Interrupt& interrupt = connected(at, count);
    static KIRQL seen;
    seen = 0;
    at.returns(
        BOOLEAN { TRUE }, interrupt.pointer(),
        +[](PVOID) NTAPI -> BOOLEAN {
            seen = ke::Kernel::irql();
            return TRUE;
        },
        nullptr);
    EXPECT_EQ(seen, kIrql);
}

SAMPLE(KeAcquireInterruptSpinLock)
{
    int count = 0;
    ke::Interrupt& interrupt = connected(at, count);
    at.returns(KIRQL { at.irql() }, interrupt.pointer());
    EXPECT_EQ(at.irql_after(), kIrql);
    EXPECT_NE(interrupt.lock(), 0u);
}

SAMPLE(KeReleaseInterruptSpinLock)
{
    int count = 0;
    ke::Interrupt& interrupt = connected(at, count);
    interrupt.lock() = 1;
    at.call(interrupt.pointer(), KIRQL { 0 });
    EXPECT_EQ(interrupt.lock(), 0u);
}

SAMPLE(KeIpiGenericCall)
{
    static uint32_t ran;
    ran = 0;
    at.returns(
        ULONG_PTR { 5 },
        +[](ULONG_PTR context) NTAPI -> ULONG_PTR {
            ran |= 1u << hal::processor().number();
            return context;
        },
        ULONG_PTR { 5 });
    EXPECT_EQ(ran, 3u);
}

SAMPLE(KeGenericCallDpc)
{
    static uint32_t ran;
    ran = 0;
    at.call(
        +[](KDPC*, PVOID, PVOID done, PVOID) NTAPI {
            ran |= 1u << hal::processor().number();
            ke::KeSignalCallDpcDone(done);
        },
        nullptr);
    EXPECT_EQ(ran, 3u);
}

SAMPLE(KeSignalCallDpcDone)
{
    auto& left = at.object<ULONG>();
    left = 2;
    at.call(&left);
    EXPECT_EQ(left, 1u);
}

SAMPLE(KeSignalCallDpcSynchronize) { at.returns(LOGICAL { TRUE }, at.bytes(16)); }

SAMPLE(KeIsExecutingDpc)
{
    at.returns(LOGICAL { 0 });
    at.rooms().kernel.cpu().dpc_active = true;
    at.returns(LOGICAL { 1 });
    at.rooms().kernel.cpu().dpc_active = false;
}

SAMPLE(KeQueryDpcWatchdogInformation)
{
    auto& information = at.object<KDPC_WATCHDOG_INFORMATION>();
    if (at.irql() < DISPATCH_LEVEL) {
        at.status(STATUS_UNSUCCESSFUL, &information);
        return;
    }
    at.status(STATUS_SUCCESS, &information);
    EXPECT_EQ(information.DpcTimeLimit, 1280u);
    EXPECT_EQ(information.DpcTimeCount, 1280u);
    EXPECT_EQ(information.DpcWatchdogLimit, 7680u);
}

SAMPLE(KeAcquireInStackQueuedSpinLockForDpc)
{
    auto& lock = at.object<KSPIN_LOCK>();
    auto& handle = at.object<KLOCK_QUEUE_HANDLE>();
    at.call(&lock, &handle);
    EXPECT_NE(lock, 0u);
    EXPECT_EQ(handle.OldIrql, at.irql());
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
}

SAMPLE(KeReleaseInStackQueuedSpinLockForDpc)
{
    auto& lock = at.object<KSPIN_LOCK>();
    auto& handle = at.object<KLOCK_QUEUE_HANDLE>();
    lock = 1;
    handle.LockQueue.Lock = &lock;
    at.call(&handle);
    EXPECT_EQ(lock, 0u);
    EXPECT_EQ(at.irql_after(), PASSIVE_LEVEL);
}

SAMPLE(KeAcquireQueuedSpinLock)
{
    at.returns(KIRQL { at.irql() }, ULONG { 3 });
    EXPECT_EQ(at.irql_after(), DISPATCH_LEVEL);
}

SAMPLE(KeReleaseQueuedSpinLock)
{
    at.also("KeAcquireQueuedSpinLock", ULONG { 3 });
    at.call(ULONG { 3 }, KIRQL { PASSIVE_LEVEL });
    EXPECT_EQ(at.irql_after(), PASSIVE_LEVEL);
}

SAMPLE(KefReleaseSpinLockFromDpcLevel)
{
    auto& lock = at.object<KSPIN_LOCK>();
    lock = 1;
    at.call(&lock);
    EXPECT_EQ(lock, 0u);
}

SAMPLE(KzRaiseIrql)
{
    at.returns(KIRQL { at.irql() }, KIRQL { HIGH_LEVEL });
    EXPECT_EQ(at.irql_after(), HIGH_LEVEL);
}

SAMPLE_OF_NOTHING(KzLowerIrql, "to PASSIVE_LEVEL from PASSIVE_LEVEL")
{
    at.call(KIRQL { PASSIVE_LEVEL });
    EXPECT_EQ(at.irql_after(), PASSIVE_LEVEL);
}

SAMPLE(KeRegisterNmiCallback)
{
    PVOID const handle
        = reinterpret_cast<PVOID>(at.call(+[](PVOID, BOOLEAN) NTAPI -> BOOLEAN { return TRUE; }, nullptr));
    EXPECT_NE(handle, nullptr);
    EXPECT_EQ(ke::nmi_callbacks(), 1u);
    at.returns(static_cast<PVOID>(nullptr), nullptr, nullptr);
    EXPECT_EQ(ke::KeDeregisterNmiCallback(handle), STATUS_SUCCESS);
}

SAMPLE(KeDeregisterNmiCallback)
{
    PVOID const handle = ke::KeRegisterNmiCallback(+[](PVOID, BOOLEAN) NTAPI -> BOOLEAN { return TRUE; }, nullptr);
    at.status(STATUS_SUCCESS, handle);
    at.status(STATUS_INVALID_HANDLE, handle);
    EXPECT_EQ(ke::nmi_callbacks(), 0u);
}

SAMPLE(KeRegisterProcessorChangeCallback)
{
    // Two processors; the second fails: start, start, failure for the first only.
    static std::string film;
    film.clear();
    auto const callback = +[](PVOID fails, KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT* change, NTSTATUS* status) NTAPI {
        film += "sCF"[change->State];
        film += static_cast<char>('0' + change->NtNumber);
        if (fails && change->State == KeProcessorAddStartNotify && change->NtNumber == 1)
            *status = STATUS_INSUFFICIENT_RESOURCES;
    };
    PVOID const handle
        = reinterpret_cast<PVOID>(at.call(callback, nullptr, ULONG { KE_PROCESSOR_CHANGE_ADD_EXISTING }));
    EXPECT_NE(handle, nullptr);
    EXPECT_EQ(film, "s0s1C0C1");
    film.clear();
    EXPECT_NE(at.call(callback, &film, ULONG { KE_PROCESSOR_CHANGE_ADD_EXISTING }), 0u);
    EXPECT_EQ(film, "s0s1F0");
    at.returns(static_cast<PVOID>(nullptr), callback, nullptr, ULONG { 2 });
}

SAMPLE(KeDeregisterProcessorChangeCallback)
{
    PVOID const handle = ke::KeRegisterProcessorChangeCallback(
        +[](PVOID, KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT*, NTSTATUS*) NTAPI { }, nullptr, 0);
    EXPECT_EQ(ke::change_callbacks(), 1u);
    at.call(handle);
    EXPECT_EQ(ke::change_callbacks(), 0u);
}

SAMPLE(KeRegisterBoundCallback)
{
    EXPECT_NE(at.call(+[]() NTAPI -> BOUND_CALLBACK_STATUS { return BoundExceptionContinueSearch; }), 0u);
    EXPECT_EQ(ke::change_callbacks(), 1u);
    at.returns(static_cast<PVOID>(nullptr), nullptr);
}

SAMPLE(KeDeregisterBoundCallback)
{
    PVOID const handle
        = ke::KeRegisterBoundCallback(+[]() NTAPI -> BOUND_CALLBACK_STATUS { return BoundExceptionContinueSearch; });
    at.status(STATUS_SUCCESS, handle);
    at.status(STATUS_INVALID_HANDLE, handle);
}

SAMPLE(KeInitializeTriageDumpDataArray)
{
    auto* array = static_cast<KTRIAGE_DUMP_DATA_ARRAY*>(at.bytes(4096));
    at.status(STATUS_SUCCESS, array, ULONG { 4096 });
    EXPECT_EQ(array->NumBlocksTotal, (4096u - 0x30) / 16);
    EXPECT_EQ(array->NumBlocksUsed, 0u);
    at.status(STATUS_INVALID_PARAMETER, array, ULONG { 8 });
}

SAMPLE(KeAddTriageDumpDataBlock)
{
    auto& array = at.object<KTRIAGE_DUMP_DATA_ARRAY>();
    ke::KeInitializeTriageDumpDataArray(&array, sizeof array);
    at.status(STATUS_SUCCESS, &array, static_cast<PVOID>(&array), SIZE_T { 64 });
    EXPECT_EQ(array.NumBlocksUsed, 1u);
    EXPECT_EQ(array.DataSize, 64u);
    EXPECT_EQ(array.Blocks[0].Address, &array);
    at.status(STATUS_BUFFER_TOO_SMALL, &array, static_cast<PVOID>(&array), SIZE_T { 64 });
    at.status(STATUS_INVALID_PARAMETER, &array, static_cast<PVOID>(nullptr), SIZE_T { 64 });
}

SAMPLE(KeQueryAuxiliaryCounterFrequency) { at.status(STATUS_NOT_SUPPORTED, nullptr); }

SAMPLE(KeConvertAuxiliaryCounterToPerformanceCounter)
{
    auto& result = at.object<ULONG64>();
    at.status(STATUS_NOT_SUPPORTED, ULONG64 { 1 }, &result, nullptr);
}

SAMPLE(KeConvertPerformanceCounterToAuxiliaryCounter)
{
    auto& result = at.object<ULONG64>();
    at.status(STATUS_NOT_SUPPORTED, ULONG64 { 1 }, &result, nullptr);
}

SAMPLE(KeInvalidateAllCaches) { at.returns(BOOLEAN { TRUE }); }
SAMPLE_OF_NOTHING(KeInvalidateRangeAllCaches, "the processors' caches are coherent")
{
    at.call(at.bytes(64), ULONG { 64 });
}

SAMPLE(KeInitializeThreadedDpc)
{
    auto& dpc = at.object<KDPC>();
    at.call(&dpc, &nothing, &dpc);
    EXPECT_EQ(dpc.Type, ThreadedDpcObject);
    EXPECT_EQ(dpc.Importance, MediumImportance);
    EXPECT_EQ(dpc.DeferredContext, &dpc);
}

// --- The I/O manager's face ---

SAMPLE(IoConnectInterrupt)
{
    auto& pointer = at.object<KINTERRUPT*>();
    int count = 0;
    auto const connect = [&](KAFFINITY processors) {
        return at.call(&pointer, &claim, &count, nullptr, kVector, kIrql, kIrql, Latched, BOOLEAN { FALSE }, processors,
                       BOOLEAN { FALSE });
    };
    EXPECT_EQ(static_cast<NTSTATUS>(connect(1)), STATUS_SUCCESS);
    EXPECT_NE(at.rooms().kernel.interrupt_objects().of(pointer), nullptr);
    at.rooms().kernel.interrupts().pulse(kVector);
    LARGE_INTEGER nap { .QuadPart = -10'000 };
    ke::KeDelayExecutionThread(KernelMode, 0, &nap);
    EXPECT_EQ(count, 1);
    EXPECT_EQ(static_cast<NTSTATUS>(connect(0)), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(static_cast<NTSTATUS>(connect(1)), STATUS_INVALID_PARAMETER); // taken, not shared
}

SAMPLE(IoDisconnectInterrupt)
{
    auto& pointer = at.object<KINTERRUPT*>();
    int count = 0;
    at.also("IoConnectInterrupt", &pointer, &claim, &count, nullptr, kVector, kIrql, kIrql, Latched, BOOLEAN { FALSE },
            KAFFINITY { 1 }, BOOLEAN { FALSE });
    EXPECT_EQ(at.rooms().kernel.interrupt_objects().connected(), 1u);
    at.call(pointer);
    EXPECT_EQ(at.rooms().kernel.interrupt_objects().connected(), 0u);
}

SAMPLE(IoConnectInterruptEx)
{
    auto& parameters = at.object<IO_CONNECT_INTERRUPT_PARAMETERS>();
    parameters.Version = 77;
    at.status(STATUS_INVALID_PARAMETER_1, &parameters);
    for (ULONG version : { CONNECT_FULLY_SPECIFIED, CONNECT_LINE_BASED, CONNECT_MESSAGE_BASED }) {
        parameters = { .Version = version };
        at.status(STATUS_INVALID_PARAMETER, &parameters); // no device
    }
}

SAMPLE_AS(IoConnectInterruptEx, with_a_device)
{
    Stage stage(at);
    auto& pointer = at.object<KINTERRUPT*>();
    auto& parameters = at.object<IO_CONNECT_INTERRUPT_PARAMETERS>();
    int count = 0;
    parameters.Version = CONNECT_FULLY_SPECIFIED;
    auto& p = parameters.FullySpecified;
    p.PhysicalDeviceObject = stage.device;
    p.InterruptObject = &pointer;
    p.ServiceRoutine = claim;
    p.ServiceContext = &count;
    p.Vector = kVector;
    p.Irql = p.SynchronizeIrql = kIrql;
    p.InterruptMode = Latched;
    at.status(STATUS_INVALID_PARAMETER_10, &parameters); // no processor
    p.ProcessorEnableMask = 1;
    at.status(STATUS_SUCCESS, &parameters);
    EXPECT_NE(at.rooms().kernel.interrupt_objects().of(pointer), nullptr);
    for (ULONG version : { CONNECT_LINE_BASED, CONNECT_MESSAGE_BASED }) {
        parameters = { .Version = version };
        parameters.LineBased.PhysicalDeviceObject = stage.device;
        at.status(STATUS_NOT_FOUND, &parameters); // the device has no interrupts
    }
}

SAMPLE(IoDisconnectInterruptEx)
{
    int count = 0;
    auto& pointer = at.object<KINTERRUPT*>();
    at.also("IoConnectInterrupt", &pointer, &claim, &count, nullptr, kVector, kIrql, kIrql, Latched, BOOLEAN { FALSE },
            KAFFINITY { 1 }, BOOLEAN { FALSE });
    auto& parameters = at.object<IO_DISCONNECT_INTERRUPT_PARAMETERS>();
    parameters.Version = CONNECT_FULLY_SPECIFIED;
    parameters.ConnectionContext.InterruptObject = pointer;
    at.call(&parameters);
    EXPECT_EQ(at.rooms().kernel.interrupt_objects().connected(), 0u);
}

SAMPLE(IoReportInterruptInactive)
{
    int count = 0;
    ke::Interrupt& interrupt = connected(at, count);
    auto& parameters = at.object<IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS>();
    parameters.ConnectionContext.InterruptObject = interrupt.pointer();
    at.call(&parameters);
    EXPECT_FALSE(interrupt.active);
    EXPECT_TRUE(at.rooms().kernel.interrupts().is_masked(kVector));
}

SAMPLE(IoGetAffinityInterrupt)
{
    int count = 0;
    ke::Interrupt& interrupt = connected(at, count);
    auto& affinity = at.object<GROUP_AFFINITY>();
    affinity.Group = 7;
    at.status(STATUS_SUCCESS, interrupt.pointer(), &affinity);
    EXPECT_EQ(affinity.Mask, interrupt.options.processors);
    EXPECT_EQ(affinity.Group, 0);
    at.status(STATUS_INVALID_PARAMETER, &affinity, &affinity);
}

SAMPLE(IoReportInterruptActive)
{
    int count = 0;
    ke::Interrupt& interrupt = connected(at, count);
    at.rooms().kernel.interrupt_objects().set_active(interrupt, false);
    auto& parameters = at.object<IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS>();
    parameters.ConnectionContext.InterruptObject = interrupt.pointer();
    at.call(&parameters);
    EXPECT_TRUE(interrupt.active);
    EXPECT_FALSE(at.rooms().kernel.interrupts().is_masked(kVector));
}
