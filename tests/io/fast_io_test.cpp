// SPDX-License-Identifier: MIT
// Fast I/O: which routine of a driver's table is called for what, and when the work goes to an IRP instead.
#include "host_driver.h"

#include "io/file_calls.h"

#include <cstring>

using namespace ringside;
using namespace ringside::test;

namespace {

bool g_takes = true;      // what each routine returns
NTSTATUS g_status = STATUS_SUCCESS;

BOOLEAN answer(std::string words, IO_STATUS_BLOCK* status, uint64_t information)
{
    note(std::move(words));
    status->Status = g_status;
    status->Information = information;
    return g_takes ? TRUE : FALSE;
}

NTAPI BOOLEAN fast_read(FILE_OBJECT*, LARGE_INTEGER* offset, ULONG bytes, BOOLEAN wait, ULONG key, PVOID buffer,
                        IO_STATUS_BLOCK* status, DEVICE_OBJECT*)
{
    std::memset(buffer, 'f', bytes);
    return answer(fmt::format("fast read {} at {} key {} wait {}", bytes, offset->QuadPart, key, wait), status, bytes);
}
NTAPI BOOLEAN fast_write(FILE_OBJECT*, LARGE_INTEGER* offset, ULONG bytes, BOOLEAN wait, ULONG, PVOID,
                         IO_STATUS_BLOCK* status, DEVICE_OBJECT*)
{
    return answer(fmt::format("fast write {} at {} wait {}", bytes, offset->QuadPart, wait), status, bytes);
}
NTAPI BOOLEAN fast_basic(FILE_OBJECT*, BOOLEAN wait, FILE_BASIC_INFORMATION* into, IO_STATUS_BLOCK* status,
                         DEVICE_OBJECT*)
{
    into->FileAttributes = 0x20;
    return answer(fmt::format("fast basic wait {}", wait), status, sizeof *into);
}
NTAPI BOOLEAN fast_standard(FILE_OBJECT*, BOOLEAN wait, FILE_STANDARD_INFORMATION* into, IO_STATUS_BLOCK* status,
                            DEVICE_OBJECT*)
{
    into->NumberOfLinks = 3;
    return answer(fmt::format("fast standard wait {}", wait), status, sizeof *into);
}
NTAPI BOOLEAN fast_network(FILE_OBJECT*, BOOLEAN wait, FILE_NETWORK_OPEN_INFORMATION* into, IO_STATUS_BLOCK* status,
                           DEVICE_OBJECT*)
{
    into->FileAttributes = 0x21;
    return answer(fmt::format("fast network wait {}", wait), status, sizeof *into);
}
NTAPI BOOLEAN fast_lock(FILE_OBJECT*, LARGE_INTEGER* offset, LARGE_INTEGER* length, EPROCESS* process, ULONG key,
                        BOOLEAN at_once, BOOLEAN exclusive, IO_STATUS_BLOCK* status, DEVICE_OBJECT*)
{
    return answer(fmt::format("fast lock {}+{} key {} at once {} exclusive {} process {}", offset->QuadPart,
                              length->QuadPart, key, at_once, exclusive, process != nullptr),
                  status, 0);
}
NTAPI BOOLEAN fast_unlock(FILE_OBJECT*, LARGE_INTEGER* offset, LARGE_INTEGER* length, EPROCESS*, ULONG key,
                          IO_STATUS_BLOCK* status, DEVICE_OBJECT*)
{
    return answer(fmt::format("fast unlock {}+{} key {}", offset->QuadPart, length->QuadPart, key), status, 0);
}
NTAPI BOOLEAN fast_unlock_all(FILE_OBJECT*, EPROCESS*, IO_STATUS_BLOCK* status, DEVICE_OBJECT*)
{
    return answer("fast unlock all", status, 0);
}
NTAPI BOOLEAN fast_control(FILE_OBJECT*, BOOLEAN wait, PVOID, ULONG in, PVOID, ULONG out, ULONG code,
                           IO_STATUS_BLOCK* status, DEVICE_OBJECT*)
{
    return answer(fmt::format("fast control {:#x} {}/{} wait {}", code, in, out, wait), status, out);
}

// Works on the create's IRP and does not complete it.
NTAPI BOOLEAN fast_query_open(IRP* irp, FILE_NETWORK_OPEN_INFORMATION* into, DEVICE_OBJECT* device)
{
    IO_STACK_LOCATION const* location = io::current_location(irp);
    UNICODE_STRING const& name = location->FileObject->FileName;
    note(fmt::format("fast query open of {} by {}.{} access {:x} options {:x} on its device {} mode {}",
                     std::string(name.Buffer, name.Buffer + name.Length / 2), location->MajorFunction,
                     location->MinorFunction, location->Parameters.Create.SecurityContext->DesiredAccess,
                     location->Parameters.Create.Options, location->DeviceObject == device, irp->RequestorMode));
    into->FileAttributes = 0x22;
    irp->IoStatus.Status = g_status;
    irp->IoStatus.Information = sizeof *into;
    return g_takes ? TRUE : FALSE;
}
NTAPI void fast_detach(DEVICE_OBJECT* source, DEVICE_OBJECT* target)
{
    note(fmt::format("{} lets go of {}", behaviour_of(source).name, behaviour_of(target).name));
    io::IoDetachDevice(target);
    io::IoDeleteDevice(source);
}
NTAPI void fast_detach_not(DEVICE_OBJECT* source, DEVICE_OBJECT*) { note(behaviour_of(source).name + " stays"); }

class FastIo : public IoTest {
protected:
    void SetUp() override
    {
        g_takes = true;
        g_status = STATUS_SUCCESS;
        DRIVER_OBJECT* made = driver(u"fast");
        DEVICE_OBJECT* on = device(made, m_behaviour, u"\\Device\\Fast");
        on->Flags |= DO_BUFFERED_IO;
        m_table = { .SizeOfFastIoDispatch = sizeof m_table,
                    .FastIoRead = &fast_read,
                    .FastIoWrite = &fast_write,
                    .FastIoQueryBasicInfo = &fast_basic,
                    .FastIoQueryStandardInfo = &fast_standard,
                    .FastIoLock = &fast_lock,
                    .FastIoUnlockSingle = &fast_unlock,
                    .FastIoUnlockAll = &fast_unlock_all,
                    .FastIoDeviceControl = &fast_control,
                    .FastIoQueryNetworkOpenInfo = &fast_network,
                    .FastIoQueryOpen = &fast_query_open };
        made->FastIoDispatch = &m_table;
        for (UCHAR major : { IRP_MJ_READ, IRP_MJ_WRITE, IRP_MJ_QUERY_INFORMATION, IRP_MJ_LOCK_CONTROL,
                             IRP_MJ_DEVICE_CONTROL, IRP_MJ_CLEANUP })
            m_behaviour.dispatch[major] = [major](DEVICE_OBJECT*, IRP* irp) {
                note(fmt::format("IRP {}.{}", io::major_name(major), io::current_location(irp)->MinorFunction));
                return complete(irp, STATUS_SUCCESS, 0);
            };
    }
    // Everything that has a fast path, once.
    void all(HANDLE handle)
    {
        uint8_t* buffer = user_pages(0);
        transact(
            { .handle = handle, .major = IRP_MJ_READ, .buffers = { nullptr, 0, buffer, 16 }, .offset = 5, .key = 9 });
        transact({ .handle = handle, .major = IRP_MJ_WRITE, .buffers = { buffer, 16, nullptr, 0 }, .offset = 6 });
        on_client([&] {
            IO_STATUS_BLOCK status {};
            for (auto information :
                 { FileBasicInformation, FileStandardInformation, FileNetworkOpenInformation, FileEaInformation })
                (void)io::query_file(handle, &status, buffer, 64, information, UserMode);
            LARGE_INTEGER offset { .QuadPart = 100 }, length { .QuadPart = 10 };
            auto request = io::lock_request(handle, 100, &length, 4, SL_EXCLUSIVE_LOCK, UserMode);
            io::transact(*request);
            (void)io::unlock_file(handle, &status, &offset, &length, 4, UserMode);
        });
        transact({ .handle = handle, .code = 0x80002000, .buffers = { buffer, 3, buffer, 5 } });
    }

