// SPDX-License-Identifier: MIT
// Drivers for tests of room io, written as host functions: each has a DriverEntry that fills its dispatch table with
// one trampoline, which calls what the test said for that device. Film style: devices write what they see into a
// journal.
#pragma once

#include "boot.h"
#include "io/build.h"
#include "io/cancel.h"
#include "io/complete.h"
#include "io/describe.h"
#include "io/dispatch.h"
#include "io/open.h"
#include "io/request.h"
#include "mm/address_space.h"
#include "ob/handle.h"

#include <fmt/format.h>

namespace ringside::test {

using Dispatch = std::function<NTSTATUS(DEVICE_OBJECT*, IRP*)>;

inline std::vector<std::string> g_journal;
inline void note(std::string line) { g_journal.push_back(std::move(line)); }
inline std::string journal()
{
    std::string text;
    for (auto const& line : g_journal)
        text += line + "\n";
    g_journal.clear();
    return text;
}

// What stands behind a device: in its extension is a pointer to it.
struct Behaviour {
    std::string name;
    Dispatch dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1];
    DEVICE_OBJECT* lower = nullptr;
};
inline Behaviour& behaviour_of(DEVICE_OBJECT* device) { return **static_cast<Behaviour**>(device->DeviceExtension); }

inline NTSTATUS complete(IRP* irp, NTSTATUS status, uint64_t information = 0)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    io::IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

inline NTSTATUS pass_down(DEVICE_OBJECT* device, IRP* irp)
{
    io::skip_location(irp);
    return io::IofCallDriver(behaviour_of(device).lower, irp);
}

NTAPI inline NTSTATUS trampoline(DEVICE_OBJECT* device, IRP* irp)
{
    Behaviour& behaviour = behaviour_of(device);
    UCHAR const major = io::current_location(irp)->MajorFunction;
    if (behaviour.dispatch[major])
        return behaviour.dispatch[major](device, irp);
    if (behaviour.lower)
        return pass_down(device, irp);
    if (major == IRP_MJ_CREATE || major == IRP_MJ_CLEANUP || major == IRP_MJ_CLOSE)
        return complete(irp, STATUS_SUCCESS);
    return io::IopInvalidDeviceRequest(device, irp);
}

inline std::function<NTSTATUS(DRIVER_OBJECT*)> g_entry;
NTAPI inline NTSTATUS entry(DRIVER_OBJECT* driver, UNICODE_STRING*)
{
    for (auto& function : driver->MajorFunction)
        function = &trampoline;
    return g_entry ? g_entry(driver) : STATUS_SUCCESS;
}
NTAPI inline void unload_and_delete(DRIVER_OBJECT* driver)
{
    note("unload");
    while (driver->DeviceObject)
        io::IoDeleteDevice(driver->DeviceObject);
}

inline UNICODE_STRING counted(std::u16string const& text)
{
    return { static_cast<USHORT>(text.size() * 2), static_cast<USHORT>(text.size() * 2),
             const_cast<char16_t*>(text.data()) };
}

class IoTest : public ::testing::Test {
protected:
    explicit IoTest(BootOptions const& options = {})
        : boot(options)
    {
        g_journal.clear();
    }
    ~IoTest() override { g_entry = nullptr; }

    io::Manager& io() { return boot.rooms.io; }

    // On the system thread.
    void on_system(std::function<void()> body) { ASSERT_TRUE(boot.run_on_thread(std::move(body))); }
    // On a client's thread, with user addresses.
    machine::Outcome on_client(std::function<void()> body)
    {
        if (!m_client) {
            (void)boot.run_on_thread(
                [this] { m_process = boot.rooms.processes.create_client(u"\\client.exe").take(); });
            m_client = std::make_unique<machine::HostThread>(m_process);
        }
        return m_client->execute(std::move(body));
    }
    ke::Process& client_process() { return *m_process; }
    machine::HostThread& client_thread() { return *m_client; }

    DRIVER_OBJECT* driver(std::u16string_view name, PDRIVER_UNLOAD unload = &unload_and_delete)
    {
        DRIVER_OBJECT* made = nullptr;
        on_system([&] {
            g_entry = [unload](DRIVER_OBJECT* driver) {
                driver->DriverUnload = unload;
                return STATUS_SUCCESS;
            };
            auto created = io::create_driver({ .name = name, .entry = &entry, .registry_path = u"\\Registry" });
            ASSERT_TRUE(created.ok()) << std::hex << created.status();
            made = (*created)->object;
            g_entry = nullptr;
        });
        return made;
    }

    // A device ready for use, on top of `below` when given.
    DEVICE_OBJECT* device(DRIVER_OBJECT* of, Behaviour& behaviour, std::u16string const& name = {},
                          DEVICE_OBJECT* below = nullptr, ULONG flags = 0, bool exclusive = false)
    {
        DEVICE_OBJECT* made = nullptr;
        on_system([&] {
            UNICODE_STRING string = counted(name);
            NTSTATUS const status = io::IoCreateDevice(of, sizeof(Behaviour*), name.empty() ? nullptr : &string,
                                                       FILE_DEVICE_UNKNOWN, 0, exclusive, &made);
            ASSERT_EQ(status, STATUS_SUCCESS);
            *static_cast<Behaviour**>(made->DeviceExtension) = &behaviour;
            if (below) {
                behaviour.lower = io::IoAttachDeviceToDeviceStack(made, below);
                ASSERT_TRUE(behaviour.lower);
            }
            made->Flags |= flags;
            made->Flags &= ~DO_DEVICE_INITIALIZING;
        });
        return made;
    }

    NTSTATUS open(std::u16string_view path, HANDLE& handle, ULONG options = 0,
                  ACCESS_MASK access = GENERIC_READ | GENERIC_WRITE)
    {
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        on_client([&] {
            io::OpenRequest request;
            request.path = path;
            request.access = access;
            request.options = options;
            request.mode = UserMode;
            auto opened = io::open(request);
            status = opened.status();
            handle = opened.ok() ? opened->handle : nullptr;
        });
        return status;
    }
    void close(HANDLE handle)
    {
        on_client([&] { EXPECT_TRUE(ob::close_handle(*m_process, handle, UserMode).ok()); });
    }
    // Client memory; the same pages each time.
    uint8_t* user_pages(size_t which)
    {
        if (!m_pages[which])
            on_client(
                [&] { m_pages[which] = static_cast<uint8_t*>(mm::allocate_user(*m_process, 8192, true).take()); });
        return m_pages[which];
    }
    io::Reply transact(io::Request request)
    {
        io::Reply reply { STATUS_UNSUCCESSFUL, 0 };
        on_client([&] { reply = io::transact(request); });
        return reply;
    }

    BootedKernel boot;

private:
    ke::Process* m_process = nullptr;
    std::unique_ptr<machine::HostThread> m_client;
    uint8_t* m_pages[4] {};
};

} // namespace ringside::test
