// SPDX-License-Identifier: MIT
// Interrupts: lines and messages of the controller, service routines, their lock, storms; NMI. Devices are played by the
// tests: they hold a line until somebody reads their status.
#include "core.h"
#include "ke/broadcast.h"
#include "ke/dispatcher_objects.h"
#include "ke/interrupt.h"
#include "ke/queued_spin_lock.h"

#include <gtest/gtest.h>

#include <array>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

constexpr uint8_t kVector = 0x51; // DIRQL 5
constexpr uint8_t kHigher = 0x91; // DIRQL 9
std::string g_film;

// A device on a line: interrupts until its ISR has read its status.
struct Device {
    uint8_t vector = kVector;
    char const* name = "";
    bool wants = false;
    bool deaf = false; // does not let go of the line
    int served = 0;

    void interrupt()
    {
        wants = true;
        hal::interrupts().raise(vector);
    }
};

BOOLEAN NTAPI isr(KINTERRUPT*, PVOID context)
{
    auto& device = *static_cast<Device*>(context);
    g_film += device.name;
    ke::kernel().schedule_point();
    if (!device.wants)
        return FALSE;
    ++device.served;
    if (!device.deaf) {
        device.wants = false;
        hal::interrupts().lower(device.vector);
    }
    return TRUE;
}

ke::InterruptOptions options_for(Device& device, hal::Trigger trigger = hal::Trigger::Level)
{
    uint8_t const irql = hal::Interrupts::irql_of(device.vector);
    return { .routine = isr,
             .context = &device,
             .vector = device.vector,
             .irql = irql,
             .synchronize_irql = irql,
             .trigger = trigger,
             .share = true,
             .processors = ~uint64_t { 0 } };
}

struct Guest {
    alignas(16) uint8_t bytes[ke::kGuestInterruptBytes];
};

ke::Interrupt* connect(Core& core, ke::InterruptOptions const& options)
{
    auto made = core.kernel.interrupt_objects().connect(&core.object<Guest>(), options);
    return made.ok() ? *made : nullptr;
}

NTSTATUS refused(Core& core, ke::InterruptOptions const& options)
{
    return core.kernel.interrupt_objects().connect(&core.object<Guest>(), options).status();
}

} // namespace

