// SPDX-License-Identifier: MIT
// Every major function that a program can send, through the C face, to a driver that notes what it was asked: the table
// that the C++ face is held to (tests/golden/majors.txt) holds here, too.
#include "capi.h"

#include "drivers/majors.h"

#include <cstring>
#include <fstream>
#include <map>

namespace ringside::test {
namespace {

constexpr char const* kName = R"(\\.\Majors\name)";

// What the client's handler was told, by the row's two digits.
std::map<std::string, std::string> golden_notes()
{
    std::map<std::string, std::string> notes;
    std::ifstream file(RINGSIDE_SOURCE "/tests/golden/majors.txt");
    for (std::string line; std::getline(file, line);)
        if (size_t const at = line.find('['); at != std::string::npos)
            notes[line.substr(0, 2)] = line.substr(at);
    return notes;
}

template <typename... Values>
std::string bytes_of(Values... values)
{
    std::string bytes;
    (bytes.append(reinterpret_cast<char const*>(&values), sizeof values), ...);
    return bytes;
}

// "S-1-1-0".
std::string everybody()
{
    return bytes_of(uint8_t { 1 }, uint8_t { 1 }, uint32_t { 0 }, uint16_t { 0x100 }, uint32_t { 0 });
}

// The program's side of a row: the bytes that it gives, and the rest of its request.
struct Row {
    char const* number;
    ringside_io io;
    size_t room;
    std::string in;
};

std::vector<Row> rows()
{
    auto io = [](uint32_t major, uint32_t code = 0) {
        ringside_io made {};
        made.size = sizeof made;
        made.major = major;
        made.code = code;
        return made;
    };
    auto at = [&](uint32_t major, uint64_t offset) {
        ringside_io made = io(major);
        made.offset = offset;
        return made;
    };
    ringside_io list = io(RINGSIDE_MAJOR_DIRECTORY_CONTROL, 1);
    list.name = "*.txt";
    list.flags = 1;
    ringside_io lock = at(RINGSIDE_MAJOR_LOCK_CONTROL, 100);
    lock.length = 10;
    lock.flags = 3;
    lock.key = 7;
    std::string const ea = bytes_of(uint32_t { 0 }, uint8_t { 0 }, uint8_t { 1 }, uint16_t { 1 }, 'N', '\0', 'v');
    std::string const quota
        = bytes_of(uint32_t { 0 }, uint32_t { 12 }, uint64_t { 0 }, uint64_t { 0 }, uint64_t { 0 }, uint64_t { 0 })
        + everybody();
    std::string const descriptor = bytes_of(uint8_t { 1 }, uint8_t { 0 }, uint16_t { 0x8004 }, uint32_t { 20 },
                                            uint32_t { 32 }, uint32_t { 0 }, uint32_t { 0 })
        + everybody() + everybody();
    return {
        { "03", at(RINGSIDE_MAJOR_READ, 16), 8, "" },
        { "04", at(RINGSIDE_MAJOR_WRITE, 32), 0, "12345" },
        { "05", io(RINGSIDE_MAJOR_QUERY_INFORMATION, 4), 40, "" },
        { "06", io(RINGSIDE_MAJOR_SET_INFORMATION, 20), 0, bytes_of(uint64_t { 4096 }) },
        { "07", io(RINGSIDE_MAJOR_QUERY_EA), 64, "" },
        { "08", io(RINGSIDE_MAJOR_SET_EA), 0, ea },
        { "09", io(RINGSIDE_MAJOR_FLUSH_BUFFERS), 0, "" },
        { "0a", io(RINGSIDE_MAJOR_QUERY_VOLUME_INFORMATION, 3), 24, "" },
        { "0b", io(RINGSIDE_MAJOR_SET_VOLUME_INFORMATION, 2), 0,
          bytes_of(uint32_t { 2 }, uint16_t { 'L' }, uint16_t { 0 }) },
        { "0c", list, 512, "" },
        { "0d", io(RINGSIDE_MAJOR_FILE_SYSTEM_CONTROL, 0x00090018), 8, "" },
        { "0e", io(RINGSIDE_MAJOR_DEVICE_CONTROL, MAJORS_CODE(0x900u)), 8, "in" },
        { "11", lock, 0, "" },
        { "14", io(RINGSIDE_MAJOR_QUERY_SECURITY, 7), 64, "" },
        { "15", io(RINGSIDE_MAJOR_SET_SECURITY, 4), 0, descriptor },
        { "19", io(RINGSIDE_MAJOR_QUERY_QUOTA), 128, "" },
        { "1a", io(RINGSIDE_MAJOR_SET_QUOTA), 0, quota },
    };
}

struct Majors {
    explicit Majors(Where where)
        : machine(usual(where))
    {
        machine.load("majors");
        watch = machine.open(R"(\\.\Majors)");
        (void)seen();
    }
    // What the handlers noted; the notes begin anew.
    std::string seen() { return ioctl(watch, IOCTL_MAJORS_SEEN, {}, 1024).bytes; }
    ringside_file open()
    {
        ringside_open_options options;
        EXPECT_EQ(ringside_open_options_init(&options, sizeof options), RINGSIDE_OK);
        options.access = 0xC0000000 | 0xC0000; // and the rights for a descriptor
        ringside_file file = 0;
        int32_t status = -1;
        EXPECT_EQ(ringside_open_with(machine.handle, kName, &options, &file, &status, nullptr), RINGSIDE_OK) << error();
        EXPECT_EQ(status, 0);
        (void)seen();
        return file;
    }
    Booted machine;
    ringside_file watch = 0;
};

} // namespace

// Each of them waited for, and started.
// Shows: the driver is asked just what the C++ face's program asks.
TEST(CMajors, EachOneAsTheGoldenTableHasIt)
{
    auto const golden = golden_notes();
    for (Where where : { Where::Child, Where::InProcess }) {
        Majors majors(where);
        ringside_file const file = majors.open();
        for (Row const& row : rows()) {
            SCOPED_TRACE(row.number);
            ringside_io io = row.io;
            io.in = row.in.data();
            io.in_bytes = row.in.size();
            std::string out(row.room, '\0');
            ringside_reply reply {};
            EXPECT_EQ(ringside_do_io(file, &io, out.data(), out.size(), &reply), RINGSIDE_OK) << error();
            EXPECT_EQ(reply.status, 0);
            EXPECT_EQ(majors.seen(), golden.at(row.number));
            ringside_request request = 0;
            EXPECT_EQ(ringside_start_io(file, &io, out.size(), &request), RINGSIDE_OK) << error();
            EXPECT_EQ(ringside_request_wait(request, out.data(), out.size(), &reply), RINGSIDE_OK) << error();
            EXPECT_EQ(reply.status, 0);
            EXPECT_EQ(majors.seen(), golden.at(row.number));
        }
        EXPECT_EQ(ringside_file_close(file), RINGSIDE_OK);
        EXPECT_EQ(majors.seen(), "[17.3 flags 0: 0 0 0]" + golden.at("02")) << "its locks go first: IRP_MN_UNLOCK_ALL";
        EXPECT_EQ(ringside_shutdown(majors.machine.handle), RINGSIDE_OK);
        EXPECT_EQ(majors.seen(), golden.at("10"));
        EXPECT_EQ(ringside_file_close(majors.watch), RINGSIDE_OK);
        majors.machine.expect_quiet();
    }
}

// A file that is created with extended attributes, a named pipe and a mailslot.
// Shows: the create's own parameters reach the driver; what its options leave out is as usual.
TEST(CMajors, Creates)
{
    auto const golden = golden_notes();
    for (Where where : { Where::Child, Where::InProcess }) {
        Majors majors(where);
        ringside_open_options options;
        ringside_pipe_options pipe;
        ringside_mailslot_options mailslot;
        ASSERT_EQ(ringside_open_options_init(&options, sizeof options), RINGSIDE_OK);
        ASSERT_EQ(ringside_pipe_options_init(&pipe, sizeof pipe), RINGSIDE_OK);
        ASSERT_EQ(ringside_mailslot_options_init(&mailslot, sizeof mailslot), RINGSIDE_OK);
        options.access = 0xC0000000 | 0xC0000;
        options.disposition = 3; // FILE_OPEN_IF
        std::string const ea = bytes_of(uint32_t { 0 }, uint8_t { 0 }, uint8_t { 1 }, uint16_t { 1 }, 'N', '\0', 'v');
        options.ea = ea.data();
        options.ea_bytes = ea.size();
        pipe.instances = 5;
        pipe.inbound_quota = 512;
        mailslot.quota = 64;
        mailslot.message_bytes = 16;
        ringside_file file = 0;
        int32_t status = -1;
        uint64_t information = 77;
        EXPECT_EQ(ringside_open_with(majors.machine.handle, kName, &options, &file, &status, &information), RINGSIDE_OK)
            << error();
        EXPECT_EQ(status, 0);
        EXPECT_EQ(information, 0u) << "what the driver left";
        EXPECT_EQ(majors.seen(), golden.at("00"));
        EXPECT_EQ(ringside_file_close(file), RINGSIDE_OK);
        (void)majors.seen();
        EXPECT_EQ(ringside_create_pipe(majors.machine.handle, kName, &pipe, nullptr, &file, &status, nullptr),
                  RINGSIDE_OK)
            << error();
        EXPECT_EQ(status, 0);
        EXPECT_EQ(majors.seen(), golden.at("01"));
        EXPECT_EQ(ringside_file_close(file), RINGSIDE_OK);
        (void)majors.seen();
        EXPECT_EQ(ringside_create_mailslot(majors.machine.handle, kName, &mailslot, nullptr, &file, &status, nullptr),
                  RINGSIDE_OK)
            << error();
        EXPECT_EQ(status, 0);
        EXPECT_EQ(majors.seen(), golden.at("13"));
        EXPECT_EQ(ringside_file_close(file), RINGSIDE_OK);
        EXPECT_EQ(ringside_file_close(majors.watch), RINGSIDE_OK);
        majors.machine.expect_quiet();
    }
}

} // namespace ringside::test
