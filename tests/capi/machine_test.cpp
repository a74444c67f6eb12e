// SPDX-License-Identifier: MIT
// A machine's life through the C face: the same story in a process of its own and in the caller's, many machines at
// once, one machine from many threads.
#include "capi.h"

#include "drivers/widths.h"

#include <nlohmann/json.hpp>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace ringside::test {
namespace {

std::string shown(Asked const& asked)
{
    EXPECT_EQ(asked.result, RINGSIDE_OK) << error();
    return std::to_string(asked.reply.status) + " " + std::to_string(asked.reply.information) + " '" + asked.bytes
        + "'\n";
}

std::string asked_text(int (*function)(ringside_machine, char**), ringside_machine machine)
{
    char* text = nullptr;
    EXPECT_EQ(function(machine, &text), RINGSIDE_OK) << error();
    return taken(text);
}

// Everything that a machine tells of a run with two drivers, two clients, all transfers and a request that is cancelled.
std::string story(ringside_options const& options)
{
    Booted machine(options);
    EXPECT_EQ(ringside_set_registry_value(machine.handle, "ioctl", "Parameters\\Depth=dword:2"), RINGSIDE_OK)
        << error();
    ringside_driver const driver = machine.load("ioctl");
    machine.load("wild");
    std::string told = asked_text(ringside_devices, machine.handle) + '\n';
    char* imports = nullptr;
    EXPECT_EQ(ringside_driver_imports(driver, &imports), RINGSIDE_OK);
    told += taken(imports) + '\n';

    ringside_file const file = machine.open(kIoctlDevice);
    told += shown(ioctl(file, IOCTL_RINGSIDE_REVERSE, "ringside", 64));
    told += shown(ioctl(file, IOCTL_RINGSIDE_CAPITALS, "ringside", 64));
    told += shown(ioctl(file, IOCTL_RINGSIDE_REVERSE, "ringside", 3)); // too small for the driver
    ringside_reply reply {};
    EXPECT_EQ(ringside_write(file, "written", 7, 100, &reply), RINGSIDE_OK);
    char page[32];
    EXPECT_EQ(ringside_read(file, page, sizeof page, 100, &reply), RINGSIDE_OK);
    told += std::string(page, reply.bytes) + '\n';
    uint32_t const at = 100;
    EXPECT_EQ(ringside_ioctl_with_buffer(file, IOCTL_RINGSIDE_STORE, &at, sizeof at, "stored!", 7, &reply),
              RINGSIDE_OK);
    told += std::to_string(reply.status) + ' ' + std::to_string(reply.information) + '\n';
    told += shown(ioctl(file, IOCTL_RINGSIDE_FETCH, 100, 7));

    ringside_client client = 0;
    int32_t status = -1;
    EXPECT_EQ(ringside_client_start(machine.handle, "user.exe", RINGSIDE_ACCOUNT_USER, &client, &status), RINGSIDE_OK);
    ringside_file theirs = 0;
    EXPECT_EQ(ringside_open(client, kWildDevice, RINGSIDE_READ_WRITE, RINGSIDE_SHARE_ALL, &theirs, &status),
              RINGSIDE_OK);
    told += std::to_string(status) + '\n';
    ringside_request request = 0;
    EXPECT_EQ(ringside_start_ioctl(theirs, IOCTL_WILD_KEEP, nullptr, 0, 0, &request), RINGSIDE_OK);
    told += asked_text(ringside_pending, machine.handle);
    EXPECT_EQ(ringside_request_cancel(request), RINGSIDE_OK);
    EXPECT_EQ(ringside_request_wait(request, nullptr, 0, &reply), RINGSIDE_OK);
    told += std::to_string(reply.status) + '\n';
    EXPECT_EQ(ringside_request_close(request), RINGSIDE_OK);
    EXPECT_EQ(ringside_client_end(client, 5), RINGSIDE_OK);

    int quiet = 0;
    EXPECT_EQ(ringside_settle(machine.handle, &quiet), RINGSIDE_OK);
    EXPECT_EQ(ringside_run_for(machine.handle, 1.5), RINGSIDE_OK);
    told += std::to_string(quiet) + '\n';
    told += asked_text(ringside_what_is_left, machine.handle);
    EXPECT_EQ(ringside_file_close(file), RINGSIDE_OK);
    ringside_report report {};
    report.size = sizeof report;
    EXPECT_EQ(ringside_finish(machine.handle, &report), RINGSIDE_OK);
    EXPECT_EQ(report.end, uint32_t { RINGSIDE_END_CLEAN }) << report.words;
    EXPECT_EQ(report.seed, options.seed);
    told += asked_text(ringside_report_json, machine.handle) + '\n';
    char* lines = nullptr;
    EXPECT_EQ(ringside_log_lines(machine.handle, UINT64_MAX, &lines), RINGSIDE_OK);
    told += taken(lines);
    uint64_t hash = 0;
    EXPECT_EQ(ringside_log_hash(machine.handle, &hash), RINGSIDE_OK);
    EXPECT_EQ(hash, report.hash);
    return told + std::to_string(hash);
}

} // namespace