// A device interrupts from the host's side while the machine sleeps, then while a thread holds the IRQL up.
// Shows: an idle processor takes it; a busy one takes it when the IRQL falls below the device's, not before.
TEST(ke_interrupt, comes_when_the_irql_allows)
{
    Core core({ .processors = 1 });
    g_film.clear();
    Device device { .name = "isr " };
    ASSERT_NE(connect(core, options_for(device)), nullptr);
    device.interrupt();
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(device.served, 1);
    core.thread([&] {
        KIRQL const old = core.kernel.raise_irql(kVector >> 4);
        device.interrupt();
        for (int i = 0; i < 2000; ++i)
            core.kernel.schedule_point();
        EXPECT_EQ(device.served, 1);
        core.kernel.lower_irql(DISPATCH_LEVEL);
        EXPECT_EQ(device.served, 2);
        core.kernel.lower_irql(old);
        device.interrupt();
        for (int i = 0; i < 2000 && device.served < 3; ++i)
            core.kernel.schedule_point();
        EXPECT_EQ(device.served, 3);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(g_film, "isr isr isr ");
}

// Two devices share a level line; each interrupts alone, then both together; a third vector of higher DIRQL comes.
// Shows: the walk stops at the first that claims; a line still held comes again; higher DIRQLs go first.
TEST(ke_interrupt, level_line_is_shared)
{
    Core core({ .processors = 1 });
    g_film.clear();
    Device a { .name = "a" }, b { .name = "b" }, high { .vector = kHigher, .name = "H" };
    ASSERT_NE(connect(core, options_for(a)), nullptr);
    ASSERT_NE(connect(core, options_for(b)), nullptr);
    ASSERT_NE(connect(core, options_for(high)), nullptr);
    a.interrupt();
    core.run();
    EXPECT_EQ(g_film, "a");
    g_film.clear();
    b.interrupt();
    core.run();
    EXPECT_EQ(g_film, "ab");
    g_film.clear();
    a.interrupt();
    b.interrupt();
    high.interrupt();
    core.run();
    EXPECT_EQ(g_film, "Haab");
    EXPECT_EQ(a.served + b.served + high.served, 5);
}

// Edges: one while nobody is connected, one shared by two devices, one that comes during its own service.
// Shows: a masked edge is lost and counted; shared edges are walked until none claims; none is lost in service.
TEST(ke_interrupt, edges)
{
    Core core({ .processors = 1 });
    g_film.clear();
    core.kernel.interrupts().pulse(kVector);
    EXPECT_EQ(core.kernel.interrupts().lost(), 1u);
    static Device a, b;
    a = { .name = "a" };
    b = { .name = "b" };
    auto edge = [](KINTERRUPT*, PVOID context) NTAPI -> BOOLEAN {
        auto& device = *static_cast<Device*>(context);
        g_film += device.name;
        if (!device.wants)
            return FALSE;
        device.wants = false;
        if (++device.served == 1 && &device == &b) {
            a.wants = true; // a's edge comes while the vector is in service
            hal::interrupts().pulse(kVector);
        }
        return TRUE;
    };
    for (Device* device : { &a, &b }) {
        auto options = options_for(*device, hal::Trigger::Edge);
        options.routine = edge;
        ASSERT_NE(connect(core, options), nullptr);
    }
    b.wants = true;
    core.kernel.interrupts().pulse(kVector);
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(a.served, 1);
    EXPECT_EQ(b.served, 1);
    EXPECT_EQ(g_film,
              "ab"
              "ab"
              "ab"
              "ab"); // b; a; nobody; and the edge that was kept
}

// What cannot be connected.
TEST(ke_interrupt, refused_connections)
{
    Core core;
    Device device;
    auto with = [&](auto change) {
        auto options = options_for(device);
        change(options);
        return refused(core, options);
    };
    EXPECT_EQ(with([](auto& o) { o.processors = 0; }), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(with([](auto& o) { o.processors = 0x100; }), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(with([](auto& o) { o.vector = 0x21; }), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(with([](auto& o) { o.vector = 0x151; }), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(with([](auto& o) { o.irql = 6; }), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(with([](auto& o) { o.synchronize_irql = 4; }), STATUS_INVALID_PARAMETER);
    ASSERT_NE(connect(core, options_for(device)), nullptr);
    EXPECT_EQ(with([](auto& o) { o.share = false; }), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(with([](auto& o) { o.trigger = hal::Trigger::Edge; }), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(with([](auto& o) { o.irql = o.synchronize_irql = 0; }), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(core.kernel.interrupt_objects().connected(), 1u);
}

// A device never lets go of its line; one whose interrupt nobody claims.
// Shows: bug check 0xF2 names the ISR, its context, the interrupt object, and whether the vector is shared.
TEST(ke_interrupt, storm_is_bug_check_f2)
{
    for (bool claims : { true, false }) {
        Core core({ .processors = 1 });
        Device device { .deaf = true }, other;
        ke::Interrupt* first = connect(core, options_for(device));
        if (!claims)
            connect(core, options_for(other));
        if (claims)
            device.interrupt();
        else
            core.kernel.interrupts().raise(kVector);
        ASSERT_EQ(core.run(), ke::Stop::BugCheck);
        auto const& crash = *core.kernel.crash();
        EXPECT_EQ(crash.code, static_cast<uint32_t>(HARDWARE_INTERRUPT_STORM));
        EXPECT_EQ(crash.parameters[0], reinterpret_cast<uint64_t>(&isr));
        EXPECT_EQ(crash.parameters[1], reinterpret_cast<uint64_t>(&device));
        EXPECT_EQ(crash.parameters[2], reinterpret_cast<uint64_t>(first->pointer()));
        EXPECT_EQ(crash.parameters[3], claims ? 1u : 2u);
    }
}

// An ISR on one processor and KeSynchronizeExecution, KeAcquireInterruptSpinLock on others work on the same counter.
// Shows: under every seed they exclude each other; both processors take interrupts under some seed.
TEST(ke_interrupt, lock_excludes_the_isr)
{
    uint32_t taken_on = 0;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        Core core({ .seed = seed, .processors = 2 });
        struct Shared {
            bool inside = false;
            int total = 0;
            uint32_t on = 0;
            void work()
            {
                EXPECT_FALSE(inside);
                inside = true;
                ke::kernel().schedule_point();
                ke::kernel().schedule_point();
                inside = false;
                ++total;
            }
        } shared;
        Device unused;
        auto options = options_for(unused, hal::Trigger::Edge);
        options.context = &shared;
        options.routine = [](KINTERRUPT*, PVOID context) NTAPI -> BOOLEAN {
            auto& s = *static_cast<Shared*>(context);
            EXPECT_EQ(ke::Kernel::irql(), kVector >> 4);
            s.on |= 1u << hal::processor().number();
            s.work();
            return TRUE;
        };
        ke::Interrupt* interrupt = connect(core, options);
        ASSERT_NE(interrupt, nullptr);
        for (int t = 0; t < 2; ++t)
            core.thread([&, t] {
                for (int i = 0; i < 10; ++i) {
                    core.kernel.interrupts().pulse(kVector);
                    if (t) {
                        EXPECT_TRUE(ke::KeSynchronizeExecution(
                            interrupt->pointer(),
                            [](PVOID context) NTAPI -> BOOLEAN {
                                EXPECT_EQ(ke::Kernel::irql(), kVector >> 4);
                                static_cast<Shared*>(context)->work();
                                return TRUE;
                            },
                            &shared));
                    } else {
                        KIRQL const old = ke::KeAcquireInterruptSpinLock(interrupt->pointer());
                        shared.work();
                        ke::KeReleaseInterruptSpinLock(interrupt->pointer(), old);
                    }
                    EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
                }
            });
        ASSERT_EQ(core.run(), ke::Stop::Quiet) << seed;
        EXPECT_GT(shared.total, 20);
        taken_on |= shared.on;
    }
    EXPECT_EQ(taken_on, 3u);
}

// A message-signalled interrupt, an ISR made inactive, and one that is disconnected while the line is held.
TEST(ke_interrupt, message_inactive_disconnected)
{
    Core core({ .processors = 2 });
    static uint32_t message;
    message = 0;
    Device device;
    auto options = options_for(device, hal::Trigger::Edge);
    options.message = 7;
    options.message_routine = [](KINTERRUPT*, PVOID, ULONG id) NTAPI -> BOOLEAN {
        message += id;
        return TRUE;
    };
    ke::Interrupt* interrupt = connect(core, options);
    core.kernel.interrupts().pulse(kVector);
    core.run();
    EXPECT_EQ(message, 7u);
    auto& objects = core.kernel.interrupt_objects();
    core.thread([&] {
        objects.set_active(*interrupt, false);
        core.kernel.interrupts().pulse(kVector);
    });
    core.run();
    EXPECT_EQ(message, 7u);
    core.thread([&] {
        objects.set_active(*interrupt, true);
        core.kernel.interrupts().pulse(kVector);
    });
    core.run();
    EXPECT_EQ(message, 14u);
    core.thread([&] {
        PKINTERRUPT const pointer = interrupt->pointer();
        objects.disconnect(*interrupt);
        EXPECT_EQ(objects.of(pointer), nullptr);
        core.kernel.interrupts().pulse(kVector);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(message, 14u);
    EXPECT_EQ(objects.connected(), 0u);
}

// A passive-level ISR sleeps; KeSynchronizeExecution and KeAcquireInterruptSpinLock are used with it.
// Shows: PASSIVE_LEVEL, masked meanwhile, synchronized by an event; its spin lock does not exist.
TEST(ke_interrupt, passive_level)
{
    Core core({ .processors = 2 });
    static Device* played;
    Device device;
    played = &device;
    auto options = options_for(device);
    options.irql = options.synchronize_irql = PASSIVE_LEVEL;
    options.routine = [](KINTERRUPT*, PVOID) NTAPI -> BOOLEAN {
        EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
        EXPECT_TRUE(hal::interrupts().is_masked(kVector));
        LARGE_INTEGER nap { .QuadPart = -10'000 };
        ke::KeDelayExecutionThread(KernelMode, 0, &nap);
        ++played->served;
        hal::interrupts().lower(kVector);
        return TRUE;
    };
    ke::Interrupt* interrupt = connect(core, options);
    ASSERT_NE(interrupt, nullptr);
    device.interrupt();
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    device.interrupt();
    core.thread([&] {
        EXPECT_TRUE(ke::KeSynchronizeExecution(
            interrupt->pointer(),
            [](PVOID) NTAPI -> BOOLEAN {
                EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
                return TRUE;
            },
            nullptr));
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(device.served, 2);
    core.thread([&] { ke::KeAcquireInterruptSpinLock(interrupt->pointer()); });
    EXPECT_EQ(core.run(), ke::Stop::BugCheck);
}

// An NMI reaches a processor at HIGH_LEVEL, with two callbacks; then one that nobody claims.
// Shows: newest first, each hears whether it was handled; unclaimed is bug check 0x80.
TEST(ke_interrupt, nmi)
{
    Core core({ .processors = 1 });
    ke::reset_nmi_callbacks();
    g_film.clear();
    auto callback = [](PVOID context, BOOLEAN handled) NTAPI -> BOOLEAN {
        EXPECT_EQ(ke::Kernel::irql(), HIGH_LEVEL);
        g_film += static_cast<char const*>(context);
        g_film += handled ? "+ " : "- ";
        return static_cast<char const*>(context)[0] == 'b';
    };
    PVOID const a = ke::KeRegisterNmiCallback(callback, const_cast<char*>("a"));
    PVOID const b = ke::KeRegisterNmiCallback(callback, const_cast<char*>("b"));
    core.thread([&] {
        KIRQL const old = core.kernel.raise_irql(HIGH_LEVEL);
        core.kernel.interrupts().send_nmi(0);
        for (int i = 0; i < 2000 && g_film.empty(); ++i)
            core.kernel.schedule_point();
        EXPECT_EQ(g_film, "b- a+ ");
        EXPECT_EQ(ke::Kernel::irql(), HIGH_LEVEL);
        core.kernel.lower_irql(old);
        EXPECT_EQ(ke::KeDeregisterNmiCallback(b), STATUS_SUCCESS);
        EXPECT_EQ(ke::KeDeregisterNmiCallback(b), STATUS_INVALID_HANDLE);
        core.kernel.interrupts().send_nmi(0);
    });
    EXPECT_EQ(core.run(), ke::Stop::BugCheck);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(NMI_HARDWARE_FAILURE));
    EXPECT_EQ(g_film, "b- a+ a- ");
    EXPECT_EQ(ke::KeDeregisterNmiCallback(a), STATUS_SUCCESS);
}

// Threads on four processors take an in-stack queued spin lock at different moments.
// Shows: first come, first served under every seed; released twice is bug check 0x10, taken twice 0xF.
TEST(ke_queued_spin_lock, first_come_first_served)
{
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        Core core({ .seed = seed, .processors = 4 });
        auto& lock = core.object<KSPIN_LOCK>();
        auto& handles = core.object<std::array<KLOCK_QUEUE_HANDLE, 4>>();
        std::vector<uint32_t> came, got;
        for (size_t t = 0; t < 4; ++t)
            core.thread([&, t] {
                for (int i = 0; i < 5; ++i) {
                    KIRQL const old = core.kernel.raise_irql(DISPATCH_LEVEL);
                    came.push_back(static_cast<uint32_t>(t));
                    ke::KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handles[t]);
                    got.push_back(static_cast<uint32_t>(t));
                    for (int s = 0; s < 5; ++s)
                        core.kernel.schedule_point();
                    ke::KeReleaseInStackQueuedSpinLockFromDpcLevel(&handles[t]);
                    core.kernel.lower_irql(old);
                    core.kernel.schedule_point();
                }
            });
        ASSERT_EQ(core.run(), ke::Stop::Quiet) << seed;
        EXPECT_EQ(came, got) << seed;
        EXPECT_EQ(lock, 0u);
    }
    for (bool taken_twice : { true, false }) {
        Core core;
        auto& lock = core.object<KSPIN_LOCK>();
        auto& handle = core.object<KLOCK_QUEUE_HANDLE>();
        core.thread([&] {
            ke::KeAcquireInStackQueuedSpinLock(&lock, &handle);
            if (taken_twice)
                ke::KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
            ke::KeReleaseInStackQueuedSpinLock(&handle);
            ke::KeReleaseInStackQueuedSpinLock(&handle);
        });
        ASSERT_EQ(core.run(), ke::Stop::BugCheck);
        EXPECT_EQ(core.kernel.crash()->code,
                  static_cast<uint32_t>(taken_twice ? SPIN_LOCK_ALREADY_OWNED : SPIN_LOCK_NOT_OWNED));
    }
}
