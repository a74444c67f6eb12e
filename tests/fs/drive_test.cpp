// SPDX-License-Identifier: MIT
// A machine with a drive C:, as a user has it, and a driver with a log file there (tests/drivers/diary.c).
#include "fs/files.h"

#include "drivers/diary.h"
#include "nt/driver.h"

#include <ringside/ringside.h>

#include <cstring>
#include <set>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr char const* kDriver = RINGSIDE_DRIVERS "/diary.sys";

} // namespace

// The driver keeps its diary over one run.
// Shows: lines come back, the old diary is renamed away, the folder lists both; the host sees nothing; nothing is left.
TEST(fs_drive, a_driver_keeps_a_diary)
{
    test::HostFolder host;
    host.file("keep.txt", "kept");
    Machine machine({ .c_drive = { host.path() } });
    Driver driver = machine.load(kDriver);
    ASSERT_EQ(driver.status(), 0);
    ASSERT_EQ(machine.devices().size(), 1u) << "the machine's own devices are not shown";
    File file = machine.open(R"(\\.\Diary)");
    EXPECT_TRUE(file.ioctl(IOCTL_DIARY_WRITE, "first", 0).ok());
    EXPECT_TRUE(file.ioctl(IOCTL_DIARY_WRITE, "second", 0).ok());
    EXPECT_EQ(file.ioctl(IOCTL_DIARY_READ, "", 100).text(), "first\r\nsecond\r\n");
    EXPECT_EQ(file.ioctl(IOCTL_DIARY_READ, "", 3).status, STATUS_BUFFER_TOO_SMALL);
    EXPECT_TRUE(file.ioctl(IOCTL_DIARY_ROTATE, "", 0).ok());
    EXPECT_EQ(file.ioctl(IOCTL_DIARY_ROTATE, "", 0).status, STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_TRUE(file.ioctl(IOCTL_DIARY_WRITE, "third", 0).ok());
    EXPECT_EQ(file.ioctl(IOCTL_DIARY_LIST, "", 100).text(), ".\n..\ndiary.log\ndiary.old\n");
    file.close();
    machine.expect_quiet();
    EXPECT_FALSE(host.has("Diary"));
    EXPECT_EQ(host.text("keep.txt"), "kept");
}

// The same folder, written through: the next machine goes on where the last one ended.
TEST(fs_drive, a_diary_that_lasts)
{
    test::HostFolder host;
    for (auto const* line : { "one", "two" }) {
        Machine machine({ .c_drive = { host.path(), true } });
        machine.load(kDriver);
        File file = machine.open(R"(\\.\Diary)");
        EXPECT_TRUE(file.ioctl(IOCTL_DIARY_WRITE, line, 0).ok());
        file.close();
        machine.expect_quiet();
    }
    EXPECT_EQ(host.text("Diary/diary.log"), "one\r\ntwo\r\n");
}

// A program asks for the attributes of files by name, without opening them itself.
// Shows: size and attributes; the status of what is not there, or is asked of a client that has ended; nothing stays open.
TEST(fs_drive, attributes_by_name)
{
    test::HostFolder host;
    host.folder("Docs");
    host.file("Docs/a.txt", "hello");
    Machine machine({ .c_drive = { host.path() } });
    Client client = machine.default_client();
    Reply const reply = client.query_attributes(R"(\\?\C:\Docs\a.txt)");
    EXPECT_EQ(reply.status, STATUS_SUCCESS);
    FILE_NETWORK_OPEN_INFORMATION answer {};
    ASSERT_EQ(reply.bytes.size(), sizeof answer);
    std::memcpy(&answer, reply.bytes.data(), sizeof answer);
    EXPECT_EQ(answer.EndOfFile.QuadPart, 5);
    EXPECT_FALSE(answer.FileAttributes & FILE_ATTRIBUTE_DIRECTORY);
    Reply const folder = client.query_attributes(R"(\\?\C:\Docs)");
    ASSERT_EQ(folder.bytes.size(), sizeof answer);
    std::memcpy(&answer, folder.bytes.data(), sizeof answer);
    EXPECT_TRUE(answer.FileAttributes & FILE_ATTRIBUTE_DIRECTORY);
    EXPECT_EQ(client.query_attributes(R"(\\?\C:\Docs\b.txt)").status, STATUS_OBJECT_NAME_NOT_FOUND);
    client.end();
    EXPECT_EQ(client.query_attributes(R"(\\?\C:\Docs\a.txt)").status, STATUS_PROCESS_IS_TERMINATING);
    machine.expect_quiet();
}

// With fewer checks the drive is the same.
TEST(fs_drive, bare_and_observed)
{
    test::HostFolder host;
    for (Checks checks : { Checks::Bare, Checks::Observed }) {
        Machine machine({ .checks = checks, .c_drive = { host.path() } });
        machine.load(kDriver);
        File file = machine.open(R"(\\.\Diary)");
        EXPECT_TRUE(file.ioctl(IOCTL_DIARY_WRITE, "line", 0).ok());
        EXPECT_EQ(file.ioctl(IOCTL_DIARY_READ, "", 100).text(), "line\r\n");
        file.close();
        machine.expect_quiet();
    }
}

// Without a drive.
// Shows: there is no C:, and the driver's load fails with the status that Windows gives for a missing letter.
TEST(fs_drive, no_folder_no_drive)
{
    Machine machine;
    EXPECT_EQ(machine.load(kDriver).status(), STATUS_OBJECT_PATH_NOT_FOUND);
    EXPECT_EQ(machine.open(R"(\\.\C:)").status(), STATUS_OBJECT_NAME_NOT_FOUND);
    machine.expect_quiet();
    EXPECT_THROW(Machine({ .c_drive = { "/nowhere/at/all" } }), BadUse);
}

// A client reads and writes a file, as a Windows program would.
// Shows: user-mode buffers, handles and access.
TEST(fs_drive, clients_open_files)
{
    test::HostFolder host;
    host.file("hello.txt", "hello");
    Machine machine({ .c_drive = { host.path() } });
    File file = machine.open(R"(\??\C:\hello.txt)");
    ASSERT_TRUE(file.ok()) << std::hex << file.status();
    EXPECT_EQ(file.read(100).text(), "hello");
    EXPECT_EQ(file.read(100, 5).status, STATUS_END_OF_FILE);
    EXPECT_EQ(file.write("J").information, 1u);
    EXPECT_EQ(file.read(2).text(), "Je");
    EXPECT_EQ(file.ioctl(CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900, METHOD_BUFFERED, FILE_ANY_ACCESS), "", 0).status,
              STATUS_INVALID_DEVICE_REQUEST);
    file.close();
    File reader = machine.open(R"(\??\C:\hello.txt)", 0x80000000, 1);
    EXPECT_EQ(reader.write("x").status, STATUS_ACCESS_DENIED);
    EXPECT_EQ(machine.open(R"(\??\C:\hello.txt)").status(), STATUS_SHARING_VIOLATION);
    reader.close();
    machine.expect_quiet();
}

