// SPDX-License-Identifier: MIT
// Every function with arguments that make no sense: one result, one sentence, and nothing is written or changed.
#include "capi.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

namespace ringside::test {
namespace {

// Where nothing may be written.
constexpr uint64_t kUntouched = 0x5A5A5A5A5A5A5A5A;

// One machine with a driver, a file, a client and a request, and a place for every kind of result.
struct Everything : Booted {
    Everything()
    {
        driver = load("ioctl");
        load("wild");
        file = open(kWildDevice);
        EXPECT_EQ(ringside_client_start(handle, "c.exe", RINGSIDE_ACCOUNT_USER, &client, nullptr), RINGSIDE_OK);
        EXPECT_EQ(ringside_start_ioctl(file, IOCTL_WILD_KEEP, nullptr, 0, 0, &request), RINGSIDE_OK);
        EXPECT_EQ(ringside_thread_start(handle, &thread, nullptr), RINGSIDE_OK);
        EXPECT_EQ(ringside_event_create(handle, 1, 0, &event, nullptr), RINGSIDE_OK);
        EXPECT_EQ(ringside_port_create(handle, 0, &port, nullptr), RINGSIDE_OK);
    }
    ringside_driver driver = 0;
    ringside_file file = 0;
    ringside_client client = 0;
    ringside_request request = 0;
    ringside_thread thread = 0;
    ringside_event event = 0;
    ringside_port port = 0;
};

// A request that is all right.
inline constexpr ringside_io kRead = { .size = sizeof(ringside_io), .major = RINGSIDE_MAJOR_READ };

// A function's name, the kind of its handle, and a call of it that is all right but for the handle.
struct Function {
    char const* name;
    char kind; // m c d f r t e p; o: a machine or a client
    std::function<int(uint64_t)> call;
};

struct Results {
    uint64_t handle = kUntouched;
    int32_t status = 0x5A5A5A5A;
    int flag = 0x5A5A5A5A;
    char* text = nullptr;
    void* bytes = nullptr;
    size_t size = kUntouched;
    uint64_t number = kUntouched;
    ringside_reply reply { 0x5A5A5A5A, 0x5A5A5A5A, kUntouched, kUntouched };
    ringside_driver_info info { sizeof info, 0x5A5A5A5A, 0x5A5A5A5A, kUntouched };
    ringside_report report {};
    ringside_packet packet { 0x5A5A5A5A, 0x5A5A5A5A, kUntouched, kUntouched, kUntouched };

