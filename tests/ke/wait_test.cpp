// SPDX-License-Identifier: MIT
// Waits beyond the usual: all-or-nothing, order of waiters, alerts, promised waits, abandoned mutants, bad objects.
#include "core.h"
#include "ke/dispatcher_objects.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

constexpr uint32_t kNever = 0x4000'0000;
LARGE_INTEGER const kPoll {};
LARGE_INTEGER relative_ms(int64_t ms) { return { .QuadPart = -ms * 10'000 }; }

NTSTATUS wait(void* object, KPROCESSOR_MODE mode = KernelMode, bool alertable = false)
{
    return ke::KeWaitForSingleObject(object, Executive, mode, alertable, nullptr);
}

std::string text(NTSTATUS status)
{
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "%x ", static_cast<unsigned>(status));
    return buffer;
}

} // namespace

// A thread waits for all of a mutant, a synchronization event and a semaphore, which are signalled one after another.
// Shows: nothing is taken before all can be; a mutant abandoned meanwhile makes the result STATUS_ABANDONED.
TEST(ke_wait, all_takes_nothing_until_everything_is_signalled)
{
    Core core;
    auto& mutant = core.object<KMUTANT>();
    auto& event = core.object<KEVENT>();
    auto& semaphore = core.object<KSEMAPHORE>();
    ke::KeInitializeMutant(&mutant, FALSE);
    ke::KeInitializeEvent(&event, SynchronizationEvent, 0);
    ke::KeInitializeSemaphore(&semaphore, 0, 2);
    std::vector<std::array<LONG, 3>> film;
    auto look = [&] {
        film.push_back({ mutant.Header.SignalState, event.Header.SignalState, semaphore.Header.SignalState });
    };
    NTSTATUS status = -1;
    core.thread([&] { // owns the mutant until its end, which it reaches when the event is set a second time
        wait(&mutant);
        look();
        LARGE_INTEGER nap = relative_ms(10);
        ke::KeDelayExecutionThread(KernelMode, 0, &nap);
    });
    core.thread([&] {
        void* objects[] = { &mutant, &event, &semaphore };
        status = ke::KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, 0, nullptr, nullptr);
        look();
    });
    core.thread([&] {
        ke::KeReleaseSemaphore(&semaphore, 0, 2, 0);
        look();
        ke::KeSetEvent(&event, 0, 0);
        look();
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(film, (std::vector<std::array<LONG, 3>> { { 0, 0, 0 }, { 0, 0, 2 }, { 0, 1, 2 }, { 0, 0, 1 } }));
    EXPECT_EQ(status, STATUS_ABANDONED);
}

// Four threads wait for a semaphore in turn; one of them leaves by time-out.
// Shows: first come, first served, whatever their priorities.
TEST(ke_wait, waiters_are_served_in_the_order_they_came)
{
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        Core core({ .seed = seed });
        auto& semaphore = core.object<KSEMAPHORE>();
        ke::KeInitializeSemaphore(&semaphore, 0, 10);
        std::string order;
        int8_t priority = 8;
        for (char name : { 'a', 'b', 'c', 'd' }) {
            core.thread(
                [&, name] {
                    LARGE_INTEGER soon = relative_ms(5);
                    auto* timeout = name == 'b' ? &soon : nullptr;
                    if (ke::KeWaitForSingleObject(&semaphore, Executive, KernelMode, 0, timeout) == STATUS_SUCCESS)
                        order += name;
                    else
                        order += '-';
                },
                priority++);
            core.run(sim::world().now_100ns() + 1000);
        }
        core.run(sim::world().now_100ns() + 100'000);
        for (int i = 0; i < 3; ++i) {
            core.thread([&] { ke::KeReleaseSemaphore(&semaphore, 0, 1, 0); });
            core.run();
        }
        EXPECT_EQ(order, "-acd") << seed;
    }
}

// One object twice in a wait, for any and for all.
// Shows: the first index satisfies; a wait for all takes as often as the object stands there, as on Windows.
TEST(ke_wait, one_object_twice)
{
    Core core;
    auto& event = core.object<KEVENT>();
    auto& mutex = core.object<KMUTANT>();
    ke::KeInitializeEvent(&event, SynchronizationEvent, 0);
    ke::KeInitializeMutex(&mutex, 0);
    NTSTATUS any = -1, all = -1;
    core.thread([&] {
        void* events[] = { &event, &event };
        any = ke::KeWaitForMultipleObjects(2, events, WaitAny, Executive, KernelMode, 0, nullptr, nullptr);
        void* mutexes[] = { &mutex, &mutex };
        all = ke::KeWaitForMultipleObjects(2, mutexes, WaitAll, Executive, KernelMode, 0, nullptr, nullptr);
        EXPECT_EQ(mutex.Header.SignalState, -1);
        ke::KeReleaseMutex(&mutex, 0);
        ke::KeReleaseMutex(&mutex, 0);
    });
    core.run();
    core.thread([&] { ke::KeSetEvent(&event, 0, 0); });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(any, STATUS_WAIT_0);
    EXPECT_EQ(all, STATUS_SUCCESS);
    EXPECT_EQ(event.Header.WaitListHead.Flink, &event.Header.WaitListHead);
}

// Shows: 64 objects with blocks of one's own, the last of them satisfies; 65, or 4 without blocks, are bug check 0xC.
TEST(ke_wait, as_many_objects_as_there_can_be)
{
    {
        Core core;
        auto& blocks = core.object<std::array<KWAIT_BLOCK, MAXIMUM_WAIT_OBJECTS>>();
        std::vector<void*> objects;
        for (ULONG i = 0; i < MAXIMUM_WAIT_OBJECTS; ++i) {
            auto& event = core.object<KEVENT>();
            ke::KeInitializeEvent(&event, NotificationEvent, 0);
            objects.push_back(&event);
        }
        NTSTATUS status = -1;
        core.thread([&] {
            status = ke::KeWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS, objects.data(), WaitAny, Executive, KernelMode,
                                                  0, nullptr, blocks.data());
        });
        core.run();
        core.thread([&] { ke::KeSetEvent(static_cast<KEVENT*>(objects.back()), 0, 0); });
        EXPECT_EQ(core.run(), ke::Stop::Quiet);
        EXPECT_EQ(status, STATUS_WAIT_0 + 63);
    }
    for (bool with_blocks : { true, false }) {
        Core core;
        core.thread([&] {
            static KWAIT_BLOCK blocks[65];
            static void* objects[65];
            ke::KeWaitForMultipleObjects(with_blocks ? 65 : 4, objects, WaitAny, Executive, KernelMode, 0, nullptr,
                                         with_blocks ? blocks : nullptr);
        });
        ASSERT_EQ(core.run(), ke::Stop::BugCheck);
        EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(MAXIMUM_WAIT_OBJECTS_EXCEEDED));
    }
}