// The diary under many seeds with faults on.
// Shows: one log per seed, run after run; whatever fails, nothing is left.
TEST(fs_drive, same_seed_same_log)
{
    test::HostFolder host;
    host.folder("Diary");
    host.file("Diary/diary.log", "old\r\n");
    auto run = [&](uint64_t seed) {
        Machine machine({ .seed = seed,
                          .faults = { .site_on_percent = seed % 2 ? 30u : 0u, .fire_percent = 25 },
                          .c_drive = { host.path() } });
        Driver driver = machine.load(kDriver);
        if (driver.status() >= 0) {
            File file = machine.open(R"(\\.\Diary)");
            if (file.ok())
                for (uint32_t code : { IOCTL_DIARY_WRITE, IOCTL_DIARY_READ, IOCTL_DIARY_ROTATE, IOCTL_DIARY_LIST })
                    file.ioctl(code, "text", 100);
            file.close();
        }
        EXPECT_NO_THROW(machine.expect_quiet()) << "seed " << seed;
        return machine.log_hash();
    };
    for (uint64_t seed = 1; seed <= 25; ++seed)
        EXPECT_EQ(run(seed), run(seed)) << "seed " << seed;
    EXPECT_EQ(host.text("Diary/diary.log"), "old\r\n");
}

// Two clients write into the diary at the same time, under many schedules.
// Shows: a line is there whole, once, if and only if its writer was told so; the other met the open file.
TEST(fs_drive, two_writers)
{
    test::HostFolder host;
    unsigned both = 0, one = 0;
    for (uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE(seed);
        Machine machine({ .seed = seed, .c_drive = { host.path() } });
        machine.load(kDriver);
        Client clients[2] { machine.client("a"), machine.client("b") };
        File files[2] { clients[0].open(R"(\\.\Diary)"), clients[1].open(R"(\\.\Diary)") };
        std::string const lines[2] { "alpha", "beta" };
        std::vector<Request> requests;
        for (int i = 0; i < 2; ++i)
            requests.push_back(files[i].start_ioctl(IOCTL_DIARY_WRITE, std::as_bytes(std::span(lines[i])), 0));
        std::multiset<std::string> expected;
        for (int i = 0; i < 2; ++i) {
            Reply const reply = requests[static_cast<size_t>(i)].wait();
            if (reply.ok())
                expected.insert(lines[i]);
            else
                EXPECT_EQ(reply.status, STATUS_SHARING_VIOLATION);
        }
        (expected.size() == 2 ? both : one) += 1;
        Reply const diary = files[0].ioctl(IOCTL_DIARY_READ, "", 100);
        std::string const text(diary.text());
        EXPECT_TRUE(text == "alpha\r\nbeta\r\n" || text == "beta\r\nalpha\r\n" || expected.size() == 1) << text;
        if (expected.size() == 1)
            EXPECT_EQ(text, *expected.begin() + "\r\n");
        for (File& file : files)
            file.close();
        machine.expect_quiet();
    }
    EXPECT_GT(both, 0u);
    EXPECT_EQ(both + one, 40u);
}