// Shows: the flag beside the account makes a 32-bit program, and drivers are told so.
TEST(CMachine, A32BitClient)
{
    Booted machine;
    machine.load("widths");
    for (uint32_t flag : { 0u, RINGSIDE_CLIENT_32BIT }) {
        ringside_client client = 0;
        ringside_file file = 0;
        int32_t status = -1;
        EXPECT_EQ(ringside_client_start(machine.handle, "p.exe", RINGSIDE_ACCOUNT_USER | flag, &client, nullptr),
                  RINGSIDE_OK);
        EXPECT_EQ(ringside_open(client, "\\\\.\\Widths", RINGSIDE_READ_WRITE, RINGSIDE_SHARE_ALL, &file, &status),
                  RINGSIDE_OK);
        EXPECT_EQ(status, 0);
        Asked const bits = ioctl(file, IOCTL_WIDTHS_FAST, "", 4);
        EXPECT_EQ(bits.bytes, std::string(flag ? "\x20\0\0\0" : "\x40\0\0\0", 4));
    }
    ringside_client client = 0;
    EXPECT_EQ(ringside_client_start(machine.handle, "p.exe", 4 | RINGSIDE_CLIENT_32BIT, &client, nullptr),
              RINGSIDE_BAD_ARGUMENT);
}

// The same run in a process of its own, in ours, and once more in another one.
// Shows: where a machine runs changes nothing, to the last log line.
TEST(CMachine, TheSameStoryEverywhere)
{
    ringside_options options = usual();
    options.seed = 11;
    options.explore = 1;
    std::string const child = story(options);
    EXPECT_EQ(story(options), child);
    options.in_process = 1;
    EXPECT_EQ(story(options), child);
    EXPECT_NE(child.find("'edisgnir'\n"), std::string::npos) << child;
    EXPECT_NE(child.find("'RINGSIDE'\n"), std::string::npos) << child;
    EXPECT_NE(child.find("'stored!'\n"), std::string::npos) << child;
}

// Bare and observed machines of several processors in two groups of an older Windows, with rules off and faults.
// Shows: options reach the machine; the report counts what the options asked for.
TEST(CMachine, OptionsReachTheMachine)
{
    ringside_options options = usual();
    char const* off[] = { "PoolLeak" };
    char* rules = nullptr;
    ASSERT_EQ(ringside_rules(&rules), RINGSIDE_OK);
    std::string const first = taken(rules);
    std::string const rule = first.substr(0, first.find('\n'));
    off[0] = rule.c_str();
    options.rules_off = off;
    options.rules_off_count = 1;
    options.processors = 4;
    options.groups = 2;
    options.windows = "win10-1809";
    options.checks = RINGSIDE_CHECKS_OBSERVED;
    options.fail_nth = 1000000;
    options.memory_bytes = uint64_t { 64 } << 20;
    Booted machine(options);
    machine.load("ioctl");
    ringside_report report {};
    report.size = sizeof report;
    ASSERT_EQ(ringside_finish(machine.handle, &report), RINGSIDE_OK) << error();
    EXPECT_EQ(report.exit_code, 0) << report.words;
    EXPECT_EQ(report.faults_injected, 0u);
    EXPECT_GT(report.fallible_calls, 0u);
    EXPECT_EQ(report.replayable, 1u);
    EXPECT_STREQ(report.rule, "");
    EXPECT_STREQ(report.service, "");
}

