// SPDX-License-Identifier: MIT
// Event tracing on a machine without a trace session.
#include "contract.h"

#include "ex/trace.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::ex;

namespace {
GUID const kProvider { 0x11112222, 1, 2, { 3 } };
GUID const kActivity { 0x33334444, 5, 6, { 7 } };

REGHANDLE registered(At& at)
{
    auto& handle = at.object<REGHANDLE>();
    at.also("EtwRegister", &kProvider, nullptr, nullptr, &handle);
    return handle;
}

// What the event log says of the newest trace event.
std::string newest_event()
{
    sim::Log const& log = sim::world().log();
    for (uint64_t i = log.count(); i-- > log.first_kept();)
        if (log.at(i).what == sim::Event::Trace)
            return std::string(log.text(log.at(i).detail));
    return "none";
}

constexpr char const* kEvent
    = "{11112222-0001-0002-0300-000000000000} event 7 version 1 level 4 opcode 0 keyword 0x10: 12 bytes in 2";

// The same through the three services that write events.
template <typename Write>
void writes(Write write)
{
    EXPECT_EQ(newest_event(), "none");
    write();
    EXPECT_EQ(newest_event(), kEvent);
}

EVENT_DESCRIPTOR& seven(At& at)
{
    auto& event = at.object<EVENT_DESCRIPTOR>();
    event = { .Id = 7, .Version = 1, .Level = 4, .Keyword = 0x10 };
    return event;
}

EVENT_DATA_DESCRIPTOR* two_pieces(At& at)
{
    auto* data = static_cast<EVENT_DATA_DESCRIPTOR*>(at.bytes(2 * sizeof(EVENT_DATA_DESCRIPTOR)));
    data[0].Size = 8;
    data[1].Size = 4;
    return data;
}
} // namespace

SAMPLE(EtwRegister)
{
    auto& provider = at.object<GUID>();
    provider = kProvider;
    auto& handle = at.object<REGHANDLE>();
    at.status(STATUS_SUCCESS, &provider, nullptr, nullptr, &handle);
    EXPECT_NE(handle, 0u);
    REGHANDLE const first = handle;
    at.status(STATUS_SUCCESS, &provider, nullptr, nullptr, &handle);
    EXPECT_NE(handle, first) << "each registration is one of its own";
    at.status(STATUS_INVALID_PARAMETER, nullptr, nullptr, nullptr, &handle);
    at.status(STATUS_INVALID_PARAMETER, &provider, nullptr, nullptr, nullptr);
    EXPECT_EQ(at.rooms().executive.residue().trace_providers, 2u);
}

SAMPLE(EtwRegisterClassicProvider)
{
    auto& provider = at.object<GUID>();
    auto& handle = at.object<REGHANDLE>();
    at.status(STATUS_SUCCESS, &provider, 0, nullptr, nullptr, &handle);
    EXPECT_NE(handle, 0u);
    at.status(STATUS_INVALID_PARAMETER, nullptr, 0, nullptr, nullptr, &handle);
}

SAMPLE(EtwUnregister)
{
    REGHANDLE const handle = registered(at);
    at.status(STATUS_SUCCESS, handle);
    EXPECT_EQ(at.rooms().executive.residue().trace_providers, 0u);
    at.status(STATUS_INVALID_HANDLE, handle);
    at.status(STATUS_INVALID_HANDLE, REGHANDLE { 0 });
}

SAMPLE_OF_NOTHING(EtwEventEnabled, "no session enables anything: always FALSE")
{
    auto& event = at.object<EVENT_DESCRIPTOR>();
    at.returns(BOOLEAN { FALSE }, registered(at), &event);
    at.returns(BOOLEAN { FALSE }, REGHANDLE { 0 }, &event);
}

SAMPLE_OF_NOTHING(EtwProviderEnabled, "no session enables anything: always FALSE")
{
    at.returns(BOOLEAN { FALSE }, registered(at), UCHAR { 1 }, ULONGLONG { 0 });
}