    bool untouched() const
    {
        return handle == kUntouched && status == 0x5A5A5A5A && flag == 0x5A5A5A5A && !text && !bytes
            && size == kUntouched && number == kUntouched && reply.status == 0x5A5A5A5A && reply.bytes == kUntouched
            && info.status == 0x5A5A5A5A && info.base == kUntouched && report.words == nullptr
            && packet.status == 0x5A5A5A5A && packet.key == kUntouched;
    }
};

std::vector<Function> functions(Results& r)
{
    r.report.size = sizeof r.report;
    auto text = [&r](int (*function)(uint64_t, char**)) {
        return [&r, function](uint64_t h) { return function(h, &r.text); };
    };
    static std::string const path = driver_path("ioctl");
    return {
        { "ringside_close", 'm', [](uint64_t h) { return ringside_close(h); } },
        { "ringside_kill", 'm', [](uint64_t h) { return ringside_kill(h); } },
        { "ringside_load", 'm', [&r](uint64_t h) { return ringside_load(h, path.c_str(), &r.handle, &r.status); } },
        { "ringside_load_memory", 'm',
          [&r](uint64_t h) { return ringside_load_memory(h, "a.sys", "MZ", 2, nullptr, &r.handle, &r.status); } },
        { "ringside_unload", 'd', [&r](uint64_t h) { return ringside_unload(h, &r.status); } },
        { "ringside_driver_get_info", 'd', [&r](uint64_t h) { return ringside_driver_get_info(h, &r.info); } },
        { "ringside_driver_name", 'd', text(ringside_driver_name) },
        { "ringside_driver_imports", 'd', text(ringside_driver_imports) },
        { "ringside_set_registry_value", 'm',
          [](uint64_t h) { return ringside_set_registry_value(h, "a", "b=dword:1"); } },
        { "ringside_import_registry", 'm', [](uint64_t h) { return ringside_import_registry(h, ""); } },
        { "ringside_export_registry", 'm', [&r](uint64_t h) { return ringside_export_registry(h, "HKLM", &r.text); } },
        { "ringside_load_hive", 'm', [](uint64_t h) { return ringside_load_hive(h, "HKLM\\SOFTWARE\\A", "regf", 4); } },
        { "ringside_save_hive", 'm', [&r](uint64_t h) { return ringside_save_hive(h, "HKLM", &r.bytes, &r.size); } },
        { "ringside_client_start", 'm',
          [&r](uint64_t h) { return ringside_client_start(h, "a", 0, &r.handle, &r.status); } },
        { "ringside_client_end", 'c', [](uint64_t h) { return ringside_client_end(h, 0); } },
        { "ringside_client_running", 'c', [&r](uint64_t h) { return ringside_client_running(h, &r.flag); } },
        { "ringside_open", 'o',
          [&r](uint64_t h) { return ringside_open(h, kWildDevice, 0, 0, &r.handle, &r.status); } },
        { "ringside_file_close", 'f', [](uint64_t h) { return ringside_file_close(h); } },
        { "ringside_ioctl", 'f', [&r](uint64_t h) { return ringside_ioctl(h, 1, nullptr, 0, nullptr, 0, &r.reply); } },
        { "ringside_ioctl_with_buffer", 'f',
          [&r](uint64_t h) { return ringside_ioctl_with_buffer(h, 1, nullptr, 0, nullptr, 0, &r.reply); } },
        { "ringside_read", 'f', [&r](uint64_t h) { return ringside_read(h, nullptr, 0, 0, &r.reply); } },
        { "ringside_write", 'f', [&r](uint64_t h) { return ringside_write(h, nullptr, 0, 0, &r.reply); } },
        { "ringside_start_ioctl", 'f',
          [&r](uint64_t h) { return ringside_start_ioctl(h, 1, nullptr, 0, 0, &r.handle); } },
        { "ringside_start_read", 'f', [&r](uint64_t h) { return ringside_start_read(h, 0, 0, &r.handle); } },
        { "ringside_start_write", 'f', [&r](uint64_t h) { return ringside_start_write(h, nullptr, 0, 0, &r.handle); } },
        { "ringside_request_done", 'r', [&r](uint64_t h) { return ringside_request_done(h, &r.flag); } },
        { "ringside_request_cancel", 'r', [](uint64_t h) { return ringside_request_cancel(h); } },
        { "ringside_request_wait", 'r', [&r](uint64_t h) { return ringside_request_wait(h, nullptr, 0, &r.reply); } },
        { "ringside_request_reply", 'r', [&r](uint64_t h) { return ringside_request_reply(h, nullptr, 0, &r.reply); } },
        { "ringside_request_close", 'r', [](uint64_t h) { return ringside_request_close(h); } },
        { "ringside_open_with", 'o',
          [&r](uint64_t h) {
              return ringside_open_with(h, kWildDevice, nullptr, &r.handle, &r.status, &r.number);
          } },
        { "ringside_create_pipe", 'o',
          [&r](uint64_t h) {
              return ringside_create_pipe(h, kWildDevice, nullptr, nullptr, &r.handle, &r.status, &r.number);
          } },
        { "ringside_create_mailslot", 'o',
          [&r](uint64_t h) {
              return ringside_create_mailslot(h, kWildDevice, nullptr, nullptr, &r.handle, &r.status, &r.number);
          } },
        { "ringside_do_io", 'f', [&r](uint64_t h) { return ringside_do_io(h, &kRead, nullptr, 0, &r.reply); } },
        { "ringside_start_io", 'f', [&r](uint64_t h) { return ringside_start_io(h, &kRead, 0, &r.handle); } },
        { "ringside_file_cancel", 'f', [&r](uint64_t h) { return ringside_file_cancel(h, 0, &r.status); } },
        { "ringside_file_cancel_all", 'f', [&r](uint64_t h) { return ringside_file_cancel_all(h, &r.status); } },
        { "ringside_file_skip_notification", 'f',
          [&r](uint64_t h) { return ringside_file_skip_notification(h, 1, &r.status); } },
        { "ringside_file_signalled", 'f', [&r](uint64_t h) { return ringside_file_signalled(h, &r.flag); } },
        { "ringside_request_status", 'r',
          [&r](uint64_t h) { return ringside_request_status(h, &r.status, &r.status, &r.number); } },
        { "ringside_request_cancel_ex", 'r', [&r](uint64_t h) { return ringside_request_cancel_ex(h, &r.status); } },
        { "ringside_thread_start", 'o', [&r](uint64_t h) { return ringside_thread_start(h, &r.handle, &r.status); } },
        { "ringside_thread_first", 'o', [&r](uint64_t h) { return ringside_thread_first(h, &r.handle); } },
        { "ringside_thread_running", 't', [&r](uint64_t h) { return ringside_thread_running(h, &r.flag); } },
        { "ringside_thread_blocked", 't', [&r](uint64_t h) { return ringside_thread_blocked(h, &r.flag); } },
        { "ringside_thread_sleep", 't', [&r](uint64_t h) { return ringside_thread_sleep(h, 0, 1, &r.status); } },
        { "ringside_thread_cancel_io", 't', [&r](uint64_t h) { return ringside_thread_cancel_io(h, &r.status); } },
        { "ringside_thread_end", 't', [](uint64_t h) { return ringside_thread_end(h, 0); } },
        { "ringside_event_create", 'o',
          [&r](uint64_t h) { return ringside_event_create(h, 0, 0, &r.handle, &r.status); } },
        { "ringside_event_value", 'e', [&r](uint64_t h) { return ringside_event_value(h, &r.number); } },
        { "ringside_event_signalled", 'e', [&r](uint64_t h) { return ringside_event_signalled(h, &r.flag); } },
        { "ringside_event_wait", 'e', [&r](uint64_t h) { return ringside_event_wait(h, &r.flag); } },
        { "ringside_event_set", 'e', [](uint64_t h) { return ringside_event_set(h); } },
        { "ringside_event_reset", 'e', [](uint64_t h) { return ringside_event_reset(h); } },
        { "ringside_event_close", 'e', [](uint64_t h) { return ringside_event_close(h); } },
        { "ringside_port_create", 'o',
          [&r](uint64_t h) { return ringside_port_create(h, 0, &r.handle, &r.status); } },
        { "ringside_port_associate", 'p',
          [&r](uint64_t h) {
              // A file of the same machine, if there is such a machine.
              uint64_t const file = (h & 0x00FFFFFF00000000) | uint64_t { 4 } << 56 | 1;
              return ringside_port_associate(h, file, 0, &r.status);
          } },
        { "ringside_port_get", 'p', [&r](uint64_t h) { return ringside_port_get(h, 0, 0, &r.packet); } },
        { "ringside_port_post", 'p', [&r](uint64_t h) { return ringside_port_post(h, 0, 0, 0, &r.status); } },
        { "ringside_port_waiting", 'p', [&r](uint64_t h) { return ringside_port_waiting(h, &r.number); } },
        { "ringside_port_close", 'p', [](uint64_t h) { return ringside_port_close(h); } },
        { "ringside_shutdown", 'm', [](uint64_t h) { return ringside_shutdown(h); } },
        { "ringside_settle", 'm', [&r](uint64_t h) { return ringside_settle(h, &r.flag); } },
        { "ringside_run_for", 'm', [](uint64_t h) { return ringside_run_for(h, 0); } },
        { "ringside_crashed", 'm', [&r](uint64_t h) { return ringside_crashed(h, &r.flag); } },
        { "ringside_devices", 'm', text(ringside_devices) },
        { "ringside_pending", 'm', text(ringside_pending) },
        { "ringside_what_is_left", 'm', text(ringside_what_is_left) },
        { "ringside_log_lines", 'm', [&r](uint64_t h) { return ringside_log_lines(h, 1, &r.text); } },
        { "ringside_log_hash", 'm', [&r](uint64_t h) { return ringside_log_hash(h, &r.number); } },
        { "ringside_finish", 'm', [&r](uint64_t h) { return ringside_finish(h, &r.report); } },
        { "ringside_report_json", 'm', text(ringside_report_json) },
        { "ringside_expect_quiet", 'm', [](uint64_t h) { return ringside_expect_quiet(h); } },
    };
}

bool takes(char function_kind, char kind)
{
    return function_kind == kind || (function_kind == 'o' && (kind == 'm' || kind == 'c'));
}

} // namespace

// Every function with 0, with numbers that were never handles, with handles of every other kind, and of a machine that
// is closed: RINGSIDE_BAD_HANDLE, a sentence that begins with the function's name, and no result is touched.
TEST(CArguments, HandlesOfEveryWrongKind)
{
    Results results;
    Everything everything;
    std::pair<char, uint64_t> const handles[] = {
        { '-', 0 },
        { '-', 1 },
        { '-', ~uint64_t { 0 } },
        { '-', everything.handle + 1 },
        { '-', (everything.file & 0xFFFFFFFF) | uint64_t { 4 } << 56 | uint64_t { 0xFFFFFF } << 32 },
        { 'm', everything.handle },
        { 'd', everything.driver },
        { 'c', everything.client },
        { 'f', everything.file },
        { 'r', everything.request },
        { 't', everything.thread },
        { 'e', everything.event },
        { 'p', everything.port },
    };
    for (Function const& function : functions(results))
        for (auto const& [kind, handle] : handles) {
            if (takes(function.kind, kind))
                continue;
            EXPECT_EQ(function.call(handle), RINGSIDE_BAD_HANDLE) << function.name << ' ' << std::hex << handle;
            EXPECT_EQ(error().rfind(std::string(function.name) + ": ", 0), 0u) << error();
            EXPECT_TRUE(results.untouched()) << function.name;
        }
    uint64_t const handle = everything.handle;
    everything.close();
    for (Function const& function : functions(results)) {
        EXPECT_EQ(function.call(handle), RINGSIDE_BAD_HANDLE) << function.name;
        EXPECT_EQ(function.call(everything.file), RINGSIDE_BAD_HANDLE) << function.name;
        EXPECT_TRUE(results.untouched()) << function.name;
    }
}

// Numbers of files, drivers, clients and requests that a living machine never gave out, and a file that was closed.
TEST(CArguments, NumbersThatWereNeverGivenOut)
{
    Results results;
    Everything everything;
    uint64_t const given[] = { everything.driver,  everything.client, everything.file, everything.request,
                               everything.thread, everything.event,  everything.port };
    char const kinds[] = { 'd', 'c', 'f', 'r', 't', 'e', 'p' };
    for (Function const& function : functions(results))
        for (size_t i = 0; i < std::size(kinds); ++i)
            if (function.kind == kinds[i] || (function.kind == 'o' && kinds[i] == 'c')) {
                EXPECT_EQ(function.call(given[i] + 1000), RINGSIDE_BAD_HANDLE) << function.name;
                EXPECT_TRUE(results.untouched()) << function.name;
            }
    ASSERT_EQ(ringside_file_close(everything.file), RINGSIDE_OK);
    for (Function const& function : functions(results))
        if (function.kind == 'f')
            EXPECT_EQ(function.call(everything.file), RINGSIDE_BAD_HANDLE) << function.name;
    EXPECT_EQ(error(), "ringside_file_signalled: there is no file of that number, or it was closed");
    ringside_file const next = everything.open(kWildDevice);
    EXPECT_NE(next, everything.file) << "a number is not used twice";
}

// Each pointer that a function needs, null.
TEST(CArguments, NullPointers)
{
    Everything e;
    ringside_options options = usual();
    Results r;
    size_t bytes = 0;
    std::vector<std::pair<char const*, int>> const calls {
        { "options_init", ringside_options_init(nullptr, sizeof options) },
        { "boot", ringside_boot(&options, nullptr) },
        { "status_name", ringside_status_name(0, nullptr) },
        { "rules", ringside_rules(nullptr) },
        { "windows_releases", ringside_windows_releases(nullptr) },
        { "load path", ringside_load(e.handle, nullptr, &r.handle, &r.status) },
        { "load driver", ringside_load(e.handle, "x.sys", nullptr, &r.status) },
        { "load_memory name", ringside_load_memory(e.handle, nullptr, "x", 1, nullptr, &r.handle, &r.status) },
        { "load_memory image", ringside_load_memory(e.handle, "x", nullptr, 1, nullptr, &r.handle, &r.status) },
        { "load_memory driver", ringside_load_memory(e.handle, "x", "x", 1, nullptr, nullptr, &r.status) },
        { "info", ringside_driver_get_info(e.driver, nullptr) },
        { "name", ringside_driver_name(e.driver, nullptr) },
        { "imports", ringside_driver_imports(e.driver, nullptr) },
        { "set service", ringside_set_registry_value(e.handle, nullptr, "a") },
        { "set assignment", ringside_set_registry_value(e.handle, "a", nullptr) },
        { "import", ringside_import_registry(e.handle, nullptr) },
        { "export key", ringside_export_registry(e.handle, nullptr, &r.text) },
        { "export text", ringside_export_registry(e.handle, "HKLM", nullptr) },
        { "load_hive key", ringside_load_hive(e.handle, nullptr, "x", 1) },
        { "load_hive file", ringside_load_hive(e.handle, "HKLM\\A", nullptr, 0) },
        { "save_hive key", ringside_save_hive(e.handle, nullptr, &r.bytes, &bytes) },
        { "save_hive file", ringside_save_hive(e.handle, "HKLM", nullptr, &bytes) },
        { "save_hive bytes", ringside_save_hive(e.handle, "HKLM", &r.bytes, nullptr) },
        { "client name", ringside_client_start(e.handle, nullptr, 0, &r.handle, &r.status) },
        { "client client", ringside_client_start(e.handle, "x", 0, nullptr, &r.status) },
        { "running", ringside_client_running(e.client, nullptr) },
        { "open path", ringside_open(e.handle, nullptr, 0, 0, &r.handle, &r.status) },
        { "open file", ringside_open(e.handle, "x", 0, 0, nullptr, &r.status) },
        { "open status", ringside_open(e.handle, "x", 0, 0, &r.handle, nullptr) },
        { "ioctl in", ringside_ioctl(e.file, 1, nullptr, 1, nullptr, 0, &r.reply) },
        { "ioctl out", ringside_ioctl(e.file, 1, nullptr, 0, nullptr, 1, &r.reply) },
        { "ioctl reply", ringside_ioctl(e.file, 1, nullptr, 0, nullptr, 0, nullptr) },
        { "ioctl_with in", ringside_ioctl_with_buffer(e.file, 1, nullptr, 1, nullptr, 0, &r.reply) },
        { "ioctl_with second", ringside_ioctl_with_buffer(e.file, 1, nullptr, 0, nullptr, 1, &r.reply) },
        { "ioctl_with reply", ringside_ioctl_with_buffer(e.file, 1, nullptr, 0, nullptr, 0, nullptr) },
        { "read out", ringside_read(e.file, nullptr, 1, 0, &r.reply) },
        { "read reply", ringside_read(e.file, nullptr, 0, 0, nullptr) },
        { "write in", ringside_write(e.file, nullptr, 1, 0, &r.reply) },
        { "write reply", ringside_write(e.file, nullptr, 0, 0, nullptr) },
        { "start_ioctl in", ringside_start_ioctl(e.file, 1, nullptr, 1, 0, &r.handle) },
        { "start_ioctl request", ringside_start_ioctl(e.file, 1, nullptr, 0, 0, nullptr) },
        { "start_read request", ringside_start_read(e.file, 0, 0, nullptr) },
        { "start_write in", ringside_start_write(e.file, nullptr, 1, 0, &r.handle) },
        { "start_write request", ringside_start_write(e.file, nullptr, 0, 0, nullptr) },
        { "done", ringside_request_done(e.request, nullptr) },
        { "wait out", ringside_request_wait(e.request, nullptr, 1, &r.reply) },
        { "wait reply", ringside_request_wait(e.request, nullptr, 0, nullptr) },
        { "reply reply", ringside_request_reply(e.request, nullptr, 0, nullptr) },
        { "open_options_init", ringside_open_options_init(nullptr, sizeof(ringside_open_options)) },
        { "pipe_options_init", ringside_pipe_options_init(nullptr, sizeof(ringside_pipe_options)) },
        { "mailslot_options_init", ringside_mailslot_options_init(nullptr, sizeof(ringside_mailslot_options)) },
        { "open_with path", ringside_open_with(e.handle, nullptr, nullptr, &r.handle, &r.status, nullptr) },
        { "open_with file", ringside_open_with(e.handle, "x", nullptr, nullptr, &r.status, nullptr) },
        { "open_with status", ringside_open_with(e.handle, "x", nullptr, &r.handle, nullptr, nullptr) },
        { "pipe path", ringside_create_pipe(e.handle, nullptr, nullptr, nullptr, &r.handle, &r.status, nullptr) },
        { "mailslot file", ringside_create_mailslot(e.handle, "x", nullptr, nullptr, nullptr, &r.status, nullptr) },
        { "do_io io", ringside_do_io(e.file, nullptr, nullptr, 0, &r.reply) },
        { "do_io out", ringside_do_io(e.file, &kRead, nullptr, 1, &r.reply) },
        { "do_io reply", ringside_do_io(e.file, &kRead, nullptr, 0, nullptr) },
        { "start_io io", ringside_start_io(e.file, nullptr, 0, &r.handle) },
        { "start_io request", ringside_start_io(e.file, &kRead, 0, nullptr) },
        { "file_signalled", ringside_file_signalled(e.file, nullptr) },
        { "thread_start", ringside_thread_start(e.handle, nullptr, &r.status) },
        { "thread_first", ringside_thread_first(e.handle, nullptr) },
        { "thread_running", ringside_thread_running(e.thread, nullptr) },
        { "thread_blocked", ringside_thread_blocked(e.thread, nullptr) },
        { "event_create", ringside_event_create(e.handle, 0, 0, nullptr, &r.status) },
        { "event_value", ringside_event_value(e.event, nullptr) },
        { "event_signalled", ringside_event_signalled(e.event, nullptr) },
        { "event_wait", ringside_event_wait(e.event, nullptr) },
        { "port_create", ringside_port_create(e.handle, 0, nullptr, &r.status) },
        { "port_get", ringside_port_get(e.port, 0, 0, nullptr) },
        { "port_waiting", ringside_port_waiting(e.port, nullptr) },
        { "crashed", ringside_crashed(e.handle, nullptr) },
        { "devices", ringside_devices(e.handle, nullptr) },
        { "pending", ringside_pending(e.handle, nullptr) },
        { "what_is_left", ringside_what_is_left(e.handle, nullptr) },
        { "log_lines", ringside_log_lines(e.handle, 1, nullptr) },
        { "log_hash", ringside_log_hash(e.handle, nullptr) },
        { "report_json", ringside_report_json(e.handle, nullptr) },
    };
    for (auto const& [name, result] : calls)
        EXPECT_EQ(result, RINGSIDE_BAD_ARGUMENT) << name;
    EXPECT_TRUE(r.untouched());
    EXPECT_EQ(error(e.handle), "ringside_report_json: json is null");
    ringside_free(nullptr);
}

// Optional results may be null, and empty buffers may be.
TEST(CArguments, WhatMayBeNull)
{
    Booted machine;
    ringside_driver driver = 0;
    ASSERT_EQ(ringside_load(machine.handle, driver_path("ioctl").c_str(), &driver, nullptr), RINGSIDE_OK);
    EXPECT_EQ(ringside_settle(machine.handle, nullptr), RINGSIDE_OK);
    EXPECT_EQ(ringside_unload(driver, nullptr), RINGSIDE_OK);
    EXPECT_EQ(ringside_finish(machine.handle, nullptr), RINGSIDE_OK);
    ringside_machine other = 0;
    ASSERT_EQ(ringside_boot(nullptr, &other), RINGSIDE_OK) << error();
    EXPECT_EQ(ringside_close(other), RINGSIDE_OK);
}

// Each option outside its range, each structure with a size that is none.
TEST(CArguments, OptionsOutsideTheirRange)
{
    char const* const no_rule[] = { "NoSuchRule" };
    char const* const null_rule[] = { nullptr };
    struct Case {
        char const* words;
        int result;
        std::function<void(ringside_options&)> change;
    } const cases[] = {
        { "size", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.size = 0; } },
        { "size", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.size = sizeof o - 8; } },
        { "size", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.size = 1 << 20; } },
        { "1 to 64 processors", RINGSIDE_BAD_USE, [](auto& o) { o.processors = 0; } },
        { "groups", RINGSIDE_BAD_USE, [](auto& o) { o.groups = 3; } },
        { "no release is named 'win95'", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.windows = "win95"; } },
        { "checks", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.checks = 3; } },
        { "rules_off is null", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.rules_off_count = 1; } },
        { "rules_off is null", RINGSIDE_BAD_ARGUMENT,
          [&](auto& o) { o.rules_off = null_rule, o.rules_off_count = 1; } },
        { "no verifier rule is named 'NoSuchRule'", RINGSIDE_BAD_USE,
          [&](auto& o) { o.rules_off = no_rule, o.rules_off_count = 1; } },
        { "not so many", RINGSIDE_BAD_ARGUMENT, [&](auto& o) { o.rules_off = no_rule, o.rules_off_count = ~0u; } },
        { "at most 100", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.fail_site_percent = 101; } },
        { "at most 100", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.fail_fire_percent = ~0u; } },
        { "hang_seconds", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.hang_seconds = -1; } },
        { "hang_seconds", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.hang_seconds = NAN; } },
        { "physical memory", RINGSIDE_BAD_USE, [](auto& o) { o.memory_bytes = 1; } },
        { "physical memory", RINGSIDE_BAD_USE, [](auto& o) { o.memory_bytes = ~uint64_t { 0 }; } },
        { "power of two", RINGSIDE_BAD_USE, [](auto& o) { o.log_records = 1000; } },
        { "log_records is at most", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.log_records = uint64_t { 1 } << 62; } },
        { "/nowhere", RINGSIDE_BAD_USE, [](auto& o) { o.c_drive = "/nowhere"; } },
        { "timeout_seconds", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.timeout_seconds = -1; } },
        { "timeout_seconds", RINGSIDE_BAD_ARGUMENT, [](auto& o) { o.timeout_seconds = INFINITY; } },
    };
    for (Case const& one : cases)
        for (Where where : { Where::Child, Where::InProcess }) {
            ringside_options options = usual(where);
            one.change(options);
            if (where == Where::InProcess && std::strstr(one.words, "timeout"))
                continue;
            ringside_machine machine = kUntouched;
            EXPECT_EQ(ringside_boot(&options, &machine), one.result) << one.words;
            EXPECT_NE(error().find(one.words), std::string::npos) << error();
            EXPECT_EQ(machine, kUntouched);
        }
}

