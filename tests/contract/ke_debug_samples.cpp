// SPDX-License-Identifier: MIT
// What drivers say to a debugger and ask of it, and of their own stack.
#include "contract.h"

#include "ke/ddi.h"
#include "sim/world.h"

#include <cstring>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr ULONG kComponent = DPFLTR_IHVDRIVER_ID;
constexpr ULONG kUnfiltered = DPFLTR_ERROR_LEVEL; // passes every component

// The log's records of one kind since this was made.
class Since {
public:
    explicit Since(sim::Event what)
        : m_what(what)
        , m_from(sim::world().log().count())
    {
    }

    std::vector<sim::Record> records() const
    {
        auto const& log = sim::world().log();
        std::vector<sim::Record> found;
        for (uint64_t i = m_from; i < log.count(); ++i)
            if (log.at(i).what == m_what)
                found.push_back(log.at(i));
        return found;
    }

private:
    sim::Event m_what;
    uint64_t m_from;
};

// What was said while `action` ran: messages, each in brackets.
template <typename Action>
std::string said(Action action)
{
    Since const since(sim::Event::DebugPrint);
    action();
    std::string all;
    for (auto const& record : since.records())
        all += "[" + std::string(sim::world().log().text(record.detail)) + "]";
    return all;
}

void filter(At& at, ULONG component, ULONG level, bool passes)
{
    at.also("DbgSetDebugFilterState", component, level, passes);
}

// What holds for every member of the family that has a component and a level. `print(component, level, format, value)`
// calls it.
template <typename Print>
void prints_filtered(At& at, std::string const& prefix, Print print)
{
    std::string const heard = "[" + prefix + "x=42\n]";
    auto hears = [&](ULONG component, ULONG level) { return said([&] { print(component, level, "x=%d\n", 42); }); };
    EXPECT_EQ(hears(kComponent, kUnfiltered), heard) << "an error passes";
    for (ULONG level : { ULONG { DPFLTR_WARNING_LEVEL }, ULONG { DPFLTR_INFO_LEVEL }, ULONG { 31 } }) {
        SCOPED_TRACE(level);
        EXPECT_EQ(hears(kComponent, level), "") << "filtered out at boot";
        filter(at, kComponent, level, true);
        EXPECT_EQ(hears(kComponent, level), heard) << "let through";
        EXPECT_EQ(hears(DPFLTR_IHVBUS_ID, level), "") << "another component";
        filter(at, kComponent, level, false);
        EXPECT_EQ(hears(kComponent, level), "") << "filtered out again";
    }
    // From 32 on a level is a bit field of its own.
    filter(at, kComponent, 7, true);
    EXPECT_EQ(hears(kComponent, 0x80), heard);
    EXPECT_EQ(hears(kComponent, DPFLTR_MASK | 0x80), heard) << "one of its bits is enough";
    EXPECT_EQ(hears(kComponent, DPFLTR_MASK | 0x40), "");
    EXPECT_EQ(hears(kComponent, 0x81), heard);
    EXPECT_EQ(hears(DPFLTR_IHVBUS_ID, 0x81), heard) << "the bit of errors passes for all";
    // One call transmits 512 bytes.
    std::string const sent = said([&] { print(kComponent, kUnfiltered, "%600d", 1); });
    EXPECT_EQ(sent.size(), 512u + 2) << "512 bytes and the brackets";
    EXPECT_TRUE(sent.starts_with("[" + prefix)) << sent;
}

} // namespace

SAMPLE(DbgPrint)
{
    EXPECT_EQ(said([&] { at.status(STATUS_SUCCESS, "%s %d\n", "text", 42); }), "[text 42\n]");
    if (at.at_passive()) // Unicode conversions are for PASSIVE_LEVEL
        EXPECT_EQ(said([&] { at.status(STATUS_SUCCESS, "%wZ", &at.string(u"a\u4E2Dz")); }), "[a?z]");
    EXPECT_EQ(said([&] { at.status(STATUS_SUCCESS, "%600d", 1); }).size(), 512u + 2) << "512 bytes and the brackets";
    // It is of the DEFAULT component, at level INFO.
    filter(at, DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, false);
    EXPECT_EQ(said([&] { at.status(STATUS_SUCCESS, "text"); }), "");
    filter(at, DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, true);
    EXPECT_EQ(said([&] { at.status(STATUS_SUCCESS, "text"); }), "[text]");
}

static void sample_DbgPrint_before_vista(At& at)
{
    filter(at, DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, false);
    EXPECT_EQ(said([&] { at.status(STATUS_SUCCESS, "text"); }), "[text]") << "nothing is filtered before Vista";
}
static SampleRegistrar const registrar_DbgPrint_before_vista({ .service = "DbgPrint",
                                                               .variant = "before_vista",
                                                               .run = sample_DbgPrint_before_vista,
                                                               .boot = { .windows = Windows::xp_x64 } });

SAMPLE(DbgPrintEx)
{
    prints_filtered(at, "", [&](ULONG component, ULONG level, char const* format, uint64_t value) {
        at.status(STATUS_SUCCESS, component, level, format, value);
    });
}

