// SPDX-License-Identifier: MIT
// Client processes of 32 bits beside those of 64, before one driver that serves both.
#include <ringside/ringside.h>

#include "drivers/widths.h"
#include "nt/status.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;

namespace {

constexpr char const* kDriver = RINGSIDE_DRIVERS "/widths.sys";

template <typename T>
std::span<std::byte const> bytes_of(T const& value)
{
    return std::as_bytes(std::span(&value, 1));
}

template <typename T>
T value_of(Reply const& reply)
{
    T value {};
    EXPECT_EQ(reply.bytes.size(), sizeof value);
    if (reply.bytes.size() == sizeof value)
        std::memcpy(&value, reply.bytes.data(), sizeof value);
    return value;
}

struct Addresses {
    uint64_t in, out;
};

Addresses addresses(File& file, size_t in_bytes)
{
    Bytes const in(in_bytes);
    return value_of<Addresses>(file.ioctl(IOCTL_WIDTHS_WHERE, in, sizeof(Addresses)));
}

} // namespace

// A program of 32 bits and one of 64 give an event by handle and a number, each in a structure of its own width, and each in
// the other's.
// Shows: IoIs32bitProcess tells them apart by the IRP, and without one in fast I/O; an IRP of the driver's own is 64 bits
// wide, whosever thread it is on; the driver reads the handle that the program wrote.
TEST(narrow_client, a_driver_serves_both_widths)
{
    for (Checks checks : { Checks::Verified, Checks::Bare }) {
        Machine machine({ .checks = checks });
        machine.load(kDriver);
        for (bool narrow : { true, false, true }) {
            Client client = machine.client("program.exe", { .is_32bit = narrow });
            ASSERT_EQ(client.status(), STATUS_SUCCESS);
            File file = client.open(R"(\\.\Widths)");
            Event event = client.event();
            ASSERT_LT(event.handle(), 0x1'0000'0000u);
            WIDTHS_RING32 const order32 { static_cast<unsigned>(event.handle()), 0x33 };
            WIDTHS_RING64 const order64 { event.handle(), 0x66 };
            Reply const reply = narrow ? file.ioctl(IOCTL_WIDTHS_RING, bytes_of(order32), sizeof(WIDTHS_ANSWER))
                                       : file.ioctl(IOCTL_WIDTHS_RING, bytes_of(order64), sizeof(WIDTHS_ANSWER));
            EXPECT_EQ(reply.status, STATUS_SUCCESS);
            auto const answer = value_of<WIDTHS_ANSWER>(reply);
            EXPECT_EQ(answer.Key, narrow ? 0x33u : 0x66u);
            EXPECT_EQ(answer.Bits, narrow ? 32u : 64u);
            EXPECT_EQ(answer.OwnBits, 64u);
            EXPECT_TRUE(event.signalled());
            EXPECT_EQ(value_of<unsigned>(file.ioctl(IOCTL_WIDTHS_FAST, Bytes {}, sizeof(unsigned))),
                      narrow ? 32u : 64u);
            if (!narrow)
                EXPECT_EQ(file.ioctl(IOCTL_WIDTHS_RING, bytes_of(order32), sizeof(WIDTHS_ANSWER)).status,
                          STATUS_INVALID_PARAMETER);
            event.close();
            file.close();
        }
        machine.expect_quiet();
    }
}

// Buffers of programs of both widths, small and large; more programs of 32 bits than have room one after another.
// Shows: those of 32 bits stand below 2 GiB and no two live programs share addresses; what does not fit is refused; a
// program's place is free again when it is gone.
TEST(narrow_client, buffers_stand_where_their_pointers_reach)
{
    Machine machine({ .seed = 6 });
    machine.load(kDriver);
    std::vector<std::pair<uint64_t, uint64_t>> seen;
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(machine.client("narrow.exe", { .is_32bit = true }));
        File file = clients.back().open(R"(\\.\Widths)");
        std::vector<std::pair<uint64_t, uint64_t>> own;
        for (size_t bytes : { size_t { 8 }, size_t { 5'000'000 } }) {
            auto const [in, out] = addresses(file, bytes);
            EXPECT_GE(in, 0x10000u);
            EXPECT_GE(out, 0x10000u);
            EXPECT_LT(in + bytes, 0x8000'0000u);
            EXPECT_LT(out, 0x8000'0000u);
            for (auto const& [other_in, other_out] : seen)
                EXPECT_FALSE(in == other_in || out == other_out);
            own.push_back({ in, out });
        }
        seen.insert(seen.end(), own.begin(), own.end());
        EXPECT_LT(file.ioctl(IOCTL_WIDTHS_WHERE, Bytes(200'000'000), 16).status, 0) << "more than such a program has";
    }
    File wide = machine.open(R"(\\.\Widths)");
    EXPECT_GT(addresses(wide, 8).in, 0xFFFF'FFFFu);
    wide.close();
    for (auto& client : clients)
        client.end();
    for (int i = 0; i < 30; ++i) {
        Client client = machine.client("next.exe", { .is_32bit = true });
        File file = client.open(R"(\\.\Widths)");
        EXPECT_LT(addresses(file, 8).in, 0x8000'0000u) << i;
        file.close();
        client.end();
    }
    machine.expect_quiet();
}

// Shows: as many programs of 32 bits as there is room for, and no more; those of 64 bits do not mind.
TEST(narrow_client, there_is_room_for_some)
{
    Machine machine;
    std::vector<Client> clients;
    EXPECT_THROW(for (int i = 0; i < 100; ++i) clients.push_back(machine.client("narrow.exe", { .is_32bit = true })),
                 BadUse);
    EXPECT_EQ(clients.size(), 12u);
    EXPECT_EQ(machine.client("wide.exe").status(), STATUS_SUCCESS);
    machine.expect_quiet();
}

// Shows: the same run, whatever the width: the log does not depend on the host.
TEST(narrow_client, runs_repeat)
{
    auto const run = [] {
        Machine machine({ .seed = 9 });
        machine.load(kDriver);
        Client client = machine.client("narrow.exe", { .is_32bit = true });
        File file = client.open(R"(\\.\Widths)");
        (void)addresses(file, 100);
        file.close();
        machine.expect_quiet();
        return machine.log_hash();
    };
    EXPECT_EQ(run(), run());
}
