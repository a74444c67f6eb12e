// SPDX-License-Identifier: MIT
// Raising, unwinding and looking at frames. A sample's own calls come from no driver; where driver frames are needed,
// those of tests/drivers/frames.c make the call.
#include "contract.h"

#include "ke/door.h"
#include "sim/host.h"

#include <cstring>
#include <string>
#include <string_view>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

class Frames {
public:
    explicit Frames(At& at)
        : m_at(at)
    {
        std::vector<std::byte> bytes;
        std::string error;
        std::string const path = RINGSIDE_DRIVERS "/frames.sys";
        EXPECT_TRUE(sim::host::read_file(path, bytes, error)) << path << ": " << error;
        auto loaded = at.rooms().loader.load("frames.sys", path, bytes);
        EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.bad().reason);
        m_module = &loaded.module();
    }

    uintptr_t base() const { return m_module->base(); }
    uintptr_t address(char const* name) const { return reinterpret_cast<uintptr_t>(m_module->exported(name)); }
    RUNTIME_FUNCTION const* entry(uintptr_t pc) const
    {
        return ke::FunctionTable::lookup(*m_at.rooms().kernel.images().find(pc), pc);
    }
    // Whether a return address lies in the function at `name`.
    bool in(char const* name, PVOID return_address) const
    {
        auto const pc = reinterpret_cast<uintptr_t>(return_address);
        auto const start = address(name);
        return pc > start && pc < base() + entry(start)->EndAddress;
    }

    // Calls an export at the IRQL under test, as a callback of the driver's.
    template <typename... A>
    ULONG call(char const* name, A... arguments)
    {
        using Slot = uint64_t;
        auto function = reinterpret_cast<ULONG(NTAPI*)(Slot, Slot, Slot)>(address(name));
        Slot slots[3] = { contract::to_slot(arguments)... };
        ke::Kernel& kernel = m_at.rooms().kernel;
        if (m_at.irql() > PASSIVE_LEVEL)
            kernel.raise_irql(m_at.irql());
        ULONG const result
            = ke::through_door(ke::DoorPassage { ke::Door::Other, nullptr }, function, slots[0], slots[1], slots[2]);
        EXPECT_EQ(ke::Kernel::irql(), m_at.irql());
        if (m_at.irql() > PASSIVE_LEVEL)
            kernel.lower_irql(PASSIVE_LEVEL);
        EXPECT_EQ(ke::chain_head(), nullptr) << "the gate chain is not what it was";
        return result;
    }

private:
    At& m_at;
    ldr::Module* m_module = nullptr;
};

// The bug check of an exception that nobody handles.
uint32_t unhandled(At& at)
{
    return at.irql() < DISPATCH_LEVEL ? SYSTEM_THREAD_EXCEPTION_NOT_HANDLED : KMODE_EXCEPTION_NOT_HANDLED;
}

std::string last_print(At& at)
{
    auto& log = at.rooms().world.log();
    for (uint64_t i = log.count(); i-- > log.first_kept();)
        if (log.at(i).what == sim::Event::DebugPrint)
            return std::string(log.text(log.at(i).detail));
    return "";
}

} // namespace

SAMPLE(RtlRaiseStatus)
{
    at.raises(STATUS_DEVICE_BUSY, STATUS_DEVICE_BUSY);
    at.raises(STATUS_NO_MEMORY, STATUS_NO_MEMORY);
}

SAMPLE(RtlAssert)
{
    at.raises(STATUS_ASSERTION_FAILURE, "Count != 0", "driver.c", 42, "too few: ");
    EXPECT_EQ(last_print(at), "*** Assertion failed: too few: Count != 0\n***   Source File: driver.c, line 42\n");
    at.raises(STATUS_ASSERTION_FAILURE, "Count != 0", "driver.c", 43, nullptr);
    EXPECT_EQ(last_print(at), "*** Assertion failed: Count != 0\n***   Source File: driver.c, line 43\n");
}

SAMPLE(RtlRaiseException)
{
    Frames frames(at);
    auto& record = at.object<EXCEPTION_RECORD>();
    auto& seen = at.object<EXCEPTION_RECORD>();
    record.ExceptionCode = STATUS_DEVICE_BUSY;
    record.NumberParameters = 1;
    record.ExceptionInformation[0] = 0x77;
    EXPECT_EQ(frames.call("Raise", &record, &seen, EXCEPTION_EXECUTE_HANDLER), 1u) << "the handler runs";
    EXPECT_EQ(seen.ExceptionCode, STATUS_DEVICE_BUSY);
    EXPECT_EQ(seen.ExceptionInformation[0], 0x77u);
    EXPECT_TRUE(frames.in("Raise", seen.ExceptionAddress)) << "where the raise was called";
    EXPECT_EQ(frames.call("Raise", &record, &seen, EXCEPTION_CONTINUE_EXECUTION), 2u) << "the call returns";
    at.bug_checks(unhandled(at), &record);
}