SAMPLE(EtwWrite)
{
    auto& event = at.object<EVENT_DESCRIPTOR>();
    auto* data = static_cast<EVENT_DATA_DESCRIPTOR*>(at.bytes(129 * sizeof(EVENT_DATA_DESCRIPTOR)));
    REGHANDLE const handle = registered(at);
    at.status(STATUS_SUCCESS, handle, &event, nullptr, 128, data);
    at.status(STATUS_INVALID_PARAMETER, handle, &event, nullptr, 129, data);
    at.status(STATUS_INVALID_PARAMETER, handle, nullptr, nullptr, 0, nullptr);
    at.status(STATUS_INVALID_HANDLE, handle + 1, &event, nullptr, 0, nullptr);
}

SAMPLE_AS(EtwWrite, logged)
{
    REGHANDLE const handle = registered(at);
    writes([&] { at.status(STATUS_SUCCESS, handle, &seven(at), nullptr, 2, two_pieces(at)); });
}
SAMPLE_AS(EtwWriteTransfer, logged)
{
    REGHANDLE const handle = registered(at);
    writes([&] { at.status(STATUS_SUCCESS, handle, &seven(at), nullptr, nullptr, 2, two_pieces(at)); });
}
SAMPLE_AS(EtwWriteEx, logged)
{
    REGHANDLE const handle = registered(at);
    writes([&] {
        at.status(STATUS_SUCCESS, handle, &seven(at), ULONG64 { 0 }, 0, nullptr, nullptr, 2, two_pieces(at));
    });
}

SAMPLE(SeEtwWriteKMCveEvent)
{
    auto& cve = at.string(u"CVE-2015-0000");
    auto& details = at.string(u"bad length");
    at.status(STATUS_SUCCESS, &cve, &details);
    EXPECT_EQ(newest_event(), "{85a62a0d-7e17-485f-9d4f-749a287193a6} CVE-2015-0000: 10 characters of details");
    at.status(STATUS_SUCCESS, &cve, nullptr);
    EXPECT_EQ(newest_event(), "{85a62a0d-7e17-485f-9d4f-749a287193a6} CVE-2015-0000: 0 characters of details");
    at.status(STATUS_INVALID_PARAMETER, nullptr, nullptr);
}

SAMPLE(EtwWriteTransfer)
{
    auto& event = at.object<EVENT_DESCRIPTOR>();
    auto& data = at.object<EVENT_DATA_DESCRIPTOR>();
    REGHANDLE const handle = registered(at);
    at.status(STATUS_SUCCESS, handle, &event, &kActivity, &kActivity, 1, &data);
    at.status(STATUS_INVALID_PARAMETER, handle, &event, nullptr, nullptr, 129, &data);
    at.status(STATUS_INVALID_HANDLE, REGHANDLE { 0 }, &event, nullptr, nullptr, 0, nullptr);
}

SAMPLE(EtwWriteEx)
{
    auto& event = at.object<EVENT_DESCRIPTOR>();
    auto& data = at.object<EVENT_DATA_DESCRIPTOR>();
    REGHANDLE const handle = registered(at);
    at.status(STATUS_SUCCESS, handle, &event, ULONG64 { 0 }, 0, &kActivity, nullptr, 1, &data);
    at.status(STATUS_INVALID_PARAMETER, handle, &event, ULONG64 { 0 }, 0, nullptr, nullptr, 129, &data);
    at.status(STATUS_INVALID_HANDLE, REGHANDLE { 0 }, &event, ULONG64 { 0 }, 0, nullptr, nullptr, 0, nullptr);
}

SAMPLE(EtwWriteString)
{
    auto& text = at.string(u"hello");
    REGHANDLE const handle = registered(at);
    at.status(STATUS_SUCCESS, handle, UCHAR { 4 }, ULONGLONG { 1 }, nullptr, text.Buffer);
    EXPECT_EQ(newest_event(), "{11112222-0001-0002-0300-000000000000} string level 4 keyword 0x1: 5 characters");
    at.status(STATUS_INVALID_PARAMETER, handle, UCHAR { 4 }, ULONGLONG { 1 }, nullptr, nullptr);
    at.status(STATUS_INVALID_HANDLE, REGHANDLE { 0 }, UCHAR { 4 }, ULONGLONG { 1 }, nullptr, text.Buffer);
}

