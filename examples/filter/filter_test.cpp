// SPDX-License-Identifier: MIT
// The filter's test, to copy: each case puts it on a driver that knows nothing of it, and looks that nobody can tell.
#include <ringside/ringside.h>

#include "drivers/bell.h"
#include "drivers/watcher.h"
#include "filter/filter.h"
#include "ioctl/ioctl.h"
#include "nt/irp.h"
#include "nt/status.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

char const* const kFilter = RINGSIDE_DRIVERS "/filter.sys";

// The value stands in quotation marks, with two backslashes for each, as in a .reg file.
Driver load_filter(Machine& machine, std::string_view device)
{
    machine.set_registry_value("filter", R"(Parameters\Target="\\Device\\)" + std::string(device) + '"');
    return machine.load(kFilter);
}

FILTER_COUNTS counts_of(Machine& machine)
{
    File control = machine.open(R"(\\.\RingsideFilter)");
    FILTER_COUNTS counts {};
    Reply const reply = control.ioctl(IOCTL_FILTER_COUNTS, "", sizeof counts);
    EXPECT_EQ(reply.status, STATUS_SUCCESS);
    if (reply.bytes.size() == sizeof counts)
        std::memcpy(&counts, reply.bytes.data(), sizeof counts);
    control.close();
    return counts;
}

// One line for each major function that was used: "READ 2 sent, 2 back, 0 pended, 1 failed".
std::string words(FILTER_COUNTS const& counts)
{
    constexpr char const* names[FILTER_MAJOR_FUNCTIONS]
        = { "CREATE",         "1",  "CLOSE", "READ", "WRITE",   "5",  "6",  "7",  "8",  "9",  "10", "11", "12", "13",
            "DEVICE_CONTROL", "15", "16",    "17",   "CLEANUP", "19", "20", "21", "22", "23", "24", "25", "26", "27" };
    std::string text;
    for (int i = 0; i < FILTER_MAJOR_FUNCTIONS; ++i) {
        FILTER_COUNT const& count = counts.Major[i];
        if (count.Sent)
            text += names[i] + (" " + std::to_string(count.Sent)) + " sent, " + std::to_string(count.Completed)
                + " back, " + std::to_string(count.Pended) + " pended, " + std::to_string(count.Failed) + " failed\n";
    }
    if (counts.Unseen)
        text += std::to_string(counts.Unseen) + " unseen\n";
    return text;
}

Bytes offset_bytes(uint32_t offset)
{
    Bytes bytes(sizeof offset);
    std::memcpy(bytes.data(), &offset, sizeof offset);
    return bytes;
}

Bytes text_bytes(std::string_view text)
{
    Bytes bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

// What a program gets from the driver `ioctl`, each way that bytes can travel.
std::vector<std::string> ask_everything(Machine& machine)
{
    std::vector<std::string> answers;
    auto note = [&](Reply const& reply) {
        answers.push_back(std::to_string(reply.status) + " " + std::to_string(reply.information) + " "
                          + std::string(reply.text()));
    };
    File file = machine.open(R"(\\.\RingsideIoctl)");
    note(file.ioctl(IOCTL_RINGSIDE_REVERSE, "ringside", 64));
    note(file.ioctl_with_buffer(IOCTL_RINGSIDE_STORE, offset_bytes(6), text_bytes("Linux")));
    note(file.ioctl(IOCTL_RINGSIDE_FETCH, offset_bytes(0), 11));
    note(file.ioctl(IOCTL_RINGSIDE_CAPITALS, "neither", 64));
    note(file.write("there", 6));
    note(file.read(11));
    note(file.read(10, 5000));
    file.close();
    return answers;
}

// The machine's time, as the newest line of its log has it.
double seconds_now(Machine const& machine) { return std::stod(machine.log_lines(1).at(0)); }

BELL_ORDER after_ms(uint32_t milliseconds) { return { 0, milliseconds, 0 }; }

} // namespace

// The driver `ioctl` is asked everything, with and without the filter above it.
// Shows: the program sees no difference; the filter saw each request once, and its end; and first of all the close of
// the file by which it had found its target.
TEST(example_filter, passes_everything)
{
    std::vector<std::string> alone;
    {
        Machine machine;
        machine.load(RINGSIDE_DRIVERS "/ioctl.sys");
        alone = ask_everything(machine);
        machine.expect_quiet();
    }
    Machine machine;
    machine.load(RINGSIDE_DRIVERS "/ioctl.sys");
    ASSERT_EQ(load_filter(machine, "RingsideIoctl").status(), STATUS_SUCCESS);
    EXPECT_EQ(ask_everything(machine), alone);
    EXPECT_EQ(words(counts_of(machine)),
              "CREATE 1 sent, 1 back, 0 pended, 0 failed\n"
              "CLOSE 2 sent, 2 back, 0 pended, 0 failed\n"
              "READ 2 sent, 2 back, 0 pended, 1 failed\n"
              "WRITE 1 sent, 1 back, 0 pended, 0 failed\n"
              "DEVICE_CONTROL 4 sent, 4 back, 0 pended, 0 failed\n"
              "CLEANUP 1 sent, 1 back, 0 pended, 0 failed\n");
    machine.expect_quiet();
}