// A caller of a later version: what it does not use is zero, and works; what it uses is refused, not ignored.
TEST(CArguments, StructuresOfALaterVersion)
{
    struct Later {
        ringside_options known;
        uint64_t unknown;
    } later;
    ASSERT_EQ(ringside_options_init(&later.known, sizeof later), RINGSIDE_OK);
    EXPECT_EQ(later.known.size, sizeof later);
    EXPECT_EQ(later.unknown, 0u);
    {
        Booted machine(later.known);
    }
    later.unknown = 1;
    ringside_machine machine = 0;
    EXPECT_EQ(ringside_boot(&later.known, &machine), RINGSIDE_BAD_ARGUMENT);
    EXPECT_NE(error().find("older"), std::string::npos) << error();

    Booted booted;
    ringside_driver const driver = booted.load("ioctl");
    ringside_driver_info info {};
    EXPECT_EQ(ringside_driver_get_info(driver, &info), RINGSIDE_BAD_ARGUMENT);
    ringside_report report {};
    EXPECT_EQ(ringside_finish(booted.handle, &report), RINGSIDE_BAD_ARGUMENT);
    EXPECT_EQ(ringside_options_init(&later.known, 3), RINGSIDE_BAD_ARGUMENT);
}

// What only the machine can judge: files that are no drivers, keys that are not there, text that is nonsense.
TEST(CArguments, WhatTheMachineRefuses)
{
    Booted machine;
    Results r;
    EXPECT_EQ(ringside_load(machine.handle, "/nowhere/a.sys", &r.handle, &r.status), RINGSIDE_BAD_IMAGE);
    EXPECT_EQ(error(machine.handle), "ringside_load: /nowhere/a.sys: No such file or directory");
    EXPECT_EQ(ringside_load(machine.handle, "a.sys", &r.handle, &r.status), RINGSIDE_BAD_IMAGE);
    EXPECT_EQ(ringside_load_memory(machine.handle, "a.sys", "MZ", 2, nullptr, &r.handle, &r.status),
              RINGSIDE_BAD_IMAGE);
    EXPECT_EQ(ringside_set_registry_value(machine.handle, "a", "no assignment"), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_import_registry(machine.handle, "not a .reg file"), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_export_registry(machine.handle, "HKLM\\Nowhere", &r.text), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_save_hive(machine.handle, "Nowhere", &r.bytes, &r.size), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_load_hive(machine.handle, "HKLM\\SOFTWARE\\A", "regf", 4), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_client_start(machine.handle, "a", 4, &r.handle, &r.status), RINGSIDE_BAD_ARGUMENT);
    EXPECT_EQ(ringside_run_for(machine.handle, -1), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_run_for(machine.handle, NAN), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_report_json(machine.handle, &r.text), RINGSIDE_BAD_USE);
    machine.load("ioctl");
    EXPECT_TRUE(r.untouched());
    ringside_file const file = machine.open(kIoctlDevice);
    EXPECT_EQ(ringside_start_read(file, size_t { 1 } << 40, 0, &r.handle), RINGSIDE_BAD_ARGUMENT);
    char byte = 0;
    EXPECT_EQ(ringside_read(file, &byte, size_t { 1 } << 40, 0, &r.reply), RINGSIDE_BAD_ARGUMENT);
    EXPECT_EQ(ringside_write(file, &byte, size_t { 1 } << 40, 0, &r.reply), RINGSIDE_BAD_ARGUMENT);
    EXPECT_TRUE(r.untouched());
    // An open that fails is no failure of the call, and there is no file.
    EXPECT_EQ(ringside_open(machine.handle, R"(\\.\Nowhere)", RINGSIDE_READ_WRITE, 0, &r.handle, &r.status),
              RINGSIDE_OK);
    EXPECT_EQ(r.handle, 0u);
    EXPECT_EQ(static_cast<uint32_t>(r.status), 0xC0000034u); // STATUS_OBJECT_NAME_NOT_FOUND
    EXPECT_EQ(ringside_file_close(file), RINGSIDE_OK);
    machine.expect_quiet();
}

