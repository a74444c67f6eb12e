// SPDX-License-Identifier: MIT
// Timers and their DPCs, while somebody takes them away.
#include "film.h"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Timed {
    KTIMER timer;
    KDPC dpc;
    Film* film;
    KEVENT told;
    LONG ran;
    bool gone; // what a driver would have freed
};

NTAPI void on_timer(KDPC*, PVOID context, PVOID, PVOID)
{
    auto& timed = *static_cast<Timed*>(context);
    EXPECT_EQ(ke::Kernel::irql(), DISPATCH_LEVEL);
    EXPECT_FALSE(timed.gone) << "a DPC runs after its timer was cancelled and the DPCs flushed";
    timed.film->linger(20);
    ++timed.ran;
    timed.film->call("KeSetEvent", &timed.told, 0, BOOLEAN { FALSE });
}

Timed& timed(Film& film, TIMER_TYPE type)
{
    auto& made = film.object<Timed>();
    made.film = &film;
    film.call("KeInitializeTimerEx", &made.timer, type);
    film.call("KeInitializeDpc", &made.dpc, &on_timer, &made);
    film.call("KeInitializeEvent", &made.told, SynchronizationEvent, BOOLEAN { FALSE });
    return made;
}

constexpr int64_t us(int64_t microseconds) { return -microseconds * 10; }

} // namespace

// A timer of 20 us has a DPC; about then another thread cancels it, flushes the DPCs and takes it for gone.
// Shows: KeCancelTimer's answer says whether it was still set; when it was not, its DPC has run after KeFlushQueuedDpcs,
// and never later; when it was, never at all.
FILM(a_timer_is_cancelled_about_when_it_fires, "fired before", "cancelled", "DPC still under way")
{
    auto& t = timed(film, NotificationTimer);
    film.yes("KeSetTimer", &t.timer, us(20), &t.dpc);
    film.thread([&] {
        film.linger(film.draw(400));
        bool const was_set = film.yes("KeCancelTimer", &t.timer);
        LONG const ran_before = t.ran;
        if (!was_set)
            film.call("KeFlushQueuedDpcs");
        t.gone = true;
        EXPECT_EQ(t.ran, was_set ? 0 : 1);
        film.went(was_set ? "cancelled" : ran_before ? "fired before" : "DPC still under way");
        EXPECT_EQ(film.yes("KeReadStateTimer", &t.timer), !was_set);
    });
    film.thread([&] {
        film.linger(300);
    });
    film.join();
    film.sleep(100);
}

// A periodic timer of 1 ms tells a thread through its DPC, three times; then it is set anew with another period while it
// may be firing, and cancelled.
// Shows: one DPC a period; setting it again cancels what was set; after cancel and flush it is still.
FILM(a_periodic_timer_is_set_anew_and_cancelled, "was still set", "had fired")
{
    auto& t = timed(film, SynchronizationTimer);
    film.yes("KeSetTimerEx", &t.timer, us(1000), ULONG { 1 }, &t.dpc);
    for (int i = 1; i <= 3; ++i) {
        EXPECT_EQ(film.wait(&t.told, 100'000), STATUS_SUCCESS);
        EXPECT_EQ(t.ran, i);
    }
    film.thread([&] {
        film.sleep(1000);
        EXPECT_TRUE(film.yes("KeSetTimerEx", &t.timer, us(30), ULONG { 0 }, &t.dpc)); // periodic: always set
        LONG const before = t.ran;
        film.linger(film.draw(600));
        bool const was_set = film.yes("KeCancelTimer", &t.timer);
        film.call("KeFlushQueuedDpcs");
        t.gone = true;
        film.went(was_set ? "was still set" : "had fired");
        EXPECT_LE(t.ran - before, 2); // the period's last DPC may have been queued when it was set anew
    });
    film.thread([&] {
        film.linger(600);
    });
    film.join();
    film.sleep(5000);
}

// Two threads wait for a synchronization timer, with time-outs about as long as the timer.
// Shows: it lets exactly one through, or none when both gave up before; it does not stay signalled when one came.
FILM(a_synchronization_timer_lets_one_through, "one", "none")
{
    auto& t = timed(film, SynchronizationTimer);
    film.yes("KeSetTimer", &t.timer, us(30), nullptr);
    LONG through = 0;
    for (int i = 0; i < 2; ++i)
        film.thread([&] {
            if (film.wait(&t.timer, 1 + film.draw(30)) == STATUS_SUCCESS)
                __atomic_add_fetch(&through, 1, __ATOMIC_SEQ_CST);
        });
    film.thread([&] {
        film.linger(400);
    });
    film.join();
    film.sleep(50);
    EXPECT_EQ(film.yes("KeReadStateTimer", &t.timer), through == 0);
    EXPECT_LE(through, 1);
    film.went(through ? "one" : "none");
}