SAMPLE(vDbgPrintEx)
{
    auto& list = at.object<uint64_t>();
    prints_filtered(at, "", [&](ULONG component, ULONG level, char const* format, uint64_t value) {
        list = value;
        at.status(STATUS_SUCCESS, component, level, format, &list);
    });
}

SAMPLE(vDbgPrintExWithPrefix)
{
    auto& list = at.object<uint64_t>();
    prints_filtered(at, "driver: ", [&](ULONG component, ULONG level, char const* format, uint64_t value) {
        list = value;
        at.status(STATUS_SUCCESS, "driver: ", component, level, format, &list);
    });
}

SAMPLE(DbgQueryDebugFilterState)
{
    at.status(1, kComponent, kUnfiltered);
    at.status(0, kComponent, DPFLTR_INFO_LEVEL);
    filter(at, kComponent, DPFLTR_INFO_LEVEL, true);
    at.status(1, kComponent, DPFLTR_INFO_LEVEL);
    at.status(1, kComponent, DPFLTR_MASK | 8);
    at.status(0, kComponent, DPFLTR_MASK | 4);
    at.status(1, DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL);
}

SAMPLE(DbgSetDebugFilterState)
{
    auto passes = [&](ULONG level) { return at.also("DbgQueryDebugFilterState", kComponent, level); };
    at.status(STATUS_SUCCESS, kComponent, DPFLTR_INFO_LEVEL, TRUE);
    EXPECT_EQ(passes(DPFLTR_INFO_LEVEL), 1u);
    EXPECT_EQ(passes(DPFLTR_TRACE_LEVEL), 0u) << "the other levels stay";
    at.status(STATUS_SUCCESS, kComponent, DPFLTR_MASK | 6, TRUE);
    EXPECT_EQ(passes(DPFLTR_TRACE_LEVEL) + passes(DPFLTR_WARNING_LEVEL), 2u) << "a bit field";
    at.status(STATUS_SUCCESS, kComponent, DPFLTR_INFO_LEVEL, FALSE);
    EXPECT_EQ(passes(DPFLTR_INFO_LEVEL), 0u);
    EXPECT_EQ(passes(DPFLTR_TRACE_LEVEL), 1u) << "the other levels stay";
    at.status(STATUS_SUCCESS, kComponent, kUnfiltered, FALSE);
    EXPECT_EQ(passes(kUnfiltered), 1u) << "errors pass by the WIN2000 mask";
    at.status(STATUS_INVALID_PARAMETER_1, 256, DPFLTR_INFO_LEVEL, TRUE);
}

SAMPLE(KdChangeOption)
{
    auto& block = at.object<BOOLEAN>();
    at.status(STATUS_DEBUGGER_INACTIVE, 0, ULONG { sizeof block }, &block, 0u, nullptr, nullptr);
}

SAMPLE_OF_NOTHING(DbgPrompt, "no debugger answers: no characters come back")
{
    auto* response = static_cast<char*>(at.bytes(16));
    std::strcpy(response, "as it was");
    at.returns(ULONG { 0 }, "Continue? ", response, 16);
    EXPECT_STREQ(response, "as it was");
}

SAMPLE(DbgBreakPoint)
{
    Since const since(sim::Event::BreakIn);
    at.raises(STATUS_BREAKPOINT);
    ASSERT_EQ(since.records().size(), 1u);
    EXPECT_EQ(since.records()[0].detail, 3u) << "as int 3 does";
    EXPECT_EQ(since.records()[0].subject, 0u);
}

SAMPLE(DbgBreakPointWithStatus)
{
    Since const since(sim::Event::BreakIn);
    at.raises(STATUS_BREAKPOINT, 0xC0DE);
    ASSERT_EQ(since.records().size(), 1u);
    EXPECT_EQ(since.records()[0].subject, 0xC0DEu) << "the status reaches whoever reads the log";
}

// No machine is booted for debugging.
SAMPLE(KdDisableDebugger) { at.status(STATUS_DEBUGGER_INACTIVE); }
SAMPLE(KdEnableDebugger) { at.status(STATUS_DEBUGGER_INACTIVE); }

SAMPLE(KdRefreshDebuggerNotPresent)
{
    BOOLEAN* variable = nullptr;
    for (Ddi const& row : ke::data_rows())
        if (row.name == std::string_view("KdDebuggerNotPresent"))
            variable = static_cast<BOOLEAN*>(row.data);
    ASSERT_NE(variable, nullptr);
    at.returns(BOOLEAN { TRUE });
    EXPECT_EQ(*variable, TRUE);
    *variable = FALSE; // as any driver may
    at.returns(BOOLEAN { TRUE });
    EXPECT_EQ(*variable, TRUE) << "brought up to date";
}

SAMPLE_OF_NOTHING(RtlWalkFrameChain, "a sample has no driver frames")
{
    auto* frames = static_cast<PVOID*>(at.bytes(64));
    at.returns(ULONG { 0 }, frames, 8, 0);
    at.returns(ULONG { 0 }, frames, 8, 1);
}