    Behaviour m_behaviour { "fast" };
    FAST_IO_DISPATCH m_table {};
};

} // namespace

// A synchronous file with a cache map, whose driver does everything by fast I/O.
// Shows: each routine's arguments, that no IRP is sent, and that locks are given back when the last handle goes.
TEST_F(FastIo, TakenByTheDriver)
{
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\Device\\Fast", handle, FILE_SYNCHRONOUS_IO_NONALERT), STATUS_SUCCESS);
    int cached = 0;
    on_client([&] {
        auto file = ob::resolve_handle(client_process(), handle, UserMode);
        static_cast<FILE_OBJECT*>(file->body)->PrivateCacheMap = &cached;
    });
    all(handle);
    EXPECT_EQ(journal(),
              "fast read 16 at 5 key 9 wait 1\n"
              "fast write 16 at 6 wait 1\n"
              "fast basic wait 1\n"
              "fast standard wait 1\n"
              "fast network wait 1\n"
              "IRP QUERY_INFORMATION.0\n"
              "fast lock 100+10 key 4 at once 0 exclusive 1 process true\n"
              "fast unlock 100+10 key 4\n"
              "fast control 0x80002000 3/5 wait 1\n");
    // A read that ends otherwise than well goes the long way; so does one that the driver does not take.
    g_status = STATUS_INVALID_PARAMETER;
    transact({ .handle = handle, .major = IRP_MJ_READ, .buffers = { nullptr, 0, user_pages(0), 4 } });
    EXPECT_EQ(journal(), "fast read 4 at 0 key 0 wait 1\nIRP READ.0\n");
    g_status = STATUS_SUCCESS;
    close(handle);
    EXPECT_EQ(journal(), "fast unlock all\nIRP CLEANUP.0\n");
    EXPECT_EQ(io().irps().live(), 0u);
}

