// SPDX-License-Identifier: MIT
// Kernel stacks as a driver sees them: tests/drivers/stacks.c, called function by function on a verified machine.
#include "core.h"
#include "ke/ddi.h"
#include "ke/dispatcher_objects.h"
#include "ke/door.h"
#include "ke/stack.h"
#include "ldr/loader.h"
#include "nt/topology.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::Core;

namespace {

// Rooms io and ps have these.
void GetStackLimits(ULONG_PTR* low, ULONG_PTR* high)
{
    *low = ke::stack_view().low;
    *high = ke::stack_view().high;
}
ULONG_PTR GetRemainingStackSize() { return ke::stack_view().remaining; }
NTSTATUS TerminateSystemThread(NTSTATUS status) { ke::kernel().exit_current(status); }

class KernelStack : public testing::Test {
protected:
    explicit KernelStack(ke::Binding binding = ke::Binding::Verified)
        : core({ .binding = binding })
    {
        static Ddi const rows[] = {
            { .name = "IoGetStackLimits", .irql = { 0, 15 }, .body = body<&GetStackLimits>() },
            { .name = "PsTerminateSystemThread", .irql = { 0, 0 }, .body = body<&TerminateSystemThread>() },
            { .name = "IoGetRemainingStackSize", .irql = { 0, 15 }, .body = body<&GetRemainingStackSize>() },
        };
        static std::vector<std::span<Ddi const>> const rooms { ke::ddi_rows(), rows };
        exports = std::make_unique<ldr::ExportTable>(rooms, binding, Windows::v11_24H2);
        loader = std::make_unique<ldr::Loader>(*exports);
        std::vector<std::byte> bytes;
        std::string error;
        std::string const path = RINGSIDE_DRIVERS "/stacks.sys";
        EXPECT_TRUE(sim::host::read_file(path, bytes, error)) << path << ": " << error;
        auto loaded = loader->load("stacks.sys", path, bytes);
        EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.bad().reason);
        module = &loaded.module();
    }

    // Calls an export on the current thread, as a callback of the driver's.
    ULONG call_here(char const* name, uint64_t first, uint64_t second = 0)
    {
        auto function = reinterpret_cast<ULONG(NTAPI*)(uint64_t, uint64_t)>(module->exported(name));
        return ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, function, first, second);
    }
    // On a thread of its own; the bug check's code when the machine ended instead.
    ULONG call(char const* name, uint64_t first = 0, uint64_t second = 0)
    {
        ULONG result = 0xDEAD;
        core.thread([&] {
            result = call_here(name, first, second);
            EXPECT_EQ(ke::chain_head(), nullptr) << "the gate chain is not what it was";
            EXPECT_EQ(core.kernel.current().stack_use.entered, 0u);
            EXPECT_EQ(core.kernel.current().stack_segments, 0u);
        });
        core.run();
        return core.kernel.crash() ? core.kernel.crash()->code : result;
    }

    Core core;
    std::unique_ptr<ldr::ExportTable> exports;
    std::unique_ptr<ldr::Loader> loader;
    ldr::Module* module = nullptr;
};

class ObservedKernelStack : public KernelStack {
protected:
    ObservedKernelStack()
        : KernelStack(ke::Binding::Observed)
    {
    }
};

} // namespace

// A driver goes down in steps of about one KiB, with a call of the kernel at each.
// Shows: 20 KiB are fine; beyond 24 KiB the call is a double fault, though our own stack is far larger.
TEST_F(KernelStack, TwentyKilobytesAreFine) { EXPECT_EQ(call("Use", 20), 20u); }
TEST_F(KernelStack, BeyondTwentyFourIsADoubleFault)
{
    EXPECT_EQ(call("Use", 26), static_cast<uint32_t>(UNEXPECTED_KERNEL_MODE_TRAP));
    EXPECT_EQ(core.kernel.crash()->parameters[0], 8u);
}
// Without a call nobody looks before the guard is touched.
TEST_F(KernelStack, TheGuardIsADoubleFault)
{
    EXPECT_EQ(call("UseSilently", 400), static_cast<uint32_t>(UNEXPECTED_KERNEL_MODE_TRAP));
    EXPECT_EQ(core.kernel.crash()->parameters[0], 8u);
}
// Only a verified machine ends.
TEST_F(ObservedKernelStack, ObservedMachinesOnlyCount) { EXPECT_EQ(call("Use", 26), 26u); }