// Each fallible call of the driver fails once, one after another.
TEST(fs_drive, survives_each_failure)
{
    test::HostFolder host;
    uint64_t nth = 0;
    for (bool failed = true; failed;) {
        Machine machine({ .faults = { .nth = ++nth }, .c_drive = { host.path() } });
        if (machine.load(kDriver).status() >= 0) {
            File file = machine.open(R"(\\.\Diary)");
            for (uint32_t code : { IOCTL_DIARY_WRITE, IOCTL_DIARY_READ, IOCTL_DIARY_ROTATE, IOCTL_DIARY_LIST })
                file.ioctl(code, "text", 100);
            file.close();
        }
        Report report = machine.finish();
        EXPECT_EQ(report.exit_code, 0) << "failure of call " << nth << ": " << report.words;
        failed = report.faults_injected != 0;
        ASSERT_LT(nth, 200u);
    }
    EXPECT_GT(nth, 10u);
}

// A program works on drive C: with everything the library offers for files.
// Shows: dispositions and what they tell, opens relative to a folder, listing, locks that exclude and are given back by
// the last handle, queries and sets, and that files here belong to everybody.
TEST(fs_drive, a_program_and_its_files)
{
    test::HostFolder host;
    host.file("one.txt", "one");
    host.file("two.txt", "two");
    Machine machine({ .c_drive = { host.path() } });
    Client client = machine.client("files.exe", { .account = Account::User });
    constexpr auto not_granted = static_cast<int32_t>(0xC0000055), collision = static_cast<int32_t>(0xC0000035);
    File root = client.open(R"(\??\C:\)", { .access = 0x80000000, .options = 1, .synchronous = true });
    ASSERT_TRUE(root.ok()) << std::hex << root.status();
    Reply const listed = root.list(12, 4096, "*.txt");
    EXPECT_TRUE(listed.ok());
    EXPECT_GT(listed.information, 2 * 12u);
    EXPECT_EQ(root.list(12, 4096).status, static_cast<int32_t>(0x80000006)); // STATUS_NO_MORE_FILES
    EXPECT_EQ(root.list(99, 4096).status, static_cast<int32_t>(0xC0000003)); // STATUS_INVALID_INFO_CLASS
    EXPECT_EQ(root.list(12, 2).status, static_cast<int32_t>(0xC0000004));    // STATUS_INFO_LENGTH_MISMATCH

    File one = client.open("one.txt", { .share = 7, .synchronous = true, .relative_to = &root });
    File same = client.open("one.txt", { .share = 7, .synchronous = true, .relative_to = &root });
    ASSERT_TRUE(one.ok() && same.ok());
    EXPECT_EQ(one.information(), 1u); // FILE_OPENED
    EXPECT_EQ(client.open("one.txt", { .disposition = 2, .relative_to = &root }).status(), collision);
    EXPECT_EQ(one.read(2, kFilePosition).text(), "on");
    EXPECT_EQ(one.read(2, kFilePosition).text(), "e");
    EXPECT_EQ(one.lock(0, 2, 3).status, 0);
    EXPECT_EQ(same.lock(1, 1, 3).status, not_granted);
    one.close();
    EXPECT_EQ(same.lock(1, 1, 3).status, 0);
    EXPECT_EQ(same.unlock(1, 1).status, 0);
    EXPECT_EQ(same.unlock(1, 1).status, static_cast<int32_t>(0xC000007E)); // STATUS_RANGE_NOT_LOCKED

    EXPECT_EQ(same.query(5, 24).information, 24u);
    EXPECT_EQ(same.query_volume(3, 24).information, 24u);
    EXPECT_TRUE(same.flush().ok());
    EXPECT_EQ(same.query_ea(64).status, static_cast<int32_t>(0xC000004F)); // STATUS_EAS_NOT_SUPPORTED
    // "Everyone" owns it, and the list that says who may what is none.
    EXPECT_EQ(same.query_security(5, 4).status, static_cast<int32_t>(0xC0000023)); // STATUS_BUFFER_TOO_SMALL
    Reply const descriptor = same.query_security(5, 256);
    EXPECT_EQ(descriptor.information, 20u + 12u);
    std::byte const junk[3] {};
    EXPECT_EQ(same.set_security(1, junk).status, static_cast<int32_t>(0xC0000079)); // STATUS_INVALID_SECURITY_DESCR
    EXPECT_EQ(same.set_quota(junk).status, static_cast<int32_t>(0xC0000266));       // STATUS_QUOTA_LIST_INCONSISTENT
    same.close();
    root.close();
    machine.expect_quiet();
}
