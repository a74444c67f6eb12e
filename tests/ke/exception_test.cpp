// SPDX-License-Identifier: MIT
// Structured exceptions of real driver code: tests/drivers/unwinding.c, called function by function.
#include "core.h"
#include "ke/ddi.h"
#include "ldr/loader.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

using Callback = ULONG(NTAPI*)(ULONG);

int g_destroyed;

struct Guard {
    ~Guard() { ++g_destroyed; }
};

ULONG CallThroughHost(PVOID callback, ULONG argument)
{
    Guard guard;
    return ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, reinterpret_cast<Callback>(callback), argument);
}

class Exceptions : public testing::TestWithParam<ke::Binding> {
protected:
    Exceptions()
    {
        static Ddi const rows[] = {
            { .name = "CallThroughHost", .dll = Dll::hal, .irql = { 0, 15 }, .body = body<&CallThroughHost>() },
        };
        static std::vector<std::span<Ddi const>> const rooms { ke::ddi_rows(), rows };
        ke::g_binding = GetParam();
        exports = std::make_unique<ldr::ExportTable>(rooms, GetParam(), Windows::v11_24H2);
        loader = std::make_unique<ldr::Loader>(*exports);
        std::vector<std::byte> bytes;
        std::string error;
        std::string const path = RINGSIDE_DRIVERS "/unwinding.sys";
        EXPECT_TRUE(sim::host::read_file(path, bytes, error)) << path << ": " << error;
        auto loaded = loader->load("unwinding.sys", path, bytes);
        EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.bad().reason);
        module = &loaded.module();
        g_destroyed = 0;
    }

    // Calls an export on a thread of the machine; ~0 when the machine ended instead.
    ULONG call(char const* name, uint64_t argument = 0)
    {
        ULONG result = ~0u;
        void* function = module->exported(name);
        EXPECT_NE(function, nullptr) << name;
        core.thread([&] {
            result = ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr },
                                      reinterpret_cast<ULONG(NTAPI*)(uint64_t)>(function), argument);
            EXPECT_EQ(ke::chain_head(), nullptr) << "the gate chain is not what it was";
            EXPECT_EQ(ke::Kernel::irql(), PASSIVE_LEVEL);
        });
        core.run();
        if (auto const* crash = core.kernel.crash())
            said = std::to_string(crash->code) + " " + crash->words + " " + crash->service;
        return result;
    }

    std::string said; // by the machine that ended
    Core core;
    std::unique_ptr<ldr::ExportTable> exports;
    std::unique_ptr<ldr::Loader> loader;
    ldr::Module* module = nullptr;
};

ULONG code(NTSTATUS status) { return static_cast<ULONG>(status); }

} // namespace

TEST_P(Exceptions, RaisedStatusReachesItsHandler) { EXPECT_EQ(call("RaisedStatus"), code(STATUS_DEVICE_NOT_READY)) << said; }
TEST_P(Exceptions, FaultOnNullReachesItsHandler) { EXPECT_EQ(call("FaultOnNull"), 0xFAu); }
TEST_P(Exceptions, NonCanonicalAddressIsAnAccessViolation) { EXPECT_EQ(call("NonCanonical"), code(STATUS_ACCESS_VIOLATION)); }
TEST_P(Exceptions, CallOfNullIsAnAccessViolation) { EXPECT_EQ(call("CallNull"), code(STATUS_ACCESS_VIOLATION)); }
TEST_P(Exceptions, BreakpointIsAnException) { EXPECT_EQ(call("Breakpoint"), code(STATUS_BREAKPOINT)); }
TEST_P(Exceptions, AssertionInterruptIsAnException) { EXPECT_EQ(call("AssertionInterrupt"), code(STATUS_ASSERTION_FAILURE)); }

TEST_P(Exceptions, DivisionByZero)
{
    auto& zero = core.object<uint32_t>();
    EXPECT_EQ(call("DivideByZero", reinterpret_cast<uint64_t>(&zero)), code(STATUS_INTEGER_DIVIDE_BY_ZERO));
}

