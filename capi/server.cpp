// SPDX-License-Identifier: MIT
#include "server.h"

#include <ringside.h>

#include "machine/views.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ringside::capi {

using Json = nlohmann::ordered_json;

namespace {

// More would be a mistake, and take gigabytes.
constexpr uint64_t kLogRecordsMax = 1 << 24;
constexpr double kSecondsMax = 1e6;

std::string dump(Json const& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string wide(uint64_t number) { return fmt::format("0x{:x}", number); }

// As `ringside run --json` shows a report: 64-bit numbers as text.
std::string report_text(Report const& report)
{
    Json json = machine::report_json(report);
    json.erase("kind");
    for (char const* name : { "code", "hash", "seed" })
        json[name] = wide(json.at(name).get<uint64_t>());
    for (auto& parameter : json.at("parameters"))
        parameter = wide(parameter);
    for (auto& line : json.at("trace")) {
        line["address"] = wide(line.at("address"));
        line["rva"] = wide(line.at("rva"));
    }
    return dump(json);
}

Json devices_json(std::vector<DeviceLine> const& devices)
{
    Json list = Json::array();
    for (DeviceLine const& device : devices)
        list.push_back({ { "name", device.name },
                         { "driver", device.driver },
                         { "type", device.type },
                         { "links", device.links },
                         { "stack", device.stack } });
    return list;
}

} // namespace

void write_options(Message& to, MachineOptions const& options)
{
    to.number(options.seed);
    to.number<uint32_t>(options.processors);
    to.number<uint32_t>(options.groups);
    to.number(static_cast<uint8_t>(options.windows));
    to.number(static_cast<uint8_t>(options.checks));
    to.number<uint32_t>(static_cast<uint32_t>(options.rules_off.size()));
    for (std::string const& rule : options.rules_off)
        to.text(rule);
    to.number(options.faults.nth);
    to.number(options.faults.site_on_percent);
    to.number(options.faults.fire_percent);
    to.flag(options.explore);
    to.flag(options.force_irql);
    to.number(options.mean_steps);
    to.flag(options.live_output);
    to.number(options.hang_seconds);
    to.number<uint64_t>(options.memory_bytes);
    to.text(options.c_drive.folder);
    to.flag(options.c_drive.write_through);
    to.number<uint64_t>(options.log_records);
}

MachineOptions read_options(Reader& from)
{
    MachineOptions options;
    options.seed = from.number<uint64_t>();
    options.processors = from.number<uint32_t>();
    options.groups = from.number<uint32_t>();
    auto windows = from.number<uint8_t>();
    auto checks = from.number<uint8_t>();
    auto rules = from.number<uint32_t>();
    // A count is foreign, too: the text ends when the payload does.
    for (uint32_t i = 0; i < rules && options.rules_off.size() < 1024; ++i)
        options.rules_off.emplace_back(from.text());
    options.faults.nth = from.number<uint64_t>();
    options.faults.site_on_percent = from.number<uint32_t>();
    options.faults.fire_percent = from.number<uint32_t>();
    options.explore = from.flag();
    options.force_irql = from.flag();
    options.mean_steps = from.number<uint32_t>();
    options.live_output = from.flag();
    options.hang_seconds = from.number<double>();
    options.memory_bytes = from.number<uint64_t>();
    options.c_drive.folder = from.text();
    options.c_drive.write_through = from.flag();
    options.log_records = from.number<uint64_t>();
    if (windows >= static_cast<uint8_t>(Windows::never))
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.windows: no release of that number");
    if (checks > static_cast<uint8_t>(Checks::Verified))
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.checks is none of bare, observed, verified");
    if (options.faults.site_on_percent > 100 || options.faults.fire_percent > 100)
        throw Refused(RINGSIDE_BAD_ARGUMENT, "options.fail_site_percent and fail_fire_percent are at most 100");
    if (!(options.hang_seconds >= 0 && options.hang_seconds <= kSecondsMax))
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("options.hang_seconds is 0 to {:.0f}", kSecondsMax));
    if (options.log_records > kLogRecordsMax)
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("options.log_records is at most {}", kLogRecordsMax));
    options.windows = static_cast<Windows>(windows);
    options.checks = static_cast<Checks>(checks);
    return options;
}

