// SPDX-License-Identifier: MIT
// Deferred procedure calls. The samples run on processor 0 unless they say otherwise.
#include "contract.h"

#include "ke/dispatcher_objects.h"

#include <cstring>
#include <string>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

// What the DPCs of a sample did: a letter and the processor for each.
std::string g_film;
PVOID g_arguments[2];
void NTAPI note(KDPC*, PVOID context, PVOID first, PVOID second)
{
    EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
    g_film += static_cast<char>(reinterpret_cast<uintptr_t>(context));
    g_film += static_cast<char>('0' + hal::processor().number());
    g_arguments[0] = first;
    g_arguments[1] = second;
}

PVOID letter(char c) { return reinterpret_cast<PVOID>(static_cast<uintptr_t>(c)); }

KDPC& dpc(At& at, char name, KDPC_IMPORTANCE importance = MediumImportance)
{
    ke::kernel().set_affinity(ke::kernel().current(), 1);
    g_film.clear();
    auto& made = at.object<KDPC>();
    ke::KeInitializeDpc(&made, note, letter(name));
    made.Importance = static_cast<UCHAR>(importance);
    return made;
}

BOOLEAN queue(KDPC& dpc) { return ke::KeInsertQueueDpc(&dpc, nullptr, nullptr); }
void let_all_run() { ke::KeFlushQueuedDpcs(); }

} // namespace

SAMPLE(KeInitializeDpc)
{
    g_film.clear();
    ke::kernel().set_affinity(ke::kernel().current(), 1);
    auto& dpc = at.object<KDPC>();
    std::memset(static_cast<void*>(&dpc), 0x5A, sizeof dpc);
    at.call(&dpc, note, letter('a'));
    EXPECT_EQ(dpc.Type, DpcObject);
    EXPECT_EQ(dpc.Importance, MediumImportance);
    EXPECT_EQ(dpc.DpcData, nullptr);
    ASSERT_EQ(dpc.DeferredRoutine, note);
    EXPECT_TRUE(queue(dpc));
    let_all_run();
    EXPECT_EQ(g_film, "a0");
}

SAMPLE(KeInsertQueueDpc)
{
    KDPC& at_once = dpc(at, 'a');
    at.returns(BOOLEAN { TRUE }, &at_once, letter('x'), letter('y'));
    EXPECT_EQ(g_film, "a0");
    EXPECT_EQ(g_arguments[0], letter('x'));
    EXPECT_EQ(g_arguments[1], letter('y'));
    KDPC& waits = dpc(at, 'b', LowImportance);
    at.returns(BOOLEAN { TRUE }, &waits, letter('1'), nullptr);
    at.returns(BOOLEAN { FALSE }, &waits, letter('2'), nullptr); // queued already: nothing happens
    let_all_run();
    EXPECT_EQ(g_film, "b0");
    EXPECT_EQ(g_arguments[0], letter('1'));
    at.returns(BOOLEAN { TRUE }, &waits, letter('3'), nullptr);
    let_all_run();
    EXPECT_EQ(g_film, "b0b0");
}

SAMPLE(KeRemoveQueueDpc)
{
    KDPC& waits = dpc(at, 'a', LowImportance);
    at.returns(BOOLEAN { FALSE }, &waits);
    queue(waits);
    at.returns(BOOLEAN { TRUE }, &waits);
    at.returns(BOOLEAN { FALSE }, &waits);
    let_all_run();
    EXPECT_EQ(g_film, "");
    EXPECT_TRUE(queue(waits)); // it may be queued again
    let_all_run();
    at.returns(BOOLEAN { FALSE }, &waits); // it ran
    EXPECT_EQ(g_film, "a0");
}

SAMPLE(KeSetImportanceDpc)
{
    KDPC& first = dpc(at, 'a');
    KDPC& second = dpc(at, 'b');
    at.call(&second, HighImportance);
    ke::Kernel& kernel = ke::kernel();
    kernel.raise_irql(DISPATCH_LEVEL);
    queue(first);
    queue(second);
    kernel.lower_irql(PASSIVE_LEVEL);
    EXPECT_EQ(g_film, "b0a0"); // at the queue's beginning
    g_film.clear();
    at.call(&first, LowImportance);
    queue(first);
    EXPECT_EQ(g_film, ""); // processing does not begin for it
    at.call(&first, HighImportance);
    EXPECT_EQ(g_film, ""); // after it was queued this comes too late
    let_all_run();
    EXPECT_EQ(g_film, "a0");
}

// To another processor: of medium importance it waits for that one's tick, of medium-high it does not.
SAMPLE_AS(KeSetImportanceDpc, of_another_processor)
{
    ke::Cpu& other = *ke::kernel().cpus()[1];
    for (KDPC_IMPORTANCE importance : { MediumImportance, MediumHighImportance, HighImportance }) {
        KDPC& there = dpc(at, 'a');
        ke::KeSetTargetProcessorDpc(&there, 1);
        at.call(&there, importance);
        ke::kernel().raise_irql(DISPATCH_LEVEL); // so that the other one has no turn in between
        queue(there);
        EXPECT_EQ(other.software_interrupt_pending(), importance != MediumImportance);
        ke::kernel().lower_irql(PASSIVE_LEVEL);
        let_all_run();
        EXPECT_EQ(g_film, "a1");
    }
}

SAMPLE(KeSetTargetProcessorDpc)
{
    KDPC& there = dpc(at, 'a');
    at.call(&there, CCHAR { 1 });
    queue(there);
    let_all_run();
    EXPECT_EQ(g_film, "a1");
    at.call(&there, CCHAR { 2 }); // there is no such processor: the target stays
    at.call(&there, CCHAR { -1 });
    queue(there);
    at.call(&there, CCHAR { 0 }); // too late for this time
    let_all_run();
    EXPECT_EQ(g_film, "a1a1");
    queue(there);
    let_all_run();
    EXPECT_EQ(g_film, "a1a1a0");
}

SAMPLE(KeSetTargetProcessorDpcEx)
{
    KDPC& there = dpc(at, 'a');
    auto& number = at.object<PROCESSOR_NUMBER>();
    number.Number = 1;
    at.status(STATUS_SUCCESS, &there, &number);
    queue(there);
    let_all_run();
    EXPECT_EQ(g_film, "a1");
    for (PROCESSOR_NUMBER wrong : { PROCESSOR_NUMBER { 0, 2, 0 }, PROCESSOR_NUMBER { 1, 0, 0 } }) {
        number = wrong;
        at.status(STATUS_INVALID_PARAMETER, &there, &number);
    }
    queue(there);
    number = {};
    at.status(STATUS_SUCCESS, &there, &number); // too late for this time
    let_all_run();
    EXPECT_EQ(g_film, "a1a1");
    queue(there);
    let_all_run();
    EXPECT_EQ(g_film, "a1a1a0");
}

SAMPLE(KeFlushQueuedDpcs)
{
    at.call(); // nothing is queued
    KDPC& here = dpc(at, 'a', LowImportance);
    KDPC& there = dpc(at, 'b', LowImportance);
    ke::KeSetTargetProcessorDpc(&there, 1);
    queue(here);
    queue(there);
    EXPECT_EQ(g_film, "");
    at.call();
    EXPECT_EQ(g_film.size(), 4u);
    EXPECT_NE(g_film.find("a0"), std::string::npos);
    EXPECT_NE(g_film.find("b1"), std::string::npos);
}