// The same where the routines say no, where the table is too short for them, and on a file without a cache map.
// Shows: IRPs do what fast I/O did not; IRP_MN_UNLOCK_ALL comes before the clean-up; a file that was never locked is
// closed without one.
TEST_F(FastIo, LeftToIrps)
{
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\Device\\Fast", handle), STATUS_SUCCESS);
    g_takes = false;
    all(handle);
    EXPECT_EQ(journal(),
              "IRP READ.0\nIRP WRITE.0\n"
              "fast basic wait 0\nIRP QUERY_INFORMATION.0\n"
              "fast standard wait 0\nIRP QUERY_INFORMATION.0\n"
              "fast network wait 0\nIRP QUERY_INFORMATION.0\n"
              "IRP QUERY_INFORMATION.0\n"
              "fast lock 100+10 key 4 at once 0 exclusive 1 process true\nIRP LOCK_CONTROL.1\n"
              "fast unlock 100+10 key 4\nIRP LOCK_CONTROL.2\n"
              "fast control 0x80002000 3/5 wait 1\nIRP DEVICE_CONTROL.0\n");
    m_table.SizeOfFastIoDispatch = offsetof(FAST_IO_DISPATCH, FastIoQueryBasicInfo);
    all(handle);
    EXPECT_EQ(journal(),
              "IRP READ.0\nIRP WRITE.0\nIRP QUERY_INFORMATION.0\nIRP QUERY_INFORMATION.0\n"
              "IRP QUERY_INFORMATION.0\nIRP QUERY_INFORMATION.0\nIRP LOCK_CONTROL.1\nIRP LOCK_CONTROL.2\n"
              "IRP DEVICE_CONTROL.0\n");
    close(handle);
    EXPECT_EQ(journal(), "IRP LOCK_CONTROL.3\nIRP CLEANUP.0\n");
    ASSERT_EQ(open(u"\\Device\\Fast", handle), STATUS_SUCCESS);
    close(handle);
    EXPECT_EQ(journal(), "IRP CLEANUP.0\n");
    EXPECT_EQ(io().irps().live(), 0u);
}