// Shows: a filter without a target, or with one that does not exist, is not loaded, and leaves nothing behind.
TEST(example_filter, no_target)
{
    Machine machine;
    EXPECT_EQ(machine.load(kFilter).status(), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(load_filter(machine, "Nowhere").status(), STATUS_OBJECT_NAME_NOT_FOUND);
    machine.set_registry_value("filter", R"(Parameters\Target=dword:1)");
    EXPECT_EQ(machine.load(kFilter).status(), STATUS_OBJECT_TYPE_MISMATCH);
    machine.expect_quiet();
}

// Requests that the target pends: some it completes from a DPC, while the program waits or does something else.
// Shows: the pending bit goes up with the request, so that each program gets its answer; under every seed.
TEST(example_filter, pended_requests_end)
{
    for (uint64_t seed = 1; seed <= 100; ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed, .processors = 1 + static_cast<unsigned>(seed % 4), .explore = seed % 2 == 0 });
        machine.load(RINGSIDE_DRIVERS "/bell.sys");
        ASSERT_TRUE(load_filter(machine, "Bell").loaded());
        File file = machine.open(R"(\Device\Bell)");
        std::vector<Request> requests;
        for (uint32_t i = 0; i < 6; ++i) {
            BELL_ORDER const order = after_ms(i % 3);
            requests.push_back(file.start_ioctl(IOCTL_BELL_WAIT, std::as_bytes(std::span(&order, 1)), 0));
        }
        BELL_ORDER const order = after_ms(1);
        EXPECT_EQ(file.ioctl(IOCTL_BELL_WAIT, std::as_bytes(std::span(&order, 1)), 0).status, STATUS_SUCCESS);
        for (Request& request : requests)
            EXPECT_EQ(request.wait().status, STATUS_SUCCESS);
        file.close();
        EXPECT_EQ(counts_of(machine).Major[IRP_MJ_DEVICE_CONTROL].Completed, 7);
        machine.expect_quiet();
    }
}

// Shows: cancelling goes past the filter to the driver that holds the request, and the end comes back through it.
TEST(example_filter, cancelled_requests_end)
{
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed });
        machine.load(RINGSIDE_DRIVERS "/watcher.sys");
        ASSERT_TRUE(load_filter(machine, "Watcher").loaded());
        File file = machine.open(R"(\\.\Watcher)");
        Request one = file.start_ioctl(IOCTL_WATCHER_WAIT, {}, 16), two = file.start_ioctl(IOCTL_WATCHER_WAIT, {}, 16);
        one.cancel();
        EXPECT_EQ(one.wait().status, STATUS_CANCELLED);
        EXPECT_FALSE(two.done());
        two.cancel();
        EXPECT_EQ(two.wait().status, STATUS_CANCELLED);
        file.close();
        FILTER_COUNT const& count = counts_of(machine).Major[IRP_MJ_DEVICE_CONTROL];
        EXPECT_EQ(count.Completed, 2);
        EXPECT_EQ(count.Pended, 2);
        EXPECT_EQ(count.Failed, 2);
        machine.expect_quiet();
    }
}

// The filter is unloaded, then loaded again, while a program has the target open and a request there.
// Shows: unloading waits for the request that passed the filter; the target and its program notice nothing.
TEST(example_filter, leaves_while_the_target_is_open)
{
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed });
        machine.load(RINGSIDE_DRIVERS "/bell.sys");
        Driver filter = load_filter(machine, "Bell");
        File file = machine.open(R"(\Device\Bell)");
        BELL_ORDER const order = after_ms(500);
        Request passed = file.start_ioctl(IOCTL_BELL_WAIT, std::as_bytes(std::span(&order, 1)), 0);
        EXPECT_EQ(filter.unload(), STATUS_SUCCESS);
        EXPECT_GE(seconds_now(machine), 0.5) << "the filter waited for it";
        EXPECT_EQ(passed.wait().status, STATUS_SUCCESS);
        EXPECT_EQ(file.ioctl(IOCTL_BELL_WAIT, std::as_bytes(std::span(&order, 1)), 0).status, STATUS_SUCCESS);
        EXPECT_TRUE(load_filter(machine, "Bell").loaded());
        EXPECT_EQ(file.ioctl(IOCTL_BELL_WAIT, std::as_bytes(std::span(&order, 1)), 0).status, STATUS_SUCCESS);
        EXPECT_EQ(counts_of(machine).Major[IRP_MJ_DEVICE_CONTROL].Completed, 1);
        machine.expect_quiet();
    }
}

// Every fallible call of the kernel fails once, one after another, until a run meets no failure.
// Shows: the filter is loaded or not, and leaves nothing behind; loaded, it never fails a request of its own accord.
TEST(example_filter, survives_each_failure)
{
    uint64_t nth = 0;
    long long unseen = 0;
    for (bool failed = true; failed;) {
        SCOPED_TRACE(++nth);
        Machine machine({ .faults = { .nth = nth } });
        machine.load(RINGSIDE_DRIVERS "/ioctl.sys");
        if (load_filter(machine, "RingsideIoctl").loaded()) {
            File file = machine.open(R"(\\.\RingsideIoctl)");
            file.ioctl(IOCTL_RINGSIDE_REVERSE, "abc", 3);
            file.read(8);
            file.close();
            File control = machine.open(R"(\\.\RingsideFilter)");
            FILTER_COUNTS counts {};
            Reply const reply = control.ioctl(IOCTL_FILTER_COUNTS, "", sizeof counts);
            if (reply.bytes.size() == sizeof counts)
                std::memcpy(&counts, reply.bytes.data(), sizeof counts);
            unseen += counts.Unseen;
            long long sent = 0, completed = 0;
            for (FILTER_COUNT const& count : counts.Major) {
                sent += count.Sent;
                completed += count.Completed;
            }
            EXPECT_EQ(sent, completed + counts.Unseen);
            control.close();
        }
        Report const report = machine.finish();
        EXPECT_EQ(report.exit_code, 0) << report.words << (report.leaks.empty() ? "" : "; " + report.leaks[0]);
        failed = report.faults_injected != 0;
        ASSERT_LT(nth, 1000u);
    }
    EXPECT_EQ(unseen, 6) << "the filter's own close, then a create, a control code, a read, a cleanup and a close";
}
