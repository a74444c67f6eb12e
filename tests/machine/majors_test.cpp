// SPDX-License-Identifier: MIT
// Every major function on its way to a driver: from a program, where one can make it, and from another driver; to a
// handler and to NT's default. All outcomes stand in one table, tests/golden/majors.txt.
#include <ringside/ringside.h>

#include "drivers/majors.h"

#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <sstream>
#include <utility>

using namespace ringside;

namespace {

constexpr char const* kNames[] = { "CREATE",
                                   "CREATE_NAMED_PIPE",
                                   "CLOSE",
                                   "READ",
                                   "WRITE",
                                   "QUERY_INFORMATION",
                                   "SET_INFORMATION",
                                   "QUERY_EA",
                                   "SET_EA",
                                   "FLUSH_BUFFERS",
                                   "QUERY_VOLUME_INFORMATION",
                                   "SET_VOLUME_INFORMATION",
                                   "DIRECTORY_CONTROL",
                                   "FILE_SYSTEM_CONTROL",
                                   "DEVICE_CONTROL",
                                   "INTERNAL_DEVICE_CONTROL",
                                   "SHUTDOWN",
                                   "LOCK_CONTROL",
                                   "CLEANUP",
                                   "CREATE_MAILSLOT",
                                   "QUERY_SECURITY",
                                   "SET_SECURITY",
                                   "POWER",
                                   "SYSTEM_CONTROL",
                                   "DEVICE_CHANGE",
                                   "QUERY_QUOTA",
                                   "SET_QUOTA",
                                   "PNP" };
constexpr int32_t kNotFromHere = -1; // no status of NT's

template <typename... Values>
Bytes bytes_of(Values... values)
{
    Bytes bytes;
    auto add = [&](auto value) {
        auto const* at = reinterpret_cast<std::byte const*>(&value);
        bytes.insert(bytes.end(), at, at + sizeof value);
    };
    (add(values), ...);
    return bytes;
}

// "S-1-1-0".
Bytes everybody() { return bytes_of(uint8_t { 1 }, uint8_t { 1 }, uint32_t { 0 }, uint16_t { 0x100 }, uint32_t { 0 }); }

Bytes joined(Bytes a, Bytes const& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

class Majors : public ::testing::Test {
protected:
    void SetUp() override
    {
        for (char const* driver : { "majors", "majors_bare", "majors_none", "majors_sender" })
            ASSERT_GE(machine.load(RINGSIDE_DRIVERS "/" + std::string(driver) + ".sys").status(), 0) << driver;
        sender.emplace(machine.open(R"(\\.\MajorsSender)"));
        watch.emplace(machine.open(R"(\\.\Majors)"));
        (void)seen();
    }
    // What the handlers noted; the notes begin anew.
    std::string seen() { return std::string(watch->ioctl(IOCTL_MAJORS_SEEN, std::string_view(), 1024).text()); }
    int32_t send(bool bare, uint8_t major)
    {
        MAJORS_SEND const order { bare, major, 0 };
        Reply const reply = sender->ioctl(IOCTL_MAJORS_SEND, std::as_bytes(std::span(&order, 1)), 4);
        int32_t status = kNotFromHere;
        if (reply.bytes.size() == 4)
            std::memcpy(&status, reply.bytes.data(), 4);
        return status;
    }
    // As a program does it, on a file below the device's name.
    int32_t ask(std::string const& device, uint8_t major);

    // The sender makes a Plug and Play IRP itself, which is the system's business: that it arrives is what is looked at.
    Machine machine { MachineOptions { .rules_off = { "SystemIrpSent" } } };
    std::optional<File> sender, watch;
    std::string notes; // of the last ask()
};

int32_t Majors::ask(std::string const& device, uint8_t major)
{
    std::string const path = R"(\\.\)" + device + "\\name";
    Client client = machine.default_client();
    Bytes const ea = bytes_of(uint32_t { 0 }, uint8_t { 0 }, uint8_t { 1 }, uint16_t { 1 }, 'N', '\0', 'v');
    Bytes const quota = joined(
        bytes_of(uint32_t { 0 }, uint32_t { 12 }, uint64_t { 0 }, uint64_t { 0 }, uint64_t { 0 }, uint64_t { 0 }),
        everybody());
    // Owner, group and a null list.
    Bytes const descriptor = joined(joined(bytes_of(uint8_t { 1 }, uint8_t { 0 }, uint16_t { 0x8004 }, uint32_t { 20 },
                                                    uint32_t { 32 }, uint32_t { 0 }, uint32_t { 0 }),
                                           everybody()),
                                    everybody());
    switch (major) {
    case 0x01: {
        File pipe = client.create_pipe(path, { .instances = 5, .inbound_quota = 512 });
        notes = seen();
        pipe.close();
        return pipe.status();
    }
    case 0x13: {
        File slot = client.create_mailslot(path, { .quota = 64, .message_bytes = 16 });
        notes = seen();
        slot.close();
        return slot.status();
    }
    case 0x10:
        (void)seen();
        machine.shutdown();
        notes = seen();
        return 0;
    }
    OpenOptions options { .access = 0xC0000000 | 0xC0000, .disposition = major == 0x00 ? 3u : 1u };
    if (major == 0x00)
        options.ea = ea;
    File file = client.open(path, options);
    int32_t status = file.status();
    if (major != 0x00)
        (void)seen();
    auto set = [&](Reply const& reply) { status = reply.status; };
    uint64_t const size = 4096;
    Bytes const label = bytes_of(uint32_t { 2 }, uint16_t { 'L' }, uint16_t { 0 });
    if (status >= 0)
        switch (major) {
        case 0x00:
            break;
        case 0x02:
        case 0x12: // they are told no status: the handle is closed in any case
            file.close();
            break;
        case 0x03:
            set(file.read(8, 16));
            break;
        case 0x04:
            set(file.write("12345", 32));
            break;
        case 0x05:
            set(file.query(4, 40));
            break;
        case 0x06:
            set(file.set(20, std::as_bytes(std::span(&size, 1))));
            break;
        case 0x07:
            set(file.query_ea(64));
            break;
        case 0x08:
            set(file.set_ea(ea));
            break;
        case 0x09:
            set(file.flush());
            break;
        case 0x0A:
            set(file.query_volume(3, 24));
            break;
        case 0x0B:
            set(file.set_volume(2, label));
            break;
        case 0x0C:
            set(file.list(1, 512, "*.txt", 1));
            break;
        case 0x0D:
            set(file.fsctl(0x00090018, {}, 8));
            break;
        case 0x0E:
            set(file.ioctl(MAJORS_CODE(0x900u), "in", 8));
            break;
        case 0x11:
            set(file.lock(100, 10, 3, 7));
            break;
        case 0x14:
            set(file.query_security(7, 64));
            break;
        case 0x15:
            set(file.set_security(4, descriptor));
            break;
        case 0x19:
            set(file.query_quota(128));
            break;
        case 0x1A:
            set(file.set_quota(quota));
            break;
        default:
            status = kNotFromHere;
        }
    notes = seen();
    file.close();
    (void)seen();
    return status;
}

std::string word(int32_t status)
{
    return status == kNotFromHere ? "-" : fmt::format("{:08x}", static_cast<uint32_t>(status));
}

} // namespace

// Each of the 28 in its turn. The driver without handlers must have one for opens, or nobody could send it anything.
// Shows: all reach a driver that has a handler, with their parameters, from a program or from another driver; and what
// NT answers for a driver that has none: STATUS_INVALID_DEVICE_REQUEST, but for what nobody is told (closing, shutdown)
// and for security, where a file without a descriptor is everybody's.
TEST_F(Majors, EachOneFromEverybody)
{
    std::string now = fmt::format("{:28}{:10}{:10}{:10}{:10}{}\n", "", "client", "default", "driver", "default",
                                  "what the client's handler was told");
    for (uint8_t major = 0; major < std::size(kNames); ++major) {
        std::string const first = word(ask("Majors", major)), told = std::exchange(notes, "");
        std::string const second = word(ask(major ? "MajorsBare" : "MajorsNone", major));
        now += fmt::format("{:02x} {:25}{:10}{:10}{:10}{:10}{}\n", major, kNames[major], first, second,
                           word(send(false, major)), word(major ? send(true, major) : kNotFromHere), told);
        (void)seen();
    }
    std::string const path = RINGSIDE_SOURCE "/tests/golden/majors.txt";
    if (std::getenv("RINGSIDE_WRITE_GOLDEN"))
        std::ofstream(path) << now;
    std::stringstream golden;
    golden << std::ifstream(path).rdbuf();
    EXPECT_EQ(now, golden.str());
    sender->close();
    watch->close();
    machine.expect_quiet();
}
