// SPDX-License-Identifier: MIT
// Threads: priorities, affinities, stacks, regions, APCs, alerts.
#include "contract.h"

#include "ke/apc.h"
#include "ke/dispatcher_objects.h"
#include "ke/topology.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

ke::Thread& self() { return ke::kernel().current(); }
uint32_t processor() { return hal::processor().number(); }

int g_ran;
void NTAPI ran(KAPC*, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) { ++g_ran; }
void NTAPI callout(PVOID parameter) { *static_cast<ULONG*>(parameter) = 7; }

} // namespace

// --- Priorities ---

SAMPLE(KeSetPriorityThread)
{
    at.returns(KPRIORITY { 8 }, self().pointer(), 12);
    EXPECT_EQ(self().priority, 12);
    at.returns(KPRIORITY { 12 }, self().pointer(), static_cast<KPRIORITY>(LOW_REALTIME_PRIORITY));
    EXPECT_EQ(self().priority, 16);
    at.bug_checks(KMODE_EXCEPTION_NOT_HANDLED, self().pointer(), 32);
}

SAMPLE(KeQueryPriorityThread)
{
    at.returns(KPRIORITY { 8 }, self().pointer());
    at.bug_checks(REFERENCE_BY_POINTER, at.bytes(0x400));
}

SAMPLE(KeSetBasePriorityThread)
{
    at.returns(LONG { 0 }, self().pointer(), 3);
    EXPECT_EQ(self().base_priority, 11);
    at.returns(LONG { 3 }, self().pointer(), 100);
    EXPECT_EQ(self().base_priority, 15);
    at.returns(LONG { 7 }, self().pointer(), 0);
}