template <typename T>
T& Server::Table<T>::at(uint32_t number, char const* kind)
{
    auto found = m_things.find(number);
    if (found == m_things.end())
        throw Refused(RINGSIDE_BAD_HANDLE, fmt::format("there is no {} of that number, or it was closed", kind));
    return found->second;
}

Message& Server::handle(uint32_t call, std::span<std::byte const> payload)
{
    auto failed = [this](int result, std::string_view words) {
        m_reply.begin(kReplyMark, static_cast<uint32_t>(result));
        m_reply.rest(words);
    };
    m_reply.begin(kReplyMark, RINGSIDE_OK);
    try {
        Reader in(payload);
        if (call >= kCallCount || m_closed)
            throw Refused(RINGSIDE_PROTOCOL, fmt::format("nobody knows call {}", call));
        carry_out(static_cast<CallCode>(call), in);
    } catch (Refused const& refused) {
        failed(refused.result, refused.what());
    } catch (BadImage const& bad) {
        failed(RINGSIDE_BAD_IMAGE, bad.what());
    } catch (BadUse const& bad) {
        failed(RINGSIDE_BAD_USE, bad.what());
    } catch (std::bad_alloc const&) {
        failed(RINGSIDE_NO_MEMORY, "the machine's process has no memory left");
    } catch (std::length_error const&) {
        failed(RINGSIDE_NO_MEMORY, "more was asked for than fits into memory");
    } catch (std::exception const& unforeseen) {
        failed(RINGSIDE_OUR_BUG, unforeseen.what());
    }
    return m_reply;
}

Machine& Server::machine()
{
    if (!m_machine)
        throw Refused(RINGSIDE_PROTOCOL, "no machine was booted");
    return *m_machine;
}

void Server::expect_whole(Reader const& in)
{
    if (!in.whole())
        throw Refused(RINGSIDE_PROTOCOL, "the call's bytes do not fit the call");
}

uint64_t Server::room(Reader& in)
{
    auto bytes = in.number<uint64_t>();
    if (bytes > kBufferBytesMax)
        throw Refused(RINGSIDE_BAD_ARGUMENT, fmt::format("a buffer is at most {} bytes", kBufferBytesMax));
    return bytes;
}

void Server::tell(Driver const& driver)
{
    m_reply.number(driver.status());
    m_reply.flag(driver.loaded());
    m_reply.number(driver.base());
    m_reply.text(driver.name());
}

void Server::tell(Reply const& reply, uint64_t room)
{
    m_reply.number(reply.status);
    m_reply.number(reply.information);
    m_reply.bytes(std::span(reply.bytes).first(std::min<uint64_t>(room, reply.bytes.size())));
}

// One line each, whatever stands in it.
void Server::tell(std::vector<std::string> const& lines)
{
    std::string text;
    for (std::string line : lines) {
        for (char& letter : line)
            if (letter == '\n' || letter == '\r' || letter == '\0')
                letter = ' ';
        text += line;
        text += '\n';
    }
    m_reply.text(text);
}

void Server::carry_out(CallCode call, Reader& in)
{
    switch (call) {
    case CallCode::Hello:
        return hello(in);
    case CallCode::Boot:
        return boot(in);
    case CallCode::Close:
        expect_whole(in);
        m_machine.reset();
        m_closed = true;
        return;
    case CallCode::Load:
    case CallCode::LoadMemory:
    case CallCode::Unload:
    case CallCode::DriverInfo:
    case CallCode::DriverImports:
        return about_drivers(call, in);
    case CallCode::SetRegistryValue:
    case CallCode::ImportRegistry:
    case CallCode::ExportRegistry:
    case CallCode::LoadHive:
    case CallCode::SaveHive:
        return about_registry(call, in);
    case CallCode::ClientStart:
    case CallCode::ClientEnd:
    case CallCode::ClientRunning:
        return about_clients(call, in);
    case CallCode::Open:
    case CallCode::FileClose:
    case CallCode::Ioctl:
    case CallCode::IoctlWithBuffer:
    case CallCode::Read:
    case CallCode::Write:
    case CallCode::StartIoctl:
    case CallCode::StartRead:
    case CallCode::StartWrite:
        return about_files(call, in);
    case CallCode::RequestDone:
    case CallCode::RequestCancel:
    case CallCode::RequestWait:
    case CallCode::RequestReply:
    case CallCode::RequestClose:
        return about_requests(call, in);
    default:
        return about_machine(call, in);
    }
}

