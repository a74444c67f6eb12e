// SPDX-License-Identifier: MIT
// Kernel APCs that interrupt a thread: in its waits, its regions, in another process' address space, at its end.
#include "film.h"

using namespace ringside;
using namespace ringside::test;

namespace {

struct Aimed {
    KAPC apc;
    Film* film;
    LONG kernel, normal, run_down;
    KIRQL irql;
    bool allowed; // the thread may be interrupted by a normal one
};

NTAPI void kernel_routine(KAPC* apc, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*)
{
    auto& a = *CONTAINING_RECORD(apc, Aimed, apc);
    EXPECT_EQ(ke::Kernel::irql(), APC_LEVEL);
    ++a.kernel;
    a.film->step();
}

NTAPI void normal_routine(PVOID context, PVOID, PVOID)
{
    auto& a = *static_cast<Aimed*>(context);
    EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
    EXPECT_TRUE(a.allowed) << "a normal APC inside a critical region";
    ++a.normal;
    a.film->step();
}

NTAPI void rundown_routine(KAPC* apc) { ++CONTAINING_RECORD(apc, Aimed, apc)->run_down; }

enum Kind { Special, Normal, User };

Aimed& aimed(Film& film, PKTHREAD at, Kind kind)
{
    auto& a = film.object<Aimed>();
    a.film = &film;
    a.allowed = true;
    film.call("KeInitializeApc", &a.apc, at, 0, &kernel_routine, &rundown_routine, kind == Special ? nullptr : &normal_routine,
              static_cast<KPROCESSOR_MODE>(kind == User ? UserMode : KernelMode), &a);
    return a;
}

} // namespace

// A thread waits in turn plainly, in a critical region, attached to another process, and with a time-out; a special and
// a normal APC are sent to it meanwhile.
// Shows: each runs once and the wait goes on; the normal one not before the critical region is left, the special one
// there too; a wait that an APC interrupted still ends as it would have.
FILM(apcs_interrupt_a_waiting_thread, "in the wait", "before the wait", "timed out", "signalled")
{
    auto& event = film.object<KEVENT>();
    film.call("KeInitializeEvent", &event, SynchronizationEvent, BOOLEAN { FALSE });
    Aimed* normal = nullptr;
    Aimed* special = nullptr;
    LONG waiting = 0;
    auto& ready = film.object<KEVENT>();
    film.call("KeInitializeEvent", &ready, NotificationEvent, BOOLEAN { FALSE });
    size_t const waiter = film.thread([&] {
        film.wait(&ready);
        film.call("KeEnterCriticalRegion");
        normal->allowed = false;
        film.linger(film.draw(10));
        normal->allowed = true;
        film.call("KeLeaveCriticalRegion");
        auto& state = *static_cast<KAPC_STATE*>(film.bytes(sizeof(KAPC_STATE)));
        PVOID const system = film.rooms().processes.system().guest;
        film.call("KeStackAttachProcess", system, &state);
        waiting = 1;
        NTSTATUS const status = film.wait(&event, 1 + film.draw(20));
        waiting = 0;
        film.call("KeUnstackDetachProcess", &state);
        film.went(status == STATUS_TIMEOUT ? "timed out" : "signalled");
        film.linger(10);
    });
    normal = &aimed(film, film.thread_object(waiter), Normal);
    special = &aimed(film, film.thread_object(waiter), Special);
    film.call("KeSetEvent", &ready, 0, BOOLEAN { FALSE });
    film.thread([&] {
        film.linger(film.draw(60));
        film.went(waiting ? "in the wait" : "before the wait");
        bool const first = film.yes("KeInsertQueueApc", &normal->apc, nullptr, nullptr, 0);
        bool const second = film.yes("KeInsertQueueApc", &special->apc, nullptr, nullptr, 0);
        film.linger(film.draw(100));
        film.call("KeSetEvent", &event, 0, BOOLEAN { FALSE });
        film.wait(film.thread_object(waiter));
        EXPECT_EQ(normal->kernel + normal->run_down, first ? 1 : 0);
        EXPECT_EQ(normal->normal, normal->kernel);
        EXPECT_EQ(special->kernel + special->run_down, second ? 1 : 0);
    });
    film.join();
}

// Two threads send APCs of all kinds to a third, which ends without ever being in user mode.
// Shows: a kernel APC is delivered or was refused; a user-mode one is run down by its rundown routine or was refused;
// never two of these, never none.
FILM(apcs_come_while_the_thread_ends, "delivered", "run down", "refused")
{
    auto& ready = film.object<KEVENT>();
    film.call("KeInitializeEvent", &ready, NotificationEvent, BOOLEAN { FALSE });
    std::vector<Aimed*> all;
    LONG refused[6] = {};
    size_t const target = film.thread([&] {
        film.wait(&ready);
        film.call("KeEnterCriticalRegion");
        film.linger(film.draw(40));
        film.call("KeLeaveCriticalRegion");
    });
    for (int i = 0; i < 6; ++i)
        all.push_back(&aimed(film, film.thread_object(target), static_cast<Kind>(i % 3)));
    for (int t = 0; t < 2; ++t)
        film.thread([&, t] {
            film.wait(&ready);
            for (int i = 3 * t; i < 3 * t + 3; ++i) {
                film.linger(film.draw(40));
                refused[i] = !film.yes("KeInsertQueueApc", &all[i]->apc, nullptr, nullptr, 0);
            }
        });
    film.call("KeSetEvent", &ready, 0, BOOLEAN { FALSE });
    film.join();
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(all[i]->kernel + all[i]->run_down + refused[i], 1) << i;
        EXPECT_TRUE(refused[i] || (all[i]->run_down == 1) == (i % 3 == User)) << i;
        film.went(all[i]->kernel ? "delivered" : all[i]->run_down ? "run down" : "refused");
    }
}
