// SPDX-License-Identifier: MIT
// APCs and alerts as drivers use them. Microsoft documents none of these, yet many drivers import them.
// @cite(wdk-docs): page=kernel/types-of-apcs
#include "ke/apc.h"
#include "ke/ddi.h"
#include "ke/exception.h"

namespace ringside::ke {

using namespace nt;

namespace {

Thread& named(PKTHREAD pointer)
{
    Thread* thread = kernel().thread_of(pointer);
    if (!thread)
        bug_check(REFERENCE_BY_POINTER, 0, reinterpret_cast<uint64_t>(pointer), 0, 0,
                  "a thread pointer that names none");
    return *thread;
}

} // namespace

void KeInitializeApc(KAPC* apc, PKTHREAD thread, LONG environment, PKKERNEL_ROUTINE kernel_routine,
                     PKRUNDOWN_ROUTINE rundown_routine, PKNORMAL_ROUTINE normal_routine, KPROCESSOR_MODE mode,
                     PVOID context)
{
    initialize_apc(*apc, named(thread), static_cast<Environment>(environment & 3), kernel_routine, rundown_routine,
                   normal_routine, mode, context);
}

BOOLEAN KeInsertQueueApc(KAPC* apc, PVOID argument1, PVOID argument2, KPRIORITY increment)
{
    if (apc->Type != ApcObject)
        bug_check(INVALID_DATA_ACCESS_TRAP, reinterpret_cast<uint64_t>(apc), 0, 0, 0,
                  "KeInsertQueueApc with something that KeInitializeApc never saw");
    named(apc->Thread);
    Kernel& k = kernel();
    uint8_t const old = Kernel::irql();
    if (old < DISPATCH_LEVEL)
        k.raise_irql(DISPATCH_LEVEL);
    bool const inserted = insert_apc(*apc, argument1, argument2, increment);
    if (old < DISPATCH_LEVEL)
        k.lower_irql(old);
    return inserted;
}

BOOLEAN KeAlertThread(PKTHREAD pointer, KPROCESSOR_MODE mode)
{
    Thread& thread = named(pointer);
    Kernel& k = kernel();
    uint8_t const old = Kernel::irql();
    if (old < DISPATCH_LEVEL)
        k.raise_irql(DISPATCH_LEVEL);
    bool const was = k.alert(thread, mode);
    if (old < DISPATCH_LEVEL)
        k.lower_irql(old);
    return was;
}

BOOLEAN KeTestAlertThread(KPROCESSOR_MODE mode) { return kernel().test_alert(mode); }

std::span<Ddi const> apc_rows()
{
    static Ddi const rows[] = {
        { .name = "KeInitializeApc", .irql = { 0, 2 }, .because = "not documented", .body = body<&KeInitializeApc>() },
        { .name = "KeInsertQueueApc",
          .irql = { 0, 2 },
          .partial
          = "a user-mode APC's normal routine is only noted in the log: a client has no user-mode code",
          .because = "not documented",
          .body = body<&KeInsertQueueApc>() },
        { .name = "KeAlertThread", .irql = { 0, 2 }, .because = "not documented", .body = body<&KeAlertThread>() },
        { .name = "KeTestAlertThread",
          .irql = { 0, 2 },
          .because = "not documented",
          .body = body<&KeTestAlertThread>() },
    };
    return rows;
}

} // namespace ringside::ke