// Buffers that a program must not name.
// Shows: the driver's routine is not called with them; the IRP's road refuses.
TEST_F(FastIo, BadBuffersAreNotHandedOn)
{
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\Device\\Fast", handle), STATUS_SUCCESS);
    auto* kernel = reinterpret_cast<void*>(uintptr_t { 0x3000'0000'0000 });
    EXPECT_EQ(transact({ .handle = handle, .code = 0x80002000, .buffers = { kernel, 8, nullptr, 0 } }).status,
              STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(transact({ .handle = handle,
                         .major = IRP_MJ_QUERY_INFORMATION,
                         .code = FileBasicInformation,
                         .buffers = { nullptr, 0, kernel, 40 } })
                  .status,
              STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(journal(), "");
    close(handle);
}

// Attributes are asked for by name: of a driver whose FastIoQueryOpen answers, that answers with an error or with another
// name, that does not answer, and that has no such routine.
// Shows: what the routine is given; that an answer is neither opened nor closed; that whatever else becomes an open, a query
// and a close.
TEST_F(FastIo, AttributesByName)
{
    auto const ask = [this](ULONG attributes) {
        FILE_NETWORK_OPEN_INFORMATION answer {};
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        on_client([&] { status = io::query_attributes({ .path = u"\\Device\\Fast\\name", .mode = UserMode }, answer); });
        EXPECT_EQ(answer.FileAttributes, attributes);
        return status;
    };
    m_behaviour.dispatch[IRP_MJ_CREATE] = [](DEVICE_OBJECT*, IRP* irp) {
        note("IRP CREATE");
        return complete(irp, STATUS_SUCCESS, FILE_OPENED);
    };
    std::string const asked = "fast query open of \\name by 0.0 access 80 options 1204000 on its device true mode 1\n";
    EXPECT_EQ(ask(0x22), STATUS_SUCCESS);
    EXPECT_EQ(journal(), asked);
    g_status = STATUS_OBJECT_NAME_NOT_FOUND;
    EXPECT_EQ(ask(0x22), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(journal(), asked);
    std::string const slowly = "IRP CREATE\nfast network wait 0\nIRP CLEANUP.0\n";
    g_status = STATUS_REPARSE;
    EXPECT_EQ(ask(0x21), STATUS_REPARSE) << "of the query, whose routine says so, too";
    EXPECT_EQ(journal(), asked + slowly);
    g_status = STATUS_SUCCESS;
    g_takes = false;
    EXPECT_EQ(ask(0x22), STATUS_SUCCESS) << "the routine had written there, and no IRP writes anything";
    EXPECT_EQ(journal(), asked + "IRP CREATE\nfast network wait 0\nIRP QUERY_INFORMATION.0\nIRP CLEANUP.0\n");
    g_takes = true;
    m_table.SizeOfFastIoDispatch = offsetof(FAST_IO_DISPATCH, FastIoQueryOpen);
    EXPECT_EQ(ask(0x21), STATUS_SUCCESS);
    EXPECT_EQ(journal(), slowly);
    EXPECT_EQ(io().irps().live(), 0u);
    EXPECT_EQ(io().files().live(), 0u);
}

// A device is deleted on which another driver's device stands: one whose driver lets go when it is asked, one whose driver
// is asked and does not, one whose driver has no routine for it. The second is detached later.
// Shows: FastIoDetachDevice is called with both devices, once nobody has the lower one open; a device that is held stays until
// it is let go, and goes then.
TEST_F(FastIo, DevicesAreLetGo)
{
    struct {
        char const* name;
        PFAST_IO_DETACH_DEVICE routine;
        char const* said;
        bool goes;
    } const cases[] = { { "eager", &fast_detach, "eager lets go of low\n", true },
                        { "stubborn", &fast_detach_not, "stubborn stays\n", false },
                        { "old", nullptr, "", false } };
    for (auto const& c : cases) {
        Behaviour low { "low" }, high { c.name };
        FAST_IO_DISPATCH table { .SizeOfFastIoDispatch = sizeof table, .FastIoDetachDevice = c.routine };
        std::string const name = c.name;
        std::u16string const wide(name.begin(), name.end());
        DEVICE_OBJECT* const l = device(driver(u"low_" + wide), low, u"\\Device\\Low" + wide);
        DRIVER_OBJECT* const above = driver(u"high_" + wide);
        above->FastIoDispatch = &table;
        device(above, high, {}, l);
        HANDLE handle = nullptr;
        ASSERT_EQ(open(u"\\Device\\Low" + wide, handle), STATUS_SUCCESS);
        size_t const devices = io().devices().live();
        on_system([&] { io::IoDeleteDevice(l); });
        EXPECT_EQ(journal(), "") << name << ": it is open";
        close(handle);
        EXPECT_EQ(journal(), c.said) << name;
        EXPECT_EQ(io().devices().live(), c.goes ? devices - 2 : devices) << name;
        if (c.goes)
            continue;
        on_system([&] { io::IoDetachDevice(l); });
        EXPECT_EQ(io().devices().live(), devices - 1) << name;
        on_system([&] { io::IoDeleteDevice(above->DeviceObject); });
        EXPECT_EQ(io().devices().live(), devices - 2) << name;
    }
}