// A driver breaks a rule of Windows.
// Shows: that is no failure of a call; the machine remains readable, and the report says it in numbers and in words.
TEST(CMachine, ABugCheckIsAReport)
{
    for (Where where : { Where::Child, Where::InProcess }) {
        Booted machine(usual(where));
        machine.load("ends");
        ringside_file const file = machine.open(kEndsDevice);
        Asked const asked = ioctl(file, WILD_CODE(0x809u)); // IOCTL_END_BUG_CHECK
        EXPECT_EQ(asked.result, RINGSIDE_OK);
        EXPECT_EQ(static_cast<uint32_t>(asked.reply.status), 0xC0000056u); // STATUS_DELETE_PENDING
        int crashed = 0;
        EXPECT_EQ(ringside_crashed(machine.handle, &crashed), RINGSIDE_OK);
        EXPECT_EQ(crashed, 1);
        EXPECT_EQ(ringside_expect_quiet(machine.handle), RINGSIDE_NOT_QUIET);
        EXPECT_NE(error(machine.handle).find("seed 1"), std::string::npos) << error(machine.handle);
        ringside_report report {};
        report.size = sizeof report;
        ASSERT_EQ(ringside_finish(machine.handle, &report), RINGSIDE_OK);
        EXPECT_EQ(report.end, uint32_t { RINGSIDE_END_BUG_CHECK });
        EXPECT_EQ(report.exit_code, 2);
        EXPECT_EQ(report.code, 0xDEADDEADu);
        EXPECT_EQ(report.parameters[0], 1u);
        EXPECT_EQ(report.parameters[3], 4u);
        char* json = nullptr;
        ASSERT_EQ(ringside_report_json(machine.handle, &json), RINGSIDE_OK);
        auto const parsed = nlohmann::json::parse(taken(json));
        EXPECT_EQ(parsed.at("end"), "bug-check");
        EXPECT_EQ(parsed.at("code"), "0xdeaddead");
        EXPECT_EQ(parsed.at("trace").at(0).at("module"), "ends.sys");
    }
}

// A key goes out as text and as a hive, and comes back in another machine.
TEST(CMachine, RegistryGoesOutAndIn)
{
    Booted machine;
    char const* const text = "Windows Registry Editor Version 5.00\r\n\r\n"
                             "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Ours]\r\n\"Name\"=\"value\"\r\n";
    ASSERT_EQ(ringside_import_registry(machine.handle, text), RINGSIDE_OK) << error();
    char* exported = nullptr;
    ASSERT_EQ(ringside_export_registry(machine.handle, "HKLM\\SOFTWARE\\Ours", &exported), RINGSIDE_OK) << error();
    std::string const first = taken(exported);
    EXPECT_NE(first.find("\"Name\"=\"value\""), std::string::npos) << first;
    void* hive = nullptr;
    size_t bytes = 0;
    ASSERT_EQ(ringside_save_hive(machine.handle, "HKLM\\SOFTWARE\\Ours", &hive, &bytes), RINGSIDE_OK) << error();
    ASSERT_GT(bytes, 4096u);
    EXPECT_EQ(std::memcmp(hive, "regf", 4), 0);
    Booted other;
    ASSERT_EQ(ringside_load_hive(other.handle, "HKLM\\SOFTWARE\\Ours", hive, bytes), RINGSIDE_OK) << error();
    ringside_free(hive);
    ASSERT_EQ(ringside_export_registry(other.handle, "HKLM\\SOFTWARE\\Ours", &exported), RINGSIDE_OK) << error();
    EXPECT_EQ(taken(exported), first);
}

