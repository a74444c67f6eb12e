// SPDX-License-Identifier: MIT
// One-time initialization by several threads at once.
#include "../mm/memory_machine.h"
#include "ex/run_once.h"
#include "ke/dispatcher_objects.h"

using namespace ringside;
using namespace ringside::nt;
using test::MemoryMachine;

// Eight threads on four processors want the same thing initialized; the first two attempts fail. Over 50 seeds.
// Shows: one thread at a time initializes, the others wait for it; after a failure another takes over; all get the
// context of the one that succeeded.
TEST(ex_run_once, one_initializes_and_the_others_wait)
{
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        MemoryMachine machine({ .seed = seed, .processors = 4 });
        auto& once = machine.object<RTL_RUN_ONCE>();
        int attempts = 0;
        int inside = 0;
        int pending = 0;
        std::vector<PVOID> got;
        for (int i = 0; i < 8; ++i)
            machine.thread([&] {
                PVOID context = nullptr;
                for (;;) {
                    NTSTATUS status = ex::RtlRunOnceBeginInitialize(&once, 0, &context);
                    if (status == STATUS_SUCCESS)
                        break;
                    EXPECT_EQ(status, STATUS_PENDING);
                    ++pending;
                    EXPECT_EQ(++inside, 1);
                    LARGE_INTEGER wait { .QuadPart = -1000 };
                    ke::KeDelayExecutionThread(KernelMode, FALSE, &wait);
                    --inside;
                    bool const failed = ++attempts <= 2;
                    ULONG const flags = failed ? ex::RTL_RUN_ONCE_INIT_FAILED : 0;
                    EXPECT_EQ(ex::RtlRunOnceComplete(&once, flags, failed ? nullptr : &once), STATUS_SUCCESS);
                }
                got.push_back(context);
            });
        EXPECT_EQ(machine.run(), ke::Stop::Quiet);
        EXPECT_EQ(pending, 3) << "seed " << seed;
        EXPECT_EQ(got, std::vector<PVOID>(8, &once)) << "seed " << seed;
    }
}
