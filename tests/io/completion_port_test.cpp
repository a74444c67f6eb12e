// SPDX-License-Identifier: MIT
// Completion ports from inside: what a packet holds on to, and what becomes of who waits when a port is closed.
#include "host_driver.h"

#include "io/completion_port.h"
#include "io/file_calls.h"
#include "io/information.h"

#include <memory>

using namespace ringside;
using namespace ringside::test;

namespace {

class Ports : public IoTest {
protected:
    explicit Ports(Windows windows = Windows::v11_24H2)
        : IoTest(BootOptions { .windows = windows })
    {
    }
    void SetUp() override
    {
        device(driver(u"port"), m_behaviour, u"\\Device\\Port");
        m_behaviour.dispatch[IRP_MJ_CLOSE] = [](DEVICE_OBJECT*, IRP* irp) {
            note("CLOSE");
            return complete(irp, STATUS_SUCCESS);
        };
        m_behaviour.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT*, IRP* irp) { return complete(irp, STATUS_SUCCESS, 3); };
        on_client([&] { m_port = io::create_port(0).take(); });
    }
    NTSTATUS associate(HANDLE file, uint64_t key)
    {
        NTSTATUS status = 0;
        on_client([&] {
            FILE_COMPLETION_INFORMATION const with { m_port, reinterpret_cast<void*>(key) };
            status = io::answer_set(file, &with, sizeof with, FileCompletionInformation, KernelMode)->Status;
        });
        return status;
    }
    void read(HANDLE file, uint64_t context)
    {
        on_client([&] {
            io::Operation* operation = nullptr;
            EXPECT_EQ(io::start({ .handle = file, .major = IRP_MJ_READ, .offset = 0 }, operation,
                                { .context = reinterpret_cast<void*>(context) }),
                      STATUS_SUCCESS);
            io::release_operation(*operation);
        });
    }
    // On the client's thread.
    NTSTATUS take(io::PortPacket& packet, int64_t timeout_100ns)
    {
        auto port = ob::reference_by_handle(m_port, 0, &ob::completion_port_type, UserMode);
        if (!port.ok())
            return port.status();
        LARGE_INTEGER const timeout { .QuadPart = -timeout_100ns };
        NTSTATUS const status = io::take_packet(*static_cast<KQUEUE*>(port->body), UserMode,
                                                timeout_100ns < 0 ? nullptr : &timeout, packet);
        ob::dereference(port->body);
        return status;
    }
    // A thread waits for ever, another one closes the port.
    NTSTATUS close_under_a_waiter()
    {
        auto status = std::make_shared<NTSTATUS>(STATUS_PENDING);
        std::unique_ptr<machine::HostThread> waiter;
        on_system([&] { waiter = std::make_unique<machine::HostThread>(&client_process()); });
        EXPECT_EQ(waiter->begin([this, status] {
            io::PortPacket packet;
            *status = take(packet, -1);
        }),
                  machine::Outcome::Unfinished);
        close(m_port);
        if (waiter->go_on() == machine::Outcome::Unfinished) {
            EXPECT_EQ(*status, STATUS_PENDING);
            on_system([&] { EXPECT_GE(ps::manager().terminate(client_process(), 0), 0); });
        }
        boot.settle();
        NTSTATUS const seen = *status;
        m_waiters.push_back(std::move(waiter));
        return seen;
    }

    Behaviour m_behaviour { "port" };
    HANDLE m_port = nullptr;
    std::vector<std::unique_ptr<machine::HostThread>> m_waiters;
};

class PortsOfXp : public Ports {
protected:
    PortsOfXp()
        : Ports(Windows::xp_x64)
    {
    }
};

} // namespace

// Reads are done and nobody took their packets when the file is closed, and when the port is.
// Shows: a packet keeps no file open; it names file and request still; what is left in a closed port is freed.
TEST_F(Ports, PacketsAndTheirFile)
{
    HANDLE file = nullptr;
    ASSERT_EQ(open(u"\\Device\\Port", file), STATUS_SUCCESS);
    EXPECT_EQ(associate(file, 9), STATUS_SUCCESS);
    EXPECT_EQ(associate(file, 9), STATUS_INVALID_PARAMETER);
    read(file, 1);
    read(file, 2);
    EXPECT_EQ(io().irps().live(), 2u);
    close(file);
    EXPECT_EQ(journal(), "CLOSE\n");
    on_client([&] {
        io::PortPacket packet;
        EXPECT_EQ(take(packet, 0), STATUS_SUCCESS);
        EXPECT_EQ(packet.key, reinterpret_cast<void*>(9));
        EXPECT_EQ(packet.context, reinterpret_cast<void*>(1));
        EXPECT_EQ(packet.information, 3u);
    });
    EXPECT_EQ(io().irps().live(), 1u);
    close(m_port);
    EXPECT_EQ(io().irps().live(), 0u);
    on_client([&] {
        io::PortPacket packet;
        EXPECT_EQ(take(packet, 0), STATUS_INVALID_HANDLE);
    });
}

// The port's handle is closed while a file is associated with it, and the file goes on.
// Shows: its requests end as before, and their packets go nowhere.
TEST_F(Ports, AFileWhosePortWasClosed)
{
    HANDLE file = nullptr;
    ASSERT_EQ(open(u"\\Device\\Port", file), STATUS_SUCCESS);
    EXPECT_EQ(associate(file, 9), STATUS_SUCCESS);
    close(m_port);
    read(file, 1);
    EXPECT_EQ(io().irps().live(), 0u);
    close(file);
    EXPECT_EQ(journal(), "CLOSE\n");
}

// Since Windows 8.1 a file may leave its port, or change it.
TEST_F(Ports, AnotherPortOrNone)
{
    HANDLE file = nullptr;
    ASSERT_EQ(open(u"\\Device\\Port", file), STATUS_SUCCESS);
    EXPECT_EQ(associate(file, 9), STATUS_SUCCESS);
    on_client([&] {
        FILE_COMPLETION_INFORMATION with { m_port, reinterpret_cast<void*>(10) };
        EXPECT_EQ(io::answer_set(file, &with, sizeof with, FileReplaceCompletionInformation, KernelMode)->Status,
                  STATUS_SUCCESS);
    });
    read(file, 1);
    on_client([&] {
        io::PortPacket packet;
        EXPECT_EQ(take(packet, 0), STATUS_SUCCESS);
        EXPECT_EQ(packet.key, reinterpret_cast<void*>(10));
        FILE_COMPLETION_INFORMATION none {};
        EXPECT_EQ(io::answer_set(file, &none, sizeof none, FileReplaceCompletionInformation, KernelMode)->Status,
                  STATUS_SUCCESS);
    });
    read(file, 2);
    EXPECT_EQ(io().irps().live(), 0u);
    EXPECT_EQ(associate(file, 11), STATUS_SUCCESS);
    close(file);
    close(m_port);
    journal();
}

// A thread waits when the port's last handle is closed.
// Shows: since Windows Vista it is told (STATUS_ABANDONED), before that it waits on, here until its process is ended.
TEST_F(Ports, WhoWaitsIsTold) { EXPECT_EQ(close_under_a_waiter(), STATUS_ABANDONED); }
TEST_F(PortsOfXp, WhoWaitsGoesOnWaiting) { EXPECT_NE(close_under_a_waiter(), STATUS_ABANDONED); }
