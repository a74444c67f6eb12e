// SPDX-License-Identifier: MIT
// A driver as it ships (tests/drivers/shelf.c), in explore mode: every interlocked instruction of its is a schedule
// point. It holds requests in a slot under a cancel routine and in a cancel-safe queue, and is right: each race is a
// film under many seeds and a search of all interleavings. Copies of it with one fault each show that the search can
// fail.
#include "film.h"

#include "drivers/shelf.h"
#include "io/cancel.h"
#include "ke/kernel.h"
#include "nt/bugcheck.h"

#include <fmt/format.h>

using namespace ringside;
using namespace ringside::test;

namespace {

constexpr FilmOptions kExplore { .explore = true };
constexpr FilmOptions kFaulty { .any_end = true, .explore = true };

// The driver, a file on it, and a request that one of the threads issues.
class Shelf {
public:
    Shelf(Film& of, ULONG code, char const* driver = "shelf")
        : m_film(of)
        , m_code(code)
        , m_driver(of.load(driver))
    {
        of.ok("ZwOpenFile", &m_file, ULONG { FILE_READ_DATA | SYNCHRONIZE }, &of.attributes(u"\\Device\\Shelf"),
              &of.object<IO_STATUS_BLOCK>(), ULONG { FILE_SHARE_READ }, 0u);
        m_block.Status = STATUS_PENDING;
    }
    Shelf(Shelf const&) = delete;
    Shelf& operator=(Shelf const&) = delete;

    void put()
    {
        m_issuer = &ke::kernel().current();
        EXPECT_EQ(control(m_code, m_block), STATUS_PENDING);
    }
    void serve() { EXPECT_EQ(control(IOCTL_SHELF_SERVE, m_film.object<IO_STATUS_BLOCK>()), STATUS_SUCCESS); }
    void cancel()
    {
        m_film.step();
        if (m_issuer)
            io::cancel_thread_irps(*m_issuer, nullptr);
    }
    void close() { m_film.ok("ZwClose", std::exchange(m_file, nullptr)); }
    // How the request ended. Its issuer has ended, and cancelled it if nobody had.
    void end()
    {
        m_film.went(m_block.Status == STATUS_SUCCESS ? "served"
                        : m_block.Status == STATUS_CANCELLED
                        ? "cancelled"
                        : fmt::format("{:#x}", static_cast<uint32_t>(m_block.Status)));
        if (m_file)
            close();
        m_film.sleep(1000); // a file that an APC let go of is closed by a worker
        m_film.unload(m_driver);
    }

private:
    NTSTATUS control(ULONG code, IO_STATUS_BLOCK& block)
    {
        return m_film.status("ZwDeviceIoControlFile", m_file, nullptr, nullptr, nullptr, &block, code, nullptr, 0u,
                             nullptr, 0u);
    }

    Film& m_film;
    ULONG m_code;
    DRIVER_OBJECT* m_driver;
    HANDLE m_file = nullptr;
    ke::Thread* m_issuer = nullptr;
    IO_STATUS_BLOCK& m_block = m_film.object<IO_STATUS_BLOCK>();
};

// It is served while another thread cancels it.
void served_and_cancelled(Film& film, ULONG code, char const* driver = "shelf")
{
    Shelf shelf(film, code, driver);
    film.race({ [&] { shelf.put(); }, [&] { shelf.serve(); } }, [&] { shelf.cancel(); });
    shelf.end();
}

// It is cancelled while the driver puts it where it stays; then it is served.
void put_and_cancelled(Film& film, ULONG code, char const* driver = "shelf")
{
    Shelf shelf(film, code, driver);
    film.race(
        [&] {
            shelf.put();
            shelf.serve();
        },
        [&] { shelf.cancel(); });
    shelf.end();
}

// Its handle is closed while its thread cancels it.
void closed_and_cancelled(Film& film, ULONG code, char const* driver = "shelf")
{
    Shelf shelf(film, code, driver);
    film.race({ [&] { shelf.put(); }, [&] { shelf.cancel(); } }, [&] { shelf.close(); });
    shelf.end();
}

// Its thread ends while another serves it.
void served_and_run_down(Film& film, ULONG code, char const* driver = "shelf")
{
    Shelf shelf(film, code, driver);
    film.race({ [&] { shelf.put(); }, [] {} }, [&] { shelf.serve(); });
    shelf.end();
}

} // namespace

// Shows, of all: the request ends once, and nothing of it is left.
RACE_WITH(kExplore, a_driver_serves_what_is_cancelled_in_its_slot, "served", "cancelled")
{
    served_and_cancelled(film, IOCTL_SHELF_SLOT);
}
RACE_WITH(kExplore, a_driver_serves_what_is_cancelled_in_its_queue, "served", "cancelled")
{
    served_and_cancelled(film, IOCTL_SHELF_QUEUE);
}
RACE_WITH(kExplore, a_driver_puts_into_its_slot_what_is_cancelled, "served", "cancelled")
{
    put_and_cancelled(film, IOCTL_SHELF_SLOT);
}
RACE_WITH(kExplore, a_driver_puts_into_its_queue_what_is_cancelled, "served", "cancelled")
{
    put_and_cancelled(film, IOCTL_SHELF_QUEUE);
}
RACE_WITH(kExplore, a_drivers_handle_is_closed_while_its_slot_is_cancelled, "cancelled")
{
    closed_and_cancelled(film, IOCTL_SHELF_SLOT);
}
RACE_WITH(kExplore, a_drivers_handle_is_closed_while_its_queue_is_cancelled, "cancelled")
{
    closed_and_cancelled(film, IOCTL_SHELF_QUEUE);
}
RACE_WITH(kExplore, a_driver_serves_its_slot_for_a_thread_that_ends, "served", "cancelled")
{
    served_and_run_down(film, IOCTL_SHELF_SLOT);
}
RACE_WITH(kExplore, a_driver_serves_its_queue_for_a_thread_that_ends, "served", "cancelled")
{
    served_and_run_down(film, IOCTL_SHELF_QUEUE);
}

// The same driver with one fault.
// Shows: the search finds it: schedules in which a request is completed twice, or what is freed is touched. The second
// fault shows only where the turn passes between the interlocked instruction and the look at Irp->Cancel behind it.
TEST(search, finds_that_a_cancel_routine_was_not_asked_about)
{
    run_search(
        "shelf_fault_1", [](Film& film) { served_and_cancelled(film, IOCTL_SHELF_SLOT, "shelf_fault_1"); },
        { "served", "cancelled", "0x44" }, kFaulty);
}
TEST(search, finds_that_a_cancelled_request_has_two_owners)
{
    run_search(
        "shelf_fault_2", [](Film& film) { put_and_cancelled(film, IOCTL_SHELF_SLOT, "shelf_fault_2"); },
        { "served", "cancelled", "0x44" }, kFaulty);
}
TEST(search, finds_that_a_slot_names_a_completed_request)
{
    run_search(
        "shelf_fault_3", [](Film& film) { served_and_cancelled(film, IOCTL_SHELF_SLOT, "shelf_fault_3"); },
        { "served", "cancelled", "0x44" }, kFaulty);
}
TEST(search, finds_that_a_queue_is_not_locked)
{
    run_search(
        "shelf_fault_4", [](Film& film) { served_and_cancelled(film, IOCTL_SHELF_QUEUE, "shelf_fault_4"); },
        { "served", "cancelled", "0xa" }, kFaulty);
}