SAMPLE(KeQueryRuntimeThread)
{
    auto& user = at.object<ULONG>();
    user = 5;
    for (int i = 0; i < 10'000; ++i)
        ke::kernel().stall(50);
    EXPECT_GE(at.call(self().pointer(), &user), 30u);
    EXPECT_EQ(user, 0u);
}

SAMPLE(ZwYieldExecution)
{
    at.status(STATUS_NO_YIELD_PERFORMED);
    static bool other_ran;
    other_ran = false;
    KAFFINITY const here = KAFFINITY { 1 } << processor();
    ke::KeSetSystemAffinityThread(here);
    auto made = at.rooms().processes.create_system_thread([](ke::Thread&, void*) { other_ran = true; }, nullptr);
    ASSERT_TRUE(made.ok());
    ke::kernel().set_affinity(**made, here);
    while (!other_ran)
        at.call();
    EXPECT_TRUE(other_ran);
}

// --- Affinity ---

SAMPLE(KeSetSystemAffinityThread)
{
    for (uint32_t i : { 1u, 0u, 1u }) {
        at.call(KAFFINITY { 1 } << i);
        EXPECT_EQ(self().affinity, KAFFINITY { 1 } << i);
        EXPECT_EQ(processor(), i);
    }
}

SAMPLE(KeSetSystemAffinityThreadEx)
{
    at.returns(KAFFINITY { 0 }, KAFFINITY { 2 });
    EXPECT_EQ(processor(), 1u);
    at.returns(KAFFINITY { 2 }, KAFFINITY { 1 });
    EXPECT_EQ(processor(), 0u);
    at.returns(KAFFINITY { 0 }, KAFFINITY { 4 }); // there is no such processor
    EXPECT_EQ(self().affinity, 1u);
}

SAMPLE(KeRevertToUserAffinityThread)
{
    ke::KeSetSystemAffinityThread(2);
    at.call();
    EXPECT_EQ(self().affinity, 3u);
}

SAMPLE(KeRevertToUserAffinityThreadEx)
{
    ke::KeSetSystemAffinityThreadEx(2);
    at.call(KAFFINITY { 1 });
    EXPECT_EQ(processor(), 0u);
    at.call(KAFFINITY { 0 });
    EXPECT_EQ(self().affinity, 3u);
}

SAMPLE(KeSetSystemGroupAffinityThread)
{
    auto& wanted = at.object<GROUP_AFFINITY>();
    auto& before = at.object<GROUP_AFFINITY>();
    wanted.Mask = 2;
    before.Mask = 9;
    at.call(&wanted, &before);
    EXPECT_EQ(before.Mask, 0u);
    EXPECT_EQ(processor(), 1u);
    wanted.Mask = 1;
    at.call(&wanted, &before);
    EXPECT_EQ(before.Mask, 2u);
    EXPECT_EQ(processor(), 0u);
    wanted.Group = 1;
    at.call(&wanted, nullptr);
    EXPECT_EQ(self().affinity, 1u);
}

SAMPLE(KeRevertToUserGroupAffinityThread)
{
    auto& previous = at.object<GROUP_AFFINITY>();
    ke::KeSetSystemAffinityThread(1);
    previous.Mask = 2;
    at.call(&previous);
    EXPECT_EQ(processor(), 1u);
    previous.Mask = 0;
    at.call(&previous);
    EXPECT_EQ(self().affinity, 3u);
}

SAMPLE(KeSetIdealProcessorThread)
{
    UCHAR const first = static_cast<UCHAR>(at.call(self().pointer(), UCHAR { 1 }));
    EXPECT_LT(first, 2);
    at.returns(UCHAR { 1 }, self().pointer(), UCHAR { 64 });
    at.returns(UCHAR { 1 }, self().pointer(), UCHAR { 0 });
    EXPECT_EQ(self().ideal_processor, 0u);
}

// --- Stacks ---

SAMPLE(KeSetKernelStackSwapEnable)
{
    at.returns(BOOLEAN { 1 }, BOOLEAN { 0 });
    at.returns(BOOLEAN { 0 }, BOOLEAN { 1 });
    EXPECT_TRUE(self().stack_swap);
}

SAMPLE(KeExpandKernelStackAndCallout)
{
    auto& result = at.object<ULONG>();
    at.status(STATUS_SUCCESS, &callout, &result, SIZE_T { MAXIMUM_EXPANSION_SIZE });
    EXPECT_EQ(result, 7u);
    at.status(STATUS_INVALID_PARAMETER_3, &callout, &result, SIZE_T { MAXIMUM_EXPANSION_SIZE } + 1);
}

SAMPLE(KeExpandKernelStackAndCalloutEx)
{
    auto& result = at.object<ULONG>();
    at.status(STATUS_SUCCESS, &callout, &result, SIZE_T { MAXIMUM_EXPANSION_SIZE }, FALSE, nullptr);
    EXPECT_EQ(result, 7u);
    at.status(STATUS_INVALID_PARAMETER_3, &callout, &result, SIZE_T { MAXIMUM_EXPANSION_SIZE } + 1, TRUE, nullptr);
    at.status(at.at_passive() ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_4, &callout, &result, SIZE_T { 1024 }, TRUE,
              nullptr);
}

SAMPLE(RtlGetEnabledExtendedFeatures)
{
    at.returns(ULONG64 { XSTATE_MASK_LEGACY }, ~ULONG64 { 0 });
    at.returns(ULONG64 { 0 }, ULONG64 { XSTATE_MASK_GSSE });
}

SAMPLE(KeSaveExtendedProcessorState)
{
    auto& save = at.object<XSTATE_SAVE>();
    at.status(STATUS_SUCCESS, ULONG64 { XSTATE_MASK_LEGACY | XSTATE_MASK_GSSE }, &save);
    EXPECT_EQ(save.XStateContext.Mask, ULONG64 { XSTATE_MASK_LEGACY });
}

SAMPLE(KeRestoreExtendedProcessorState)
{
    auto& save = at.object<XSTATE_SAVE>();
    at.also("KeSaveExtendedProcessorState", ULONG64 { XSTATE_MASK_LEGACY }, &save);
    at.call(&save);
    save.Thread = nullptr;
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, &save);
}

// --- Regions ---

SAMPLE(KeEnterCriticalRegion)
{
    at.call();
    EXPECT_EQ(self().kernel_apc_disable, -1);
    ke::KeLeaveCriticalRegion();
}

SAMPLE(KeLeaveCriticalRegion)
{
    ke::KeEnterCriticalRegion();
    at.call();
    EXPECT_EQ(self().kernel_apc_disable, 0);
}

SAMPLE(KeEnterGuardedRegion)
{
    at.call();
    EXPECT_EQ(self().special_apc_disable, -1);
    ke::KeLeaveGuardedRegion();
}

SAMPLE(KeLeaveGuardedRegion)
{
    ke::KeEnterGuardedRegion();
    at.call();
    EXPECT_EQ(self().special_apc_disable, 0);
}

SAMPLE(KeAreApcsDisabled)
{
    at.returns(static_cast<BOOLEAN>(!at.at_passive()));
    ke::KeEnterCriticalRegion();
    at.returns(BOOLEAN { 1 });
    ke::KeLeaveCriticalRegion();
}

SAMPLE(KeAreAllApcsDisabled)
{
    ke::KeEnterCriticalRegion();
    at.returns(static_cast<BOOLEAN>(!at.at_passive()));
    ke::KeLeaveCriticalRegion();
    ke::KeEnterGuardedRegion();
    at.returns(BOOLEAN { 1 });
    ke::KeLeaveGuardedRegion();
}

