// SPDX-License-Identifier: MIT
// Work that others do: system workers, timers of the executive, callbacks, lists that all processors share.
#include "film.h"

#include "ex/slist.h"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Job {
    WORK_QUEUE_ITEM item;
    Film* film;
    Job* next; // queued and waited for by this one
    KEVENT done;
    LONG* finished;
};

NTAPI void do_job(PVOID context)
{
    auto& job = *static_cast<Job*>(context);
    Film& film = *job.film;
    EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
    if (job.next) {
        film.call("ExQueueWorkItem", &job.next->item, DelayedWorkQueue);
        film.linger(film.draw(4));
        EXPECT_EQ(film.wait(&job.next->done), STATUS_SUCCESS); // blocks this worker
    }
    __atomic_add_fetch(job.finished, 1, __ATOMIC_SEQ_CST);
    film.call("KeSetEvent", &job.done, 0, BOOLEAN { FALSE });
}

} // namespace

// Eight work items, each of which queues a further one and waits for it, are queued by two threads.
// Shows: blocked workers never keep what they wait for from running: there is always another worker.
FILM(workers_that_wait_for_other_work, "some were waiting for each other", "one after another")
{
    constexpr int kChains = 4;
    auto* jobs = static_cast<Job*>(film.bytes(3 * kChains * sizeof(Job)));
    auto& finished = film.object<LONG>();
    for (int i = 0; i < 3 * kChains; ++i) {
        jobs[i].film = &film;
        jobs[i].finished = &finished;
        jobs[i].next = i % 3 < 2 ? &jobs[i + 1] : nullptr;
        jobs[i].item.WorkerRoutine = &do_job;
        jobs[i].item.Parameter = &jobs[i];
        film.call("KeInitializeEvent", &jobs[i].done, NotificationEvent, BOOLEAN { FALSE });
    }
    for (int t = 0; t < 2; ++t)
        film.thread([&film, &finished, jobs, t] {
            for (int chain = 2 * t; chain < 2 * t + 2; ++chain) {
                film.linger(film.draw(30));
                if (chain % 2)
                    film.went(finished % 3 ? "some were waiting for each other" : "one after another");
                film.call("ExQueueWorkItem", &jobs[3 * chain].item, DelayedWorkQueue);
            }
            for (int chain = 2 * t; chain < 2 * t + 2; ++chain)
                EXPECT_EQ(film.wait(&jobs[3 * chain].done), STATUS_SUCCESS);
        });
    film.join();
    EXPECT_EQ(finished, 3 * kChains);
}

// A timer of ExAllocateTimer is set, and deleted about when it fires, waiting for its callback.
// Shows: after ExDeleteTimer with Wait the callback has ended and never comes again; Cancel keeps it from coming at all
// when it is early enough.
FILM(an_ex_timer_is_deleted_about_when_it_fires, "called", "never called", "called meanwhile")
{
    struct Shared {
        Film* film;
        LONG began, ended;
        bool gone;
    };
    auto& s = film.object<Shared>();
    s.film = &film;
    auto callback = +[](PVOID, PVOID context) NTAPI {
        auto& x = *static_cast<Shared*>(context);
        EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
        EXPECT_FALSE(x.gone);
        ++x.began;
        x.film->linger(20);
        EXPECT_FALSE(x.gone);
        ++x.ended;
    };
    auto* timer = reinterpret_cast<PVOID>(film.call("ExAllocateTimer", callback, &s, 0u));
    film.yes("ExSetTimer", timer, int64_t { -200 }, int64_t { 0 }, nullptr);
    film.thread([&] {
        film.linger(film.draw(400));
        LONG const began = s.began, ended = s.ended;
        film.yes("ExDeleteTimer", timer, BOOLEAN { TRUE }, BOOLEAN { TRUE }, nullptr);
        EXPECT_EQ(s.began, s.ended);
        s.gone = true;
        film.went(began && began == ended ? "called" : s.began ? "called meanwhile" : "never called");
    });
    film.thread([&] { film.linger(300); });
    film.join();
    film.sleep(100);
}

