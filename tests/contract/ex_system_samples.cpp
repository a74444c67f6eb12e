// SPDX-License-Identifier: MIT
// What a driver asks the executive: features, suites, identifiers, whose call it is; and work for a system thread.
#include "ex_stage.h"

#include "nt/shared_data.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

struct Work {
    WORK_QUEUE_ITEM item;
    int runs;
    uint8_t irql;
    ke::Process* process;
    KPRIORITY priority;
};
void NTAPI work(PVOID context)
{
    auto& seen = *static_cast<Work*>(context);
    ++seen.runs;
    seen.irql = ke::Kernel::irql();
    seen.process = ke::kernel().current().process;
    seen.priority = ke::kernel().current().priority;
    seen.item.Parameter = nullptr; // the item is the driver's again
}
Work& some_work(At& at)
{
    auto& made = at.object<Work>();
    made.irql = 0xFF;
    made.item.WorkerRoutine = &work;
    made.item.Parameter = &made;
    return made;
}

} // namespace

SAMPLE(ExQueueWorkItem)
{
    auto& delayed = some_work(at);
    at.call(&delayed.item, DelayedWorkQueue);
    auto& critical = some_work(at);
    at.call(&critical.item, CriticalWorkQueue);
    pass_a_millisecond();
    for (auto* done : { &delayed, &critical }) {
        EXPECT_EQ(done->runs, 1);
        EXPECT_EQ(done->irql, PASSIVE_LEVEL);
        EXPECT_EQ(done->process, &at.rooms().processes.system());
    }
    EXPECT_GT(critical.priority, delayed.priority);
    delayed.item.Parameter = &delayed;
    at.call(&delayed.item, DelayedWorkQueue); // once it has run it may be queued again
    pass_a_millisecond();
    EXPECT_EQ(delayed.runs, 2);
    at.bug_checks(WORKER_INVALID, &delayed.item, MaximumWorkQueue);
}

SAMPLE_AS(ExQueueWorkItem, queued_already)
{
    auto& item = some_work(at).item;
    item.List.Flink = &item.List; // as a queue leaves it
    at.bug_checks(WORKER_INVALID, &item, DelayedWorkQueue);
}

SAMPLE_AS(ExQueueWorkItem, routine_of_a_client)
{
    auto& item = some_work(at).item;
    item.WorkerRoutine = reinterpret_cast<PWORKER_THREAD_ROUTINE>(hal::kUserLow);
    at.bug_checks(WORKER_INVALID, &item, DelayedWorkQueue);
}

CLIENT_SAMPLE(ExGetPreviousMode) { at.returns(KPROCESSOR_MODE { UserMode }); }
RINGSIDE_SAMPLE_(ExGetPreviousMode, system_thread, "ExGetPreviousMode", "system_thread",
                 &sample_ExGetPreviousMode_system_thread, Where::SystemThread, "KernelMode is 0")
{
    at.returns(KPROCESSOR_MODE { KernelMode });
}

SAMPLE(ExIsProcessorFeaturePresent)
{
    // What every x64 processor has.
    for (ULONG feature :
         { PF_COMPARE_EXCHANGE_DOUBLE, PF_MMX_INSTRUCTIONS_AVAILABLE, PF_XMMI_INSTRUCTIONS_AVAILABLE,
           PF_RDTSC_INSTRUCTION_AVAILABLE, PF_PAE_ENABLED, PF_XMMI64_INSTRUCTIONS_AVAILABLE, PF_SSE_DAZ_MODE_AVAILABLE,
           PF_NX_ENABLED, PF_SSE3_INSTRUCTIONS_AVAILABLE, PF_COMPARE_EXCHANGE128 })
        EXPECT_TRUE(at.call(feature) & 1) << "feature " << feature;
    for (ULONG feature :
         { PF_FLOATING_POINT_PRECISION_ERRATA, PF_FLOATING_POINT_EMULATED, PF_3DNOW_INSTRUCTIONS_AVAILABLE,
           PF_COMPARE64_EXCHANGE128, PF_XSAVE_ENABLED, PROCESSOR_FEATURE_MAX, ~ULONG { 0 } })
        at.returns(BOOLEAN { FALSE }, feature);
}

SAMPLE(ExVerifySuite)
{
    auto& version = at.object<OSVERSIONINFOEXW>();
    version.dwOSVersionInfoSize = sizeof version;
    at.also("RtlGetVersion", &version);
    for (ULONG suite = 0; suite < 16; ++suite)
        at.returns(static_cast<BOOLEAN>(version.wSuiteMask >> suite & 1), suite);
    at.returns(BOOLEAN { TRUE }, ULONG { 4 }); // TerminalServer
    at.returns(BOOLEAN { FALSE }, ULONG { 32 });
}

SAMPLE(ExUuidCreate)
{
    auto& first = at.object<GUID>();
    auto& second = at.object<GUID>();
    at.status(STATUS_SUCCESS, &first);
    at.status(STATUS_SUCCESS, &second);
    EXPECT_NE(std::memcmp(&first, &second, sizeof first), 0);
    for (GUID const* made : { &first, &second }) {
        EXPECT_EQ(made->Data3 >> 12, 4) << "a random one";
        EXPECT_EQ(made->Data4[0] >> 6, 2) << "of the RFC's variant";
    }
}