// Shows: what alerts and user-mode APCs do to waits of each mode, alertable or not, before and during the wait; an alert
// that nobody waits for is kept, once; KeDelayExecutionThread is interrupted as well, also by nothing to wait for.
TEST(ke_wait, alerts)
{
    struct Row {
        KPROCESSOR_MODE alert;
        KPROCESSOR_MODE wait;
        bool alertable;
        bool interrupted;
    };
    for (Row const& row : { Row { KernelMode, KernelMode, true, true }, Row { KernelMode, UserMode, true, true },
                            Row { UserMode, UserMode, true, true }, Row { UserMode, KernelMode, true, false },
                            Row { KernelMode, KernelMode, false, false }, Row { UserMode, UserMode, false, false } })
        for (bool before : { false, true }) {
            Core core;
            auto& event = core.object<KEVENT>();
            ke::KeInitializeEvent(&event, NotificationEvent, 0);
            std::string film;
            PKTHREAD sleeper = nullptr;
            auto sleep = [&] { film += text(wait(&event, row.wait, row.alertable)); };
            if (before)
                core.thread([&] {
                    PKTHREAD const self = core.kernel.current().pointer();
                    film += ke::KeAlertThread(self, row.alert) ? "was " : "new ";
                    film += ke::KeAlertThread(self, row.alert) ? "was " : "new ";
                    core.thread([&] { ke::KeSetEvent(&event, 0, 0); }, 1);
                    sleep();
                });
            else {
                sleeper = core.thread(sleep).pointer();
                core.run();
                core.thread([&] {
                    film += ke::KeAlertThread(sleeper, row.alert) ? "was " : "new ";
                    LARGE_INTEGER nap = relative_ms(1);
                    ke::KeDelayExecutionThread(KernelMode, 0, &nap);
                    ke::KeSetEvent(&event, 0, 0);
                });
            }
            EXPECT_EQ(core.run(), ke::Stop::Quiet);
            std::string const ended = row.interrupted ? "101 " : "0 ";
            EXPECT_EQ(film, before ? "new was " + ended : "new " + ended)
                << int { row.alert } << int { row.wait } << row.alertable << before;
        }
    Core core;
    core.thread([&] {
        PKTHREAD const self = core.kernel.current().pointer();
        EXPECT_FALSE(ke::KeTestAlertThread(KernelMode));
        ke::KeAlertThread(self, KernelMode);
        EXPECT_TRUE(ke::KeTestAlertThread(KernelMode));
        EXPECT_FALSE(ke::KeTestAlertThread(KernelMode));
        ke::KeAlertThread(self, KernelMode);
        LARGE_INTEGER none {}, minute = relative_ms(60'000);
        EXPECT_EQ(ke::KeDelayExecutionThread(KernelMode, FALSE, &none), STATUS_SUCCESS);
        EXPECT_EQ(ke::KeDelayExecutionThread(KernelMode, TRUE, &none), STATUS_ALERTED);
        ke::KeAlertThread(self, KernelMode);
        EXPECT_EQ(ke::KeDelayExecutionThread(KernelMode, TRUE, &minute), STATUS_ALERTED);
        EXPECT_EQ(ke::KeDelayExecutionThread(KernelMode, TRUE, &none), STATUS_SUCCESS);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_LT(sim::world().now_100ns(), 10'000u);
}

// A low thread wakes a higher one with Wait = TRUE and then waits itself, on one processor.
// Shows: the IRQL stays up, so that the switch comes with the wait and not before; the wait restores it. The same for
// semaphores, mutexes and pulses.
TEST(ke_wait, a_promised_wait_follows_without_a_switch)
{
    for (int kind = 0; kind < 4; ++kind) {
        Core core({ .processors = 1, .mean_steps = kNever });
        auto& event = core.object<KEVENT>();
        auto& semaphore = core.object<KSEMAPHORE>();
        auto& mutex = core.object<KMUTANT>();
        auto& reply = core.object<KEVENT>();
        ke::KeInitializeEvent(&event, SynchronizationEvent, 0);
        ke::KeInitializeSemaphore(&semaphore, 0, 1);
        ke::KeInitializeMutex(&mutex, 0);
        ke::KeInitializeEvent(&reply, SynchronizationEvent, 0);
        void* objects[] = { &event, &semaphore, &mutex, &event };
        std::string film;
        core.thread([&] {
            if (kind == 2)
                wait(&mutex);
            core.thread(
                [&] {
                    wait(objects[kind]);
                    film += "high ";
                    if (kind == 2)
                        ke::KeReleaseMutex(&mutex, 0);
                    ke::KeSetEvent(&reply, 0, 0);
                },
                12);
            core.kernel.delay(KernelMode, false, relative_ms(1));
            switch (kind) {
            case 0:
                ke::KeSetEvent(&event, 0, TRUE);
                break;
            case 1:
                ke::KeReleaseSemaphore(&semaphore, 0, 1, TRUE);
                break;
            case 2:
                ke::KeReleaseMutex(&mutex, TRUE);
                break;
            default:
                ke::KePulseEvent(&event, 0, TRUE);
                break;
            }
            film += "low at " + std::to_string(ke::Kernel::irql()) + " ";
            EXPECT_EQ(wait(&reply), STATUS_SUCCESS);
            film += "low at " + std::to_string(ke::Kernel::irql());
        });
        EXPECT_EQ(core.run(), ke::Stop::Quiet);
        EXPECT_EQ(film, "low at 2 high low at 0") << kind;
    }
}

// Shows: a pulse wakes who waits, all of them or one, and leaves the event as it was not: unsignalled.
TEST(ke_wait, pulse)
{
    for (EVENT_TYPE type : { NotificationEvent, SynchronizationEvent }) {
        Core core;
        auto& event = core.object<KEVENT>();
        ke::KeInitializeEvent(&event, type, 0);
        int woken = 0;
        for (int i = 0; i < 3; ++i)
            core.thread([&] { woken += wait(&event) == STATUS_SUCCESS; });
        core.run();
        core.thread([&] {
            EXPECT_EQ(ke::KePulseEvent(&event, 0, 0), 0);
            ke::KeSetEvent(&event, 0, 0);
        });
        core.run();
        int const by_both = woken;
        core.thread([&] {
            ke::KeClearEvent(&event);
            EXPECT_EQ(ke::KePulseEvent(&event, 0, 0), 0);
            EXPECT_EQ(event.Header.SignalState, 0);
        });
        core.run();
        EXPECT_EQ(by_both, type == NotificationEvent ? 3 : 2);
        EXPECT_EQ(woken, 3);
    }
}

// A mutex at the end of its recursion, released by a stranger, abandoned while a stranger tries.
// Shows: STATUS_MUTANT_LIMIT_EXCEEDED, STATUS_MUTANT_NOT_OWNED, STATUS_ABANDONED, each raised, nothing changed.
TEST(ke_wait, mutant_errors_are_raised)
{
    Core core;
    auto& mutant = core.object<KMUTANT>();
    ke::KeInitializeMutant(&mutant, FALSE);
    std::string film;
    core.thread([&] {
        wait(&mutant);
        mutant.Header.SignalState = -0x7FFFFFFF - 1;
        film += text(ke::guard_raise([&] { wait(&mutant); }));
        film += std::to_string(ke::Kernel::irql()) + " ";
        mutant.Header.SignalState = 0;
        core.thread([&] { film += text(ke::guard_raise([&] { ke::KeReleaseMutant(&mutant, 0, FALSE, FALSE); })); });
        core.kernel.delay(KernelMode, false, relative_ms(1));
        EXPECT_EQ(mutant.Header.SignalState, 0);
    });
    core.run();
    core.thread([&] {
        film += text(ke::guard_raise([&] { ke::KeReleaseMutant(&mutant, 0, FALSE, FALSE); }));
        film += text(wait(&mutant));
        EXPECT_EQ(ke::KeReleaseMutant(&mutant, 0, FALSE, FALSE), 0);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(film, "c0000191 0 c0000046 80 80 ");
    EXPECT_EQ(mutant.Header.SignalState, 1);
}

// Shows: a driver's mutex, unlike a mutant, must not outlive its owner: bug check 0x4000008A with both names.
TEST(ke_wait, a_thread_that_ends_with_a_mutex_is_a_bug_check)
{
    Core core;
    auto& mutex = core.object<KMUTANT>();
    ke::KeInitializeMutex(&mutex, 0);
    ke::Thread& thread = core.thread([&] { wait(&mutex); });
    auto const address = reinterpret_cast<uint64_t>(thread.guest);
    ASSERT_EQ(core.run(), ke::Stop::BugCheck);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(THREAD_TERMINATE_HELD_MUTEX));
    EXPECT_EQ(core.kernel.crash()->parameters[0], address);
    EXPECT_EQ(core.kernel.crash()->parameters[1], reinterpret_cast<uint64_t>(&mutex));
}

// Shows: a thread object is signalled by its end, and stays so.
TEST(ke_wait, for_a_thread)
{
    Core core;
    std::string order;
    core.thread([&] {
        PKTHREAD const other = core.thread([&] { order += "ends "; }, 4).pointer();
        EXPECT_EQ(wait(other), STATUS_SUCCESS);
        EXPECT_EQ(wait(other), STATUS_SUCCESS);
        order += "seen";
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(order, "ends seen");
}

// Shows: what Windows does for things that are no dispatcher object: zeroes end at the first link, other bytes and
// queues before it, a pointer into nowhere as a fault at the dispatcher's IRQL; a poll links nothing.
TEST(ke_wait, bad_objects)
{
    struct Row {
        char const* what;
        void* (*object)(Core& core);
        uint32_t code;
    };
    Row const rows[] = {
        { "zeroes", [](Core& core) -> void* { return &core.object<KEVENT>(); }, IRQL_NOT_LESS_OR_EQUAL },
        { "other bytes",
          [](Core& core) -> void* {
              auto& event = core.object<KEVENT>();
              event.Header.Type = 0x5A;
              return &event;
          },
          INVALID_DATA_ACCESS_TRAP },
        { "a queue",
          [](Core& core) -> void* {
              auto& queue = core.object<KQUEUE>();
              ke::KeInitializeQueue(&queue, 1);
              return &queue;
          },
          INVALID_DATA_ACCESS_TRAP },
        { "a list that was overwritten",
          [](Core& core) -> void* {
              auto& event = core.object<KEVENT>();
              auto& other = core.object<KEVENT>();
              ke::KeInitializeEvent(&event, NotificationEvent, 0);
              ke::KeInitializeEvent(&other, NotificationEvent, 0);
              event.Header.WaitListHead.Blink = &other.Header.WaitListHead;
              return &event;
          },
          KERNEL_SECURITY_CHECK_FAILURE },
        { "nowhere", [](Core&) -> void* { return reinterpret_cast<void*>(hal::kSystemMappings + 0x1000); },
          IRQL_NOT_LESS_OR_EQUAL },
        { "null", [](Core&) -> void* { return nullptr; }, IRQL_NOT_LESS_OR_EQUAL },
    };
    for (Row const& row : rows) {
        Core core;
        core.thread([&] { wait(row.object(core)); });
        ASSERT_EQ(core.run(), ke::Stop::BugCheck) << row.what;
        EXPECT_EQ(core.kernel.crash()->code, row.code) << row.what;
    }
    Core core;
    NTSTATUS polled = -1;
    core.thread([&] {
        LARGE_INTEGER none = kPoll;
        polled = ke::KeWaitForSingleObject(&core.object<KEVENT>(), Executive, KernelMode, 0, &none);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(polled, STATUS_TIMEOUT); // nothing is linked by a poll
}

// A driver writes over an event that a thread waits for, and sets it.
// Shows: the list of waiters is not followed to where no waiter is.
TEST(ke_wait, an_overwritten_list_of_waiters_is_noticed)
{
    Core core;
    auto& event = core.object<KEVENT>();
    auto& other = core.object<KWAIT_BLOCK>();
    ke::KeInitializeEvent(&event, NotificationEvent, 0);
    core.thread([&] { wait(&event); });
    core.run();
    core.thread([&] {
        event.Header.WaitListHead.Flink = &other.WaitListEntry;
        ke::KeSetEvent(&event, 0, 0);
    });
    ASSERT_EQ(core.run(), ke::Stop::BugCheck);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(KERNEL_SECURITY_CHECK_FAILURE));
    EXPECT_EQ(core.kernel.crash()->parameters[0], FAST_FAIL_CORRUPT_LIST_ENTRY);
}