// --- APCs and alerts ---

SAMPLE(KeInitializeApc)
{
    auto& apc = at.object<KAPC>();
    at.call(&apc, self().pointer(), LONG { 2 }, &ran, nullptr, nullptr, KPROCESSOR_MODE { UserMode }, &apc);
    EXPECT_EQ(apc.Type, ApcObject);
    EXPECT_EQ(apc.Thread, self().pointer());
    EXPECT_EQ(apc.ApcStateIndex, 0);
    EXPECT_EQ(apc.ApcMode, KernelMode); // without a normal routine it is a special one
    EXPECT_EQ(apc.NormalContext, nullptr);
    at.bug_checks(REFERENCE_BY_POINTER, &apc, at.bytes(0x400), LONG { 0 }, &ran, nullptr, nullptr,
                  KPROCESSOR_MODE { KernelMode }, nullptr);
}

SAMPLE(KeInsertQueueApc)
{
    auto& apc = at.object<KAPC>();
    g_ran = 0;
    ke::KeInitializeApc(&apc, self().pointer(), 0, ran, nullptr, nullptr, KernelMode, nullptr);
    ke::KeEnterGuardedRegion();
    at.returns(BOOLEAN { 1 }, &apc, nullptr, nullptr, 0);
    at.returns(BOOLEAN { 0 }, &apc, nullptr, nullptr, 0);
    EXPECT_EQ(g_ran, 0);
    ke::KeLeaveGuardedRegion();
    EXPECT_EQ(g_ran, 1);
    at.bug_checks(INVALID_DATA_ACCESS_TRAP, at.bytes(sizeof(KAPC)), nullptr, nullptr, 0);
}

SAMPLE(KeAlertThread)
{
    at.returns(BOOLEAN { 0 }, self().pointer(), KPROCESSOR_MODE { KernelMode });
    EXPECT_TRUE(self().alerted[KernelMode]);
    at.returns(BOOLEAN { 1 }, self().pointer(), KPROCESSOR_MODE { KernelMode });
    at.bug_checks(REFERENCE_BY_POINTER, at.bytes(0x400), KPROCESSOR_MODE { KernelMode });
}

SAMPLE(KeTestAlertThread)
{
    at.returns(BOOLEAN { 0 }, KPROCESSOR_MODE { KernelMode });
    ke::KeAlertThread(self().pointer(), KernelMode);
    at.returns(BOOLEAN { 1 }, KPROCESSOR_MODE { KernelMode });
    at.returns(BOOLEAN { 0 }, KPROCESSOR_MODE { KernelMode });
}

CLIENT_SAMPLE(KeIsAttachedProcess)
{
    at.returns(BOOLEAN { 0 });
    auto& state = at.object<KAPC_STATE>();
    at.also("KeStackAttachProcess", at.rooms().processes.system().guest, &state);
    at.returns(BOOLEAN { 1 });
    at.also("KeUnstackDetachProcess", &state);
}

CLIENT_SAMPLE(KeStackAttachProcess)
{
    auto& state = at.object<KAPC_STATE>();
    ke::Process& system = at.rooms().processes.system();
    at.call(system.guest, &state);
    EXPECT_EQ(self().attached, &system);
    EXPECT_EQ(self().apc_environment, 1);
    at.also("KeUnstackDetachProcess", &state);
    at.bug_checks(REFERENCE_BY_POINTER, at.bytes(0x100), &state);
}

CLIENT_SAMPLE(KeUnstackDetachProcess)
{
    auto& state = at.object<KAPC_STATE>();
    at.also("KeStackAttachProcess", at.rooms().processes.system().guest, &state);
    at.call(&state);
    EXPECT_EQ(self().attached, self().process);
    EXPECT_EQ(self().apc_environment, 0);
    at.bug_checks(INVALID_PROCESS_ATTACH_ATTEMPT, &state);
}

CLIENT_SAMPLE(KeAttachProcess)
{
    ke::Process& system = at.rooms().processes.system();
    at.call(system.guest);
    EXPECT_EQ(self().attached, &system);
    at.also("KeDetachProcess");
    at.bug_checks(REFERENCE_BY_POINTER, at.bytes(0x100));
}

CLIENT_SAMPLE(KeDetachProcess)
{
    at.also("KeAttachProcess", at.rooms().processes.system().guest);
    at.call();
    EXPECT_EQ(self().attached, self().process);
    at.call(); // nothing to undo
    EXPECT_EQ(self().attached, self().process);
}