// A driver from memory, its facts, and its unloading while a file is open and afterwards.
TEST(CMachine, ADriverFromMemory)
{
    std::ifstream file(driver_path("ioctl"), std::ios::binary);
    std::string const image { std::istreambuf_iterator<char>(file), {} };
    Booted machine;
    ringside_driver driver = 0;
    int32_t status = -1;
    ASSERT_EQ(ringside_load_memory(machine.handle, "mine.sys", image.data(), image.size(), nullptr, &driver, &status),
              RINGSIDE_OK)
        << error();
    EXPECT_EQ(status, 0);
    char* name = nullptr;
    ASSERT_EQ(ringside_driver_name(driver, &name), RINGSIDE_OK);
    EXPECT_EQ(taken(name), "mine.sys");
    ringside_driver_info info { sizeof info, -1, 0, 0 };
    ASSERT_EQ(ringside_driver_get_info(driver, &info), RINGSIDE_OK);
    EXPECT_EQ(info.status, 0);
    EXPECT_EQ(info.loaded, 1u);
    EXPECT_NE(info.base, 0u);
    ringside_file const opened = machine.open(kIoctlDevice);
    ASSERT_EQ(ringside_unload(driver, &status), RINGSIDE_OK);
    EXPECT_EQ(static_cast<uint32_t>(status), 0x80000011u); // STATUS_DEVICE_BUSY
    ASSERT_EQ(ringside_file_close(opened), RINGSIDE_OK);
    ASSERT_EQ(ringside_driver_get_info(driver, &info), RINGSIDE_OK);
    EXPECT_EQ(info.loaded, 0u) << "the unload that was under way is done once the file is closed";
    machine.expect_quiet();
}

// A request that completes late: not done, then cancelled, then done, its handle given up in the middle of a second one.
TEST(CMachine, ARequestIsNotWaitedFor)
{
    Booted machine;
    machine.load("wild");
    ringside_file const file = machine.open(kWildDevice);
    ringside_request request = 0;
    ASSERT_EQ(ringside_start_ioctl(file, IOCTL_WILD_KEEP, "in", 2, 16, &request), RINGSIDE_OK) << error();
    int done = -1;
    ringside_reply reply {};
    EXPECT_EQ(ringside_request_done(request, &done), RINGSIDE_OK);
    EXPECT_EQ(done, 0);
    EXPECT_EQ(ringside_request_wait(request, nullptr, 0, &reply), RINGSIDE_OK);
    EXPECT_EQ(reply.status, 0x103);
    EXPECT_EQ(ringside_request_cancel(request), RINGSIDE_OK);
    EXPECT_EQ(ringside_request_done(request, &done), RINGSIDE_OK);
    EXPECT_EQ(done, 1);
    for (int twice = 0; twice < 2; ++twice) {
        EXPECT_EQ(ringside_request_reply(request, nullptr, 0, &reply), RINGSIDE_OK);
        EXPECT_EQ(static_cast<uint32_t>(reply.status), 0xC0000120u); // STATUS_CANCELLED
    }
    EXPECT_EQ(ringside_request_close(request), RINGSIDE_OK);
    EXPECT_EQ(ringside_request_done(request, &done), RINGSIDE_BAD_HANDLE);

    ASSERT_EQ(ringside_start_ioctl(file, IOCTL_WILD_KEEP, nullptr, 0, 0, &request), RINGSIDE_OK);
    EXPECT_EQ(ringside_request_close(request), RINGSIDE_OK);
    char* lines = nullptr;
    EXPECT_EQ(ringside_pending(machine.handle, &lines), RINGSIDE_OK);
    EXPECT_NE(taken(lines), "") << "the request itself goes on";
    // The file's last handle goes: the I/O manager does not cancel on its own, but the end of the process does.
    machine.close();
}

