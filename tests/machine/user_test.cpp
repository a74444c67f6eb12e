// SPDX-License-Identifier: MIT
// What a machine's user sees of drivers: dialog boxes of hard errors, and the event log. Driver: herald.c.
#include "../drivers/herald.h"

#include "nt/status.h"

#include <ringside/ringside.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

constexpr char const* kDriver = RINGSIDE_DRIVERS "/herald.sys";
constexpr char const* kDevice = R"(\Device\Herald)";

template <typename T>
Reply tell(File& file, uint32_t code, T const& in, size_t out = 8)
{
    return file.ioctl(code, std::as_bytes(std::span(&in, 1)), out);
}

std::string words(Reply const& reply)
{
    return fmt::format("{:08x} '{}'", static_cast<uint32_t>(reply.status),
                       std::string(reinterpret_cast<char const*>(reply.bytes.data()), reply.bytes.size()));
}

bool said_yes(Reply const& reply) { return reply.bytes.size() == 1 && reply.bytes[0] == std::byte { 1 }; }

std::vector<std::string> boxes(Machine const& machine)
{
    static constexpr char const* kAnswers[] = { "waiting", "cancelled", "tried again" };
    std::vector<std::string> lines;
    for (HardErrorLine const& box : machine.hard_errors())
        lines.push_back(fmt::format("{}: {:08x} {}{}{}, {}", box.caption, static_cast<uint32_t>(box.status), box.text,
                                    box.informational ? ", informational" : "", box.shown ? "" : ", not shown",
                                    kAnswers[static_cast<size_t>(box.answer)]));
    return lines;
}

using Lines = std::vector<std::string>;

} // namespace

// The device fails once; the user cancels, or tries again.
// Shows: cancelled, the request ends with the device's error and no data; tried again, the driver's dispatch routine
// gets it once more and it ends well. The box was up for a second, under every seed and number of processors.
TEST(machine_user, answers_a_hard_error)
{
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        bool const tries_again = seed % 2;
        Machine machine({ .seed = seed,
                          .processors = 1 + static_cast<unsigned>(seed % 4),
                          .user = { .retries = tries_again ? 1u : 0u } });
        ASSERT_TRUE(machine.load(kDriver).loaded());
        Client client = machine.client("reader.exe");
        File file = client.open(kDevice);
        Reply const reply = tell(file, IOCTL_HERALD_FAIL, int32_t { 1 });
        EXPECT_EQ(words(reply), tries_again ? "00000000 'data'" : "c00000a3 ''");
        EXPECT_EQ(boxes(machine),
                  Lines { std::string("reader.exe - System Error: c00000a3 \\Device\\Herald, ")
                          + (tries_again ? "tried again" : "cancelled") });
        EXPECT_GE(machine.finish().virtual_seconds, 1.0);
        machine.expect_quiet();
    }
}

// The device stays as it is; the user tries twice and gives up.
// Shows: each try is a box of its own, and the last answer ends the request.
TEST(machine_user, gives_up)
{
    Machine machine({ .user = { .retries = 2, .answers_after = 0 } });
    machine.load(kDriver);
    Client client = machine.client("reader.exe");
    File file = client.open(kDevice);
    EXPECT_EQ(words(tell(file, IOCTL_HERALD_FAIL, int32_t { 5 })), "c00000a3 ''");
    std::string const box = "reader.exe - System Error: c00000a3 \\Device\\Herald, ";
    EXPECT_EQ(boxes(machine), (Lines { box + "tried again", box + "tried again", box + "cancelled" }));
    machine.expect_quiet();
}

// A request that is sent and not waited for, on an overlapped file.
// Shows: the box is up in the thread that sent it, so that the call comes back when the user has answered, five seconds
// later, and the request has ended by then.
TEST(machine_user, holds_the_thread_that_sent_the_request)
{
    Machine machine({ .user = { .answers_after = 5 } });
    machine.load(kDriver);
    Client client = machine.client("reader.exe");
    File file = client.open(kDevice);
    int32_t const failing = 1;
    Request request = file.start_ioctl(IOCTL_HERALD_FAIL, std::as_bytes(std::span(&failing, 1)), 8);
    EXPECT_TRUE(request.done());
    EXPECT_EQ(words(request.reply()), "c00000a3 ''");
    EXPECT_GE(machine.finish().virtual_seconds, 5.0);
    machine.expect_quiet();
}

