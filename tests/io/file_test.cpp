// SPDX-License-Identifier: MIT
// A client and a device: opening, the four ways data travels, closing.
#include "host_driver.h"

#include "io/symbolic_link.h"
#include "mm/mdl.h"

#include <cstring>

using namespace ringside;
using namespace ringside::test;

namespace {

class Files : public IoTest {
protected:
    void SetUp() override
    {
        m_driver = driver(u"echo");
        m_device = device(m_driver, echo, u"\\Device\\Echo");
        on_system([&] {
            std::u16string link = u"\\DosDevices\\Echo", target = u"\\Device\\Echo";
            UNICODE_STRING l = counted(link), t = counted(target);
            EXPECT_EQ(io::IoCreateSymbolicLink(&l, &t), STATUS_SUCCESS);
        });
        for (UCHAR major : { IRP_MJ_CREATE, IRP_MJ_CLEANUP, IRP_MJ_CLOSE })
            echo.dispatch[major] = [major](DEVICE_OBJECT*, IRP* irp) {
                UNICODE_STRING const& name = io::current_location(irp)->FileObject->FileName;
                std::u16string_view rest(name.Buffer, name.Length / 2);
                note(io::major_name(major) + " " + std::string(rest.begin(), rest.end()));
                return complete(irp, STATUS_SUCCESS);
            };
    }
    Behaviour echo { "echo" };
    DRIVER_OBJECT* m_driver = nullptr;
    DEVICE_OBJECT* m_device = nullptr;
};

constexpr ULONG code_for(ULONG method, ULONG access = FILE_ANY_ACCESS)
{
    return CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, method, access);
}

} // namespace

// Opened through its link with a name behind it, closed.
// Shows: the name's remainder reaches the driver; clean-up and close follow the last handle; the count of opens.
TEST_F(Files, OpenAndClose)
{
    HANDLE handle = nullptr;
    EXPECT_EQ(open(u"\\??\\Echo\\some\\name", handle), STATUS_SUCCESS);
    EXPECT_EQ(m_device->ReferenceCount, 1);
    EXPECT_EQ(io::describe_stack(m_device), "\\Device\\Echo (echo)  stack 1  NEITHER opens=1\n");
    EXPECT_EQ(journal(), "CREATE \\some\\name\n");
    close(handle);
    EXPECT_EQ(journal(), "CLEANUP \\some\\name\nCLOSE \\some\\name\n");
    EXPECT_EQ(m_device->ReferenceCount, 0);
    EXPECT_EQ(io().files().live(), 0u);
    EXPECT_EQ(io().irps().live(), 0u);
}