// A request's bytes are fetched in pieces of any size; reads and writes are started, too.
TEST(CMachine, StartedReadsAndWrites)
{
    Booted machine;
    machine.load("ioctl");
    ringside_file const file = machine.open(kIoctlDevice);
    ringside_request write = 0;
    ringside_request read = 0;
    ASSERT_EQ(ringside_start_write(file, "0123456789", 10, 50, &write), RINGSIDE_OK) << error();
    ASSERT_EQ(ringside_start_read(file, 10, 50, &read), RINGSIDE_OK) << error();
    char bytes[16] {};
    ringside_reply reply {};
    ASSERT_EQ(ringside_request_wait(write, nullptr, 0, &reply), RINGSIDE_OK);
    EXPECT_EQ(reply.information, 10u);
    ASSERT_EQ(ringside_request_wait(read, bytes, 4, &reply), RINGSIDE_OK);
    EXPECT_EQ(std::string(bytes, reply.bytes), "0123");
    EXPECT_EQ(reply.information, 10u);
    ASSERT_EQ(ringside_request_reply(read, bytes, sizeof bytes, &reply), RINGSIDE_OK);
    EXPECT_EQ(std::string(bytes, reply.bytes), "0123456789");
    ASSERT_EQ(ringside_file_close(file), RINGSIDE_OK);
    machine.expect_quiet();
}

// Eight threads boot a machine each, again and again, with seeds that two of them share.
// Shows: machines in processes of their own know nothing of each other.
TEST(CMachine, ManyAtOnce)
{
    constexpr int kThreads = 8;
    uint64_t hashes[kThreads] {};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&hashes, i] {
            for (int round = 0; round < 3; ++round) {
                ringside_options options = usual();
                options.seed = 100 + static_cast<uint64_t>(i / 2);
                Booted machine(options);
                machine.load("ioctl");
                ringside_file const file = machine.open(kIoctlDevice);
                for (int call = 0; call < 20; ++call)
                    EXPECT_EQ(ioctl(file, IOCTL_RINGSIDE_REVERSE, "abc", 3).bytes, "cba");
                EXPECT_EQ(ringside_file_close(file), RINGSIDE_OK);
                machine.expect_quiet();
                EXPECT_EQ(ringside_log_hash(machine.handle, &hashes[i]), RINGSIDE_OK);
            }
        });
    for (auto& thread : threads)
        thread.join();
    for (int i = 0; i < kThreads; i += 2)
        EXPECT_EQ(hashes[i], hashes[i + 1]);
}

// Four threads ask one machine, each through its own file.
// Shows: calls on one machine wait for each other, and each gets its own answer.
TEST(CMachine, OneFromManyThreads)
{
    Booted machine;
    machine.load("ioctl");
    std::vector<std::thread> threads;
    std::atomic<int> right = 0;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&machine, &right, i] {
            ringside_file const file = machine.open(kIoctlDevice);
            std::string const text(static_cast<size_t>(i) + 1, static_cast<char>('a' + i));
            for (int call = 0; call < 100; ++call)
                right += ioctl(file, IOCTL_RINGSIDE_CAPITALS, text, 8).bytes
                    == std::string(text.size(), static_cast<char>('A' + i));
            EXPECT_EQ(ringside_file_close(file), RINGSIDE_OK);
        });
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(right, 400);
    machine.expect_quiet();
}