// The driver raises the error inside a critical region.
// Shows: the box waits until the region is left, as a normal kernel APC does.
TEST(machine_user, waits_for_the_critical_region)
{
    Machine machine;
    machine.load(kDriver);
    Client client = machine.client("reader.exe");
    File file = client.open(kDevice);
    EXPECT_EQ(words(tell(file, IOCTL_HERALD_FAIL_IN_REGION, int32_t { 1 })), "c00000a3 ''");
    std::string order;
    for (std::string const& line : machine.log_lines())
        for (char const* what : { "region", "hard error: reader.exe - System Error: STATUS_DEVICE_NOT_READY" })
            if (line.ends_with(what) || line.find(what) != line.npos)
                order += std::string(what).substr(0, 6) + " ";
    EXPECT_EQ(order, "region hard e ");
    machine.expect_quiet();
}

// A thread that wants no hard errors.
// Shows: its request ends at once, with the device's error, and no box comes up; an informational one is refused.
TEST(machine_user, is_not_asked)
{
    Machine machine({ .user = { .retries = 9 } });
    machine.load(kDriver);
    Client client = machine.client("reader.exe");
    File file = client.open(kDevice);
    EXPECT_TRUE(said_yes(tell(file, IOCTL_HERALD_MODE, uint8_t { 0 })));
    EXPECT_EQ(words(tell(file, IOCTL_HERALD_FAIL, int32_t { 1 })), "c00000a3 ''");
    EXPECT_FALSE(said_yes(tell(file, IOCTL_HERALD_INFORM, STATUS_FILE_CORRUPT_ERROR)));
    EXPECT_EQ(boxes(machine), Lines {});
    EXPECT_FALSE(said_yes(tell(file, IOCTL_HERALD_MODE, uint8_t { 1 })));
    EXPECT_TRUE(said_yes(tell(file, IOCTL_HERALD_INFORM, STATUS_FILE_CORRUPT_ERROR)));
    machine.expect_quiet();
}

// Informational boxes, from a program's thread.
// Shows: an equal one is refused until the user has answered, another one is not; without a thread it is the System
// process', and its status is written to the event log; so many may wait and no more.
TEST(machine_user, is_told)
{
    Machine machine;
    machine.load(kDriver);
    Client client = machine.client("reader.exe");
    File file = client.open(kDevice);
    EXPECT_TRUE(said_yes(tell(file, IOCTL_HERALD_INFORM, STATUS_FILE_CORRUPT_ERROR)));
    EXPECT_FALSE(said_yes(tell(file, IOCTL_HERALD_INFORM, STATUS_FILE_CORRUPT_ERROR)));
    EXPECT_TRUE(said_yes(tell(file, IOCTL_HERALD_INFORM_SYSTEM, STATUS_FILE_CORRUPT_ERROR)));
    EXPECT_EQ(boxes(machine),
              (Lines { "reader.exe - System Error: c0000102 A:, informational, waiting",
                       "System Process - System Error: c0000102 A:, informational, waiting" }));
    ASSERT_EQ(machine.event_log().size(), 1u);
    EXPECT_EQ(machine.event_log()[0].driver, "herald");
    EXPECT_EQ(machine.event_log()[0].code, STATUS_FILE_CORRUPT_ERROR);
    machine.run_for(2);
    EXPECT_EQ(machine.hard_errors()[0].answer, HardErrorLine::Answer::Cancelled);
    EXPECT_TRUE(said_yes(tell(file, IOCTL_HERALD_INFORM, STATUS_FILE_CORRUPT_ERROR)));
    size_t shown = 0;
    for (uint32_t code = 0; code < 40; ++code)
        shown += said_yes(tell(file, IOCTL_HERALD_INFORM, 0xC0000200u + code));
    EXPECT_EQ(shown, 24u);
    machine.expect_quiet();
}