void Server::hello(Reader& in)
{
    auto version = in.number<uint32_t>();
    expect_whole(in);
    if (version != kProtocolVersion)
        throw Refused(RINGSIDE_PROTOCOL,
                      fmt::format("this program speaks version {} of the protocol, not {}", kProtocolVersion, version));
    m_reply.number(kProtocolVersion);
}

void Server::boot(Reader& in)
{
    MachineOptions options = read_options(in);
    expect_whole(in);
    if (m_machine)
        throw Refused(RINGSIDE_PROTOCOL, "a machine was booted already");
    m_machine.emplace(options);
}

void Server::about_machine(CallCode call, Reader& in)
{
    Machine& m = machine();
    if (call == CallCode::RunFor) {
        auto seconds = in.number<double>();
        expect_whole(in);
        return m.run_for(seconds);
    }
    if (call == CallCode::LogLines) {
        auto newest = in.number<uint64_t>();
        expect_whole(in);
        return tell(m.log_lines(newest));
    }
    expect_whole(in);
    switch (call) {
    case CallCode::Settle:
        return m_reply.flag(m.settle());
    case CallCode::Crashed:
        return m_reply.flag(m.crashed());
    case CallCode::Devices:
        return m_reply.text(dump(devices_json(m.devices())));
    case CallCode::Pending:
        return tell(m.pending());
    case CallCode::WhatIsLeft:
        return tell(m.what_is_left());
    case CallCode::LogHash:
        return m_reply.number(m.log_hash());
    default:
        return finish();
    }
}

void Server::finish()
{
    Report const report = machine().finish();
    m_reply.number(static_cast<uint8_t>(report.end));
    m_reply.number<int32_t>(report.exit_code);
    m_reply.number(report.code);
    m_reply.number(static_cast<uint32_t>(report.leaks.size()));
    for (uint64_t parameter : report.parameters)
        m_reply.number(parameter);
    m_reply.number(report.processor);
    m_reply.number<uint32_t>(report.irql);
    m_reply.number(report.thread);
    m_reply.flag(report.replayable);
    m_reply.number(report.events);
    m_reply.number(report.hash);
    m_reply.number(report.faults_injected);
    m_reply.number(report.fallible_calls);
    m_reply.number(report.virtual_seconds);
    m_reply.number(report.seed);
    for (std::string const* text : { &report.code_name, &report.words, &report.rule, &report.service })
        m_reply.text(*text);
    tell(report.leaks);
    m_reply.text(report_text(report));
}

void Server::about_drivers(CallCode call, Reader& in)
{
    if (call == CallCode::Load || call == CallCode::LoadMemory)
        return load(call, in);
    auto number = in.number<uint32_t>();
    expect_whole(in);
    Driver& driver = m_drivers.at(number, "driver");
    if (call == CallCode::Unload)
        m_reply.number(driver.unload());
    else if (call == CallCode::DriverInfo)
        tell(driver);
    else
        m_reply.text(dump(machine::imports_json(driver.imports())));
}

void Server::load(CallCode call, Reader& in)
{
    std::string const path(in.text());
    std::string name;
    std::span<std::byte const> image;
    if (call == CallCode::LoadMemory) {
        name = in.text();
        image = in.bytes();
    }
    expect_whole(in);
    Driver driver = call == CallCode::Load ? machine().load(path) : machine().load(name, image, path);
    int32_t const status = driver.status();
    m_reply.number(m_drivers.add(std::move(driver)));
    m_reply.number(status);
}

void Server::about_registry(CallCode call, Reader& in)
{
    Machine& m = machine();
    auto key = in.text(); // or all the text there is
    if (call == CallCode::ImportRegistry) {
        expect_whole(in);
        m.import_registry(key);
    } else if (call == CallCode::SetRegistryValue) {
        auto assignment = in.text();
        expect_whole(in);
        m.set_registry_value(key, assignment);
    } else if (call == CallCode::LoadHive) {
        auto file = in.bytes();
        expect_whole(in);
        m.load_hive(key, file);
    } else {
        expect_whole(in);
        if (call == CallCode::ExportRegistry)
            m_reply.text(m.export_registry(key));
        else
            m_reply.bytes(m.save_hive(key));
    }
}