// A record that says that nothing may continue it.
SAMPLE_AS(RtlRaiseException, noncontinuable)
{
    auto& record = at.object<EXCEPTION_RECORD>();
    auto& seen = at.object<EXCEPTION_RECORD>();
    record.ExceptionCode = STATUS_DEVICE_BUSY;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    Frames frames(at);
    EXPECT_EQ(frames.call("Raise", &record, &seen, EXCEPTION_EXECUTE_HANDLER), 1u);
    at.bug_checks(unhandled(at), &record);
}

namespace {

struct Asked {
    int filter = 0;
    int termination = 0;
    int32_t decision = EXCEPTION_CONTINUE_SEARCH;
    EXCEPTION_POINTERS pointers {};
    PVOID frame = nullptr;
    UCHAR abnormal = 0;
} g_asked;

int32_t NTAPI filter(EXCEPTION_POINTERS* pointers, PVOID frame)
{
    ++g_asked.filter;
    g_asked.pointers = *pointers;
    g_asked.frame = frame;
    return g_asked.decision;
}

void NTAPI termination(UCHAR abnormal, PVOID frame)
{
    ++g_asked.termination;
    g_asked.abnormal = abnormal;
    g_asked.frame = frame;
}

// A function's scope table: bytes 0x10 to 0x40 inside a __try with a __finally or a filter, whose target is 0x80.
struct ScopeTable {
    ULONG count;
    ULONG begin, end, handler, target;
};

struct Scope {
    EXCEPTION_RECORD& record;
    CONTEXT& context;
    DISPATCHER_CONTEXT& dispatcher;
    PVOID frame;

    Scope(At& at, bool finally)
        : record(at.object<EXCEPTION_RECORD>())
        , context(at.object<CONTEXT>())
        , dispatcher(at.object<DISPATCHER_CONTEXT>())
        , frame(at.bytes(64))
    {
        g_asked = {};
        auto const handler = finally ? reinterpret_cast<uintptr_t>(&termination) : reinterpret_cast<uintptr_t>(&filter);
        auto& table = at.object<ScopeTable>();
        table = { 1, 0x10, 0x40, 0x1000, finally ? 0u : 0x80u };
        record.ExceptionCode = STATUS_DEVICE_BUSY;
        dispatcher.ImageBase = handler - 0x1000;
        dispatcher.ControlPc = dispatcher.ImageBase + 0x20;
        dispatcher.HandlerData = &table;
        dispatcher.ContextRecord = &context;
    }
    void call(At& at, EXCEPTION_DISPOSITION expected) { at.returns(expected, &record, frame, &context, &dispatcher); }
};

constexpr ULONG kUnwinding = 2, kTargetUnwind = 0x20; // EXCEPTION_RECORD::ExceptionFlags

} // namespace

SAMPLE(__C_specific_handler)
{
    Scope scope(at, false);
    scope.call(at, ExceptionContinueSearch);
    EXPECT_EQ(g_asked.filter, 1);
    EXPECT_EQ(g_asked.pointers.ExceptionRecord, &scope.record);
    EXPECT_EQ(g_asked.pointers.ContextRecord, &scope.context);
    EXPECT_EQ(g_asked.frame, scope.frame);
    g_asked.decision = EXCEPTION_CONTINUE_EXECUTION;
    scope.call(at, ExceptionContinueExecution);
    for (uint64_t outside : { 0xF, 0x40 }) {
        scope.dispatcher.ControlPc = scope.dispatcher.ImageBase + outside;
        scope.call(at, ExceptionContinueSearch);
    }
    EXPECT_EQ(g_asked.filter, 2) << "not asked about what lies outside its block";
    Frames frames(at);
    auto& seen = at.object<EXCEPTION_RECORD>();
    EXPECT_EQ(frames.call("Raise", &scope.record, &seen, EXCEPTION_EXECUTE_HANDLER), 1u) << "it enters the handler";
}

SAMPLE_AS(__C_specific_handler, finally)
{
    Scope scope(at, true);
    scope.call(at, ExceptionContinueSearch);
    EXPECT_EQ(g_asked.termination, 0) << "in the search nothing is left yet";
    scope.record.ExceptionFlags = kUnwinding;
    scope.call(at, ExceptionContinueSearch);
    EXPECT_EQ(g_asked.termination, 1);
    EXPECT_TRUE(g_asked.abnormal);
    EXPECT_EQ(g_asked.frame, scope.frame);
    EXPECT_EQ(scope.dispatcher.ScopeIndex, 1u) << "it is not run again by an unwind that collides with this one";
    scope.call(at, ExceptionContinueSearch);
    EXPECT_EQ(g_asked.termination, 1);
    scope.dispatcher.ScopeIndex = 0;
    scope.record.ExceptionFlags = kUnwinding | kTargetUnwind;
    scope.dispatcher.TargetIp = scope.dispatcher.ImageBase + 0x30;
    scope.call(at, ExceptionContinueSearch);
    EXPECT_EQ(g_asked.termination, 1) << "the block that the unwind goes to is not left";
    scope.dispatcher.TargetIp = scope.dispatcher.ImageBase + 0x80;
    scope.call(at, ExceptionContinueSearch);
    EXPECT_EQ(g_asked.termination, 2);
}

