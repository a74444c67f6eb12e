// SPDX-License-Identifier: MIT
// The public face of WMI: what a management program asks for, done by the default client's thread.
#include "io/manager.h"
#include "io/wmi.h"
#include "machine/state.h"
#include "ob/object.h"
#include "rtl/multi_byte.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace ringside {

using namespace nt;
using machine::HostThread;
using machine::Outcome;

namespace {

GUID parse_guid(std::string_view text)
{
    std::string_view digits = text;
    if (digits.starts_with('{') && digits.ends_with('}'))
        digits = digits.substr(1, digits.size() - 2);
    uint8_t bytes[16] {};
    size_t count = 0;
    bool good = digits.size() == 36;
    for (size_t i = 0; good && i < digits.size(); ++i) {
        char const c = digits[i];
        bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
        int const value = c >= '0' && c <= '9' ? c - '0'
            : c >= 'a' && c <= 'f'             ? c - 'a' + 10
            : c >= 'A' && c <= 'F'             ? c - 'A' + 10
                                               : -1;
        good = dash ? c == '-' : value >= 0;
        if (!dash && good) {
            bytes[count / 2] = static_cast<uint8_t>(bytes[count / 2] << 4 | value);
            ++count;
        }
    }
    if (!good)
        throw BadUse(fmt::format("{} is no GUID: {{8-4-4-4-12}} hexadecimal digits", text));
    GUID guid {};
    guid.Data1 = static_cast<ULONG>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    guid.Data2 = static_cast<USHORT>(bytes[4] << 8 | bytes[5]);
    guid.Data3 = static_cast<USHORT>(bytes[6] << 8 | bytes[7]);
    std::memcpy(guid.Data4, bytes + 8, 8);
    return guid;
}

// One call of a client, kept until its function has returned: that may be later than the call.
struct Call {
    GUID guid;
    ACCESS_MASK access;
    std::u16string instance;
    Bytes in, out;
    io::WmiChange change {};
    HostThread* thread = nullptr;
    NTSTATUS status = STATUS_PENDING;
    WmiReply reply;
    void (*work)(Call& call, io::WmiTarget const& target) = nullptr;
};

Bytes bytes_of(std::span<uint8_t const> data)
{
    auto const* first = reinterpret_cast<std::byte const*>(data.data());
    return { first, first + data.size() };
}

void take_instances(std::vector<io::WmiInstanceView> const& found, std::vector<WmiInstance>& into)
{
    for (auto const& view : found)
        into.push_back({ rtl::utf8(view.name), bytes_of(view.data) });
}

void take_chain(std::span<uint8_t const> chain, WmiReply& reply)
{
    std::string error;
    for (size_t at = 0; at < chain.size();) {
        take_instances(io::parse_all_data(chain.subspan(at), {}, error), reply.instances);
        ULONG const next = reinterpret_cast<WNODE_HEADER const*>(chain.data() + at)->Linkage;
        if (!next)
            return;
        at += next;
    }
}

void do_query(Call& call, io::WmiTarget const& target)
{
    io::WmiBuffer answer;
    size_t used = 0;
    std::string error;
    if (call.instance.empty()) {
        call.status = io::query_all(target, answer, used);
        if (NT_SUCCESS(call.status))
            take_chain({ answer.data(), used }, call.reply);
        return;
    }
    call.status = io::query_single(target, call.instance, answer);
    if (NT_SUCCESS(call.status))
        take_instances(io::parse_single_instance(answer.bytes(), {}, error), call.reply.instances);
}

void do_change(Call& call, io::WmiTarget const& target)
{
    call.change.in = call.in.data();
    call.change.in_bytes = static_cast<ULONG>(call.in.size());
    call.change.out = call.out.data();
    call.change.out_bytes = static_cast<ULONG>(call.out.size());
    call.status = io::change(target, call.instance, call.change);
}

// On the client's thread: opens the block, does the work, and closes it again.
void run(Call& call)
{
    if (!call.thread->wait_or_give_up(*io::manager().wmi.idle))
        return; // STATUS_PENDING: a provider does not answer
    auto opened = io::open_wmi_block(call.guid, call.access);
    if (!opened.ok()) {
        call.status = opened.status();
        return;
    }
    void* const body = (*opened)->body;
    (*opened)->records = call.access == WMIGUID_NOTIFICATION;
    (*opened)->listening = (*opened)->records;
    io::refresh_wmi();
    if (call.work) {
        call.work(call, { call.guid, true });
        ob::dereference(body);
    } else
        call.status = STATUS_SUCCESS; // it stays open
}

NTSTATUS execute(Machine& machine, std::shared_ptr<Call> const& call)
{
    Machine::State& state = machine.state();
    if (state.rooms->kernel.crash())
        return STATUS_DELETE_PENDING;
    (void)machine.default_client();
    call->thread = state.default_client->free_thread();
    if (!call->thread)
        return STATUS_PROCESS_IS_TERMINATING;
    Outcome const outcome = call->thread->execute([call] { run(*call); });
    return outcome == Outcome::Ended ? STATUS_DELETE_PENDING : outcome == Outcome::Done ? call->status : STATUS_PENDING;
}

std::shared_ptr<Call> make_call(std::string_view guid, ACCESS_MASK access, std::string_view instance)
{
    auto call = std::make_shared<Call>();
    call->guid = parse_guid(guid);
    call->access = access;
    call->instance = rtl::utf16(instance);
    return call;
}

int32_t set(Machine& machine, std::shared_ptr<Call> call, UCHAR minor, uint32_t id, std::span<std::byte const> value)
{
    call->in.assign(value.begin(), value.end());
    call->change.minor = minor;
    call->change.id = id;
    call->work = &do_change;
    return execute(machine, call);
}

// The oldest recording consumer, of the GUID when one is given.
io::WmiConsumer* recorder(GUID const* guid)
{
    for (io::WmiConsumer& consumer : io::manager().wmi.consumers)
        if (consumer.records && (!guid || io::same_guid(consumer.guid, *guid)))
            return &consumer;
    return nullptr;
}

void ignore(Machine::State& machine, GUID const* guid)
{
    while (!machine.rooms->kernel.crash()) {
        io::WmiConsumer const* const consumer = recorder(guid);
        if (!consumer)
            return;
        void* const body = consumer->body;
        if (machine.on_system_thread([body] { ob::dereference(body); }) != Outcome::Done)
            return;
    }
}

} // namespace