// Names and numbers that need no machine.
TEST(CArguments, TheLibrary)
{
    EXPECT_STREQ(ringside_version(), "0.1.0");
    EXPECT_EQ(ringside_api_version(), uint32_t { RINGSIDE_API_VERSION });
    EXPECT_STREQ(ringside_result_name(RINGSIDE_OK), "RINGSIDE_OK");
    EXPECT_STREQ(ringside_result_name(RINGSIDE_OUR_BUG), "RINGSIDE_OUR_BUG");
    EXPECT_STREQ(ringside_result_name(RINGSIDE_OUR_BUG + 1), "RINGSIDE_?");
    EXPECT_STREQ(ringside_result_name(-1), "RINGSIDE_?");
    char* text = nullptr;
    ASSERT_EQ(ringside_status_name(0x103, &text), RINGSIDE_OK);
    EXPECT_EQ(taken(text), "STATUS_PENDING");
    ASSERT_EQ(ringside_status_name(static_cast<int32_t>(0xE0001234), &text), RINGSIDE_OK);
    EXPECT_EQ(taken(text), "0xE0001234");
    ASSERT_EQ(ringside_windows_releases(&text), RINGSIDE_OK);
    std::string const releases = taken(text);
    EXPECT_NE(releases.find("win11-24h2\n"), std::string::npos) << releases;
}

// An error is its thread's, and its machine's; a call that succeeds changes neither.
TEST(CArguments, WhoseErrorItIs)
{
    Booted first;
    Booted second;
    EXPECT_EQ(error(first.handle), "");
    EXPECT_EQ(ringside_run_for(first.handle, -1), RINGSIDE_BAD_USE);
    EXPECT_EQ(ringside_log_hash(second.handle, nullptr), RINGSIDE_BAD_ARGUMENT);
    EXPECT_EQ(ringside_settle(first.handle, nullptr), RINGSIDE_OK);
    EXPECT_EQ(error(first.handle), "ringside_run_for: run_for takes a number of seconds from 0 to 1e9");
    EXPECT_EQ(error(second.handle), "ringside_log_hash: hash is null");
    EXPECT_EQ(error(), error(second.handle));
}

} // namespace ringside::test