SAMPLE(RtlUnwind)
{
    Frames frames(at);
    auto& film = at.object<ULONG>();
    EXPECT_EQ(frames.call("Unwind", &film, FALSE), 0x51234u) << "the value, and the target's own register";
    EXPECT_EQ(film, 2u) << "the __finally between ran, and nothing else";
    at.bug_checks(unhandled(at), at.bytes(64), nullptr, nullptr, nullptr); // no frame of this stack
}

SAMPLE(RtlUnwindEx)
{
    Frames frames(at);
    auto& film = at.object<ULONG>();
    EXPECT_EQ(frames.call("Unwind", &film, TRUE), 0x51234u);
    EXPECT_EQ(film, 2u);
    auto& record = at.object<EXCEPTION_RECORD>();
    at.bug_checks(unhandled(at), nullptr, nullptr, &record, nullptr, nullptr, nullptr); // out of every frame
}

SAMPLE(RtlLookupFunctionEntry)
{
    Frames frames(at);
    auto& base = at.object<ULONG64>();
    for (char const* name : { "Raise", "Trace" }) {
        uintptr_t const start = frames.address(name);
        auto* const entry = const_cast<RUNTIME_FUNCTION*>(frames.entry(start));
        ASSERT_TRUE(entry);
        EXPECT_EQ(entry->BeginAddress, start - frames.base());
        at.returns(entry, start, &base, nullptr);
        EXPECT_EQ(base, frames.base());
        at.returns(entry, frames.base() + entry->EndAddress - 1, &base, nullptr);
    }
    at.returns(PVOID { nullptr }, frames.address("Leaf"), &base, nullptr);
    EXPECT_EQ(base, frames.base()) << "a leaf has no entry, but an image";
    at.returns(PVOID { nullptr }, at.bytes(64), &base, nullptr);
    EXPECT_EQ(base, 0u) << "no image at all";
}

SAMPLE(RtlPcToFileHeader)
{
    Frames frames(at);
    auto& base = at.object<PVOID>();
    auto* const image = reinterpret_cast<PVOID>(frames.base());
    at.returns(image, frames.address("Leaf"), &base);
    EXPECT_EQ(base, image);
    at.returns(PVOID { nullptr }, at.bytes(64), &base);
    EXPECT_EQ(base, nullptr);
}

SAMPLE(RtlCaptureContext)
{
    auto& context = at.object<CONTEXT>();
    at.call(&context);
    EXPECT_EQ(context.ContextFlags, 0x10000Fu) << "CONTEXT_FULL and the segments";
    Frames frames(at);
    std::memset(&context, 0xA5, sizeof context);
    ULONG const distance = frames.call("Capture", &context);
    EXPECT_LT(distance, 0x100u) << "the stack pointer of who called it";
    EXPECT_TRUE(frames.in("Capture", reinterpret_cast<PVOID>(context.Rip)));
    EXPECT_EQ(context.ContextFlags, 0x10000Fu) << "CONTEXT_FULL and the segments";
    EXPECT_EQ(context.Rcx, reinterpret_cast<uintptr_t>(&context));
    EXPECT_EQ(context.Rdx, 0x22u);
    EXPECT_EQ(context.R8, 0x33u);
    EXPECT_EQ(context.R9, 0x44u);
}

SAMPLE(RtlCaptureStackBackTrace)
{
    Frames frames(at);
    auto* found = static_cast<PVOID*>(at.bytes(128));
    auto& hash = at.object<ULONG>();
    ULONG const all = frames.call("Trace", 0, found, &hash);
    EXPECT_GE(all, 3u);
    EXPECT_TRUE(frames.in("Trace", found[2])) << "the newest call first";
    ULONG const first_hash = hash;
    EXPECT_NE(first_hash, 0u);
    frames.call("Trace", 0, found, &hash);
    EXPECT_EQ(hash, first_hash) << "the same stack";
    EXPECT_EQ(frames.call("Trace", 1, found, nullptr), all - 1);
    EXPECT_TRUE(frames.in("Trace", found[1])) << "one frame left out";
    frames.call("Trace", 2, found, &hash);
    EXPECT_TRUE(frames.in("Trace", found[0]));
    EXPECT_NE(hash, first_hash);
    EXPECT_EQ(frames.call("Trace", 60, found, &hash), 0u) << "all of them left out";
    hash = 7;
    at.returns(USHORT { 0 }, 0, 8, found, &hash); // this call comes from no driver
    EXPECT_EQ(hash, 0u);
}