TEST_P(Exceptions, FiltersRunBeforeFinallys) { EXPECT_EQ(call("FinallyOrder"), 0x14235u); }
TEST_P(Exceptions, FilterRepairsAndContinues) { EXPECT_EQ(call("ContinueExecution"), 7u); }
TEST_P(Exceptions, FilterThatRaisesIsHandledFurtherOut) { EXPECT_EQ(call("RaiseInFilter"), 0x1223u); }
TEST_P(Exceptions, CollidedUnwindGoesOnFromTheFinally) { EXPECT_EQ(call("CollidedUnwind"), 0x1234u); }

// A driver's callback raises through a host frame that owns something.
TEST_P(Exceptions, ThroughHostFramesWithDestructors)
{
    EXPECT_EQ(call("ThroughHost", 1), code(STATUS_DEVICE_BUSY));
    EXPECT_EQ(g_destroyed, 1);
    EXPECT_EQ(call("ThroughHost", 2), code(STATUS_ACCESS_VIOLATION));
    EXPECT_EQ(g_destroyed, 2);
    EXPECT_EQ(call("ThroughHost", 3), 3u);
    EXPECT_EQ(g_destroyed, 3);
}

// Five nested host frames, with a __finally between each two that itself calls through the host.
TEST_P(Exceptions, ThroughManyHostFrames)
{
    EXPECT_EQ(call("ThroughManyHosts"), code(STATUS_DEVICE_BUSY));
    EXPECT_EQ(g_destroyed, 10);
}

// RtlMoveMemory is the kernel's, the bad pointer the driver's: the driver's handler gets the fault.
TEST_P(Exceptions, FaultInsideTheKernelsCopyReachesTheDriver)
{
    EXPECT_EQ(call("GuardedCopy", 0x1000), code(STATUS_ACCESS_VIOLATION));
}

TEST_P(Exceptions, InvalidKernelAddressIsABugCheckEvenInsideTry)
{
    EXPECT_EQ(call("GuardedCopy", 0x300FFFFF0000), ~0u);
    ASSERT_NE(core.kernel.crash(), nullptr);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(PAGE_FAULT_IN_NONPAGED_AREA));
    EXPECT_EQ(core.kernel.crash()->parameters[0], 0x300FFFFF0000u);
}

TEST_P(Exceptions, UnhandledOneEndsTheMachine)
{
    EXPECT_EQ(call("Unhandled"), ~0u);
    ASSERT_NE(core.kernel.crash(), nullptr);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(SYSTEM_THREAD_EXCEPTION_NOT_HANDLED));
    EXPECT_EQ(core.kernel.crash()->parameters[0], code(STATUS_DEVICE_BUSY));
    EXPECT_GE(core.kernel.crash()->trace.count, 2u);
}

// Shows: the driver's mistake ends the machine, and names itself; it is no broken promise of ours.
TEST_P(Exceptions, UnwindToAFrameThatIsNotThere)
{
    EXPECT_EQ(call("UnwindToNowhere"), ~0u);
    ASSERT_NE(core.kernel.crash(), nullptr);
    EXPECT_EQ(core.kernel.crash()->code, static_cast<uint32_t>(SYSTEM_THREAD_EXCEPTION_NOT_HANDLED));
    EXPECT_EQ(core.kernel.crash()->parameters[0], code(STATUS_INVALID_UNWIND_TARGET));
}

// The same exception a thousand times: nothing accumulates on the stack or in the chain.
TEST_P(Exceptions, ManyInARow)
{
    for (int i = 0; i < 1000; ++i)
        ASSERT_EQ(call("ThroughHost", 1), code(STATUS_DEVICE_BUSY));
}

INSTANTIATE_TEST_SUITE_P(, Exceptions, testing::Values(ke::Binding::Bare, ke::Binding::Observed, ke::Binding::Verified),
                         [](auto const& info) {
                             return info.param == ke::Binding::Bare ? "bare"
                                 : info.param == ke::Binding::Observed ? "observed" : "verified";
                         });