// A callback object is notified by two threads while a third registers and takes back its routine.
// Shows: the routine is never called outside its registration, and ExUnregisterCallback waits for calls under way.
FILM(a_callback_is_unregistered_while_it_is_called, "called", "not called", "waited for a call")
{
    struct Shared {
        Film* film;
        LONG inside, called;
        bool registered;
    };
    auto& s = film.object<Shared>();
    s.film = &film;
    OBJECT_ATTRIBUTES attributes { .Length = sizeof(OBJECT_ATTRIBUTES),
                                   .ObjectName = &film.string(u"\\Callback\\Film"),
                                   .Attributes = OBJ_CASE_INSENSITIVE };
    PVOID callback = nullptr;
    film.ok("ExCreateCallback", &callback, &attributes, BOOLEAN { TRUE }, BOOLEAN { TRUE });
    auto routine = +[](PVOID context, PVOID, PVOID) NTAPI {
        auto& x = *static_cast<Shared*>(context);
        EXPECT_TRUE(x.registered);
        ++x.called;
        __atomic_add_fetch(&x.inside, 1, __ATOMIC_SEQ_CST);
        x.film->linger(8);
        EXPECT_TRUE(x.registered);
        __atomic_sub_fetch(&x.inside, 1, __ATOMIC_SEQ_CST);
    };
    for (int t = 0; t < 2; ++t)
        film.thread([&] {
            for (int i = 0; i < 3; ++i) {
                film.linger(film.draw(10));
                film.call("ExNotifyCallback", callback, nullptr, nullptr);
            }
        });
    film.thread([&] {
        s.registered = true;
        auto* registration = reinterpret_cast<PVOID>(film.call("ExRegisterCallback", callback, routine, &s));
        EXPECT_NE(registration, nullptr);
        film.linger(film.draw(60));
        if (s.inside)
            film.went("waited for a call");
        film.call("ExUnregisterCallback", registration);
        s.registered = false;
        EXPECT_EQ(s.inside, 0);
        film.went(s.called ? "called" : "not called");
    });
    film.join();
    film.call("ObfDereferenceObject", callback);
}

// Four threads push and pop entries of one sequenced list, and take blocks from one lookaside list and give them back.
// Shows: no entry is lost and none is had twice, whatever the interleaving.
FILM(lists_that_all_processors_share, "found it empty", "found one")
{
    struct alignas(16) Entry {
        SLIST_ENTRY link;
        LONG holders;
    };
    auto& list = *new (film.bytes(sizeof(SLIST_HEADER))) SLIST_HEADER {};
    auto* entries = static_cast<Entry*>(film.bytes(3 * sizeof(Entry)));
    auto& lookaside = film.object<LOOKASIDE_LIST_EX>();
    film.ok("ExInitializeLookasideListEx", &lookaside, nullptr, nullptr, NonPagedPoolNx, 0u, SIZE_T { 64 }, ULONG { 'mliF' },
            USHORT { 0 });
    for (int i = 0; i < 3; ++i)
        film.call("ExpInterlockedPushEntrySList", &list, &entries[i].link);
    for (int t = 0; t < 4; ++t)
        film.thread([&] {
            for (int i = 0; i < 6; ++i) {
                auto* link = reinterpret_cast<SLIST_ENTRY*>(film.call("ExpInterlockedPopEntrySList", &list));
                film.went(link ? "found one" : "found it empty");
                auto* block = reinterpret_cast<LONG*>(film.call("ExAllocateFromLookasideListEx", &lookaside));
                *block = i;
                film.linger(film.draw(4));
                EXPECT_EQ(*block, i);
                film.call("ExFreeToLookasideListEx", &lookaside, block);
                if (link) {
                    auto& entry = *CONTAINING_RECORD(link, Entry, link);
                    EXPECT_EQ(__atomic_add_fetch(&entry.holders, 1, __ATOMIC_SEQ_CST), 1);
                    film.step();
                    EXPECT_EQ(__atomic_sub_fetch(&entry.holders, 1, __ATOMIC_SEQ_CST), 0);
                    film.call("ExpInterlockedPushEntrySList", &list, link);
                }
            }
        });
    film.join();
    EXPECT_EQ(static_cast<USHORT>(film.call("ExQueryDepthSList", &list)), 3);
    film.call("ExDeleteLookasideListEx", &lookaside);
}