// Opens that fail, for each reason.
// Shows: the status, and that a driver which refused hears nothing more.
TEST_F(Files, OpensThatFail)
{
    HANDLE handle = nullptr;
    EXPECT_EQ(open(u"\\??\\Nothing", handle), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(open(u"\\Nowhere\\Echo", handle), STATUS_OBJECT_PATH_NOT_FOUND);
    EXPECT_EQ(open(u"\\Driver\\echo", handle), STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_EQ(open(u"\\Device\\Echo", handle, FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT),
              STATUS_INVALID_PARAMETER);
    m_device->Flags |= DO_DEVICE_INITIALIZING;
    EXPECT_EQ(open(u"\\Device\\Echo", handle), STATUS_NO_SUCH_DEVICE);
    m_device->Flags &= ~DO_DEVICE_INITIALIZING;
    echo.dispatch[IRP_MJ_CREATE] = [](DEVICE_OBJECT*, IRP* irp) { return complete(irp, STATUS_DEVICE_NOT_READY); };
    EXPECT_EQ(open(u"\\Device\\Echo", handle), STATUS_DEVICE_NOT_READY);
    EXPECT_EQ(journal(), "");
    EXPECT_EQ(m_device->ReferenceCount, 0);
    EXPECT_EQ(io().files().live(), 0u);
}

// A filter refuses an open that the device below has granted already, and says so with IoCancelFileOpen.
// Shows: the client gets the filter's status; below, the file was opened and closed, once each; nothing is left.
TEST_F(Files, AFilterCancelsAnOpen)
{
    Behaviour filter { "filter" };
    ULONG flags = 0;
    filter.dispatch[IRP_MJ_CREATE] = [&](DEVICE_OBJECT* device, IRP* irp) {
        FILE_OBJECT* file = io::current_location(irp)->FileObject;
        DEVICE_OBJECT* lower = behaviour_of(device).lower;
        io::copy_location_to_next(irp);
        EXPECT_TRUE(io::IoForwardIrpSynchronously(lower, irp));
        EXPECT_EQ(irp->IoStatus.Status, STATUS_SUCCESS);
        io::IoCancelFileOpen(lower, file);
        flags = file->Flags;
        return complete(irp, STATUS_ACCESS_DENIED);
    };
    device(m_driver, filter, {}, m_device);
    HANDLE handle = nullptr;
    EXPECT_EQ(open(u"\\Device\\Echo\\secret", handle), STATUS_ACCESS_DENIED);
    EXPECT_EQ(journal(), "CREATE \\secret\nCLEANUP \\secret\nCLOSE \\secret\n");
    EXPECT_TRUE(flags & FO_FILE_OPEN_CANCELLED);
    EXPECT_EQ(m_device->ReferenceCount, 0);
    EXPECT_EQ(io().files().live(), 0u);
    EXPECT_EQ(io().irps().live(), 0u);
}

// An exclusive device is opened twice.
TEST_F(Files, Exclusive)
{
    Behaviour one { "one" };
    device(m_driver, one, u"\\Device\\One", nullptr, 0, true);
    HANDLE first = nullptr, second = nullptr;
    EXPECT_EQ(open(u"\\Device\\One", first), STATUS_SUCCESS);
    EXPECT_EQ(open(u"\\Device\\One", second), STATUS_ACCESS_DENIED);
    close(first);
    EXPECT_EQ(open(u"\\Device\\One", second), STATUS_SUCCESS);
    close(second);
}

// The create comes with what the client asked for, and may be pended.
TEST_F(Files, CreateParametersAndPendedCreate)
{
    static IRP* held;
    echo.dispatch[IRP_MJ_CREATE] = [](DEVICE_OBJECT*, IRP* irp) {
        auto const& create = io::current_location(irp)->Parameters.Create;
        EXPECT_EQ(create.Options, (FILE_OPEN << 24) | FILE_SYNCHRONOUS_IO_NONALERT);
        EXPECT_EQ(create.SecurityContext->AccessState->OriginalDesiredAccess, GENERIC_READ);
        EXPECT_EQ(create.SecurityContext->DesiredAccess, FILE_GENERIC_READ);
        EXPECT_EQ(irp->RequestorMode, UserMode);
        EXPECT_TRUE(io::current_location(irp)->FileObject->Flags & FO_SYNCHRONOUS_IO);
        io::mark_pending(irp);
        held = irp;
        (void)ps::manager().create_system_thread(
            [](ke::Thread&, void*) { complete(held, STATUS_SUCCESS, FILE_OPENED); }, nullptr);
        return STATUS_PENDING;
    };
    HANDLE handle = nullptr;
    EXPECT_EQ(open(u"\\Device\\Echo", handle, FILE_SYNCHRONOUS_IO_NONALERT, GENERIC_READ), STATUS_SUCCESS);
    close(handle);
    EXPECT_EQ(io().irps().live(), 0u);
}

// A device control request of each transfer method.
// Shows: where the driver finds input and output, and what comes back to the client.
TEST_F(Files, TransferMethods)
{
    echo.dispatch[IRP_MJ_DEVICE_CONTROL] = [](DEVICE_OBJECT*, IRP* irp) {
        auto const& p = io::current_location(irp)->Parameters.DeviceIoControl;
        ULONG const method = METHOD_FROM_CTL_CODE(p.IoControlCode);
        auto* in
            = static_cast<uint8_t*>(method == METHOD_NEITHER ? p.Type3InputBuffer : irp->AssociatedIrp.SystemBuffer);
        uint8_t* out = nullptr;
        if (method == METHOD_BUFFERED)
            out = in;
        else if (method == METHOD_NEITHER)
            out = static_cast<uint8_t*>(irp->UserBuffer);
        else
            out = static_cast<uint8_t*>(mm::MmMapLockedPagesSpecifyCache(irp->MdlAddress, KernelMode, MmCached, nullptr,
                                                                         FALSE, NormalPagePriority));
        EXPECT_TRUE(in && out);
        for (ULONG i = 0; i < 16; ++i)
            out[i] = static_cast<uint8_t>(in[i] + 1);
        return complete(irp, STATUS_SUCCESS, 16);
    };
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\??\\Echo", handle), STATUS_SUCCESS);
    uint8_t* in = user_pages(0);
    uint8_t* out = user_pages(1);
    for (ULONG method : { METHOD_BUFFERED, METHOD_IN_DIRECT, METHOD_OUT_DIRECT, METHOD_NEITHER }) {
        io::Reply reply {};
        on_client([&] {
            std::memset(in, 0x40, 16);
            std::memset(out, 0, 32);
            reply = io::transact({ .handle = handle, .code = code_for(method), .buffers = { in, 16, out, 32 } });
            EXPECT_EQ(out[0], 0x41) << method;
            EXPECT_EQ(out[15], 0x41) << method;
            EXPECT_EQ(out[16], 0) << method;
        });
        EXPECT_EQ(reply.status, STATUS_SUCCESS);
        EXPECT_EQ(reply.information, 16u);
    }
    close(handle);
    EXPECT_EQ(io().irps().live(), 0u);
    EXPECT_EQ(mm::locked_mdls(), 0u);
}

// What METHOD_BUFFERED gives back by status, and what a driver that claims too much gets copied.
TEST_F(Files, BufferedCopyBack)
{
    struct Case {
        NTSTATUS status;
        uint64_t information;
        ULONG copied;
    };
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\??\\Echo", handle), STATUS_SUCCESS);
    uint8_t* out = user_pages(1);
    for (Case const& c : { Case { STATUS_SUCCESS, 8, 8 }, Case { STATUS_BUFFER_OVERFLOW, 8, 8 },
                           Case { STATUS_UNSUCCESSFUL, 8, 0 }, Case { STATUS_SUCCESS, 4000, 16 } })
        for (bool pend : { false, true }) {
            echo.dispatch[IRP_MJ_DEVICE_CONTROL] = [&](DEVICE_OBJECT*, IRP* irp) {
                std::memset(irp->AssociatedIrp.SystemBuffer, 0xEE, 16);
                if (pend)
                    io::mark_pending(irp);
                complete(irp, c.status, c.information);
                return pend ? STATUS_PENDING : c.status;
            };
            on_client([&] {
                std::memset(out, 0, 64);
                io::Reply reply = io::transact(
                    { .handle = handle, .code = code_for(METHOD_BUFFERED), .buffers = { nullptr, 0, out, 16 } });
                EXPECT_EQ(reply.status, c.status);
                ULONG copied = 0;
                while (copied < 64 && out[copied] == 0xEE)
                    ++copied;
                EXPECT_EQ(copied, c.copied);
            });
        }
    close(handle);
}

// Reads and writes by the flags of the device, on a synchronous handle with its own position.
TEST_F(Files, ReadAndWrite)
{
    for (ULONG flags : { 0u, DO_BUFFERED_IO, DO_DIRECT_IO }) {
        m_device->Flags = (m_device->Flags & ~(DO_BUFFERED_IO | DO_DIRECT_IO)) | flags;
        auto data = [](IRP* irp) {
            if (irp->MdlAddress)
                return static_cast<uint8_t*>(mm::MmMapLockedPagesSpecifyCache(irp->MdlAddress, KernelMode, MmCached,
                                                                              nullptr, FALSE, NormalPagePriority));
            return static_cast<uint8_t*>(irp->AssociatedIrp.SystemBuffer ? irp->AssociatedIrp.SystemBuffer
                                                                         : irp->UserBuffer);
        };
        echo.dispatch[IRP_MJ_READ] = [&](DEVICE_OBJECT*, IRP* irp) {
            auto const& p = io::current_location(irp)->Parameters.Read;
            std::memset(data(irp), static_cast<int>(p.ByteOffset.QuadPart), p.Length);
            io::current_location(irp)->FileObject->CurrentByteOffset.QuadPart += p.Length;
            return complete(irp, STATUS_SUCCESS, p.Length);
        };
        echo.dispatch[IRP_MJ_WRITE]
            = [&](DEVICE_OBJECT*, IRP* irp) { return complete(irp, STATUS_SUCCESS, data(irp)[0]); };
        HANDLE handle = nullptr;
        ASSERT_EQ(open(u"\\??\\Echo", handle, FILE_SYNCHRONOUS_IO_NONALERT), STATUS_SUCCESS);
        uint8_t* bytes = user_pages(2);
        on_client([&] {
            io::Request read { .handle = handle, .major = IRP_MJ_READ, .buffers = { nullptr, 0, bytes, 100 } };
            EXPECT_EQ(io::transact(read).information, 100u);
            EXPECT_EQ(bytes[99], 0);
            EXPECT_EQ(io::transact(read).information, 100u);
            EXPECT_EQ(bytes[99], 100);
            read.offset = 7;
            EXPECT_EQ(io::transact(read).information, 100u);
            EXPECT_EQ(bytes[0], 7);
            EXPECT_EQ(io::transact({ .handle = handle, .major = IRP_MJ_WRITE, .buffers = { bytes, 10, nullptr, 0 } })
                          .information,
                      7u);
            read.offset = -5;
            EXPECT_EQ(io::transact(read).status, STATUS_INVALID_PARAMETER);
        });
        close(handle);
    }
    EXPECT_EQ(io().irps().live(), 0u);
    EXPECT_EQ(mm::locked_mdls(), 0u);
}

// Buffers that are not the client's to name, and handles without the access.
TEST_F(Files, RefusedRequests)
{
    echo.dispatch[IRP_MJ_DEVICE_CONTROL] = [](DEVICE_OBJECT*, IRP* irp) { return complete(irp, STATUS_SUCCESS); };
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\??\\Echo", handle, 0, GENERIC_READ), STATUS_SUCCESS);
    auto* kernel_address = reinterpret_cast<void*>(hal::kDirectMap);
    auto* nowhere = reinterpret_cast<void*>(uintptr_t { 0x10 });
    auto control = [&](ULONG method, void* in, ULONG in_bytes, void* out, ULONG out_bytes) {
        return transact({ .handle = handle, .code = code_for(method), .buffers = { in, in_bytes, out, out_bytes } })
            .status;
    };
    for (void* bad : { kernel_address, nowhere }) {
        EXPECT_EQ(control(METHOD_BUFFERED, bad, 8, nullptr, 0), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(control(METHOD_BUFFERED, nullptr, 0, bad, 8), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(control(METHOD_OUT_DIRECT, nullptr, 0, bad, 8), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(control(METHOD_NEITHER, bad, 8, bad, 8), STATUS_SUCCESS) << "the driver's business";
    }
    EXPECT_EQ(transact({ .handle = handle, .code = code_for(METHOD_BUFFERED, FILE_WRITE_ACCESS) }).status,
              STATUS_ACCESS_DENIED);
    EXPECT_EQ(transact({ .handle = handle, .major = IRP_MJ_WRITE }).status, STATUS_ACCESS_DENIED);
    EXPECT_EQ(transact({ .handle = reinterpret_cast<HANDLE>(uint64_t { 0x1000 }) }).status, STATUS_INVALID_HANDLE);
    close(handle);
    EXPECT_EQ(transact({ .handle = handle }).status, STATUS_INVALID_HANDLE);
    EXPECT_EQ(io().irps().live(), 0u);
}

// Overlapped: two reads pend; one is completed from another thread, one cancelled.
TEST_F(Files, OverlappedAndCancel)
{
    static std::vector<IRP*> held;
    held.clear();
    static PDRIVER_CANCEL const cancel_routine = [](DEVICE_OBJECT*, IRP* irp) __attribute__((ms_abi)) {
        io::IoReleaseCancelSpinLock(irp->CancelIrql);
        complete(irp, STATUS_CANCELLED);
    };
    m_device->Flags |= DO_BUFFERED_IO;
    echo.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT*, IRP* irp) {
        io::mark_pending(irp);
        io::set_cancel_routine(irp, cancel_routine);
        held.push_back(irp);
        return STATUS_PENDING;
    };
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\??\\Echo", handle), STATUS_SUCCESS);
    uint8_t* bytes = user_pages(0);
    io::Operation* operations[2] {};
    on_client([&] {
        for (int i = 0; i < 2; ++i)
            EXPECT_EQ(io::start({ .handle = handle,
                                  .major = IRP_MJ_READ,
                                  .buffers = { nullptr, 0, bytes + 16 * i, 16 },
                                  .offset = 0 },
                                operations[i]),
                      STATUS_PENDING);
    });
    EXPECT_FALSE(io::is_done(*operations[0]));
    // In the System process: the client's addresses are not open here, the copy happens in its own thread.
    on_system([] {
        io::set_cancel_routine(held[0], nullptr);
        std::memset(held[0]->AssociatedIrp.SystemBuffer, 0x55, 16);
        complete(held[0], STATUS_SUCCESS, 16);
    });
    on_client([&] {
        EXPECT_EQ(io::wait_for_operation(*operations[0]).information, 16u);
        EXPECT_EQ(bytes[15], 0x55);
        EXPECT_EQ(bytes[16], 0);
        EXPECT_TRUE(io::cancel(*operations[1]));
        EXPECT_EQ(io::wait_for_operation(*operations[1]).status, STATUS_CANCELLED);
        EXPECT_FALSE(io::cancel(*operations[1]));
        for (auto* operation : operations)
            io::release_operation(*operation);
    });
    close(handle);
    EXPECT_EQ(io().irps().live(), 0u);
}

// The device is deleted while a client has it open.
// Shows: the name goes at once, new opens fail, the device lives until the close.
TEST_F(Files, DeletedWhileOpen)
{
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\??\\Echo", handle), STATUS_SUCCESS);
    journal();
    size_t const before = io().devices().live();
    on_system([&] { io::IoDeleteDevice(m_device); });
    EXPECT_EQ(io().devices().live(), before);
    HANDLE other = nullptr;
    EXPECT_EQ(open(u"\\Device\\Echo", other), STATUS_OBJECT_NAME_NOT_FOUND);
    close(handle);
    EXPECT_EQ(journal(), "CLEANUP \nCLOSE \n");
    EXPECT_EQ(io().devices().live(), before - 1);
    EXPECT_EQ(m_driver->DeviceObject, nullptr);
}

// The driver is unloaded while a client has its device open.
// Shows: DriverUnload waits for the close; the driver object goes with its last device.
TEST_F(Files, UnloadedWhileOpen)
{
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\??\\Echo", handle), STATUS_SUCCESS);
    journal();
    static int gone;
    gone = 0;
    io::set_driver_gone([](io::DriverRecord const&) { ++gone; });
    on_system([&] { EXPECT_EQ(io::unload_driver(m_driver), STATUS_PENDING); });
    HANDLE other = nullptr;
    EXPECT_EQ(open(u"\\Device\\Echo", other), STATUS_NO_SUCH_DEVICE);
    EXPECT_EQ(gone, 0);
    close(handle);
    EXPECT_EQ(journal(), "CLEANUP \nCLOSE \nunload\n");
    EXPECT_EQ(gone, 1);
    EXPECT_EQ(io().drivers().by_number(1)->leftovers.devices, 0u);
}

// The thread ends with a request pending in the driver.
TEST_F(Files, ThreadEndsWithPendingRequest)
{
    static PDRIVER_CANCEL const cancel_routine = [](DEVICE_OBJECT*, IRP* irp) __attribute__((ms_abi)) {
        io::IoReleaseCancelSpinLock(irp->CancelIrql);
        note("cancelled");
        complete(irp, STATUS_CANCELLED);
    };
    echo.dispatch[IRP_MJ_DEVICE_CONTROL] = [](DEVICE_OBJECT*, IRP* irp) {
        io::mark_pending(irp);
        io::set_cancel_routine(irp, cancel_routine);
        return STATUS_PENDING;
    };
    HANDLE handle = nullptr;
    ASSERT_EQ(open(u"\\??\\Echo", handle), STATUS_SUCCESS);
    journal();
    io::Operation* operation = nullptr;
    on_client([&] {
        EXPECT_EQ(io::start({ .handle = handle, .code = code_for(METHOD_BUFFERED) }, operation), STATUS_PENDING);
        EXPECT_EQ(io::end_thread_io(ke::kernel().current()), 0u);
        EXPECT_TRUE(io::is_done(*operation));
        io::release_operation(*operation);
    });
    EXPECT_EQ(journal(), "cancelled\n");
    close(handle);
}

// The same requests with bare gates: no records on the way, small system buffers used again.
TEST(FilesBare, RoundTripsAndPending)
{
    class Film : public IoTest {
    public:
        Film()
            : IoTest(BootOptions { .binding = ke::Binding::Bare })
        {
        }
        void TestBody() override
        {
            static IRP* held;
            Behaviour b { "b" };
            b.dispatch[IRP_MJ_DEVICE_CONTROL] = [](DEVICE_OBJECT*, IRP* irp) {
                ++*static_cast<uint32_t*>(irp->AssociatedIrp.SystemBuffer);
                return complete(irp, STATUS_SUCCESS, 4);
            };
            b.dispatch[IRP_MJ_READ] = [](DEVICE_OBJECT*, IRP* irp) {
                io::mark_pending(irp);
                held = irp;
                return STATUS_PENDING;
            };
            device(driver(u"b"), b, u"\\Device\\B");
            HANDLE handle = nullptr;
            ASSERT_EQ(open(u"\\Device\\B", handle), STATUS_SUCCESS);
            auto* word = reinterpret_cast<uint32_t*>(user_pages(0));
            on_client([&] {
                *word = 0;
                io::Request const request { .handle = handle,
                                            .code = code_for(METHOD_BUFFERED),
                                            .buffers = { word, 4, word, 4 } };
                for (uint32_t i = 1; i <= 100; ++i) {
                    EXPECT_EQ(io::transact(request).information, 4u);
                    EXPECT_EQ(*word, i);
                }
            });
            io::Operation* operation = nullptr;
            on_client([&] {
                EXPECT_EQ(io::start({ .handle = handle, .major = IRP_MJ_READ, .buffers = { nullptr, 0, word, 4 } },
                                    operation),
                          STATUS_PENDING);
            });
            on_system([] { complete(held, STATUS_SUCCESS, 3); });
            on_client([&] { EXPECT_EQ(io::wait_for_operation(*operation).information, 3u); });
            io::release_operation(*operation);
            close(handle);
            EXPECT_EQ(io().irps().live(), 0u);
            EXPECT_EQ(io().files().live(), 0u);
        }
    } film;
    film.TestBody();
}

// The whole film twice.
// Shows: the same seed gives the same log.
TEST(FilesAgain, SameSeedSameLog)
{
    auto film = [](uint64_t seed) {
        class Film : public IoTest {
        public:
            explicit Film(uint64_t seed)
                : IoTest(BootOptions { .seed = seed })
            {
            }
            void TestBody() override
            {
                Behaviour b { "b" };
                b.dispatch[IRP_MJ_DEVICE_CONTROL]
                    = [](DEVICE_OBJECT*, IRP* irp) { return complete(irp, STATUS_SUCCESS); };
                device(driver(u"b"), b, u"\\Device\\B");
                HANDLE handle = nullptr;
                ASSERT_EQ(open(u"\\Device\\B", handle), STATUS_SUCCESS);
                for (int i = 0; i < 20; ++i)
                    EXPECT_EQ(transact({ .handle = handle, .code = code_for(METHOD_BUFFERED) }).status, STATUS_SUCCESS);
                close(handle);
                hash = sim::world().log().hash();
            }
            uint64_t hash = 0;
        } film(seed);
        film.TestBody();
        return film.hash;
    };
    EXPECT_EQ(film(3), film(3));
}