// Shows: what remains falls with what the driver uses, from 24 KiB; the limits fit around its variables; drivers further
// up count, host frames between do not.
TEST_F(KernelStack, RemainingAndLimits)
{
    ULONG const at_once = call("Remaining", 0);
    EXPECT_GT(at_once, 0x6000u - 1500);
    EXPECT_LE(at_once, 0x6000u);
    ULONG const ten = call("Remaining", 10);
    EXPECT_GT(at_once - ten, 10 * 960u);
    EXPECT_LT(at_once - ten, 10 * 1100u);
    EXPECT_EQ(call("LimitsFit"), 1u);
}

// Shows: a callout of 64 KiB runs where only 24 would be; what it was promised is its limit there.
TEST_F(KernelStack, ExpandedStack)
{
    EXPECT_EQ(call("Expand", 60, 64 * 1024), 60u);
    EXPECT_EQ(call("ExpandBelow", 60, 64 * 1024), 60u);
    EXPECT_EQ(call("ExpandBelow", 6, 8 * 1024), 6u); // does not fit below: a small segment
    EXPECT_EQ(call("Expand", 10, 16 * 1024), 10u); // fits: the same stack
    EXPECT_EQ(call("Expand", 70, 64 * 1024), static_cast<uint32_t>(UNEXPECTED_KERNEL_MODE_TRAP));
}

// Shows: every documented refusal; nesting ends at the system's limit, and all segments come back.
TEST_F(KernelStack, ExpansionIsRefused)
{
    EXPECT_EQ(call("Expand", 1, MAXIMUM_EXPANSION_SIZE + 1), static_cast<ULONG>(STATUS_INVALID_PARAMETER_3));
    EXPECT_EQ(call("ExpandWaiting", DISPATCH_LEVEL), static_cast<ULONG>(STATUS_INVALID_PARAMETER_4));
    EXPECT_EQ(call("ExpandWaiting", APC_LEVEL), static_cast<ULONG>(STATUS_SUCCESS));
    auto& status = core.object<ULONG>();
    EXPECT_EQ(call("Nest", reinterpret_cast<uint64_t>(&status)), hal::kStackSegmentsMax + 1);
    EXPECT_EQ(status, static_cast<ULONG>(STATUS_STACK_OVERFLOW));
    EXPECT_EQ(call("Nest", reinterpret_cast<uint64_t>(&status)), hal::kStackSegmentsMax + 1);
    ULONG again = 0; // the segments were left to be used again: no memory is needed
    core.thread([&] {
        while (core.memory.allocate(1)) { }
        again = call_here("Nest", reinterpret_cast<uint64_t>(&status));
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(again, hal::kStackSegmentsMax + 1);
}

// Shows: without memory for a segment it is STATUS_NO_MEMORY, and the callout does not run.
TEST_F(KernelStack, ExpansionWithoutMemory)
{
    ULONG result = 0;
    core.thread([&] {
        while (core.memory.allocate(1)) { }
        result = call_here("Expand", 60, 64 * 1024);
    });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(result, static_cast<ULONG>(STATUS_NO_MEMORY));
}

// Shows: an exception of the callout crosses to the stack below: handlers in both run, in order.
TEST_F(KernelStack, ExceptionsCrossStacks)
{
    EXPECT_EQ(call("ExpandAndRaise"), 0x123u);
    EXPECT_EQ(call("Expand", 60, 64 * 1024), 60u);
}

// Shows: a callout may wait; its thread's end inside of it is bug check 0x94.
TEST_F(KernelStack, CalloutsWait)
{
    auto& event = core.object<KEVENT>();
    ke::KeInitializeEvent(&event, NotificationEvent, 0);
    ULONG result = 0xDEAD;
    core.thread([&] { result = call_here("ExpandAndWait", reinterpret_cast<uint64_t>(&event)); });
    core.run();
    EXPECT_EQ(result, 0xDEADu);
    core.thread([&] { ke::KeSetEvent(&event, 0, 0); });
    EXPECT_EQ(core.run(), ke::Stop::Quiet);
    EXPECT_EQ(result, 0u);
}
TEST_F(KernelStack, EndingInACalloutIsABugCheck)
{
    EXPECT_EQ(call("ExpandAndEnd"), static_cast<uint32_t>(KERNEL_STACK_LOCKED_AT_EXIT));
}