// A folder of the host as drive C:, named from the folder we stand in.
// Shows: the machine's process finds what we mean, and a file there is read and written like any other.
TEST(CMachine, DriveC)
{
    std::string folder = std::filesystem::temp_directory_path() / "ringside-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    std::filesystem::create_directory(folder + "/drive");
    std::ofstream(folder + "/drive/hello.txt") << "hello";
    std::filesystem::path const before = std::filesystem::current_path();
    std::filesystem::current_path(folder);
    ringside_options options = usual();
    options.c_drive = "drive";
    options.c_drive_write = 1;
    {
        Booted machine(options);
        std::filesystem::current_path(before);
        ringside_file const file = machine.open("\\\\.\\C:\\hello.txt");
        char bytes[16];
        ringside_reply reply {};
        EXPECT_EQ(ringside_read(file, bytes, sizeof bytes, 0, &reply), RINGSIDE_OK) << error();
        EXPECT_EQ(std::string(bytes, reply.bytes), "hello");
        EXPECT_EQ(ringside_write(file, "J", 1, 0, &reply), RINGSIDE_OK) << error();
        EXPECT_EQ(reply.status, 0);
        EXPECT_EQ(ringside_file_close(file), RINGSIDE_OK);
        machine.expect_quiet();
    }
    std::ifstream written(folder + "/drive/hello.txt");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(written), {}), "Jello");
    std::filesystem::remove_all(folder);
}

// Buffers beyond a socket's own: 8 MiB out, and back as far as the driver goes.
TEST(CMachine, LargeBuffers)
{
    Booted machine;
    machine.load("ioctl");
    ringside_file const file = machine.open(kIoctlDevice);
    std::string const text(8 << 20, 'x');
    Asked const asked = ioctl(file, IOCTL_RINGSIDE_CAPITALS, text, text.size());
    ASSERT_EQ(asked.result, RINGSIDE_OK) << error();
    EXPECT_EQ(asked.reply.status, 0);
    EXPECT_TRUE(asked.bytes == std::string(text.size(), 'X'));
    ASSERT_EQ(ringside_file_close(file), RINGSIDE_OK);
    machine.expect_quiet();
}

// A machine in our own process: another one is refused until it is closed, and so are other threads.
TEST(CMachine, InProcessIsAlone)
{
    Booted machine(usual(Where::InProcess));
    ringside_options options = usual(Where::InProcess);
    ringside_machine other = 77;
    EXPECT_EQ(ringside_boot(&options, &other), RINGSIDE_BUSY);
    EXPECT_EQ(other, 77u);
    EXPECT_EQ(ringside_kill(machine.handle), RINGSIDE_BAD_USE);
    int result = -1;
    std::string words;
    std::thread([&] {
        result = ringside_settle(machine.handle, nullptr);
        words = error();
    }).join();
    EXPECT_EQ(result, RINGSIDE_WRONG_THREAD);
    EXPECT_EQ(words, "ringside_settle: a machine in_process takes calls only from the thread that booted it");
    // Beside it, others in processes of their own.
    Booted child;
    child.load("ioctl");
    child.expect_quiet();
    machine.expect_quiet();
    machine.close();
    Booted again(options);
    again.expect_quiet();
}

// A machine in our process on a thread that is not the first, with a driver that spins.
// Shows: the alarm that ends the driver comes to the machine's thread, whichever thread the host's timer finds.
TEST(CMachine, InProcessOnAnotherThreadStopsASpinningDriver)
{
    std::atomic<bool> ended = false;
    std::thread([&] {
        ringside_options options = usual(Where::InProcess);
        options.hang_seconds = 0.1;
        Booted machine(options);
        machine.load("ends");
        ringside_file const file = machine.open(kEndsDevice);
        EXPECT_EQ(ioctl(file, WILD_CODE(0x802u)).result, RINGSIDE_OK); // IOCTL_END_SPIN
        ringside_report report {};
        report.size = sizeof report;
        EXPECT_EQ(ringside_finish(machine.handle, &report), RINGSIDE_OK);
        EXPECT_EQ(report.replayable, 0u);
        EXPECT_EQ(report.exit_code, 2) << report.words;
        ended = true;
    }).join();
    EXPECT_TRUE(ended);
}

} // namespace ringside::test