void Server::about_clients(CallCode call, Reader& in)
{
    if (call == CallCode::ClientStart) {
        auto name = in.text();
        auto account = in.number<uint32_t>();
        expect_whole(in);
        if (account > RINGSIDE_ACCOUNT_USER)
            throw Refused(RINGSIDE_BAD_ARGUMENT, "account is none of ringside_account");
        Client client = machine().client(name, { .account = static_cast<Account>(account) });
        int32_t const status = client.status();
        m_reply.number(m_clients.add(std::move(client)));
        m_reply.number(status);
        return;
    }
    auto number = in.number<uint32_t>();
    if (call == CallCode::ClientRunning) {
        expect_whole(in);
        return m_reply.flag(m_clients.at(number, "client").running());
    }
    auto status = in.number<int32_t>();
    expect_whole(in);
    m_clients.at(number, "client").end(status);
}

void Server::open(Reader& in)
{
    auto client = in.number<uint32_t>(); // 0: the default one
    auto path = in.text();
    auto access = in.number<uint32_t>();
    auto share = in.number<uint32_t>();
    expect_whole(in);
    File file = client ? m_clients.at(client, "client").open(path, access, share) : machine().open(path, access, share);
    int32_t const status = file.status();
    // A file that was not opened has nothing to close and nothing to ask.
    m_reply.number(file.ok() ? m_files.add(std::move(file)) : 0);
    m_reply.number(status);
}

void Server::about_files(CallCode call, Reader& in)
{
    if (call == CallCode::Open)
        return open(in);
    auto number = in.number<uint32_t>();
    if (call == CallCode::FileClose) {
        expect_whole(in);
        m_files.at(number, "file").close();
        return m_files.remove(number);
    }
    bool const is_ioctl = call == CallCode::Ioctl || call == CallCode::IoctlWithBuffer || call == CallCode::StartIoctl;
    bool const is_read = call == CallCode::Read || call == CallCode::StartRead;
    uint32_t const code = is_ioctl ? in.number<uint32_t>() : 0;
    std::span<std::byte const> const given = is_read ? std::span<std::byte const> {} : in.bytes();
    std::span<std::byte const> const second
        = call == CallCode::IoctlWithBuffer ? in.bytes() : std::span<std::byte const> {};
    uint64_t const wanted = is_read || call == CallCode::Ioctl || call == CallCode::StartIoctl ? room(in) : 0;
    uint64_t const offset = is_ioctl ? 0 : in.number<uint64_t>();
    expect_whole(in);
    File& file = m_files.at(number, "file");
    switch (call) {
    case CallCode::Ioctl:
        return tell(file.ioctl(code, given, wanted), wanted);
    case CallCode::IoctlWithBuffer:
        return tell(file.ioctl_with_buffer(code, given, second), 0);
    case CallCode::Read:
        return tell(file.read(wanted, offset), wanted);
    case CallCode::Write:
        return tell(file.write(given, offset), 0);
    case CallCode::StartIoctl:
        return m_reply.number(m_requests.add(file.start_ioctl(code, given, wanted)));
    case CallCode::StartRead:
        return m_reply.number(m_requests.add(file.start_read(wanted, offset)));
    default:
        return m_reply.number(m_requests.add(file.start_write(given, offset)));
    }
}

void Server::about_requests(CallCode call, Reader& in)
{
    auto number = in.number<uint32_t>();
    uint64_t const wanted = call == CallCode::RequestWait || call == CallCode::RequestReply ? room(in) : 0;
    expect_whole(in);
    Request& request = m_requests.at(number, "request");
    switch (call) {
    case CallCode::RequestDone:
        return m_reply.flag(request.done());
    case CallCode::RequestCancel:
        (void)request.cancel();
        return;
    case CallCode::RequestWait:
        return tell(request.wait(), wanted);
    case CallCode::RequestReply:
        return tell(request.reply(), wanted);
    default:
        return m_requests.remove(number);
    }
}

} // namespace ringside::capi