// Shows: what a driver writes to the event log can be read from outside, whole.
TEST(machine_user, reads_the_event_log)
{
    Machine machine;
    Driver driver = machine.load(kDriver);
    File file = machine.open(kDevice);
    EXPECT_EQ(file.ioctl(IOCTL_HERALD_LOG, "", 0).status, STATUS_SUCCESS);
    file.close();
    EXPECT_EQ(driver.unload(), STATUS_SUCCESS);
    ASSERT_EQ(machine.event_log().size(), 1u);
    EventLogLine const line = machine.event_log()[0];
    EXPECT_EQ(line.driver, "herald");
    EXPECT_EQ(line.code, STATUS_DEVICE_PAPER_EMPTY);
    EXPECT_EQ(line.unique_value, 7u);
    EXPECT_EQ(line.final_status, STATUS_UNSUCCESSFUL);
    EXPECT_EQ(line.strings, Lines { "out of paper" });
    machine.expect_quiet();
}

// Shows: a driver learns where its image's file is, and owns the string.
TEST(machine_user, a_driver_knows_its_path)
{
    Machine machine;
    machine.load(kDriver);
    File file = machine.open(kDevice);
    Reply const reply = file.ioctl(IOCTL_HERALD_PATH, "", 200);
    ASSERT_EQ(reply.status, STATUS_SUCCESS);
    std::u16string const path(reinterpret_cast<char16_t const*>(reply.bytes.data()), reply.bytes.size() / 2);
    EXPECT_TRUE(path == u"\\SystemRoot\\System32\\drivers\\herald.sys");
    machine.expect_quiet();
}

// Shows: keep-alive counts are kept for each process, a decrement too many is refused, and what is left is told.
TEST(machine_user, keep_alive_counts)
{
    Machine machine;
    machine.load(kDriver);
    Client client = machine.client("reader.exe");
    File file = client.open(kDevice);
    EXPECT_EQ(file.ioctl(IOCTL_HERALD_LET_GO, "", 0).status, STATUS_INVALID_PARAMETER);
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(file.ioctl(IOCTL_HERALD_KEEP, "", 0).status, STATUS_SUCCESS);
    EXPECT_EQ(file.ioctl(IOCTL_HERALD_LET_GO, "", 0).status, STATUS_SUCCESS);
    Report const report = machine.finish();
    EXPECT_EQ(report.end, Report::End::Leaks);
    EXPECT_EQ(report.leaks, Lines { "1 keep-alive count of reader.exe was not taken back" });
}

// Shows: from a real driver, a link that is open keeps itself from being deleted and no other link.
TEST(machine_user, links_share)
{
    Machine machine;
    machine.load(kDriver);
    File file = machine.open(kDevice);
    Reply const reply = file.ioctl(IOCTL_HERALD_LINKS, "", sizeof(HERALD_LINKS));
    ASSERT_EQ(reply.bytes.size(), sizeof(HERALD_LINKS));
    auto const& links = *reinterpret_cast<HERALD_LINKS const*>(reply.bytes.data());
    EXPECT_EQ(links.Read, STATUS_SUCCESS);
    EXPECT_EQ(links.DeleteSame, STATUS_SHARING_VIOLATION);
    EXPECT_EQ(links.DeleteOther, STATUS_SUCCESS);
    EXPECT_EQ(links.AfterClose, STATUS_SUCCESS);
    machine.expect_quiet();
}

// Shows: the small services answer a real driver, and the activity transfer is in the trace.
TEST(machine_user, small_services)
{
    Machine machine;
    machine.load(kDriver);
    File file = machine.open(kDevice);
    Reply const reply = file.ioctl(IOCTL_HERALD_SMALL, "", sizeof(HERALD_SMALL));
    ASSERT_EQ(reply.bytes.size(), sizeof(HERALD_SMALL));
    auto const& small = *reinterpret_cast<HERALD_SMALL const*>(reply.bytes.data());
    EXPECT_EQ(small.Initiator + small.Silo + small.OplockKeys + small.Paging, 0);
    EXPECT_EQ(small.Shadow, 2);
    EXPECT_EQ(small.BlockStatus, STATUS_END_OF_FILE);
    EXPECT_EQ(small.BlockInformation, 12);
    EXPECT_EQ(small.Activity, 1);
    size_t transfers = 0;
    for (std::string const& line : machine.log_lines())
        transfers += line.find("transfer from {00000001-0002-0003-0400-000000000000}") != line.npos;
    EXPECT_EQ(transfers, 1u);
    machine.expect_quiet();
}
