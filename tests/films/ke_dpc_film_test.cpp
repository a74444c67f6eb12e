// SPDX-License-Identifier: MIT
// DPCs of every importance, on every processor, ordinary and threaded, while somebody takes them back.
#include "film.h"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Queued {
    KDPC dpc;
    Film* film;
    bool threaded;
    LONG ran;
    uint32_t on; // processor
};

NTAPI void on_dpc(KDPC*, PVOID context, PVOID first, PVOID second)
{
    auto& q = *static_cast<Queued*>(context);
    EXPECT_EQ(ke::Kernel::irql(), q.threaded ? PASSIVE_LEVEL : DISPATCH_LEVEL);
    EXPECT_EQ(first, &q);
    EXPECT_EQ(second, nullptr);
    q.on = hal::processor().number();
    q.film->step();
    __atomic_add_fetch(&q.ran, 1, __ATOMIC_SEQ_CST);
}

} // namespace

// One thread queues a DPC of each importance, and a threaded one, to processor 2; another takes each back if it can.
// Shows: each DPC either runs once, where it was sent, or is taken back; KeRemoveQueueDpc and KeInsertQueueDpc say which;
// KeFlushQueuedDpcs comes back when all have run.
FILM(dpcs_are_queued_and_taken_back, "ran", "taken back", "threaded ran", "threaded taken back")
{
    KDPC_IMPORTANCE const importances[] = { LowImportance, MediumImportance, MediumHighImportance, HighImportance };
    std::vector<Queued*> all;
    for (int i = 0; i < 5; ++i) {
        auto& q = film.object<Queued>();
        q.film = &film;
        q.threaded = i == 4;
        film.call(q.threaded ? "KeInitializeThreadedDpc" : "KeInitializeDpc", &q.dpc, &on_dpc, &q);
        film.call("KeSetTargetProcessorDpc", &q.dpc, CCHAR { 2 });
        if (!q.threaded)
            film.call("KeSetImportanceDpc", &q.dpc, importances[i]);
        all.push_back(&q);
    }
    LONG taken[5] = {};
    film.thread([&] {
        for (Queued* q : all)
            EXPECT_TRUE(film.yes("KeInsertQueueDpc", &q->dpc, q, nullptr));
    });
    film.thread([&] {
        for (int i = 0; i < 5; ++i) {
            film.step();
            taken[i] = film.yes("KeRemoveQueueDpc", &all[i]->dpc);
        }
    });
    film.join();
    film.call("KeFlushQueuedDpcs");
    for (int i = 0; i < 5; ++i) {
        Queued& q = *all[i];
        EXPECT_EQ(q.ran + taken[i], 1) << i;
        if (q.ran)
            EXPECT_EQ(q.on, 2u);
        film.went(std::string(q.threaded ? "threaded " : "") + (q.ran ? "ran" : "taken back"));
    }
}

// A DPC is queued from two threads at once and queues itself again from its own routine, ten times in all.
// Shows: a DPC that is queued is not queued twice; every insertion that said yes becomes one call.
FILM(a_dpc_queues_itself_again, "both got in", "one came while it was queued")
{
    struct Again {
        KDPC dpc;
        Film* film;
        LONG left, inserted, ran;
    };
    auto& a = film.object<Again>();
    a.film = &film;
    a.left = 10;
    auto routine = +[](KDPC* dpc, PVOID context, PVOID, PVOID) NTAPI {
        auto& x = *static_cast<Again*>(context);
        __atomic_add_fetch(&x.ran, 1, __ATOMIC_SEQ_CST);
        if (__atomic_sub_fetch(&x.left, 1, __ATOMIC_SEQ_CST) > 0 && x.film->yes("KeInsertQueueDpc", dpc, nullptr, nullptr))
            __atomic_add_fetch(&x.inserted, 1, __ATOMIC_SEQ_CST);
    };
    film.call("KeInitializeDpc", &a.dpc, routine, &a);
    film.call("KeSetTargetProcessorDpc", &a.dpc, CCHAR { 3 });
    LONG from_threads = 0;
    for (int i = 0; i < 2; ++i)
        film.thread([&] {
            film.linger(film.draw(4));
            if (film.yes("KeInsertQueueDpc", &a.dpc, nullptr, nullptr)) {
                __atomic_add_fetch(&a.inserted, 1, __ATOMIC_SEQ_CST);
                __atomic_add_fetch(&from_threads, 1, __ATOMIC_SEQ_CST);
            }
        });
    film.join();
    do
        film.call("KeFlushQueuedDpcs");
    while (a.left > 0 || a.ran != a.inserted);
    film.went(from_threads == 2 ? "both got in" : "one came while it was queued");
    EXPECT_GE(a.ran, 10);
}