WmiReply Machine::wmi_query(std::string_view guid, std::string_view instance)
{
    auto call = make_call(guid, WMIGUID_QUERY, instance);
    call->work = &do_query;
    NTSTATUS const status = execute(*this, call);
    if (status == STATUS_PENDING)
        return { status, {} };
    call->reply.status = status;
    return call->reply;
}

int32_t Machine::wmi_set(std::string_view guid, std::string_view instance, std::span<std::byte const> value)
{
    return set(*this, make_call(guid, WMIGUID_SET, instance), IRP_MN_CHANGE_SINGLE_INSTANCE, 0, value);
}

int32_t Machine::wmi_set_item(std::string_view guid, std::string_view instance, uint32_t item,
                              std::span<std::byte const> value)
{
    return set(*this, make_call(guid, WMIGUID_SET, instance), IRP_MN_CHANGE_SINGLE_ITEM, item, value);
}

Reply Machine::wmi_method(std::string_view guid, std::string_view instance, uint32_t method,
                          std::span<std::byte const> in, size_t out_bytes)
{
    auto call = make_call(guid, WMIGUID_EXECUTE, instance);
    call->out.resize(out_bytes);
    Reply reply;
    reply.status = set(*this, call, IRP_MN_EXECUTE_METHOD, method, in);
    if (reply.status == STATUS_PENDING)
        return reply;
    reply.information = call->change.out_bytes;
    if (NT_SUCCESS(reply.status))
        reply.bytes.assign(call->out.begin(), call->out.begin() + static_cast<ptrdiff_t>(call->change.out_bytes));
    return reply;
}

int32_t Machine::wmi_listen(std::string_view guid)
{
    return execute(*this, make_call(guid, WMIGUID_NOTIFICATION, {}));
}

std::vector<WmiInstance> Machine::wmi_events(std::string_view text)
{
    GUID const guid = parse_guid(text);
    settle();
    std::vector<WmiInstance> events;
    io::WmiConsumer* const consumer = recorder(&guid);
    if (!consumer)
        return events;
    for (auto const& wnode : consumer->heard) {
        std::string error;
        ULONG const flags = reinterpret_cast<WNODE_HEADER const*>(wnode.data())->Flags;
        if (flags & WNODE_FLAG_SINGLE_INSTANCE)
            take_instances(io::parse_single_instance(wnode, {}, error), events);
        else if (flags & WNODE_FLAG_SINGLE_ITEM)
            take_instances(io::parse_single_item(wnode, {}, error), events);
        else
            take_instances(io::parse_all_data(wnode, {}, error), events);
    }
    consumer->heard.clear();
    return events;
}

void Machine::wmi_ignore(std::string_view text)
{
    GUID const guid = parse_guid(text);
    ignore(*m_state, &guid);
}

std::vector<std::string> Machine::wmi_complaints() const { return m_state->rooms->io.wmi.complaints; }

namespace machine {

std::vector<std::string> held_by_wmi_providers(Machine::State& machine)
{
    struct Lines {
        io::Manager& io;
        std::vector<std::string> lines;
    } out { machine.rooms->io, {} };
    out.io.irps().for_each(
        [](void* context, io::IrpRecord const& record) {
            auto& to = *static_cast<Lines*>(context);
            if (std::ranges::find(to.io.wmi.asked, record.number) == to.io.wmi.asked.end())
                return;
            auto* driver = to.io.drivers().by_number(record.driver_number);
            to.lines.push_back(fmt::format("IRP #{} of WMI is held by {}", record.number,
                                           driver ? driver->label : "a driver"));
        },
        &out);
    return out.lines;
}

void ignore_all_wmi_events(Machine::State& machine) { ignore(machine, nullptr); }

} // namespace machine

} // namespace ringside