SAMPLE(EtwActivityIdControl)
{
    auto& id = at.object<GUID>();
    auto same = [](GUID const& a, GUID const& b) { return std::memcmp(&a, &b, sizeof a) == 0; };
    at.status(STATUS_SUCCESS, EVENT_ACTIVITY_CTRL_CREATE_ID, &id);
    GUID const first = id;
    EXPECT_FALSE(same(first, GUID {}));
    at.status(STATUS_SUCCESS, EVENT_ACTIVITY_CTRL_CREATE_ID, &id);
    EXPECT_FALSE(same(first, id));
    id = kActivity;
    at.status(STATUS_SUCCESS, EVENT_ACTIVITY_CTRL_SET_ID, &id);
    id = {};
    at.status(STATUS_SUCCESS, EVENT_ACTIVITY_CTRL_GET_ID, &id);
    EXPECT_TRUE(same(id, kActivity));
    id = first;
    at.status(STATUS_SUCCESS, EVENT_ACTIVITY_CTRL_GET_SET_ID, &id);
    EXPECT_TRUE(same(id, kActivity)) << "the one before";
    at.status(STATUS_SUCCESS, EVENT_ACTIVITY_CTRL_CREATE_SET_ID, &id);
    EXPECT_TRUE(same(id, first)) << "the one before";
    at.status(STATUS_SUCCESS, EVENT_ACTIVITY_CTRL_GET_ID, &id);
    EXPECT_FALSE(same(id, first));
    at.status(STATUS_INVALID_PARAMETER, 6, &id);
    at.status(STATUS_INVALID_PARAMETER, EVENT_ACTIVITY_CTRL_GET_ID, nullptr);
}

SAMPLE(EtwSetInformation)
{
    REGHANDLE const handle = registered(at);
    auto& traits = at.object<USHORT>();
    traits = sizeof traits;
    at.status(STATUS_SUCCESS, handle, EventProviderSetTraits, &traits, 2);
    at.status(STATUS_INVALID_PARAMETER, handle, EventProviderSetTraits, &traits, 1);
    at.status(STATUS_INVALID_PARAMETER, handle, EventProviderSetTraits, nullptr, 2);
    traits = 9;
    at.status(STATUS_INVALID_PARAMETER, handle, EventProviderSetTraits, &traits, 2);
    at.status(STATUS_SUCCESS, handle, EventProviderUseDescriptorType, &traits, 1);
    at.status(STATUS_INVALID_PARAMETER, handle, EventProviderUseDescriptorType, nullptr, 0);
    at.status(STATUS_INVALID_DEVICE_REQUEST, handle, EventProviderSetReserved1, nullptr, 0);
    at.status(STATUS_INVALID_HANDLE, REGHANDLE { 0 }, EventProviderSetTraits, &traits, 2);
}

SAMPLE(WmiTraceMessage) { at.status(STATUS_INVALID_HANDLE, ULONG64 { 1 }, 0, &kProvider, 1, nullptr, 0); }

SAMPLE(WmiTraceMessageVa)
{
    auto& arguments = at.object<ULONG64>();
    at.status(STATUS_INVALID_HANDLE, ULONG64 { 1 }, 0, &kProvider, 1, &arguments);
}

SAMPLE(WmiQueryTraceInformation)
{
    auto& result = at.object<ULONG64>();
    auto& required = at.object<ULONG>();
    void* buffer = at.bytes(64);
    at.status(STATUS_INVALID_HANDLE, TraceHandleClass, &result, 8, &required, buffer);
    EXPECT_EQ(required, 8u);
    at.status(STATUS_INFO_LENGTH_MISMATCH, TraceEnableLevelClass, &result, 8, &required, buffer);
    EXPECT_EQ(required, 4u);
    at.status(STATUS_INVALID_PARAMETER_MIX, TraceEnableFlagsClass, &result, 4, &required, nullptr);
    at.status(STATUS_INVALID_HANDLE, GlobalLoggerHandleClass, &result, 8, nullptr, nullptr);
    at.status(STATUS_SUCCESS, AllLoggerHandlesClass, &result, 8, &required, nullptr);
    EXPECT_EQ(required, 0u) << "there are no loggers";
    at.status(STATUS_INVALID_PARAMETER, TraceHandleByNameClass, &result, 8, nullptr, buffer);
    at.status(STATUS_INVALID_INFO_CLASS, MaxTraceInformationClass, &result, 8, nullptr, buffer);
}
